"""Plays with a served environment as users of Gymnasium do; prints one line of JSON. Usage: check.py URL [--sb3]"""

import json
import sys
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

import gymnasium
import numpy as np
from gymnasium.utils.env_checker import check_env

from lea_env import LeaEnv, LeaError, LeaVectorEnv

url = sys.argv[1]


def error_of(call):
    try:
        call()
    except LeaError as error:
        return error.code
    return None


def checked():
    """Warnings of Gymnasium's checker; it raises what is wrong."""
    env = LeaEnv(url)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        check_env(env, skip_render_check=True)
    env.close()
    return [str(warning.message) for warning in told]


def rollout(episodes=3):
    """Random episodes through Gymnasium's own wrapper."""
    env = gymnasium.wrappers.RecordEpisodeStatistics(LeaEnv(url))
    env.action_space.seed(1)
    told = []
    for episode in range(episodes):
        observation, info = env.reset(seed=episode)
        assert observation in env.observation_space
        over = False
        while not over:
            observation, reward, terminated, truncated, info = env.step(env.action_space.sample())
            assert observation in env.observation_space
            over = terminated or truncated
        told.append({"return": float(info["episode"]["r"]), "length": int(info["episode"]["l"])})
    env.close()
    return told


def vector(size=3, steps=12):
    """Side by side equals one by one."""
    many = LeaVectorEnv(url, size)
    many.action_space.seed(2)
    observations, infos = many.reset(seed=40)
    singles = [LeaEnv(url) for _ in range(size)]
    now = [env.reset(seed=40 + i) for i, env in enumerate(singles)]
    over = [False] * size
    ends = 0
    for _ in range(steps):
        for i in range(size):
            np.testing.assert_array_equal(observations[i], now[i][0])
            assert infos["history"][i] == now[i][1]["history"]
            assert infos["probability"][i] == now[i][1]["probability"]
        actions = many.action_space.sample()
        observations, rewards, terminated, truncated, infos = many.step(actions)
        assert observations in many.observation_space
        for i, env in enumerate(singles):
            if over[i]:
                now[i] = env.reset()
                assert (rewards[i], terminated[i], truncated[i]) == (0, False, False)
                over[i] = False
            else:
                observation, reward, ended, cut, info = env.step(actions[i])
                now[i] = (observation, info)
                assert (rewards[i], terminated[i], truncated[i]) == (reward, ended, cut)
                over[i] = ended or cut
                ends += over[i]
    for env in [many, *singles]:
        env.close()
    return {"ends": int(ends), "autoreset": str(many.metadata["autoreset_mode"])}


def errors():
    env = LeaEnv(url)
    codes = [error_of(lambda: env.step(0)), error_of(lambda: (env.reset(), env.step(10**6)))]
    env.close()
    env.close()
    return codes


def trained():
    """An agent of Stable-Baselines3 learns on it: return of random actions, then of what was learned."""
    import torch
    from stable_baselines3 import PPO
    from stable_baselines3.common.evaluation import evaluate_policy

    torch.set_num_threads(1)
    env = gymnasium.wrappers.RecordEpisodeStatistics(LeaEnv(url))
    model = PPO("MlpPolicy", env, n_steps=128, batch_size=64, learning_rate=3e-3, gamma=0.5, seed=0, device="cpu")
    before, _ = evaluate_policy(model, env, n_eval_episodes=20, deterministic=False)
    model.learn(1024)
    after, _ = evaluate_policy(model, env, n_eval_episodes=20, deterministic=False)
    env.close()
    return {"before": before, "after": after}


result = {"warnings": checked(), "rollout": rollout(), "vector": vector(), "errors": errors()}
if "--sb3" in sys.argv:
    result["sb3"] = trained()
print(json.dumps(result))
