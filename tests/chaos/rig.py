"""A rig whose every part can be killed and started again."""

import contextlib
import os
import shutil
import signal
import time
from pathlib import Path
from typing import Any

import psutil
from pymongo.errors import PyMongoError

from producers import stack
from sandbox.client import Sandbox
from tests.acceptance.rig import KINDS, Rig


class ChaosRig(Rig):
    """Its own Redis, MongoDB and sandbox."""

    @classmethod
    def start(cls, home: Path, **options: Any) -> "ChaosRig":
        local = stack.up(home)
        sandbox = Sandbox(7, state=home / "sandbox.state", **options)
        sandbox.start()
        return cls(home, dict(local.urls), sandbox, "chaos")

    def close(self) -> None:
        with contextlib.suppress(Exception):
            stack.up(self.home)  # so that what is left can be dropped
        super().close()
        self.sandbox.stop()
        stack.down(self.home)

    # --- killing ---

    def worker_processes(self) -> list[psutil.Process]:
        """The worker processes under all supervisors."""
        found = []
        for worker in self._workers:
            with contextlib.suppress(psutil.NoSuchProcess):
                found += psutil.Process(worker.pid).children()
        return [process for process in found if _is_worker(process)]

    def kill_server(self, name: str) -> None:
        [process] = [p for p in stack.ps(self.home) if p.name == name]
        os.kill(process.pid, signal.SIGKILL)
        self.until(lambda: not psutil.pid_exists(process.pid) or psutil.Process(process.pid).status() == "zombie", 10)

    def start_server(self, *, empty_redis: bool = False) -> None:
        if empty_redis:
            shutil.rmtree(self.home / "redis", ignore_errors=True)
        stack.up(self.home)

    # --- looking ---

    def leased(self) -> int:
        with contextlib.suppress(PyMongoError):
            return self.db["pages"].count_documents({"state": "leased"})
        return 0

    def done(self, crawl: str) -> int:
        return self.db["pages"].count_documents({"crawl": crawl, "state": "done"})

    def wait_done(self, crawl: str, pages: int, timeout: float = 60) -> None:
        self.until(lambda: self.done(crawl) >= pages, timeout)

    def repeated(self) -> int:
        return int(self.sandbox.stats()["repeated_calls"])

    def check_stored(self, truth: dict[str, Any]) -> None:
        for kind in KINDS:
            stored, true = self.stored(kind), set(truth[kind])
            assert stored == true, f"{kind}: lacks {sorted(true - stored)[:5]}, has beside {sorted(stored - true)[:5]}"

    def watch_and_retry(self, crawl: str, timeout: int = 120) -> int:
        """Watch to the end; replay what was paid for and unreadable, which is never fetched again by itself."""
        for _ in range(6):
            code = self.watch(crawl, timeout)
            if code != 4:
                return code
            assert {failure["kind"] for failure in self.status(crawl)["failures"]} == {"unreadable"}
            assert self.cli("retry", crawl, "--class", "unreadable").returncode == 0
        return code

    def check_money(self, crawl: str) -> dict[str, Any]:
        """spent ≤ charged ≤ spent + unknown, and equal once `tokcrawl usage` has settled the unknown."""
        told, charged = self.status(crawl), self.sandbox.stats()["units"]
        spent, unknown = told["units"]["spent"], told["units"]["unknown"]
        assert spent <= charged <= spent + unknown, (spent, charged, unknown)
        usage = self.cli("usage", "--settle", "--json")
        assert usage.returncode == 0, usage.stderr
        settled = self.status(crawl)
        assert settled["units"]["spent"] == charged, (settled["units"], charged, usage.stdout)
        assert settled["units"]["unknown"] == 0
        return told


def _is_worker(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):  # dead meanwhile
        return "workers.process" in " ".join(process.cmdline())
    return False


def say(**figures: Any) -> None:
    """Print figures where `pytest -s` or a failure shows them, and keep them for the closing note."""
    line = " ".join(f"{name}={value}" for name, value in figures.items())
    print(line)  # noqa: T201  # pytest shows it
    if path := os.environ.get("CHAOS_FIGURES"):
        with Path(path).open("a") as out:
            out.write(f"{time.strftime('%H:%M:%S')} {os.environ.get('PYTEST_CURRENT_TEST', '')}: {line}\n")
