"""Tensors of a safetensors file, without the package of that name."""

import json

import torch

DTYPES = {"F32": torch.float32, "I32": torch.int32}


def read_safetensors(path):
    with open(path, "rb") as file:
        data = bytearray(file.read())
    first = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:first])
    return {
        name: torch.frombuffer(data, dtype=DTYPES[at["dtype"]], offset=first + begin, count=(end - begin) // 4).view(at["shape"])
        for name, at in header.items()
        if name != "__metadata__"
        for begin, end in [at["data_offsets"]]
    }
