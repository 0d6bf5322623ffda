"""Runs the real thing for tests: servers, sandbox, worker processes and the command line, as a user would."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import redis
from pymongo import MongoClient

from sandbox.client import Sandbox

KINDS = ("posts", "users", "comments", "music", "hashtags", "follows")


class Rig:
    """One home, one database, one sandbox; every process it starts is stopped at the end."""

    def __init__(
        self, home: Path, urls: dict[str, str], sandbox: Sandbox, database: str, token: str = "any-token"
    ) -> None:
        self.home = home
        self.sandbox = sandbox
        self.env = {
            **{name: value for name, value in os.environ.items() if not name.startswith("TOKCRAWL_")},
            **urls,
            "TOKCRAWL_HOME": str(home),
            "TOKCRAWL_API_URL": sandbox.api_url,
            "TOKCRAWL_API_TOKEN": token,
            "TOKCRAWL_MONGO_DB": database,
            "PYTHONUNBUFFERED": "1",
            "COLUMNS": "200",
        }
        mongo: MongoClient[dict[str, Any]] = MongoClient(urls["TOKCRAWL_MONGO_URL"], tz_aware=True)
        self.db = mongo[database]
        self.redis = redis.Redis.from_url(urls["TOKCRAWL_BROKER_URL"])
        self._workers: list[subprocess.Popen[bytes]] = []

    # --- the command line ---

    def cli(self, *args: str, stdin: str | None = None, env: dict[str, str] | None = None, timeout: float = 120) -> Any:
        """Run `tokcrawl ARGS`; returns the finished process with text output."""
        return subprocess.run(
            [sys.executable, "-m", "producers.cli", *args],
            check=False,
            env={**self.env, **(env or {})},
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout,
            cwd=self.home,
        )

    def seed(self, *args: str, stdin: str | None = None) -> str:
        done = self.cli("seed", *args, "--json", stdin=stdin)
        assert done.returncode == 0, done.stderr
        return str(json.loads(done.stdout)["crawl"])

    def watch(self, crawl: str, timeout: float = 90) -> int:
        return int(self.cli("watch", crawl, "--timeout", str(timeout), timeout=timeout + 30).returncode)

    def status(self, crawl: str) -> dict[str, Any]:
        done = self.cli("status", crawl, "--json")
        assert done.returncode == 0, done.stderr
        return dict(json.loads(done.stdout))

    def crawl(self, *args: str, expect: int = 0, timeout: float = 90, stdin: str | None = None) -> dict[str, Any]:
        """Seed, watch to the end and give the status."""
        crawl = self.seed(*args, stdin=stdin)
        code = self.watch(crawl, timeout)
        told = self.status(crawl)
        assert code == expect, (code, told, self.worker_log()[-3000:])
        return told

    # --- workers ---

    def start_worker(
        self, concurrency: int = 16, *args: str, env: dict[str, str] | None = None
    ) -> "subprocess.Popen[bytes]":
        log = (self.home / f"worker-{len(self._workers)}.log").open("ab")
        process = subprocess.Popen(
            [sys.executable, "-m", "producers.cli", "worker", "-c", str(concurrency), *args],
            env={**self.env, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=self.home,
            start_new_session=True,
        )
        log.close()
        self._workers.append(process)
        return process

    @contextlib.contextmanager
    def worker(
        self, concurrency: int = 16, *args: str, count: int = 1, env: dict[str, str] | None = None
    ) -> Iterator[None]:
        started = [self.start_worker(concurrency, *args, env=env) for _ in range(count)]
        try:
            yield
        finally:
            for process in started:
                stop(process)

    def wait_ready(self, processes: int = 1, timeout: float = 30) -> None:
        self.until(lambda: self.db["workers"].count_documents({}) >= processes, timeout)

    def worker_log(self) -> str:
        return "".join(path.read_text(errors="replace") for path in sorted(self.home.glob("worker-*.log")))

    def until(self, true: Callable[[], Any], timeout: float = 30) -> Any:
        """Wait until `true()` is; AssertionError with the workers' last words otherwise."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if found := true():
                return found
            time.sleep(0.05)
        raise AssertionError(f"not within {timeout} s; workers said:\n{self.worker_log()[-4000:]}")

    def forget(self) -> None:
        """Empty the database under the workers; crawls that a failed test left are stopped first."""
        for crawl in self.db["crawls"].find({"ended_at": None}, {"_id": 1}):
            self.cli("cancel", crawl["_id"])
        self.until(lambda: self.db["pages"].count_documents({"state": "leased"}) == 0)
        for name in set(self.db.list_collection_names()) - {"workers", "coordination"}:
            self.db[name].delete_many({})

    # --- what must hold ---

    def stored(self, kind: str) -> set[str]:
        return {document["_id"] for document in self.db[kind].find({}, {"_id": 1})}

    def check_truth(self, told: dict[str, Any], truth: dict[str, Any]) -> None:
        """Stored ids and counted entities are the truth's, and so is the money."""
        for kind in KINDS:
            stored, true = self.stored(kind), set(truth[kind])
            assert stored == true, f"{kind}: lacks {sorted(true - stored)[:5]}, has beside {sorted(stored - true)[:5]}"
        assert told["entities"] == {kind: len(truth[kind]) for kind in KINDS}

    def check_paid_once(self, told: dict[str, Any]) -> None:
        stats = self.sandbox.stats()
        assert stats["repeated"] == []
        assert stats["units"] == told["units"]["spent"]
        assert told["units"]["unknown"] == 0

    def close(self) -> None:
        for process in self._workers:
            stop(process)
        self.db.client.drop_database(self.db.name)
        self.db.client.close()
        self.redis.close()
        for name in ("TOKCRAWL_BROKER_URL", "TOKCRAWL_REDIS_URL"):
            with contextlib.suppress(redis.RedisError, ValueError), redis.Redis.from_url(self.env[name]) as client:
                client.flushdb()


def stop(process: "subprocess.Popen[bytes]", patience: float = 20) -> None:
    """SIGTERM, then SIGKILL to its whole group."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(patience)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
