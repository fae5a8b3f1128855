"""Losses of the agents. The target network values, the model selects (double Q); targets get no gradient."""

import torch
import torch.nn.functional as F


def ce(model, _, batch, options):
    return F.cross_entropy(model.ce(model(batch["items"], batch["length"])), batch["action"])


def sqn(model, target, batch, options):
    with torch.no_grad():
        y = logged_target(batch, bootstrap(model, target, batch["nextItems"], batch["nextLength"]), options)
    action = batch["action"]
    state = model(batch["items"], batch["length"])
    td = 0.5 * (y - model.q.of(state, action)).square().mean()
    return F.cross_entropy(model.ce(state), action) + options["tdWeight"] * td


def snqn(model, target, batch, options):
    supervised, td, _ = supervised_and_tds(model, target, batch, options)
    return (supervised + options["tdWeight"] * td).mean()


def sa2c(model, target, batch, options):
    """The phase in which the supervised term is weighted by the advantage."""
    supervised, td, q = supervised_and_tds(model, target, batch, options)
    weight = q[:, 0] - q.mean(1)
    if options["weightClip"]:
        weight = weight.clamp(*options["weightClip"])
    return (weight * supervised + options["tdWeight"] * td).mean()


def supervised_and_tds(model, target, batch, options):
    """Per row: cross entropy, TD terms, and (without gradient) the values of the logged action and its negatives."""
    items, length, action = batch["items"], batch["length"], batch["action"]
    with torch.no_grad():
        both = torch.cat([batch["nextItems"], items]), torch.cat([batch["nextLength"], length])
        following, current = bootstrap(model, target, *both).chunk(2)
        y = logged_target(batch, following, options).unsqueeze(1)
        y_negative = (options["negativeReward"] + options["gamma"] * current).unsqueeze(1)
        negatives = batch["negatives"] if "negatives" in batch else draw(action, options["negatives"], model)
    state = model(items, length)
    q = model.q.of(state, torch.cat([action.unsqueeze(1), negatives], 1))
    td = 0.5 * (torch.cat([y, y_negative.expand_as(negatives)], 1) - q).square().sum(1)
    return F.cross_entropy(model.ce(state), action, reduction="none"), td, q.detach()


def bootstrap(model, target, items, length):
    best = model.q(model(items, length)).argmax(1)
    return target.q.of(target(items, length), best)


def logged_target(batch, following, options):
    return batch["reward"] + options["gamma"] * (1 - batch["done"]) * following


def draw(action, count, model):
    """Uniform over all items but the logged one."""
    drawn = torch.randint(0, model.q.weight.shape[0] - 1, (action.shape[0], count))
    return drawn + (drawn >= action.unsqueeze(1))


losses = {"ce": ce, "sqn": sqn, "snqn": snqn, "sa2c": sa2c}
