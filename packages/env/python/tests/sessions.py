"""Sessions on a server with room for 4, whose first step in each never comes back. Usage: sessions.py URL"""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from lea_env import LeaEnv, LeaVectorEnv

url = sys.argv[1]


def broken_off():
    """A call that broke off does not spoil the next ones."""
    env = LeaEnv(url, timeout=2)
    env.reset(seed=0)
    try:
        env.step(0)
        broke = False
    except TimeoutError:
        broke = True
    observation, _ = env.reset(seed=0)
    taken = env.step(0)[4]["step"]
    env.close()
    return {"broke": broke, "fits": observation in env.observation_space, "step": taken}


def starts(kind, *more):
    """How many different starts three environments have that nobody seeded, and three that were."""
    counts = []
    for seed in (None, 7):
        envs = [kind(url, *more) for _ in range(3)]
        counts.append(len({str(env.reset(seed=seed)) for env in envs}))
        for env in envs:
            env.close()
    return counts


def forgotten(count=9):
    """Sessions that nobody closes and nothing refers to make room."""
    for _ in range(count):
        LeaEnv(url).reset()
    return count


print(
    json.dumps(
        {"broken_off": broken_off(), "single": starts(LeaEnv), "vector": starts(LeaVectorEnv, 2), "forgotten": forgotten()}
    )
)
