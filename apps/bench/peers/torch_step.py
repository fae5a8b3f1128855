"""The PyTorch peer of `speed --peer torch`: the same training step in eager mode (or torch.compile) with fused Adam.

One argument, the settings as JSON. Starts from the weights and batches of the file they name, says it is ready, then
makes one round of steps for every line on standard input.
"""

import json
import sys

import torch
from encoders import encoders
from losses import losses
from network import Network
from rounds import serve
from tensors import read_safetensors

settings = json.loads(sys.argv[1])
agent, encoder = settings["agent"], settings["encoder"]
torch.set_num_threads(settings["threads"])
torch.manual_seed(0)

start = read_safetensors(settings["start"])


def part(prefix):
    return {name.removeprefix(prefix): value for name, value in start.items() if name.startswith(prefix)}


def network(prefix):
    weights = part(prefix)
    if not weights:
        return None
    return Network(encoders[encoder["type"]](weights, encoder), weights, encoder["everyPosition"])


networks = [network("params/"), network("target/")]
stacked = part("inputs/")
turns = stacked.pop("turns").tolist()
stacked = {name: value.long() if value.dtype == torch.int32 else value for name, value in stacked.items()}
batches = [(turn, {name: value[i] for name, value in stacked.items()}) for i, turn in enumerate(turns)]
optimizers = [one and torch.optim.Adam(one.parameters(), lr=settings["lr"], fused=True) for one in networks]
loss_of = losses[agent["type"]]
if settings["compile"]:
    loss_of = torch.compile(loss_of)


def step(turn_and_batch):
    """Trains the network whose turn it is, with the other one as its target."""
    turn, batch = turn_and_batch
    optimizers[turn].zero_grad()
    loss = loss_of(networks[turn], networks[1 - turn], batch, agent)
    loss.backward()
    optimizers[turn].step()
    return loss.item()


serve(step, batches, torch=torch.__version__, compile=str(settings["compile"]).lower())
