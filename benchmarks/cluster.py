"""Drives tokcrawl as its users do: workers as processes, the other commands one by one."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

from benchmarks.environment import ROOT, Environment
from benchmarks.meter import tree

_TOKCRAWL = [sys.executable, "-m", "producers.cli"]
_POLL = 0.05  # seconds


class Cluster:
    """The workers of one environment."""

    def __init__(self, environment: Environment, **settings: str) -> None:
        self.environment = environment
        self._variables = {**environment.variables(), **settings}
        self._db = environment.database()
        self._workers: list[subprocess.Popen[bytes]] = []
        self._logs: list[IO[bytes]] = []

    def start(self, in_flight: int, processes: int = 1, timeout: float = 60) -> None:
        """Start one more `tokcrawl worker` and wait until its processes have told that they live."""
        worker = [*_TOKCRAWL, "worker", "-c", str(in_flight), "--processes", str(processes)]
        self.start_program(worker, processes, timeout)

    def start_program(self, command: Sequence[str], processes: int = 1, timeout: float = 60) -> None:
        """As `start`, for a program that stands for a worker."""
        wanted = self._alive() + processes
        log = (self.environment.home / f"worker-{len(self._workers)}.log").open("w+b")
        self._logs.append(log)
        self._workers.append(
            subprocess.Popen(command, cwd=ROOT, env=self._variables, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        )
        deadline = time.monotonic() + timeout
        while self._alive() < wanted:
            if time.monotonic() > deadline or self._workers[-1].poll() is not None:
                raise RuntimeError(f"the worker did not get ready:\n{self.log()}")
            time.sleep(_POLL)

    def seed(self, *arguments: str) -> str:
        return str(self.tell("seed", *arguments, "--yes", "--json")["crawl"])

    def watch(self, crawl: str, timeout: float = 60) -> dict[str, Any]:
        """The last figures of a crawl that is over; `watch` must say that it is complete."""
        return self.tell("watch", crawl, "--timeout", str(timeout), "--json")

    def tell(self, *arguments: str) -> dict[str, Any]:
        """A command's JSON; it must succeed."""
        done = subprocess.run(
            [*_TOKCRAWL, *arguments], cwd=ROOT, env=self._variables, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(
                f"tokcrawl {' '.join(arguments[:2])} gave {done.returncode}: {done.stderr}\n{self.log()}"
            )
        told: dict[str, Any] = json.loads(done.stdout)
        return told

    def wait(self, crawl: str, timeout: float) -> None:
        """Wait, at next to no cost for the servers, until the crawl runs no more."""
        deadline = time.monotonic() + timeout
        while self._db["crawls"].find_one({"_id": crawl}, {"state": 1})["state"] in ("seeding", "running"):
            if time.monotonic() > deadline:
                raise RuntimeError(f"crawl {crawl} did not end within {timeout:.0f} s:\n{self.log()}")
            time.sleep(_POLL)

    def stop(self) -> None:
        """As a user would: SIGTERM, then wait."""
        for worker in self._workers:
            if worker.poll() is None:
                worker.send_signal(signal.SIGTERM)
        for worker in self._workers:
            try:
                worker.wait(30)
            except subprocess.TimeoutExpired:
                for pid in reversed(tree(worker.pid)):
                    os.kill(pid, signal.SIGKILL)
                worker.wait()
        for log in self._logs:
            log.close()

    def pids(self) -> Sequence[int]:
        return [pid for worker in self._workers for pid in tree(worker.pid)]

    def log(self, length: int = 3000) -> str:
        """The end of what the workers said."""
        return "\n".join(Path(log.name).read_bytes()[-length:].decode(errors="replace") for log in self._logs)

    def _alive(self) -> int:
        return int(self._db["workers"].count_documents({}))
