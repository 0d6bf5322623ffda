"""Runs peers as real processes: start, crawl, stop; what they cost is read in between by whoever runs them."""

import json
import subprocess
import sys
from collections.abc import Sequence
from typing import IO, Any, NamedTuple, Protocol

from benchmarks.cluster import Cluster
from benchmarks.environment import ROOT, Environment
from benchmarks.job import Job
from benchmarks.meter import tree
from benchmarks.peers.child import Order

PATIENCE = 600.0  # seconds a crawl may take


class Crawled(NamedTuple):
    """Calls as the peer counts them, and the second at which its last write was done."""

    calls: int
    finished: float


class Peer(Protocol):
    """One way to crawl. `in_flight` is how many calls it makes at a time."""

    name: str
    in_flight: int

    def start(self, environment: Environment, job: Job) -> None:
        """Return once it is ready to work."""

    def crawl(self) -> Crawled: ...

    def stop(self) -> None: ...

    def pids(self) -> Sequence[int]:
        """Its worker processes."""


class Script:
    """A peer that is a module of `benchmarks.peers`, in one process."""

    def __init__(
        self, name: str, module: str, in_flight: int, *, durable: bool = False, threaded: bool = False
    ) -> None:
        self.name = name
        self.in_flight = in_flight
        self._module = module
        self._durable = durable
        self._threaded = threaded
        self._process: subprocess.Popen[str] | None = None
        self._errors: IO[bytes] | None = None

    def start(self, environment: Environment, job: Job) -> None:
        order = Order(
            environment.api_url,
            environment.mongo_url,
            environment.redis_url,
            job.hashtags,
            self.in_flight,
            durable=self._durable,
            threaded=self._threaded,
        )
        self._errors = (environment.home / f"{self.name}.log").open("w+b")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.peers.child", self._module, order.as_json()],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors, text=True, bufsize=1,
        )  # fmt: skip
        self._hear()

    def crawl(self) -> Crawled:
        self._say("go")
        told = json.loads(self._hear())
        return Crawled(told["calls"], told["finished"])

    def stop(self) -> None:
        if self._process is not None:
            if self._process.poll() is None:
                self._say("over")
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def pids(self) -> Sequence[int]:
        assert self._process is not None
        return tree(self._process.pid)

    def _say(self, word: str) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(word + "\n")
        self._process.stdin.flush()

    def _hear(self) -> str:
        assert self._process is not None
        assert self._process.stdout is not None
        assert self._errors is not None
        line = self._process.stdout.readline()
        if not line:
            self._errors.seek(0)
            raise RuntimeError(f"{self.name} ended:\n{self._errors.read().decode(errors='replace')[-3000:]}")
        return line


class Tokcrawl:
    """`tokcrawl worker`, `seed` and `watch` as a user runs them, with their defaults but for the size."""

    def __init__(self, in_flight: int = 48, processes: int = 2, name: str = "tokcrawl") -> None:
        self.name = name
        self.in_flight = in_flight
        self._processes = processes
        self._cluster: Cluster | None = None
        self._job = Job()

    def start(self, environment: Environment, job: Job) -> None:
        self._job = job
        self._cluster = Cluster(environment)
        self._cluster.start(self.in_flight, self._processes)

    def crawl(self) -> Crawled:
        assert self._cluster is not None
        crawl = self._cluster.seed(*self._job.seed)
        self._cluster.wait(crawl, PATIENCE)
        told = self._cluster.watch(crawl)
        last: Any = next(
            self._cluster.environment.database()["pages"].aggregate(
                [{"$group": {"_id": None, "at": {"$max": "$done_at"}}}]
            )
        )
        return Crawled(told["calls"], last["at"].timestamp())

    def stop(self) -> None:
        if self._cluster is not None:
            self._cluster.stop()

    def pids(self) -> Sequence[int]:
        assert self._cluster is not None
        return self._cluster.pids()


def peers(names: Sequence[str], in_flight: int | None = None) -> list[Peer]:
    """Peers by name, each with the calls in flight that suit it best at no latency, or with `in_flight` for all."""
    every = in_flight or 0
    known: dict[str, Peer] = {
        "sdk-loop": Script("sdk-loop", "sdk", 1),
        "sdk-threads": Script("sdk-threads", "sdk", every or 16),
        "scrapy": Script("scrapy", "spider", every or 16),
        "scrapy-threaded": Script("scrapy-threaded", "spider", every or 16, threaded=True),
        "scrapy-redis": Script("scrapy-redis", "spider", every or 16, durable=True),
        "floor": Script("floor", "floor", every or 16),
        "tokcrawl": Tokcrawl(every or 48),
    }
    if unknown := [name for name in names if name not in known]:
        raise SystemExit(f"no peer {', '.join(unknown)}; there are {', '.join(known)}")
    return [known[name] for name in names or known]
