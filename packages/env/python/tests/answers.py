"""Servers that answer with something else. Usage: answers.py URL PATH..., where each path is another server"""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from lea_env import LeaEnv, LeaError


def told(url):
    try:
        LeaEnv(url)
    except LeaError as error:
        return [error.code, str(error)]
    return None


url, *paths = sys.argv[1:]
print(json.dumps({path: told(f"{url}/{path}") for path in paths}))
