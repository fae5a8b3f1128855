"""An encoder with its supervised and Q heads."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class Head(nn.Module):
    """A linear map to the values of all items, or of chosen ones: then only their rows of the weight are read.

    The bias is the last column of the weight: it costs no pass of its own over [B, N], forward or backward.
    """

    def __init__(self, weight):
        super().__init__()
        self.weight = nn.Parameter(weight.clone())

    def forward(self, states):
        return F.linear(F.pad(states, (0, 1), value=1.0), self.weight)

    def of(self, states, ids):
        """Values of ids [B] or [B, K]."""
        states = F.pad(states, (0, 1), value=1.0)
        return (F.embedding(ids, self.weight) * (states if ids.dim() == 1 else states.unsqueeze(1))).sum(-1)


class TiedHead(nn.Module):
    """The values of all items by the item table of the encoder, without its padding row."""

    def __init__(self, encoder):
        super().__init__()
        self.table = encoder.items

    def forward(self, states):
        return F.linear(states, self.table[:-1])


class Network(nn.Module):
    def __init__(self, encoder, weights, every_position=False):
        super().__init__()
        self.encoder, self.every_position = encoder, every_position
        self.ce = Head(weights["ce.weight"]) if "ce.weight" in weights else TiedHead(encoder)
        self.q = Head(weights["q.weight"]) if "q.weight" in weights else None

    def forward(self, items, length):
        return self.encoder(items, length)


def parameter(weights, name):
    return nn.Parameter(weights[name].clone())


def linear(weights, name):
    layer = nn.Linear(*reversed(weights[f"{name}.weight"].shape))
    layer.load_state_dict({"weight": weights[f"{name}.weight"], "bias": weights[f"{name}.bias"]})
    return layer


def convolution(weights, name, dilation):
    weight = weights[f"{name}.weight"]
    filters, size, taps = weight.shape
    layer = nn.Conv1d(size, filters, taps, dilation=dilation)
    layer.load_state_dict({"weight": weight, "bias": weights[f"{name}.bias"]})
    return layer


def norm(weights, name):
    layer = nn.LayerNorm(weights[f"{name}.weight"].shape[0], eps=1e-8)
    layer.load_state_dict({"weight": weights[f"{name}.weight"], "bias": weights[f"{name}.bias"]})
    return layer
