"""Starts, asks and stops a sandbox from a test, with the standard library alone."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode


class SandboxError(RuntimeError):
    """The sandbox did not start, or did not understand."""


class Control:
    """The sandbox's own calls. `api_url` is what TOKCRAWL_API_URL takes."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url.rstrip("/").removesuffix("/apis")
        self.api_url = self.base_url + "/apis"

    def truth(self, kind: str, *values: str, **options: object) -> dict[str, Any]:
        """What a complete crawl holds. Options: expand="authors,comments" or "none", depth=2, full, days, max_cursor,
        period, sorting, match_exactly, since, until, limit="LIST=N" (or a list of them)."""
        query: list[tuple[str, object]] = [("kind", kind), *(("value", value) for value in values)]
        for name, option in options.items():
            query += [(name, each) for each in (option if isinstance(option, list | tuple) else [option])]
        found: dict[str, Any] = self._call("truth?" + urlencode(query), timeout=600)
        return found

    def log(self, since: int = 0) -> list[dict[str, Any]]:
        """[{n, at, path, params, status, units, fault, ok}] from entry `since` on."""
        found: list[dict[str, Any]] = self._call(f"log?since={since}")
        return found

    def stats(self) -> dict[str, Any]:
        """calls, ok, units, in_flight, paths, ok_paths, statuses, faults, days, seconds, repeated, repeated_calls."""
        return self._dict("stats")

    def switches(self) -> dict[str, Any]:
        return self._dict("switches")

    def switch(self, **switches: object) -> dict[str, Any]:
        """Sets switches, None turns one off; those not named stay as they are."""
        return self._dict("switches", switches)

    def reset(self) -> None:
        """Forgets log and charges; switches stay."""
        self._call("reset", {})

    def new_day(self) -> None:
        """Lets the quota begin again, as at midnight UTC."""
        self._call("new-day", {})

    def cast(self) -> dict[str, Any]:
        return self._dict("cast")

    def find(self, kind: str, value: str, count: int = 10) -> dict[str, Any]:
        """A card of a user (by name), a post (by id) or a hashtag with its first posts."""
        return self._dict("find?" + urlencode({kind: value, "count": count}))

    def _dict(self, path: str, body: object = None) -> dict[str, Any]:
        found: dict[str, Any] = self._call(path, body)
        return found

    def _call(self, path: str, body: object = None, timeout: float = 60) -> Any:
        data = None if body is None else json.dumps(body).encode()
        # The address is the caller's own sandbox.
        request = urllib.request.Request(f"{self.base_url}/_sandbox/{path}", data)  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=timeout) as answer:  # noqa: S310
                return json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                raise SandboxError(f"{path}: {error.read().decode(errors='replace')}") from None


class Sandbox(Control):
    """A sandbox as a child process. `options` are the command line's: latency=0.3, fault={"500": 0.1}, state=PATH …"""

    def __init__(self, seed: int = 7, *, port: int = 0, log: Path | None = None, **options: object) -> None:
        self.port = port or free_port()
        super().__init__(f"http://127.0.0.1:{self.port}")
        self._arguments = ["--port", str(self.port), "--seed", str(seed), *_arguments(options)]
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        return None if self._process is None else self._process.pid

    def start(self, timeout: float = 20) -> None:
        """Starts the process and waits until it answers; on the same port again after `stop`."""
        command = [sys.executable, "-m", "sandbox", *self._arguments]
        where = Path(__file__).resolve().parent.parent
        output: Any = subprocess.DEVNULL if self._log is None else self._log.open("ab")
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own module
                command, cwd=where, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=output
            )
        finally:
            if self._log is not None:
                output.close()
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            if self._process.poll() is not None:
                raise SandboxError(f"ended at once with status {self._process.returncode}: {' '.join(command)}")
            try:
                if self._call("health", timeout=2)["pid"] == self._process.pid:
                    return
            except (OSError, SandboxError):
                pass
            time.sleep(0.02)
        self.stop()
        raise SandboxError(f"did not answer within {timeout} s")

    def stop(self, kill: bool = True) -> int | None:
        """SIGKILL, or SIGTERM with kill=False; returns the exit status."""
        process, self._process = self._process, None
        if process is None:
            return None
        if kill:
            process.kill()
        else:
            process.terminate()
        return process.wait(20)


@contextmanager
def running(seed: int = 7, **options: Any) -> Iterator[Sandbox]:
    """A sandbox that answers, killed at the end: `with running(seed=7, latency=0.3) as sandbox: sandbox.api_url`."""
    sandbox = Sandbox(seed, **options)
    sandbox.start()
    try:
        yield sandbox
    finally:
        sandbox.stop()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _arguments(options: dict[str, Any]) -> list[str]:
    arguments: list[str] = []
    for name, value in options.items():
        if value is None:
            continue
        flag = "--" + name.replace("_", "-")
        if name in ("fault", "faults"):
            for kind, share in value.items():
                arguments += ["--fault", f"{kind}={share}"]
        elif name == "tokens":
            arguments += [flag, value if isinstance(value, str) else ",".join(value)]
        else:
            arguments += [flag, str(value)]
    return arguments
