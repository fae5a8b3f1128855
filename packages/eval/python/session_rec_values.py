"""Lists of session-rec's SKNN, VSKNN and STAN for a small drawn log.

    python session_rec_values.py CHECKOUT > ../src/fixtures/session-rec/neighbors.json

Needs numpy below 2 and pandas. CHECKOUT holds github.com/rn5l/session-rec, commit 5dcd583cbd8d44703a5248b9a308945f24b91390;
the committed values are those of Python 3.11, numpy 1.26 and pandas 2.2. What session-rec imports besides is not called.

Scores are divided by the best one. Left out are histories for which equally similar sequences compete for the last place among
the neighbors: session-rec leaves the choice to the order of a set.

`stan` measures distances in a neighbor from the item that the history has most recently in common with it, session-rec from the
common item that comes last in the neighbor. Its own function gives the former if it scores one neighbor at a time and is told
that this item is the whole history. `plain` says whether session-rec's list is the same without this.
"""

import json
import sys

import numpy as np
import pandas as pd
from stubs import stub

stub("pympler", "psutil")
sys.path.insert(0, sys.argv[1])
from algorithms.knn.sknn import ContextKNN  # noqa: E402
from algorithms.knn.stan import STAN  # noqa: E402
from algorithms.knn.vsknn import VMContextKNN  # noqa: E402

ITEMS, SESSIONS, HISTORIES, LENGTH = 60, 300, 12, 20
DAY = 24 * 3600
random = np.random.default_rng(7)


def draw():
    """A session: a walk from item to item near it, with jumps, so that items repeat and sessions overlap."""
    item = int(ITEMS * random.random() ** 2)
    session = []
    for _ in range(random.geometric(0.25)):
        session.append(item)
        step = int(random.integers(-2, 3)) if random.random() < 0.85 else int(random.integers(ITEMS))
        item = (item + step) % ITEMS
    return session


def values(model, history, end):
    """Score of every item after the whole history, and the similarities that decide who is a neighbor."""
    model.session = -1
    clock = {"timestamp": end} if isinstance(model, STAN) else {}
    for item in history:
        scores = model.predict_next(1, item, np.arange(ITEMS), **clock)
    model.k, k = SESSIONS, model.k
    given = model.session_items if isinstance(model, (STAN, VMContextKNN)) else set(model.session_items)
    further = {STAN: [end], VMContextKNN: [[], end]}.get(type(model), [])
    candidates = model.find_neighbors(given, history[-1], 1, *further)
    model.k = k
    return scores.to_numpy(), candidates


def by_recent_item(model, history, neighbors, end):
    """STAN's scores where the distances start at the history's most recent common item."""
    scores = np.zeros(ITEMS)
    for neighbor in neighbors:
        match = next(item for item in reversed(history) if item in model.session_item_map[neighbor[0]])
        for item, score in model.score_items([neighbor], [match], end).items():
            scores[item] += score
    return scores


def listed(scores):
    scores = scores / scores.max()
    order = np.argsort(-scores, kind="stable")[:LENGTH]
    order = order[scores[order] > 0]
    return {"items": order.tolist(), "scores": [round(float(score), 12) for score in scores[order]]}


sessions = [draw() for _ in range(SESSIONS)]
ends = (np.sort(random.choice(40 * DAY, SESSIONS, replace=False))).tolist()
frame = pd.DataFrame(
    [(id, item, end) for id, (session, end) in enumerate(zip(sessions, ends)) for item in session],
    columns=["SessionId", "ItemId", "Time"],
)
drawn = [draw() for _ in range(400)]

methods = {
    "sknn": [
        (ContextKNN(k=100, sample_size=500, similarity="cosine"), {"neighbors": 100, "sample": 500}),
        (ContextKNN(k=20, sample_size=1000, similarity="cosine"), {"neighbors": 20, "sample": 1000}),
        (ContextKNN(k=15, sample_size=40, similarity="cosine"), {"neighbors": 15, "sample": 40}),
    ],
    "vsknn": [
        (VMContextKNN(k=100), {"neighbors": 100, "sample": 1000}),
        (VMContextKNN(k=20, sample_size=40), {"neighbors": 20, "sample": 40}),
        (
            VMContextKNN(k=30, sample_size=60, weighting="quadratic", idf_weighting=5),
            {"neighbors": 30, "sample": 60, "positionPower": 2, "idf": 5},
        ),
    ],
    "stan": [
        (STAN(k=100), {"neighbors": 100, "sample": 5000, "positionScale": 1.02, "ageScale": 5 * DAY, "distanceScale": 2.05}),
        (
            STAN(k=20, lambda_spw=4, lambda_snh=100, lambda_inh=1),
            {"neighbors": 20, "sample": 5000, "positionScale": 4, "ageScale": 100 * DAY, "distanceScale": 1},
        ),
        (
            STAN(k=15, sample_size=40, lambda_spw=2, lambda_snh=2, lambda_inh=5),
            {"neighbors": 15, "sample": 40, "positionScale": 2, "ageScale": 2 * DAY, "distanceScale": 5},
        ),
    ],
}

cases = []
for method, configs in methods.items():
    for model, options in configs:
        model.fit(frame)
        rows = []
        for history in drawn:
            scores, candidates = values(model, history, ends[-1])
            tied = len(candidates) > model.k and candidates[model.k - 1][1] - candidates[model.k][1] < 1e-9
            if len(rows) == HISTORIES or tied:
                continue
            row = {"history": history, **listed(scores)}
            if method == "stan":
                recent = by_recent_item(model, history, candidates[: model.k], ends[-1])
                row |= listed(recent)
                row["plain"] = bool(np.allclose(recent / recent.max(), scores / scores.max(), rtol=0, atol=1e-12))
            rows.append(row)
        cases.append({"method": method, "options": options, "rows": rows})

print(json.dumps({"items": ITEMS, "sessions": sessions, "ends": ends, "cases": cases}))
