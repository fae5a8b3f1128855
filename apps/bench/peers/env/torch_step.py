"""The PyTorch peer of `speed env --peer torch`: the same training step in eager mode with fused Adam.

One argument, the settings as JSON. Starts from the values of the file they name: what is trained (`params/`), what is
not (`frozen/`) and the batches (`inputs/`).
"""

import json
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent.parent))

import torch  # noqa: E402
from decoder import Decoder  # noqa: E402
from losses import losses  # noqa: E402
from rounds import serve  # noqa: E402
from tensors import read_safetensors  # noqa: E402

settings = json.loads(sys.argv[1])
torch.set_num_threads(settings["threads"])
start = read_safetensors(settings["start"])


def part(prefix):
    return {name.removeprefix(prefix): value for name, value in start.items() if name.startswith(prefix)}


trained = {name: value.clone().requires_grad_() for name, value in part("params/").items()}
weights = {**part("frozen/"), **trained}
decoder = Decoder(weights, settings["decoder"], settings["length"], settings["scale"])
stacked = part("inputs/")
stacked = {name: value.long() if value.dtype == torch.int32 else value for name, value in stacked.items()}
batches = [{name: value[i % len(value)] for name, value in stacked.items()} for i in range(settings["steps"])]
lr = settings["lr"]
if settings["what"] == "item tokens":
    lr *= weights["model.embed_tokens.weight"].square().mean().sqrt().item()
optimizer = torch.optim.Adam(trained.values(), lr=lr, fused=True)
loss_of = losses[settings["what"]]


def step(batch):
    optimizer.zero_grad()
    loss = loss_of(decoder, weights, batch)
    loss.backward()
    optimizer.step()
    return loss.item()


serve(step, batches, torch=torch.__version__)
