"""Gymnasium's `Env` and `VectorEnv` on top of a session."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces
from gymnasium.vector.utils import batch_space

from .client import LeaError, Session


def space_of(told: dict[str, Any]) -> spaces.Space:
    """Converts a space of the server to a Gymnasium space."""
    kind = told["type"]
    if kind == "discrete":
        return spaces.Discrete(told["n"])
    if kind == "multi-discrete":
        return spaces.MultiDiscrete(told["nvec"])
    if kind == "box":
        low = -np.inf if told["low"] is None else told["low"]
        high = np.inf if told["high"] is None else told["high"]
        return spaces.Box(low, high, shape=tuple(told["shape"]), dtype=np.float32)
    raise LeaError("E_PROTOCOL", f"Expected a space of type discrete, multi-discrete or box, got {kind!r}.")


def _typed(info: dict[str, Any]) -> dict[str, Any]:
    """Converts real numbers to float, because JSON writes 1.0 as 1."""
    return {name: float(value) if name in ("probability", "raw") else value for name, value in info.items()}


def _first_seed(env: LeaEnv | LeaVectorEnv, seed: int | None) -> int | None:
    """Draws a seed for the first episode, because all sessions of a server start with the same default seed."""
    return int(env.np_random.integers(2**31)) if seed is None and not env._begun else seed


class LeaEnv(gymnasium.Env):
    """A single environment. If the first `reset` has no seed, a random one is used, so that environments differ.

    Args:
        url: The `url` returned by `serveEnvironment`.
        timeout: Time limit of one call in seconds.
    """

    metadata = {"render_modes": []}

    def __init__(self, url: str, timeout: float = 60.0):
        self._session = Session(url, timeout=timeout)
        self.observation_space = space_of(self._session.spec["observationSpace"])
        self.action_space = space_of(self._session.spec["actionSpace"])
        self.horizon: int = self._session.spec["horizon"]
        self._begun = False

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None):
        super().reset(seed=seed)
        told = self._session.reset(_first_seed(self, seed))
        self._begun = True
        return self._observation(told["observation"]), _typed(told["info"])

    def step(self, action):
        told = self._session.step(np.asarray(action).tolist())
        observation = self._observation(told["observation"])
        return observation, float(told["reward"]), told["terminated"], told["truncated"], _typed(told["info"])

    def close(self) -> None:
        self._session.close()

    def _observation(self, values):
        space = self.observation_space
        return int(values[0]) if isinstance(space, spaces.Discrete) else np.array(values, space.dtype).reshape(space.shape)


class LeaVectorEnv(gymnasium.vector.VectorEnv):
    """Several environments that are stepped in one call. Finished episodes restart with the next step.
    If the first `reset` has no seed, a random one is used.

    Args:
        url: The `url` returned by `serveEnvironment`.
        num_envs: Number of environments.
        timeout: Time limit of one call in seconds.
    """

    metadata = {"render_modes": [], "autoreset_mode": gymnasium.vector.AutoresetMode.NEXT_STEP}

    def __init__(self, url: str, num_envs: int, timeout: float = 60.0):
        self._session = Session(url, size=num_envs, timeout=timeout)
        self.num_envs = num_envs
        self.single_observation_space = space_of(self._session.spec["observationSpace"])
        self.single_action_space = space_of(self._session.spec["actionSpace"])
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self.horizon: int = self._session.spec["horizon"]
        self._begun = False

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None):
        super().reset(seed=seed)
        told = self._session.reset(_first_seed(self, seed))
        self._begun = True
        return self._observations(told["observations"]), self._infos(told["infos"])

    def step(self, actions):
        told = self._session.step(np.asarray(actions).reshape(-1).tolist())
        return (
            self._observations(told["observations"]),
            np.array(told["rewards"], np.float64),
            np.array(told["terminated"], np.bool_),
            np.array(told["truncated"], np.bool_),
            self._infos(told["infos"]),
        )

    def close_extras(self, **kwargs: Any) -> None:
        self._session.close()

    def _observations(self, values):
        space = self.observation_space
        return np.array(values, space.dtype).reshape(space.shape)

    def _infos(self, infos: list[dict[str, Any]]) -> dict[str, Any]:
        together: dict[str, Any] = {}
        for i, info in enumerate(infos):
            together = self._add_info(together, _typed(info), i)
        return together
