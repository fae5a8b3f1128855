"""Values of SCOPE-RL's sequential estimators for the inputs of a fixture: python scope_rl_values.py FOLDER

Needs numpy and scope-rl (pip install --no-deps scope-rl); what it imports besides is not called.
"""
import json
import sys

import numpy as np
from stubs import package, stub

package("scope_rl")
package("scope_rl.ope")
package("scope_rl.ope.discrete")
stub("d3rlpy.preprocessing", "gym", "scipy", "sklearn.utils")
from scope_rl.ope.discrete import basic_estimators as ope  # noqa: E402

given = json.load(open(f"{sys.argv[1]}/scope-rl.json"))["inputs"]
steps, actions = len(given["action"]), given["actions"]
log = dict(
    step_per_trajectory=given["stepsPerTrajectory"],
    action=np.array(given["action"]),
    reward=np.array(given["reward"]),
    pscore=np.array(given["propensity"]),
    evaluation_policy_action_dist=np.array(given["policy"]).reshape(steps, actions),
    state_action_value_prediction=np.array(given["model"]).reshape(steps, actions),
    gamma=given["discount"],
)
estimators = {
    "tis": ope.TrajectoryWiseImportanceSampling(),
    "sntis": ope.SelfNormalizedTIS(),
    "pdis": ope.PerDecisionImportanceSampling(),
    "snpdis": ope.SelfNormalizedPDIS(),
    "dm": ope.DirectMethod(),
    "dr": ope.DoublyRobust(),
    "sndr": ope.SelfNormalizedDR(),
}
print(json.dumps({name: float(each._estimate_trajectory_value(**log).mean()) for name, each in estimators.items()}))
