"""Encoders: histories [B, L] and their lengths [B] to states [B, D]. Made of named weights and the encoder's options.

An encoder with `every` also gives the states [B, L, D] after each event.
"""

import torch
import torch.nn as nn
import torch.nn.functional as F
from network import convolution, linear, norm, parameter


def valid_positions(items, length, pad):
    """[B, L] whether a position holds an event."""
    return (torch.arange(items.shape[1]) < length.unsqueeze(1)) & (items != pad)


def last_of(x, length):
    """The rows [B, D] of x [B, L, D] at position length - 1."""
    return x.gather(1, (length - 1).view(-1, 1, 1).expand(-1, 1, x.shape[2])).squeeze(1)


class SASRec(nn.Module):
    """One block of the authors' code at the last position only: query LN(x) over the raw window, residuals on the normed input.

    Keys and values are not projected: the query takes the key matrix, the mixture takes the value matrix.
    """

    def __init__(self, weights, options):
        super().__init__()
        self.items, self.positions = parameter(weights, "emb.weight"), parameter(weights, "enc.pos")
        self.query, self.key, self.value, self.inner, self.outer = (
            linear(weights, f"enc.blocks.0.{name}") for name in ("q", "k", "v", "ff1", "ff2")
        )
        self.norm1, self.norm2 = norm(weights, "enc.blocks.0.ln1"), norm(weights, "enc.blocks.0.ln2")
        self.norm3 = norm(weights, "enc.ln")
        self.drop = nn.Dropout(options["dropout"])

    def forward(self, items, length):
        x = self.drop(F.embedding(items, self.items) + self.positions)
        hidden = ~valid_positions(items, length, self.items.shape[0] - 1)
        last = self.norm1(last_of(x, length))
        query = (self.query(last) @ self.key.weight) * x.shape[-1] ** -0.5
        scores = torch.bmm(x, query.unsqueeze(-1)).squeeze(-1).masked_fill(hidden, -1e9)
        weights = self.drop(torch.softmax(scores, -1)).unsqueeze(1)
        mixed = F.linear(torch.bmm(weights, x).squeeze(1), self.value.weight) + weights.sum(-1) * self.value.bias
        y = self.norm2(mixed + last)
        z = self.drop(self.outer(self.drop(F.relu(self.inner(y))))) + y
        return self.norm3(z.masked_fill(last_of(hidden.unsqueeze(-1), length), 0))


class GRU4Rec(nn.Module):
    def __init__(self, weights, options):
        super().__init__()
        self.items = parameter(weights, "emb.weight")
        size = self.items.shape[1]
        self.gru = nn.GRU(size, size)
        self.gru.load_state_dict({name: weights[f"enc.gru.{name}"] for name in self.gru.state_dict()})
        self.drop = nn.Dropout(options["dropout"])

    def forward(self, items, length):
        states, _ = self.gru(self.drop(F.embedding(items.T, self.items)))
        return last_of(states.transpose(0, 1), length)


class Block(nn.Module):
    """A pre-norm transformer block at the positions of x, which attend to all."""

    def __init__(self, weights, name, options):
        super().__init__()
        self.heads, self.dropout = options["heads"], options["dropout"]
        self.query, self.key, self.value, self.mix, self.inner, self.outer = (
            linear(weights, f"{name}.{part}") for part in ("q", "k", "v", "o", "ff1", "ff2")
        )
        self.norm1, self.norm2 = norm(weights, f"{name}.ln1"), norm(weights, f"{name}.ln2")
        self.drop = nn.Dropout(self.dropout)

    def forward(self, x, all, mask):
        keys = self.norm1(all)
        query = keys if x is all else self.norm1(x)
        split = lambda y: y.unflatten(-1, (self.heads, -1)).transpose(1, 2)
        mixed = F.scaled_dot_product_attention(
            split(self.query(query)), split(self.key(keys)), split(self.value(keys)), mask, self.dropout
        )
        x = x + self.drop(self.mix(mixed.transpose(1, 2).flatten(2)))
        return x + self.drop(self.outer(self.drop(F.gelu(self.inner(self.norm2(x))))))


