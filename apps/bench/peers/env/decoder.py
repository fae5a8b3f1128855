"""A Llama decoder of named weights, as Hugging Face names them, with low-rank adapters where there are some."""

import torch
import torch.nn.functional as F


def rotary(length, size, theta):
    """cos and sin of every position, each [length, size / 2]."""
    frequencies = theta ** (-torch.arange(0, size, 2, dtype=torch.float64) / size)
    angles = torch.arange(length, dtype=torch.float64).unsqueeze(1) * frequencies
    return angles.cos().float(), angles.sin().float()


def rotate(x, cos, sin):
    a, b = x.chunk(2, -1)
    return torch.cat([a * cos - b * sin, a * sin + b * cos], -1)


class Decoder:
    def __init__(self, weights, config, length, scale=0.0):
        self.weights, self.config, self.scale = weights, config, scale
        self.size = config["width"] // config["heads"]
        self.cos, self.sin = rotary(length, self.size, config["ropeTheta"])

    def norm(self, x, name):
        return F.rms_norm(x, x.shape[-1:], self.weights[f"{name}.weight"], self.config["normEps"])

    def project(self, x, name):
        y = F.linear(x, self.weights[f"{name}.weight"])
        a, b = (self.weights.get(f"{name}.lora_{matrix}.weight") for matrix in "AB")
        return y if a is None else y + F.linear(F.linear(x, a), b) * self.scale

    def heads(self, x):
        return x.unflatten(-1, (-1, self.size)).transpose(1, 2)

    def __call__(self, x, mask=None):
        """Inputs [B, T, D] to final states; mask is added to the scores, without one attention is causal."""
        grouped = self.config["heads"] != self.config["kvHeads"]
        for i in range(self.config["layers"]):
            at = f"model.layers.{i}"
            h = self.norm(x, f"{at}.input_layernorm")
            q, k, v = (self.heads(self.project(h, f"{at}.self_attn.{name}_proj")) for name in "qkv")
            q, k = rotate(q, self.cos, self.sin), rotate(k, self.cos, self.sin)
            seen = F.scaled_dot_product_attention(q, k, v, mask, is_causal=mask is None, enable_gqa=grouped)
            x = x + self.project(seen.transpose(1, 2).flatten(2), f"{at}.self_attn.o_proj")
            h = self.norm(x, f"{at}.post_attention_layernorm")
            gate, up = self.project(h, f"{at}.mlp.gate_proj"), self.project(h, f"{at}.mlp.up_proj")
            x = x + self.project(F.silu(gate) * up, f"{at}.mlp.down_proj")
        return self.norm(x, "model.norm")
