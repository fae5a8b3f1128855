"""Values of RecTools, ranx and SciPy for the tests of @lea/eval.

  python reference.py > src/fixtures/reference/metrics.json    draws inputs and computes their values
  python reference.py src/fixtures/reference/metrics.json      computes the values of these inputs again

Needs rectools, ranx and scipy. Exits with 3 where one of them is missing. What ranx imports for plots and downloads is not needed.
"""

import importlib.util
import json
import os
import sys
from unittest.mock import MagicMock

# ranx is compiled by numba, which takes longer than its plain Python on inputs as small as these.
os.environ["NUMBA_DISABLE_JIT"] = "1"


def replace_missing():
    """Stands in for what ranx imports to compile, plot, print and download, where it is not installed."""
    parts = {"matplotlib": ["pyplot"], "rich": ["console", "progress", "table"], "lz4": ["frame"]}
    for name in ["seaborn", "matplotlib", "ir_datasets", "fastparquet", "requests", "rich", "tabulate", "lz4", "cbor2", "orjson", "yaml"]:
        if importlib.util.find_spec(name) is None:
            sys.modules[name] = MagicMock()
            sys.modules.update({f"{name}.{part}": MagicMock() for part in parts.get(name, [])})
    if importlib.util.find_spec("numba") is None:
        numba = MagicMock(njit=lambda *_, **__: lambda function: function, prange=range)
        sys.modules.update({"numba": numba, "numba.typed": numba.typed, "numba.types": numba.types})


missing = [name for name in ["rectools", "ranx", "scipy"] if importlib.util.find_spec(name) is None]
if missing:
    print("Not installed:", ", ".join(missing), file=sys.stderr)
    sys.exit(3)
replace_missing()

import numpy as np
import pandas as pd
from ranx import metrics as ranx
from rectools import Columns, metrics as rectools
from scipy import stats

KS = [1, 3, 10]


def draw_inputs():
    """A small log in which some items are popular, some have no train event, and users choose items again."""
    rng = np.random.default_rng(18)
    items, users, size = 40, 12, 10
    chances = 1 / (1 + np.arange(items - 4))
    chances /= chances.sum()
    draw = lambda least, most: [int(x) for x in rng.choice(items - 4, rng.integers(least, most), p=chances)]
    train = [draw(2, 9) for _ in range(users)]
    test = [[*draw(1, 6), int(rng.integers(items))] for _ in range(users)]
    vectors = rng.normal(size=(items, 5)).round(3)
    vectors[7] = 0

    def lists(count):
        # Popular items come first more often, so that some lists have hits.
        orders = [np.argsort(rng.gumbel(size=items) - 0.05 * np.arange(items))[::-1] for _ in range(count)]
        return [[int(x) for x in order[: size if i % 5 else 6]] for i, order in enumerate(orders)]

    differences = {
        "distinct": rng.normal(0.2, 1, 12),
        "fifty": rng.normal(0.1, 1, 50),
        "ties and zeros": rng.integers(-2, 4, 13),
        "all of one sign": np.array([0.5, 1.5, 2.5, 0.25]),
        "many": rng.normal(0.1, 1, 80),
        "many with ties and zeros": rng.integers(-3, 5, 120) / 4,
    }
    return {
        "items": items,
        "train": train,
        "test": test,
        "vectors": vectors.tolist(),
        "lists": {"user": lists(users), "event": lists(sum(len(own) for own in test))},
        "differences": {name: [float(x) for x in own] for name, own in differences.items()},
        "p": [0.01, 0.5, 2.0, 4.5, 8.0],
        "freedom": [1, 2, 3, 4, 9, 30],
    }


class Cosine(rectools.PairwiseDistanceCalculator):
    """1 minus the cosine of two items' vectors; the cosine with a zero vector is 0."""

    def __init__(self, vectors):
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        self.unit = np.divide(vectors, norms, out=np.zeros_like(vectors), where=norms > 0)

    def _get_distances_for_item_pairs(self, first, second):
        return 1 - (self.unit[np.asarray(first, int)] * self.unit[np.asarray(second, int)]).sum(axis=1)


def table(rows, ranked=False):
    """One row per list and item."""
    columns = {
        Columns.User: [i for i, own in enumerate(rows) for _ in own],
        Columns.Item: [item for own in rows for item in own],
    }
    if ranked:
        columns[Columns.Rank] = [place + 1 for own in rows for place in range(len(own))]
    return pd.DataFrame(columns)


