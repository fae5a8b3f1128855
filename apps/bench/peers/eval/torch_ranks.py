"""The PyTorch peer of `speed eval --peer torch`: ranks of targets by states times item matrix.

One argument, the settings as JSON. The states are given, so encoding the histories costs it nothing, and equal scores never
count. A round ranks every batch and gives the mean rank of each.
"""

import json
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent.parent))

import torch  # noqa: E402
from rounds import serve  # noqa: E402
from tensors import read_safetensors  # noqa: E402

settings = json.loads(sys.argv[1])
torch.set_num_threads(settings["threads"])
start = read_safetensors(settings["start"])
weight, states, targets = start["weight"], start["inputs/states"], start["inputs/targets"].long()


@torch.inference_mode()
def step(batch):
    states, target = batch
    scores = states @ weight.T
    ranks = (scores > scores.gather(1, target.unsqueeze(1))).sum(1) + 1
    return ranks.double().mean().item()


serve(step, list(zip(states, targets)), torch=torch.__version__)
