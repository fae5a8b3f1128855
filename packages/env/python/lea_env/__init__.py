"""Gymnasium environments that connect to an @lea/env server (`serveEnvironment`)."""

from .client import LeaError
from .envs import LeaEnv, LeaVectorEnv

__all__ = ["LeaEnv", "LeaError", "LeaVectorEnv"]
