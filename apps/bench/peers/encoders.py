"""Encoders: histories [B, L] and their lengths [B] to states [B, D]. Made of named weights and the encoder's options."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from network import linear, norm, parameter


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
        hidden = (torch.arange(items.shape[1]) >= length.unsqueeze(1)) | (items == self.items.shape[0] - 1)
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


encoders = {"sasrec": SASRec, "gru4rec": GRU4Rec}
