"""Client of the protocol: JSON over a persistent HTTP connection."""

from __future__ import annotations

import http.client
import json
import weakref
from typing import Any
from urllib.parse import urlsplit

PROTOCOL = 1

CLOSED = (ConnectionResetError, ConnectionAbortedError, BrokenPipeError, http.client.IncompleteRead)


class LeaError(RuntimeError):
    """An error of the server or the connection. `code` is stable, for example E_ACTION or E_EPISODE_OVER."""

    def __init__(self, code: str, message: str):
        super().__init__(f"{message} [{code}]")
        self.code = code


class Server:
    """Sends calls over a persistent connection."""

    def __init__(self, url: str, timeout: float):
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"expected a url such as http://host:port, got {url!r}")
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._connection = kind(parts.hostname, parts.port, timeout=timeout)
        self._base = parts.path.rstrip("/")

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        # An interrupted call is not repeated, because the server may have taken the step.
        data = None if body is None else json.dumps(body)
        headers = {} if body is None else {"content-type": "application/json"}
        try:
            self._connection.request(method, self._base + path, body=data, headers=headers)
            response = self._connection.getresponse()
            text = response.read()
        except BaseException as broke:
            # The next call opens a new connection, because this one may still deliver the interrupted response.
            self.close()
            if isinstance(broke, CLOSED):
                told = "The server closed the connection. It has stopped, or its limit of connections is reached."
                raise LeaError("E_CONNECTION", told) from broke
            raise
        try:
            answer = json.loads(text)
        except ValueError:
            raise LeaError("E_PROTOCOL", f"The server responded with status {response.status} without JSON.") from None
        # A proxy between client and server may send errors with status 200.
        error = answer.get("error") if isinstance(answer, dict) else answer
        if response.status < 400 and isinstance(answer, dict) and error is None:
            return answer
        known = error if isinstance(error, dict) else {}
        message = known.get("message", f"The server responded with status {response.status} with {str(error)[:100]!r}.")
        raise LeaError(known.get("code", "E_PROTOCOL"), message)

    def close(self) -> None:
        """Closes the connection."""
        self._connection.close()


class Session:
    """A session with independent episodes. It ends with `close`, or when it is garbage-collected.

    Args:
        url: The `url` returned by `serveEnvironment`, for example http://127.0.0.1:8790.
        size: Number of vectorized environments; None for a single environment.
        timeout: Time limit of one call in seconds. Increase it if steps call a slow language model.
    """

    def __init__(self, url: str, size: int | None = None, timeout: float = 60.0):
        self._server = Server(url, timeout)
        try:
            self.spec = self._server.call("GET", "/spec")
            if self.spec.get("protocol") != PROTOCOL:
                raise LeaError("E_PROTOCOL", f"Expected protocol {PROTOCOL}, got {self.spec.get('protocol')}.")
            begun = self._server.call("POST", "/sessions", {} if size is None else {"size": size})
        except BaseException:
            # The server limits the number of connections.
            self._server.close()
            raise
        self._path = f"/sessions/{begun['session']}"
        # The server limits the number of sessions, and programs may forget to close them.
        self._end = weakref.finalize(self, _end, self._server, self._path)

    def reset(self, seed: int | None) -> dict[str, Any]:
        """Starts an episode, with the next one of the last seed if `seed` is None."""
        return self._server.call("POST", f"{self._path}/reset", {"seed": seed})

    def step(self, action: int | list[int]) -> dict[str, Any]:
        """Takes a step."""
        return self._server.call("POST", f"{self._path}/step", {"action": action})

    def close(self) -> None:
        """Ends the session. Further calls have no effect."""
        self._end()


def _end(server: Server, path: str) -> None:
    """Ends a session; errors are ignored, because a stopped server has no sessions."""
    try:
        server.call("DELETE", path)
    except (LeaError, OSError, http.client.HTTPException):
        pass
    server.close()
