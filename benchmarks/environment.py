"""The environment of a run: the API to call, and a Redis and a MongoDB that nobody used before."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pymongo import MongoClient

from producers import stack
from sandbox.client import AdminClient, Sandbox

ROOT = Path(__file__).resolve().parent.parent
DB = "bench"


@dataclass(frozen=True)
class Environment:
    """Where everything is, and which processes serve it."""

    api_url: str
    home: Path
    urls: dict[str, str]
    pids: dict[str, int]
    """`redis`, `mongo`, and `sandbox` where it is ours."""

    @property
    def mongo_url(self) -> str:
        return self.urls["TOKCRAWL_MONGO_URL"]

    @property
    def redis_url(self) -> str:
        return self.urls["TOKCRAWL_BROKER_URL"]

    def with_servers(self, pids: Callable[[], Iterable[int]]) -> Callable[[], list[int]]:
        """Those processes and the servers."""
        return lambda: [*pids(), *self.pids.values()]

    def variables(self) -> dict[str, str]:
        """For tokcrawl's processes: nothing of the caller's own settings gets in, nor of what only the peers need.

        Scrapy brings cryptography; where pymongo finds it, it loads that and more at every start.
        """
        peers = self.home / "of-peers"
        peers.mkdir(exist_ok=True)
        (peers / "cryptography.py").write_text("raise ImportError")
        outer = {name: value for name, value in os.environ.items() if not name.startswith("TOKCRAWL_")}
        return {
            **outer,
            **self.urls,
            "PYTHONPATH": str(peers),
            "TOKCRAWL_API_URL": self.api_url,
            "TOKCRAWL_API_TOKEN": "any-token",
            "TOKCRAWL_MONGO_DB": DB,
            "TOKCRAWL_HOME": str(self.home),
        }

    def database(self) -> Any:
        client: MongoClient[dict[str, Any]] = MongoClient(self.mongo_url, tz_aware=True)
        return client[DB]


@contextmanager
def api(url: str | None, latency: float = 0.0) -> Iterator[tuple[AdminClient | None, int | None, str]]:
    """The sandbox's controls (None where the API is none), its pid where it was started here, and the API's URL."""
    if url is None:
        sandbox = Sandbox(scale="large", latency=latency)
        sandbox.start()
        try:
            yield sandbox, sandbox.pid, sandbox.api_url
        finally:
            sandbox.stop()
        return
    control: AdminClient | None = AdminClient(url)
    try:
        control.switches()  # type: ignore[union-attr]  # set one line above
    except OSError:
        control = None
    yield control, None, url


@contextmanager
def cold(api_url: str, sandbox: int | None = None) -> Iterator[Environment]:
    """Servers with empty data folders, gone afterwards."""
    home = Path(tempfile.mkdtemp(prefix="tokcrawl-bench-"))
    try:
        local = stack.up(home)
        pids = {process.name: process.pid for process in local.processes}
        if sandbox is not None:
            pids["sandbox"] = sandbox
        yield Environment(api_url, home, local.urls, pids)
    finally:
        with suppress(stack.StackError):
            stack.down(home)
        shutil.rmtree(home, ignore_errors=True)
