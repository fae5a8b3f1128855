"""Ids of texts by the reference implementation of tokenizers.

usage: tokenizer_ids.py CASES.json

Prints a list for each tokenizer of the file, with the ids of each text. Special tokens are not looked for in texts.
"""

import json
import sys

from tokenizers import Tokenizer


def tokenizer_of(base, parts):
    content = {**base, **parts, "model": {**base["model"], **parts.get("model", {})}}
    tokenizer = Tokenizer.from_str(json.dumps(content))
    tokenizer.encode_special_tokens = True
    return tokenizer


cases = json.load(open(sys.argv[1], encoding="utf-8"))
result = {}
for name, (base, parts) in cases["tokenizers"].items():
    tokenizer = tokenizer_of(cases["bases"][base], parts)
    result[name] = [tokenizer.encode(text, add_special_tokens=False).ids for text in cases["texts"]]
print(json.dumps(result))
