"""The protocol: JSON over one kept connection."""

from __future__ import annotations

import http.client
import json
import weakref
from typing import Any
from urllib.parse import urlsplit

PROTOCOL = 1

CLOSED = (ConnectionResetError, ConnectionAbortedError, BrokenPipeError, http.client.IncompleteRead)


class LeaError(RuntimeError):
    """What the server answers with when something is wrong; `code` is stable, e.g. E_ACTION, E_EPISODE_OVER."""

    def __init__(self, code: str, message: str):
        super().__init__(f"{message} [{code}]")
        self.code = code


class Server:
    """Calls over one kept connection."""

    def __init__(self, url: str, timeout: float):
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"url is http://host:port, not {url!r}")
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._connection = kind(parts.hostname, parts.port, timeout=timeout)
        self._base = parts.path.rstrip("/")

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        # A call that broke off is not sent again: the server may have taken the step.
        data = None if body is None else json.dumps(body)
        headers = {} if body is None else {"content-type": "application/json"}
        try:
            self._connection.request(method, self._base + path, body=data, headers=headers)
            response = self._connection.getresponse()
            text = response.read()
        except BaseException as broke:
            # The next call opens a new connection: this one may still bring the answer to the call that broke off.
            self.close()
            if isinstance(broke, CLOSED):
                told = "The server closed the connection: it has gone, or has no room for more (its option connections)."
                raise LeaError("E_CONNECTION", told) from broke
            raise
        try:
            answer = json.loads(text)
        except ValueError:
            raise LeaError("E_PROTOCOL", f"The server answered status {response.status} without JSON.") from None
        # What stands between client and server may give its errors a good status.
        error = answer.get("error") if isinstance(answer, dict) else answer
        if response.status < 400 and isinstance(answer, dict) and error is None:
            return answer
        known = error if isinstance(error, dict) else {}
        message = known.get("message", f"The server answered status {response.status} with {str(error)[:100]!r}.")
        raise LeaError(known.get("code", "E_PROTOCOL"), message)

    def close(self) -> None:
        self._connection.close()


class Session:
    """Episodes of one's own on a server; ended by `close`, or when nothing refers to it any more.

    Args:
        url: What `serveEnvironment` returned as `url`, e.g. http://127.0.0.1:8790.
        size: Environments side by side; None for a single one.
        timeout: Seconds for one call. Raise it when a step asks a slow language model.
    """

    def __init__(self, url: str, size: int | None = None, timeout: float = 60.0):
        self._server = Server(url, timeout)
        try:
            self.spec = self._server.call("GET", "/spec")
            if self.spec.get("protocol") != PROTOCOL:
                raise LeaError("E_PROTOCOL", f"The server speaks version {self.spec.get('protocol')}, this client {PROTOCOL}.")
            begun = self._server.call("POST", "/sessions", {} if size is None else {"size": size})
        except BaseException:
            # A server has room for so many connections.
            self._server.close()
            raise
        self._path = f"/sessions/{begun['session']}"
        # A server has room for so many sessions, and programs forget to close theirs.
        self._end = weakref.finalize(self, _end, self._server, self._path)

    def reset(self, seed: int | None) -> dict[str, Any]:
        return self._server.call("POST", f"{self._path}/reset", {"seed": seed})

    def step(self, action: int | list[int]) -> dict[str, Any]:
        return self._server.call("POST", f"{self._path}/step", {"action": action})

    def close(self) -> None:
        """Ends the session; a second time nothing happens."""
        self._end()


def _end(server: Server, path: str) -> None:
    """A server that is gone has ended the session already."""
    try:
        server.call("DELETE", path)
    except (LeaError, OSError, http.client.HTTPException):
        pass
    server.close()