class SASRecModern(nn.Module):
    def __init__(self, weights, options):
        super().__init__()
        self.items, self.positions = parameter(weights, "emb.weight"), parameter(weights, "enc.pos")
        self.blocks = nn.ModuleList(Block(weights, f"enc.blocks.{i}", options) for i in range(options["layers"]))
        self.norm = norm(weights, "enc.ln")
        self.drop = nn.Dropout(options["dropout"])

    def start(self, items, length):
        """The input [B, L, D], which positions are events [B, L], and the additive mask [B, 1, L, L]."""
        window = items.shape[1]
        recency = (length.unsqueeze(1) - torch.arange(1, window + 1)).clamp(min=0)
        valid = valid_positions(items, length, self.items.shape[0] - 1)
        seen = valid.unsqueeze(1) & torch.ones(window, window, dtype=torch.bool).tril()
        # A row that sees nothing would give NaN with minus infinity.
        mask = torch.where(seen, 0.0, -1e9).unsqueeze(1)
        return self.drop(F.embedding(items, self.items) + F.embedding(recency, self.positions)), valid, mask

    def every(self, items, length):
        x, valid, mask = self.start(items, length)
        for block in self.blocks:
            x = block(x, x, mask)
        return self.norm(x * valid.unsqueeze(-1))

    def forward(self, items, length):
        x, valid, mask = self.start(items, length)
        for block in self.blocks[:-1]:
            x = block(x, x, mask)
        seen = torch.where(valid, 0.0, -1e9).view(valid.shape[0], 1, 1, -1)
        last = self.blocks[-1](last_of(x, length).unsqueeze(1), x, seen).squeeze(1)
        return self.norm(last * last_of(valid.unsqueeze(-1), length))


class Caser(nn.Module):
    def __init__(self, weights, options):
        super().__init__()
        self.items = parameter(weights, "emb.weight")
        self.horizontal = nn.ModuleList(
            convolution(weights, f"enc.h.{i}", 1) for i in range(len(options["heights"]))
        )
        self.vertical, self.bias = parameter(weights, "enc.v.weight"), parameter(weights, "enc.v.bias")
        self.drop = nn.Dropout(options["dropout"])

    def forward(self, items, length):
        valid = valid_positions(items, length, self.items.shape[0] - 1)
        image = F.embedding(items, self.items) * valid.unsqueeze(-1)
        columns = image.transpose(1, 2)
        patterns = [convolve(columns).amax(-1) for convolve in self.horizontal]
        summed = (image * self.vertical.view(1, -1, 1)).sum(1) + self.bias
        return self.drop(F.relu(torch.cat([*patterns, summed], 1)))


class NextItNet(nn.Module):
    def __init__(self, weights, options):
        super().__init__()
        self.items = parameter(weights, "emb.weight")
        self.layers = nn.ModuleList()
        for i, dilation in enumerate(options["dilations"]):
            for part in (1, 2):
                name = f"enc.blocks.{i}"
                self.layers.append(convolution(weights, f"{name}.conv{part}", part * dilation))
                self.layers.append(norm(weights, f"{name}.ln{part}"))
        self.drop = nn.Dropout(options["dropout"])

    def forward(self, items, length):
        valid = valid_positions(items, length, self.items.shape[0] - 1).unsqueeze(-1)
        x = self.drop(F.embedding(items, self.items) * valid)
        for i in range(0, len(self.layers), 4):
            y = x
            for convolve, normalize in (self.layers[i : i + 2], self.layers[i + 2 : i + 4]):
                before = (convolve.kernel_size[0] - 1) * convolve.dilation[0]
                y = F.relu(normalize(convolve(F.pad(y.transpose(1, 2), (before, 0))).transpose(1, 2)))
            x = (x + self.drop(y)) * valid
        return last_of(x, length)


encoders = {
    "sasrec": SASRec,
    "sasrec-modern": SASRecModern,
    "gru4rec": GRU4Rec,
    "caser": Caser,
    "nextitnet": NextItNet,
}
