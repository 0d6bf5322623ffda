"""Shows what a budget costs: the comparison's crawl without bounds and with `--max-units`, in turn."""

import argparse
import sys

from benchmarks.cluster import Cluster
from benchmarks.environment import api, cold
from benchmarks.job import Job
from benchmarks.measure import answered, measure
from benchmarks.meter import Others, cpu
from benchmarks.peers.running import Script
from benchmarks.scenarios.results import Row, write
from sandbox.client import AdminClient

_PLENTY = 1_000_000  # units


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks bounded", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("-c", type=int, default=48)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args(argv)
    job = Job(("big-30",)) if options.quick else Job(("cats", "dogs", "pizza", "travel"))
    rounds = 1 if options.quick else options.rounds
    with api(None) as (control, pid, url):
        assert control is not None
        measure(Script("warm-up", "floor", 16), job, url, control, pid, None)
        told = [
            _case(bounded, job, control, pid, url, options.c, options.processes)
            for _ in range(rounds)
            for bounded in (False, True)
        ]
    write("bounded", told, quick=options.quick)
    return 0


def _case(bounded: bool, job: Job, control: AdminClient, pid: int | None, url: str, slots: int, processes: int) -> Row:
    with cold(url, pid) as environment:
        control.reset()
        cluster = Cluster(environment)
        cluster.start(slots, processes)
        try:
            others = Others(environment.with_servers(cluster.pids))
            used, mongo = cpu(cluster.pids()), cpu([environment.pids["mongo"]])
            bound = ["--max-units", str(_PLENTY)] if bounded else []
            crawl = cluster.seed(*job.seed, *bound)
            cluster.wait(crawl, 300)
            used, mongo = cpu(cluster.pids()) - used, cpu([environment.pids["mongo"]]) - mongo
            around, calls = others.cores(), cluster.watch(crawl)["calls"]
        finally:
            cluster.stop()
    _, _, first, last = answered(control)
    row: Row = {
        "bounded": "yes" if bounded else "no", "pages": calls, "pages_per_s": calls / (last - first),
        "worker_ms": 1000 * used / calls, "mongo_ms": 1000 * mongo / calls, "others": around,
    }  # fmt: skip
    print(row, file=sys.stderr, flush=True)
    return row
