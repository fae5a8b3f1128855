"""Writes the GGUF files of the tests, and checks each against the reading of Hugging Face's transformers.

Usage: python make_gguf.py DECODERS OUT   (needs gguf, torch, transformers, accelerate, safetensors, sentencepiece)

DECODERS has a folder per model as Hugging Face saves it (`src/fixtures/decoders`). OUT gets NAME.gguf for each
architecture, `blocks.json` with blocks of every type and the numbers that `gguf` reads from them, and `tokenizers.json` with
the ids that transformers gives texts with the tokenizers of the files.
"""

import base64
import json
import pathlib
import sys

import gguf
import numpy as np
import torch
import transformers
from gguf_tensors import gguf_name, llama3_factors, permuted
from safetensors.numpy import load_file
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers

from transformers.tokenization_utils_base import generate_merges

decoders, out = map(pathlib.Path, sys.argv[1:])
out.mkdir(parents=True, exist_ok=True)

LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
TEXTS = [
    "Digital caliper 150mm, stainless steel",
    "it's 12345 bolts & nuts!!  two  spaces",
    "Größe 3½ – naïve café 日本語 🙂",
    "line one\nline two\r\n\ttab",
    "",
    " leading",
    "</s> is not an end, nor is <|im_start|>",
]
END = "<|endoftext|>"
WORDS = "drill saw caliper steel bolt nut screw hammer plier wrench blade motor cordless digital set of and for the 1 2 3"


def letters() -> list[str]:
    """A byte-level vocabulary of ASCII's characters and one pair: as many as the tiny models have."""
    return [chr(c) for c in range(33, 126)] + ["Ġ", "st"]


def byte_level() -> tuple[list[str], list[str]]:
    """A byte-level vocabulary with its merges."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=600, initial_alphabet=alphabet, show_progress=False, min_frequency=1)
    tokenizer.train_from_iterator(TEXTS + WORDS.split() * 3 + [WORDS] * 3, trainer)
    model = json.loads(tokenizer.to_str())["model"]
    tokens = sorted(model["vocab"], key=model["vocab"].get)
    merges = [merge if isinstance(merge, str) else " ".join(merge) for merge in model["merges"]]
    return tokens, merges


def pieces() -> tuple[list[str], list[float], list[int]]:
    """SentencePiece's kind of vocabulary: special tokens, bytes, characters, words with scores."""
    tokens, types = ["<unk>", "<s>", "</s>"], [2, 3, 3]
    tokens += [f"<0x{i:02X}>" for i in range(256)]
    types += [6] * 256
    scores = [0.0] * len(tokens)
    found: dict[str, float] = {}
    characters = sorted({c for text in [*TEXTS, WORDS] for c in text.replace(" ", "▁") if c.isascii() or c == "▁"})
    for word in WORDS.split():
        for length in range(2, len(word) + 2):
            found.setdefault(("▁" + word)[:length], -float(len(found)))
    for piece in found:
        tokens.append(piece)
        scores.append(found[piece])
    for character in characters:
        tokens.append(character)
        scores.append(-1000.0 - len(tokens))
    types += [1] * (len(tokens) - len(types))
    return tokens, scores, types


def add_byte_level(writer: gguf.GGUFWriter, tokens: list[str], merges: list[str], splits: str) -> None:
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(splits)
    writer.add_token_list([*tokens, END])
    writer.add_token_types([1] * len(tokens) + [3])
    writer.add_token_merges(merges)
    writer.add_bos_token_id(len(tokens))
    writer.add_eos_token_id(len(tokens))


def save(writer: gguf.GGUFWriter) -> None:
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def write(name: str, architecture: str) -> None:
    folder = decoders / name
    config = json.loads((folder / "config.json").read_text())
    values = load_file(folder / "model.safetensors")
    rope = config.get("rope_parameters", {})
    rope = rope.get("full_attention", rope)
    heads = config.get("num_attention_heads", config.get("n_head"))
    kv_heads = config.get("num_key_value_heads", heads)
    width = config.get("hidden_size", config.get("n_embd"))
    size = config.get("head_dim") or width // heads
    gemma = architecture.startswith("gemma")
    writer = gguf.GGUFWriter(out / f"{name}.gguf", architecture)
    writer.add_context_length(config.get("max_position_embeddings", config.get("n_positions")))
    writer.add_embedding_length(width)
    writer.add_block_count(config.get("num_hidden_layers", config.get("n_layer")))
    writer.add_feed_forward_length(config.get("intermediate_size", config.get("n_inner")))
    writer.add_head_count(heads)
    if architecture == "gpt2":
        writer.add_layer_norm_eps(config["layer_norm_epsilon"])
    else:
        writer.add_head_count_kv(kv_heads)
        writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
        writer.add_rope_freq_base(rope["rope_theta"])
        writer.add_rope_dimension_count(int(size * rope.get("partial_rotary_factor", 1)))
        writer.add_key_length(size)
        writer.add_value_length(size)
        writer.add_vocab_size(config["vocab_size"])
    if config.get("sliding_window"):
        writer.add_sliding_window(config["sliding_window"])
    if config.get("attn_logit_softcapping"):
        writer.add_attn_logit_softcapping(config["attn_logit_softcapping"])
        writer.add_final_logit_softcapping(config["final_logit_softcapping"])
    if rope.get("rope_type") == "llama3":
        writer.add_rope_scaling_orig_ctx_len(rope["original_max_position_embeddings"])
        writer.add_tensor("rope_freqs.weight", llama3_factors(rope, size))

    add_byte_level(writer, letters(), ["s t"], "gpt-2")
    for key, value in values.items():
        if architecture == "llama" and "q_proj" in key:
            value = permuted(value, heads)
        if architecture == "llama" and "k_proj" in key:
            value = permuted(value, kv_heads)
        if gemma and key.endswith("norm.weight"):
            value = value + 1
        if architecture == "gpt2" and ".h." in key and value.ndim == 2:
            value = value.T
        writer.add_tensor(gguf_name(key, gemma), np.ascontiguousarray(value, dtype=np.float32))
    save(writer)


