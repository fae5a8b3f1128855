"""Writes the ids, hidden states and logits that Hugging Face's transformers computes of texts with SmolLM2.

Usage: python smollm2_values.py DIR OUT   (needs gguf, torch, transformers, accelerate, safetensors)

DIR is written by `npm run smollm2 -- DIR`. OUT (`src/fixtures/smollm2`) gets `texts.json` and `values.safetensors`. Of each
vector it has every 18th hidden or every 1024th logit, the sum and the norm.
"""

import json
import pathlib
import sys

import torch
from safetensors.torch import save_file
from tokenizers import pre_tokenizers
from transformers import AutoModelForCausalLM, AutoTokenizer

folder, out = map(pathlib.Path, sys.argv[1:])
out.mkdir(parents=True, exist_ok=True)
FILE = "model.gguf"
STRIDES = {"hidden": 18, "logits": 1024}
TEXTS = [
    "Digital caliper 150 mm, stainless steel, with 2 spare batteries",
    "3.14159, 2/3 and  99 % of 12345 bolts",
    "for (let i = 0; i < 10; i++) {\n\treturn x[i] ** 2;\n}",
    "Größe 3½ – naïve café 日本語 🙂👍🏽",
    "<|im_start|>user\nWhich drill fits?<|im_end|>\n",
    "The user bought a cordless drill, drill bits and safety glasses. Next, the user would like to buy",
]


def summary(vectors: torch.Tensor, stride: int) -> dict[str, torch.Tensor]:
    exact = vectors.double()
    return {
        "columns": vectors[..., ::stride].contiguous(),
        "sum": exact.sum(-1).float(),
        "norm": exact.norm(dim=-1).float(),
    }


def values(model: torch.nn.Module, rows: list[dict]) -> dict[str, torch.Tensor]:
    found = {"hidden": [], "logits": []}
    for row in rows:
        with torch.no_grad():
            result = model(torch.tensor([row["ids"]]), output_hidden_states=True)
        found["hidden"].append(torch.stack(result.hidden_states, 2)[0, row["positions"]])
        found["logits"].append(result.logits[0, row["positions"]])
    return {
        f"{name}.{key}": value
        for name, vectors in found.items()
        for key, value in summary(torch.cat(vectors), STRIDES[name]).items()
    }


tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=FILE)
reader = tokenizer._tokenizer
reader.encode_special_tokens = True
# SmolLM2's own splits, which the file names "smollm" and transformers does not read.
splits = [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
reader.pre_tokenizer = pre_tokenizers.Sequence(splits)
same = AutoTokenizer.from_pretrained(folder)

torch.set_num_threads(1)
in_file = AutoModelForCausalLM.from_pretrained(folder, gguf_file=FILE, dtype=torch.float32).eval()
in_folder = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
weights = in_folder.state_dict()
for key, weight in in_file.state_dict().items():
    assert torch.equal(weights[key], weight.to(torch.bfloat16).float()), key
print("The folder has the weights of the file, rounded to bfloat16.")

rows = []
for text in TEXTS:
    ids = reader.encode(text, add_special_tokens=False).ids
    assert ids == same(text, add_special_tokens=False).input_ids, text
    ids = [in_file.config.bos_token_id, *ids, in_file.config.eos_token_id]
    rows.append({"text": text, "ids": ids, "positions": [1, len(ids) // 2, len(ids) - 1]})
tensors = {}
for name, model in (("gguf", in_file), ("folder", in_folder)):
    tensors |= {f"{name}.{key}": value for key, value in values(model, rows).items()}
save_file(tensors, out / "values.safetensors")
lines = ",\n  ".join(json.dumps(row, ensure_ascii=False) for row in rows)
(out / "texts.json").write_text(f"[\n  {lines}\n]\n")
