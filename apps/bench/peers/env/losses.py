"""The losses of learning item tokens and of fitting an environment."""

import torch
import torch.nn.functional as F


def item_tokens(decoder, weights, batch):
    """Sum of -log p of every text's tokens after its item's vector."""
    words = weights["model.embed_tokens.weight"]
    ids, T = batch["ids"], batch["weights"].shape[1]
    x = torch.cat([weights["vectors"].unsqueeze(1), F.embedding(ids[:, 1:T], words)], 1)
    logits = F.linear(decoder(x).flatten(0, 1), words)
    loss = F.cross_entropy(logits, ids[:, 1:].flatten(), reduction="none")
    return (loss * batch["weights"].flatten()).sum()


def lora(decoder, weights, batch):
    """State loss over all items plus reward loss of the next item against one that was not chosen."""
    items, segment, weight = batch["items"], batch["segment"], batch["weight"]
    (B, T), heads = items.shape, decoder.config["heads"]
    before = torch.ones(T, T, dtype=torch.bool).tril()
    visible = (segment.unsqueeze(2) == segment.unsqueeze(1)) & before
    mask = torch.zeros(B, 1, T, T).masked_fill(~visible.unsqueeze(1), -1e9)
    table = weights["item.id"] * weights["known"] + F.linear(weights["tokens"], weights["item.projection.weight"])
    states = decoder(F.embedding(items, torch.cat([table, weights["start"]])), mask)

    logits = F.linear(states.flatten(0, 1), table)
    state_loss = F.cross_entropy(logits, batch["target"].flatten(), reduction="none") * weight.flatten()

    def project(x, name):
        return F.linear(x, weights[f"reward.{name}.weight"], weights.get(f"reward.{name}.bias"))

    def split(x):
        return x.unflatten(-1, (heads, -1)).transpose(1, 2)

    candidates = F.embedding(torch.cat([batch["target"], batch["negative"]], 1), table)
    c = F.rms_norm(candidates, candidates.shape[-1:], weights["reward.norm.weight"], decoder.config["normEps"])
    q, k, v = split(project(c, "query")), split(project(states, "key")), split(project(states, "value"))
    found = F.scaled_dot_product_attention(q, k, v, mask.repeat(1, 1, 2, 1)).transpose(1, 2).flatten(2)
    current = states.repeat(1, 2, 1)
    hidden = F.gelu(project(torch.cat([found, c, current, c * current], 2), "hidden"))
    liked, other = project(hidden, "score").squeeze(-1).chunk(2, 1)
    reward_loss = F.softplus(other - liked) * weight
    return (state_loss.sum() + reward_loss.sum()) / weight.sum().clamp(min=1)


losses = {"item tokens": item_tokens, "lora": lora}
