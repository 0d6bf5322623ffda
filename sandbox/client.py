"""Starts, controls and stops a sandbox from tests and benchmarks, with the standard library alone."""

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
    """Raised if the sandbox does not start or rejects a request."""


class AdminClient:
    """Calls the admin API of a running sandbox; `api_url` is the URL for TOKCRAWL_API_URL."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url.rstrip("/").removesuffix("/apis")
        self.api_url = self.base_url + "/apis"

    def truth(self, kind: str, *values: str, **options: object) -> dict[str, Any]:
        """Return what a complete crawl holds.

        Options: expand="authors,comments" or "none", depth=2, full, days, max_cursor, period, sorting, match_exactly,
        since, until, limit="LIST=N" (or a list of them), at (a time of a live world, by default the present).
        """
        query: list[tuple[str, object]] = [("kind", kind), *(("value", value) for value in values)]
        for name, option in options.items():
            query += [(name, each) for each in (option if isinstance(option, list | tuple) else [option])]
        found: dict[str, Any] = self._call("truth?" + urlencode(query), timeout=600)
        return found

    def log(self, since: int = 0) -> list[dict[str, Any]]:
        """Return [{n, at, path, params, status, units, fault, ok}] from entry number `since` on."""
        found: list[dict[str, Any]] = self._call(f"log?since={since}")
        return found

    def stats(self) -> dict[str, Any]:
        """Return calls, ok, units, in_flight, paths, ok_paths, statuses, faults, days, seconds, repeated, …"""
        return self._dict("stats")

    def switches(self) -> dict[str, Any]:
        """Return all settings."""
        return self._dict("switches")

    def switch(self, **settings: object) -> dict[str, Any]:
        """Change the given settings, None resets one; return all settings."""
        return self._dict("switches", settings)

    def reset(self) -> None:
        """Clear the log and the charges; settings stay."""
        self._call("reset", {})

    def new_day(self) -> None:
        """Reset the quota, as midnight UTC does."""
        self._call("new-day", {})

    def deviations(self) -> dict[str, Any]:
        """Return {"kinds": {KIND: {effect, calls, units, pages, holds}}, "readable": ids, "paid": ids}."""
        return self._dict("deviations")

    def clock(self, **changes: float) -> dict[str, Any]:
        """Set `now` or `speed` of a live world, or `advance` its clock by seconds; return now, speed, live."""
        return self._dict("clock", changes or None)

    def cast(self) -> dict[str, Any]:
        """Return the special cases with their ids."""
        return self._dict("cast")

    def find(self, kind: str, value: str, count: int = 10) -> dict[str, Any]:
        """Describe a `user` (by name), a `post` (by id) or a `hashtag`, with up to `count` posts."""
        return self._dict("find?" + urlencode({kind: value, "count": count}))

    def _dict(self, path: str, body: object = None) -> dict[str, Any]:
        found: dict[str, Any] = self._call(path, body)
        return found

    def _call(self, path: str, body: object = None, timeout: float = 60) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.base_url}/_sandbox/{path}", data)  # noqa: S310 - our own server
        try:
            with urllib.request.urlopen(request, timeout=timeout) as answer:  # noqa: S310 - our own server
                return json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                raise SandboxError(f"{path}: {error.read().decode(errors='replace')}") from None


class Sandbox(AdminClient):
    """Runs a sandbox as a child process. The options are the command line's: latency=0.3, fault={"500": 0.1}, …"""

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
        """Start the process and wait until it answers; after `stop`, restart it on the same port."""
        command = [sys.executable, "-m", "sandbox", *self._arguments]
        root = Path(__file__).resolve().parent.parent
        output: Any = subprocess.DEVNULL if self._log is None else self._log.open("ab")
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own module
                command, cwd=root, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=output
            )
        finally:
            if self._log is not None:
                output.close()
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            if self._process.poll() is not None:
                raise SandboxError(f"exited with status {self._process.returncode}: {' '.join(command)}")
            try:
                if self._call("health", timeout=2)["pid"] == self._process.pid:
                    return
            except (OSError, SandboxError):
                pass
            time.sleep(0.02)
        self.stop()
        raise SandboxError(f"no answer within {timeout} s: {' '.join(command)}")

    def stop(self, kill: bool = True) -> int | None:
        """Send SIGKILL, or SIGTERM with kill=False; return the exit status."""
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
    """Run a sandbox for the duration of a `with` block, and kill it at the end."""
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
        elif name == "deviate":
            arguments += [part for rule in value for part in (flag, str(rule))]
        elif value is True:
            arguments.append(flag)
        elif name == "tokens":
            arguments += [flag, value if isinstance(value, str) else ",".join(value)]
        else:
            arguments += [flag, str(value)]
    return arguments
