"""Losses of the agents. The target network values, the model selects (double Q); targets get no gradient."""

import torch
import torch.nn.functional as F
from encoders import last_of


def ce(model, _, batch, options):
    return supervised(model, batch, *states_of(model, batch)).mean()


def sqn(model, target, batch, options):
    with torch.no_grad():
        y = logged_target(batch, bootstrap(model, target, batch["nextItems"], batch["nextLength"]), options)
    states = states_of(model, batch)
    td = 0.5 * (y - model.q.of(states[0], batch["action"])).square().mean()
    return supervised(model, batch, *states).mean() + options["tdWeight"] * td


def snqn(model, target, batch, options):
    states, td, _ = states_and_tds(model, target, batch, options)
    return (supervised(model, batch, *states) + options["tdWeight"] * td).mean()


def sa2c(model, target, batch, options):
    """The phase in which the supervised term is weighted by the advantage."""
    states, td, q = states_and_tds(model, target, batch, options)
    weight = q[:, 0] - q.mean(1)
    if options["weightClip"]:
        weight = weight.clamp(*options["weightClip"])
    return (supervised(model, batch, *states, weight) + options["tdWeight"] * td).mean()


def states_of(model, batch):
    """The last states [B, D], and with a loss at every position also those after each event [B, L, D]."""
    items, length = batch["items"], batch["length"]
    if not model.every_position:
        return model(items, length), None
    every = model.encoder.every(items, length)
    return last_of(every, length), every


def supervised(model, batch, last, every, weight=None):
    """The cross entropy of each row [B]; `weight` [B] is that of the logged action.

    With a loss at every position it is the mean over the row's events, each of which predicts the next one.
    """
    items, length, action = batch["items"], batch["length"], batch["action"]
    if every is None:
        losses = F.cross_entropy(model.ce(last), action, reduction="none")
        return losses if weight is None else weight * losses
    positions = torch.arange(1, items.shape[1] + 1)
    is_last = positions == length.unsqueeze(1)
    # The event after padding is not read, but must be an item.
    following = items.roll(-1, 1).clamp(max=model.encoder.items.shape[0] - 2)
    following = torch.where(is_last, action.unsqueeze(1), following)
    losses = F.cross_entropy(model.ce(every.flatten(0, 1)), following.flatten(), reduction="none").view(items.shape)
    shares = (positions <= length.unsqueeze(1)) / length.unsqueeze(1)
    if weight is not None:
        shares = shares * torch.where(is_last, weight.unsqueeze(1), 1.0)
    return (losses * shares).sum(1)


def states_and_tds(model, target, batch, options):
    """States; per row TD terms, and (without gradient) the values of the logged action and its negatives."""
    items, length, action = batch["items"], batch["length"], batch["action"]
    with torch.no_grad():
        both = torch.cat([batch["nextItems"], items]), torch.cat([batch["nextLength"], length])
        following, current = bootstrap(model, target, *both).chunk(2)
        y = logged_target(batch, following, options).unsqueeze(1)
        y_negative = (options["negativeReward"] + options["gamma"] * current).unsqueeze(1)
        negatives = batch["negatives"] if "negatives" in batch else draw(action, options["negatives"], model)
    states = states_of(model, batch)
    q = model.q.of(states[0], torch.cat([action.unsqueeze(1), negatives], 1))
    td = 0.5 * (torch.cat([y, y_negative.expand_as(negatives)], 1) - q).square().sum(1)
    return states, td, q.detach()


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