def of_rectools(given, lists, relevant):
    reco, chosen, train = table(lists, ranked=True), table(relevant), table(given["train"])
    catalog = list(range(given["items"]))
    cosine = Cosine(np.array(given["vectors"]))
    values = {}
    for k in KS:
        accuracy = {
            "hr": rectools.HitRate(k),
            "recall": rectools.Recall(k),
            "precision": rectools.Precision(k),
            "map": rectools.MAP(k),
            "ndcg": rectools.NDCG(k, divide_by_achievable=True),
            "mrr": rectools.MRR(k),
        }
        own = {name: metric.calc_per_user(reco, chosen) for name, metric in accuracy.items()}
        own["novelty"] = rectools.MeanInvUserFreq(k).calc_per_user(reco, train)
        own["popularity"] = rectools.AvgRecPopularity(k, normalize=True).calc_per_user(reco, train)
        own["serendipity"] = rectools.Serendipity(k).calc_per_user(reco, chosen, train, catalog)
        if k > 1:
            own["similarity"] = 1 - rectools.IntraListDiversity(k, distance_calculator=cosine).calc_per_user(reco)
        for name, column in own.items():
            values[f"{name}@{k}"] = column.reindex(range(len(lists))).tolist()
        values[f"coverage@{k}"] = rectools.CatalogCoverage(k, normalize=True).calc(reco, catalog)
    return values


def of_ranx(lists, relevant):
    qrels = [np.array([[item, 1.0] for item in own]) for own in relevant]
    runs = [np.array([[item, float(len(own) - i)] for i, item in enumerate(own)]) for own in lists]
    names = {
        "hr": ranx.hit_rate,
        "recall": ranx.recall,
        "precision": ranx.precision,
        "map": ranx.average_precision,
        "ndcg": ranx.ndcg,
        "mrr": ranx.reciprocal_rank,
    }
    return {f"{name}@{k}": [float(x) for x in metric(qrels, runs, k)] for name, metric in names.items() for k in KS}


def of_neither(given, lists, users):
    """Gini by mean absolute differences, and the popularity lift; neither library has them."""
    counts = np.bincount([item for own in given["train"] for item in own], minlength=given["items"])
    before = np.mean([counts[given["train"][user]].mean() for user in users])
    values = {}
    for k in KS:
        shown = np.bincount([item for own in lists for item in own[:k]], minlength=given["items"])
        apart = np.abs(shown[:, None] - shown[None, :]).sum() / (given["items"] * (given["items"] - 1))
        values[f"gini@{k}"] = float(apart / (2 * shown.mean()))
        values[f"lift@{k}"] = float(np.mean([counts[own[:k]].mean() for own in lists]) / before - 1)
    return values


def of_scipy(given):
    def test(own):
        own = np.array(own)
        result = stats.wilcoxon(own)
        return {"statistic": float(result.statistic), "p": float(result.pvalue)}

    def flips(own):
        own = np.array(own)
        result = stats.permutation_test((own,), np.mean, permutation_type="samples", n_resamples=np.inf)
        return float(result.pvalue)

    def paired(own):
        result = stats.ttest_1samp(own, 0)
        return {"p": float(result.pvalue), "interval": [float(x) for x in result.confidence_interval(0.9)]}

    differences = given["differences"]
    few = {name: own for name, own in differences.items() if len(own) <= 13}
    return {
        "wilcoxon": {name: test(own) for name, own in differences.items()},
        "permutation": {name: flips(own) for name, own in few.items()},
        "t": {name: paired(own) for name, own in differences.items()},
        "normal": [float(2 * stats.norm.sf(z)) for z in given["p"]],
        "student": [[float(2 * stats.t.sf(t, freedom)) for t in given["p"]] for freedom in given["freedom"]],
        "reach": [[float(stats.t.isf(tails / 2, freedom)) for tails in [0.1, 0.05, 0.001]] for freedom in given["freedom"]],
    }


def values_of(given):
    relevant = {
        "user": [list(dict.fromkeys(own)) for own in given["test"]],
        "event": [[item] for own in given["test"] for item in own],
    }
    users = {
        "user": list(range(len(given["test"]))),
        "event": [user for user, own in enumerate(given["test"]) for _ in own],
    }
    lists = given["lists"]
    return {
        "rectools": {per: of_rectools(given, lists[per], relevant[per]) for per in lists},
        "ranx": {per: of_ranx(lists[per], relevant[per]) for per in lists},
        "neither": {"user": of_neither(given, lists["user"], users["user"])},
        "scipy": of_scipy(given),
    }


if __name__ == "__main__":
    if len(sys.argv) > 1:
        with open(sys.argv[1]) as file:
            print(json.dumps(values_of(json.load(file)["given"])))
    else:
        given = draw_inputs()
        print(json.dumps({"given": given, "values": values_of(given)}))
