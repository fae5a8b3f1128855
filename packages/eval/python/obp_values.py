"""Values of Open Bandit Pipeline's estimators for the inputs of a fixture: python obp_values.py FOLDER

Needs numpy and obp (pip install --no-deps --ignore-requires-python obp==0.5.7); what obp imports besides is not called.
"""
import base64
import json
import sys

import numpy as np
from stubs import package, stub

package("obp")
package("obp.ope")
stub("torch", "pandas", "scipy.stats", "sklearn.base", "sklearn.utils", "sklearn.linear_model", "sklearn.preprocessing")
from obp.ope import estimators as ope  # noqa: E402
from obp.ope import estimators_embed as embed  # noqa: E402
from obp.ope.helper import estimate_bernstein_lower_bound  # noqa: E402


def small(given):
    rounds, actions = len(given["action"]), given["actions"]
    table = lambda name: np.array(given[name]).reshape(rounds, actions, 1)
    categories = np.array(given["categories"])
    one_hot = np.zeros((actions, categories.max() + 1, 1))
    one_hot[np.arange(actions), categories, 0] = 1
    action = np.array(given["action"])
    log = dict(
        reward=np.array(given["reward"]),
        action=action,
        pscore=np.array(given["propensity"]),
        action_dist=table("policy"),
        estimated_rewards_by_reg_model=table("model"),
        position=np.zeros(rounds, dtype=int),
        context=np.zeros((rounds, 1)),
        action_embed=categories[action][:, None],
        pi_b=table("behavior"),
        p_e_a=one_hot,
    )
    clip = given["clip"]
    estimators = {
        "ips": ope.InverseProbabilityWeighting(),
        "snips": ope.SelfNormalizedInverseProbabilityWeighting(),
        "cips": ope.InverseProbabilityWeighting(lambda_=clip),
        "dm": ope.DirectMethod(),
        "dr": ope.DoublyRobust(),
        "sndr": ope.SelfNormalizedDoublyRobust(),
        "switch-dr": ope.SwitchDoublyRobust(lambda_=clip),
        "mips": embed.MarginalizedInverseProbabilityWeighting(n_actions=actions),
        "snmips": embed.SelfNormalizedMarginalizedInverseProbabilityWeighting(n_actions=actions),
    }
    rewards = {name: estimator._estimate_round_rewards(**log) for name, estimator in estimators.items()}
    lower = estimate_bernstein_lower_bound(rewards["ips"], x_max=given["weightBound"], delta=0.025)
    return {**{name: float(values.mean()) for name, values in rewards.items()}, "bernstein": float(lower)}


def campaign(given):
    pscore = np.frombuffer(base64.b64decode(given["propensity"]), dtype="<f4").astype(float)
    action = np.frombuffer(base64.b64decode(given["action"]), dtype="u1").astype(int)
    reward = np.zeros(len(action))
    reward[given["clicks"]] = 1
    log = dict(
        reward=reward, action=action, pscore=pscore, action_dist=np.full((len(action), given["actions"], 1), 1 / given["actions"])
    )
    estimators = {"ips": ope.InverseProbabilityWeighting(), "snips": ope.SelfNormalizedInverseProbabilityWeighting()}
    return {name: float(estimator._estimate_round_rewards(**log).mean()) for name, estimator in estimators.items()}


folder = sys.argv[1]
read = lambda name: json.load(open(f"{folder}/{name}"))
sample = read("open-bandit.json")
print(json.dumps({"small": small(read("obp.json")["inputs"]), **{name: campaign(sample[name]) for name in ("all", "men", "women")}}))
