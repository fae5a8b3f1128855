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


model, target = network("params/"), network("target/")
stacked = part("inputs/")
stacked = {name: value.long() if value.dtype == torch.int32 else value for name, value in stacked.items()}
batches = [{name: value[i] for name, value in stacked.items()} for i in range(settings["steps"])]
optimizer = torch.optim.Adam(model.parameters(), lr=settings["lr"], fused=True)
loss_of = losses[agent["type"]]
if settings["compile"]:
    loss_of = torch.compile(loss_of)


def step(batch):
    optimizer.zero_grad()
    loss = loss_of(model, target, batch, agent)
    loss.backward()
    optimizer.step()
    return loss.item()


serve(step, batches, torch=torch.__version__, compile=str(settings["compile"]).lower())
