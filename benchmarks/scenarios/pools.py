"""Shows what the pools of a worker do at several latencies: threads or greenlets, in one process or in several.

Celery's prefork pool makes one call at a time in each process, so 250 calls in flight are 250 processes; what several
processes of threads do is what it could do at best.
"""

import argparse
import sys
from contextlib import suppress

from benchmarks.cluster import Cluster
from benchmarks.environment import api, cold
from benchmarks.meter import Others, cpu, pss
from benchmarks.scenarios.results import Row, write
from benchmarks.scenarios.wide import FIRST, seeds, throughput, wait_while_wide

_CASES = ((0.0, 48), (0.3, 128), (2.0, 250))  # latency, calls in flight
_POOLS = (("threads", 1), ("threads", 2), ("threads", 4), ("gevent", 1))
_SOME_PER_S = 600.0  # pages a second that are expected where the API is no bound


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks pools", description=__doc__)
    parser.add_argument("--seconds", type=float, default=20, help="that each case would take at best")
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args(argv)
    seconds = 8 if options.quick else options.seconds
    told = [_case(pool, n, latency, slots, seconds) for latency, slots in _CASES for pool, n in _POOLS]
    write("pools", told, quick=options.quick)
    return 0


def _case(pool: str, processes: int, latency: float, slots: int, seconds: float) -> Row:
    ideal = slots / latency if latency else _SOME_PER_S
    with api(None, latency=latency) as (control, pid, url), cold(url, pid) as environment:
        assert control is not None
        cluster = Cluster(environment)
        try:
            for n in range(processes):
                share = slots // processes + (n < slots % processes)
                program = [sys.executable, "-m", "benchmarks.scenarios.pools", pool, "--slots", str(share)]
                cluster.start_program(program)
            others, used = Others(environment.with_servers(cluster.pids)), cpu(cluster.pids())
            lists = int(min(ideal, _SOME_PER_S) * seconds * FIRST)
            cluster.seed("comments", "--input", str(seeds(environment.home / "posts", lists)))
            with suppress(RuntimeError):  # it is too slow for that many, and its pace tells how slow
                wait_while_wide(control, cluster, lists, 2 * seconds)
            around, found = others.cores(), throughput(control, skip=2 * latency + 1)
            used, calls = cpu(cluster.pids()) - used, control.stats()["calls"]
            memory = pss(cluster.pids())
        finally:
            cluster.stop()
    row: Row = {
        "pool": pool, "processes": processes, "latency_s": latency, "in_flight": slots, "pages_per_s": found.per_s,
        "worker_ms": 1000 * used / calls, "worker_mb": memory / 1e6, "others": around,
    }  # fmt: skip
    print(row, file=sys.stderr, flush=True)
    return row


def _child(pool: str, argv: list[str]) -> None:
    """A worker process as `tokcrawl worker` starts it, with Celery's other pool in the place of its threads."""
    if pool == "gevent":
        from gevent import monkey

        monkey.patch_all()
        from celery import concurrency

        concurrency.ALIASES["threads"] = concurrency.ALIASES["gevent"]
    from workers import process as child

    child.main(argv)


if __name__ == "__main__":
    _child(sys.argv[1], sys.argv[2:])
