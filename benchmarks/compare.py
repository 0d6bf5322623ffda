"""The comparison: all peers in turn, round after round, on the same world and cold databases."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.capacity import Capacity, capacity
from benchmarks.environment import api
from benchmarks.job import Job, expected
from benchmarks.measure import Figures, measure
from benchmarks.peers.running import Peer, Script


@dataclass(frozen=True)
class Comparison:
    """All rounds of all peers, and what the sandbox alone can serve."""

    latency: float
    rounds: int
    runs: list[Figures]
    sandbox: Capacity | None

    def of(self, peer: str) -> list[Figures]:
        return [run for run in self.runs if run.peer == peer]

    @property
    def peers(self) -> list[str]:
        return list(dict.fromkeys(run.peer for run in self.runs))


def compare(peers: Sequence[Peer], job: Job, rounds: int, latency: float, url: str | None) -> Comparison:
    """Run it; raises `WrongResultError` where a peer stores other ids than it should."""
    runs: list[Figures] = []
    with api(url, latency=latency) as (control, pid, api_url):
        wanted = None if control is None else expected(control, job)
        served = None
        if control is not None:
            # Once unmeasured: the sandbox has then made every page of the world, and files are in the page cache.
            control.switch(latency=0)
            measure(Script("warm-up", "floor", 16), job, api_url, control, pid, wanted)
            served = capacity(control, pid)
            control.switch(latency=latency)
        for number in range(rounds):
            for peer in peers:
                figures, stored = measure(peer, job, api_url, control, pid, wanted)
                wanted = wanted or stored  # an API without a truth: the first peer's ids are the measure
                runs.append(figures)
                _say(number, figures)
    return Comparison(latency, rounds, runs, served)


def _say(number: int, run: Figures) -> None:
    print(
        f"round {number + 1}  {run.peer:<13} {run.pages:>6} pages {run.pages_per_s:>7.1f}/s  "
        f"workers {run.worker_ms:>6.2f} ms/page, redis {run.redis_ms:.2f}, mongo {run.mongo_ms:.2f}, "
        f"sandbox {run.sandbox_ms:.2f}; {run.peak_mb:.0f} MB; {run.repeated} repeated; others {run.others:.2f} cores",
        file=sys.stderr, flush=True,
    )  # fmt: skip
