"""The PyTorch peer of `speed --peer torch`: SASRec with full-softmax cross-entropy, fused Adam, eager or torch.compile.

Same mathematics as the compiled step: one block, query LN(x) over raw keys and values, residuals on the normed input,
only the last position through query and feed-forward part, Adam over all parameters. One argument: settings as JSON.
Says it is ready, then makes one round of steps for every line on standard input.
"""

import json
import resource
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F

settings = json.loads(sys.argv[1])
N, B, L, D = (settings[name] for name in ("items", "batch", "window", "size"))
torch.set_num_threads(settings["threads"])
torch.manual_seed(0)


class SASRec(nn.Module):
    def __init__(self):
        super().__init__()
        self.items = nn.Embedding(N + 1, D, padding_idx=N)
        self.positions = nn.Parameter(torch.randn(L, D) * 0.01)
        self.query, self.key, self.value = nn.Linear(D, D), nn.Linear(D, D), nn.Linear(D, D)
        self.inner, self.outer = nn.Linear(D, D), nn.Linear(D, D)
        self.norm1, self.norm2, self.norm3 = (nn.LayerNorm(D, eps=1e-8) for _ in range(3))
        self.head = nn.Linear(D, N)
        self.drop = nn.Dropout(settings["dropout"])

    def forward(self, items):
        x = self.drop(self.items(items) + self.positions)
        last = self.norm1(x[:, -1])
        weights = torch.einsum("bd,bld->bl", self.query(last), self.key(x)) / D**0.5
        weights = self.drop(torch.softmax(weights.masked_fill(items == N, -1e9), -1))
        y = self.norm2(torch.einsum("bl,bld->bd", weights, self.value(x)) + last)
        z = self.drop(self.outer(self.drop(F.relu(self.inner(y))))) + y
        return self.head(self.norm3(z))


model = SASRec()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)


def loss_of(items, action):
    return F.cross_entropy(model(items), action)


if settings["compile"]:
    loss_of = torch.compile(loss_of)


def step(items, action):
    optimizer.zero_grad()
    loss = loss_of(items, action)
    loss.backward()
    optimizer.step()
    return loss.item()


def say(message):
    print(json.dumps(message), flush=True)


batches = [(torch.randint(0, N, (B, L)), torch.randint(0, N, (B,))) for _ in range(settings["steps"])]
say({"versions": {"torch": torch.__version__, "python": sys.version.split()[0], "compile": str(settings["compile"]).lower()}})
for _ in sys.stdin:
    started = time.perf_counter()
    for batch in batches:
        loss = step(*batch)
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
    say({"ms": 1000 * seconds / len(batches), "peakMemoryMB": peak, "loss": loss})
