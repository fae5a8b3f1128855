"""Environments on a server with room for 2 connections. Usage: connections.py URL"""

import json
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from lea_env import LeaEnv, LeaError

url = sys.argv[1]


def begun():
    """An environment, or why there is none."""
    try:
        return LeaEnv(url)
    except LeaError as error:
        return error.code


envs = [LeaEnv(url), LeaEnv(url)]
refused = begun()
envs.pop().close()
# The server hears of it a little later.
for _ in range(100):
    after = begun()
    if isinstance(after, LeaEnv):
        break
    time.sleep(0.02)
print(json.dumps({"refused": refused, "after": isinstance(after, LeaEnv)}))
