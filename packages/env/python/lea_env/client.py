"""The protocol: JSON over one kept connection."""

from __future__ import annotations

import http.client
import json
from typing import Any
from urllib.parse import urlsplit

PROTOCOL = 1


class LeaError(RuntimeError):
    """What the server answers with when something is wrong; `code` is stable, e.g. E_ACTION, E_EPISODE_OVER."""

    def __init__(self, code: str, message: str):
        super().__init__(f"{message} [{code}]")
        self.code = code


class Session:
    """Episodes of one's own on a server.

    Args:
        url: What `serveEnvironment` returned as `url`, e.g. http://127.0.0.1:8790.
        size: Environments side by side; None for a single one.
        timeout: Seconds for one call. Raise it when a step asks a slow language model.
    """

    def __init__(self, url: str, size: int | None = None, timeout: float = 60.0):
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"url is http://host:port, not {url!r}")
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._connection = kind(parts.hostname, parts.port, timeout=timeout)
        self._base = parts.path.rstrip("/")
        self._session: str | None = None
        self.spec = self._call("GET", "/spec")
        if self.spec.get("protocol") != PROTOCOL:
            raise LeaError("E_PROTOCOL", f"The server speaks version {self.spec.get('protocol')}, this client {PROTOCOL}.")
        self._session = self._call("POST", "/sessions", {} if size is None else {"size": size})["session"]

    def reset(self, seed: int | None) -> dict[str, Any]:
        return self._call("POST", f"/sessions/{self._session}/reset", {"seed": seed})

    def step(self, action: int | list[int]) -> dict[str, Any]:
        return self._call("POST", f"/sessions/{self._session}/step", {"action": action})

    def close(self) -> None:
        """Ends the session; a server that is gone already has ended it."""
        if self._session is None:
            return
        try:
            self._call("DELETE", f"/sessions/{self._session}")
        except (LeaError, OSError, http.client.HTTPException):
            pass
        self._session = None
        self._connection.close()

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        # A call that broke off is not sent again: the server may have taken the step.
        data = None if body is None else json.dumps(body)
        headers = {} if body is None else {"content-type": "application/json"}
        self._connection.request(method, self._base + path, body=data, headers=headers)
        response = self._connection.getresponse()
        text = response.read()
        try:
            answer = json.loads(text)
        except ValueError:
            raise LeaError("E_PROTOCOL", f"The server answered status {response.status} without JSON.") from None
        if response.status >= 400:
            error = answer.get("error", {}) if isinstance(answer, dict) else {}
            raise LeaError(error.get("code", "E_PROTOCOL"), error.get("message", f"Status {response.status}."))
        return answer
