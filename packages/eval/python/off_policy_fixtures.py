"""Makes the fixtures of off-policy evaluation: python off_policy_fixtures.py FOLDER

Needs numpy, obp and scope-rl as obp_values.py and scope_rl_values.py do. The sample of the Open Bandit Dataset comes with obp.
"""
import base64
import csv
import importlib.machinery
import json
import subprocess
import sys
from pathlib import Path

import numpy as np

folder = Path(sys.argv[1])
rng = np.random.default_rng(0)
listed = lambda array: [round(float(value), 6) for value in np.ravel(array)]


def distributions(rows, columns, spread):
    """Rows of probabilities with few digits that still sum to 1."""
    logits = rng.normal(size=(rows, columns)) * spread
    table = np.round(np.exp(logits) / np.exp(logits).sum(1, keepdims=True), 4) + 1e-4
    table[:, 0] += 1 - table.sum(1)
    return np.round(table, 6)


def logged(rows, columns):
    behavior, policy = distributions(rows, columns, 0.5), distributions(rows, columns, 1)
    action = np.array([rng.choice(columns, p=p / p.sum()) for p in behavior])
    propensity = behavior[np.arange(rows), action]
    return behavior, policy, action, propensity


def write(name, inputs, values):
    json.dump({"inputs": inputs, "values": values}, open(folder / name, "w"), indent=1)


def values_of(script):
    here = Path(__file__).parent / script
    return json.loads(subprocess.run([sys.executable, here, folder], check=True, capture_output=True).stdout)


behavior, policy, action, propensity = logged(60, 6)
bandit = dict(
    actions=6,
    action=action.tolist(),
    reward=listed(rng.integers(0, 2, 60)),
    propensity=listed(propensity),
    behavior=listed(behavior),
    policy=listed(policy),
    model=listed(rng.uniform(size=(60, 6))),
    categories=[0, 0, 1, 2, 1, 2],
    clip=1.5,
    weightBound=float(np.ceil((policy[np.arange(60), action] / propensity).max())),
)
_, policy, action, propensity = logged(40, 4)
sequential = dict(
    actions=4,
    stepsPerTrajectory=4,
    discount=0.9,
    action=action.tolist(),
    reward=listed(rng.normal(size=40)),
    propensity=listed(propensity),
    policy=listed(policy),
    model=listed(rng.normal(size=(40, 4))),
)

root = Path(importlib.machinery.PathFinder.find_spec("obp").submodule_search_locations[0]) / "dataset" / "obd" / "bts"
sample = {
    "source": "Open Bandit Dataset (Saito, Aihara, Matsutani, Narita 2021, ZOZO), sample with obp 0.5.7, policy bts; CC BY 4.0",
    "changes": "Reduced to item_id (uint8), propensity_score (float32, both base64) and the rows that were clicked.",
}
for name in ("all", "men", "women"):
    rows = list(csv.DictReader(open(root / name / f"{name}.csv")))
    column = lambda key, dtype: base64.b64encode(np.array([float(row[key]) for row in rows], dtype=dtype).tobytes()).decode()
    sample[name] = dict(
        actions=max(int(row["item_id"]) for row in rows) + 1,
        clicks=[i for i, row in enumerate(rows) if row["click"] == "1"],
        action=column("item_id", "u1"),
        propensity=column("propensity_score", "<f4"),
    )
json.dump(sample, open(folder / "open-bandit.json", "w"), indent=1)

write("obp.json", bandit, {})
write("scope-rl.json", sequential, {})
write("obp.json", bandit, values_of("obp_values.py"))
write("scope-rl.json", sequential, values_of("scope_rl_values.py"))