def check(name: str) -> None:
    """Transformers reads the same weights from the file as from the folder. It does not read stretched positions."""
    folder = decoders / name
    # The sizes of the folder: transformers does not read the size of a head from the file.
    config = transformers.AutoConfig.from_pretrained(folder, dtype="float32")
    if name == "mistral":
        # Its architecture is "llama" in the file.
        config = transformers.LlamaConfig(**{**config.to_dict(), "model_type": "llama", "architectures": None})
    model = transformers.AutoModelForCausalLM.from_pretrained(out, gguf_file=f"{name}.gguf", config=config)
    right = load_file(folder / "model.safetensors")
    there = model.state_dict()
    for key, value in right.items():
        assert np.allclose(there[key].numpy(), value, atol=1e-6), (name, key)
    print(name, "as transformers reads it")


def blocks() -> dict:
    rng = np.random.default_rng(0)
    result = {}
    for kind in ("F16", "BF16", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q4_K", "Q5_K", "Q6_K"):
        type_ = gguf.GGMLQuantizationType[kind]
        values, size = gguf.GGML_QUANT_SIZES[type_]
        if kind.endswith("_K"):
            raw = rng.integers(0, 256, (3, size), dtype=np.uint8)
            # Scales are float16: random bytes could be infinite.
            places = {"Q4_K": [0, 2], "Q5_K": [0, 2], "Q6_K": [208]}[kind]
            for place in places:
                raw[:, place : place + 2] = rng.normal(0, 0.1, (3, 1)).astype(np.float16).view(np.uint8)
        else:
            raw = gguf.quantize(rng.normal(0, 2, (3, max(values, 32))).astype(np.float32), type_).view(np.uint8)
        numbers = gguf.dequantize(raw, type_).astype(np.float32)
        result[kind] = {
            "id": int(type_),
            "bytes": base64.b64encode(raw.tobytes()).decode(),
            "numbers": base64.b64encode(numbers.tobytes()).decode(),
        }
    return result


def byte_level_tokenizers() -> dict:
    """Files with tokenizers alone, and the ids of texts by the tokenizers that Hugging Face makes of the same vocabularies."""
    result = {}
    tokens, merges = byte_level()
    vocab = {token: id_ for id_, token in enumerate(tokens)}
    pairs = [tuple(merge.split(" ")) for merge in merges]
    digits = Tokenizer(models.BPE(vocab=vocab, merges=pairs))
    digits.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    llama3 = Tokenizer(models.BPE(vocab=vocab, merges=pairs, ignore_merges=True))
    llama3.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(LLAMA3), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    readers = {
        "gpt-2": transformers.GPT2Tokenizer(vocab=vocab, merges=pairs)._tokenizer,
        "qwen2": transformers.Qwen2Tokenizer(vocab=vocab, merges=pairs)._tokenizer,
        "smollm": digits,
        "llama-bpe": llama3,
    }
    for splits, reader in readers.items():
        writer = gguf.GGUFWriter(out / f"tokenizer-{splits}.gguf", "llama")
        add_byte_level(writer, tokens, merges, splits)
        writer.add_tensor("token_embd.weight", np.zeros((1, 1), dtype=np.float32))
        save(writer)
        result[splits] = [reader.encode(text, add_special_tokens=False).ids for text in TEXTS]
    return result


def piece_tokenizers() -> dict:
    result = {}
    tokens, scores, types = pieces()
    vocab = {token: id_ for id_, token in enumerate(tokens)}
    normal = {token: id_ for token, id_ in vocab.items() if types[id_] == 1}
    merges = generate_merges(normal, {token: scores[id_] for token, id_ in normal.items()})
    # As the tokenizer.json of Llama 2 and llama.cpp: a text that begins with a space gets another one.
    llama = Tokenizer(models.BPE(vocab=vocab, merges=merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    llama.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    readers = {"llama": llama, "gemma2": transformers.GemmaTokenizer(vocab=vocab, merges=merges)._tokenizer}
    for architecture, reader in readers.items():
        writer = gguf.GGUFWriter(out / f"tokenizer-{architecture}.gguf", architecture)
        writer.add_tokenizer_model("llama")
        writer.add_token_list(tokens)
        writer.add_token_scores(scores)
        writer.add_token_types(types)
        writer.add_add_space_prefix(architecture == "llama")
        writer.add_unk_token_id(0)
        writer.add_bos_token_id(1)
        writer.add_eos_token_id(2)
        writer.add_tensor("token_embd.weight", np.zeros((1, 1), dtype=np.float32))
        save(writer)
        result[architecture] = [reader.encode(text, add_special_tokens=False).ids for text in TEXTS]
    return result


MODELS = {
    "llama": "llama",
    "llama-rope3-tied": "llama",
    "mistral": "llama",
    "qwen2-tied": "qwen2",
    "qwen3": "qwen3",
    "gemma2": "gemma2",
    "gemma3": "gemma3",
    "phi3": "phi3",
    "gpt2": "gpt2",
}

for name, architecture in MODELS.items():
    write(name, architecture)
    check(name)
(out / "blocks.json").write_text(json.dumps(blocks()) + "\n")
ids = {**byte_level_tokenizers(), **piece_tokenizers()}
(out / "tokenizers.json").write_text(json.dumps({"texts": TEXTS, "ids": ids}, ensure_ascii=False) + "\n")
