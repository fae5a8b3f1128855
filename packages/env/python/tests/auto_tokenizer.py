"""What AutoTokenizer makes of folders.

usage: auto_tokenizer.py TEXTS.json FOLDER ...

Prints for each folder the special tokens, the number of tokens, and the ids of each text.
"""

import json
import os
import sys

os.environ["HF_HUB_OFFLINE"] = "1"
from transformers import AutoTokenizer  # noqa: E402

texts = json.load(open(sys.argv[1], encoding="utf-8"))
result = []
for folder in sys.argv[2:]:
    tokenizer = AutoTokenizer.from_pretrained(folder)
    result.append(
        {
            "bos": tokenizer.bos_token_id,
            "eos": tokenizer.eos_token_id,
            "unk": tokenizer.unk_token_id,
            "pad": tokenizer.pad_token_id,
            "size": len(tokenizer),
            "ids": [tokenizer(text, add_special_tokens=False).input_ids for text in texts],
        }
    )
print(json.dumps(result))
