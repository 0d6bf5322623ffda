"""Runs one peer once in a cold environment and takes its figures."""

import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.environment import Environment, cold
from benchmarks.job import COLLECTIONS, Job
from benchmarks.meter import Peak, busy, cpu
from benchmarks.peers.running import Peer
from sandbox.client import AdminClient

_SERVERS = ("redis", "mongo", "sandbox")


class WrongResultError(Exception):
    """A peer stored other ids than the truth, or not all calls were answered."""


@dataclass(frozen=True)
class Figures:
    """One peer in one round. CPU is user and system time, from ready to the crawl's end, in ms a page."""

    peer: str
    pages: int
    repeated: int
    stored_s: float
    """From the first request's arrival to the last write's end: start-up stays out."""
    asked_s: float
    """From the first request's arrival to the last one's."""
    worker_ms: float
    redis_ms: float
    mongo_ms: float
    sandbox_ms: float
    startup_s: float
    """CPU seconds until ready, all processes."""
    peak_mb: float
    others: float
    """Cores that the rest of the machine used meanwhile: how far the figures can be trusted."""

    @property
    def pages_per_s(self) -> float:
        return self.pages / self.stored_s

    @property
    def asked_per_s(self) -> float:
        return self.pages / self.asked_s

    def row(self) -> dict[str, Any]:
        return {**asdict(self), "pages_per_s": self.pages_per_s, "asked_per_s": self.asked_per_s}


def measure(
    peer: Peer,
    job: Job,
    api_url: str,
    control: AdminClient | None,
    sandbox: int | None,
    wanted: Mapping[str, set[str]] | None,
) -> tuple[Figures, dict[str, set[str]]]:
    """One run; `WrongResultError` where the stored ids are not the wanted ones."""
    with cold(api_url, sandbox) as environment:
        if control is not None:
            control.reset()
        try:
            peer.start(environment, job)
            startup = cpu(peer.pids())
            servers = _cpu(environment)
            with Peak(peer.pids) as peak:
                began, all_before = time.time(), busy()
                crawled = peer.crawl()
                took, all_used = time.time() - began, busy() - all_before
            worker = cpu(peer.pids()) - startup
            spent = {name: seconds - servers[name] for name, seconds in _cpu(environment).items()}
        finally:
            peer.stop()
        stored = ids(environment)
        if wanted is not None:
            check(peer.name, stored, wanted)
        if control is None:
            pages, repeated, first, last = crawled.calls, 0, began, crawled.finished
        else:
            pages, repeated, first, last = answered(control)
        each = 1000 / pages
        figures = Figures(
            peer=peer.name,
            pages=pages,
            repeated=repeated,
            stored_s=crawled.finished - first,
            asked_s=last - first,
            worker_ms=worker * each,
            startup_s=startup,
            peak_mb=peak.bytes / 1e6,
            others=max(0.0, (all_used - worker - sum(spent.values())) / took),
            **{f"{name}_ms": spent.get(name, float("nan")) * each for name in _SERVERS},
        )
        return figures, stored


def ids(environment: Environment) -> dict[str, set[str]]:
    """All ids in every collection of entities."""
    db = environment.database()
    return {name: {found["_id"] for found in db[name].find({}, {"_id": 1})} for name in COLLECTIONS}


def check(name: str, stored: Mapping[str, set[str]], wanted: Mapping[str, set[str]]) -> None:
    for collection, right in wanted.items():
        lacking, odd = right - stored[collection], stored[collection] - right
        if lacking or odd:
            raise WrongResultError(
                f"{name}: {collection} lacks {len(lacking)} of {len(right)} ids (as {sorted(lacking)[:3]}) "
                f"and holds {len(odd)} others (as {sorted(odd)[:3]})"
            )


def medians(rows: Sequence[Figures]) -> dict[str, float]:
    """The median of each figure over a peer's rounds, with the lowest and highest pages/s and CPU."""
    told: dict[str, float] = {}
    for name, value in rows[0].row().items():
        if isinstance(value, int | float):
            values = [row.row()[name] for row in rows]
            told[name] = statistics.median(values)
            if name in ("pages_per_s", "worker_ms"):
                told[f"{name}_low"], told[f"{name}_high"] = min(values), max(values)
    return told


def _cpu(environment: Environment) -> dict[str, float]:
    return {name: cpu([pid]) for name, pid in environment.pids.items()}


def answered(control: AdminClient) -> tuple[int, int, float, float]:
    """Calls answered OK, those made again, and when the first and last came."""
    entries = [entry for entry in control.log() if entry["ok"]]
    if not entries:
        raise WrongResultError("no call was answered")
    calls = {(entry["path"], entry["params"]) for entry in entries}
    at = [entry["at"] for entry in entries]
    return len(entries), len(entries) - len(calls), min(at), max(at)
