"""Shows that `-c N` keeps N calls in flight whatever the latency: pages a second over the ideal, once it is wide."""

import argparse

from benchmarks.cluster import Cluster
from benchmarks.environment import api, cold
from benchmarks.meter import Others, cpu
from benchmarks.scenarios.results import write
from benchmarks.scenarios.wide import FIRST, seeds, throughput, wait_while_wide


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks latency", description=__doc__)
    parser.add_argument("--case", action="append", metavar="S:N", help="latency and calls in flight (1:128, 2:250)")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=25, help="that the calls of a case would take at best")
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args(argv)
    cases = [(float(s), int(n)) for s, _, n in (case.partition(":") for case in options.case or ("1:128", "2:250"))]
    told = [_case(latency, n, options.processes, 12 if options.quick else options.seconds) for latency, n in cases]
    write("latency", told, quick=options.quick)
    return 0


def _case(latency: float, in_flight: int, processes: int, seconds: float) -> dict[str, float]:
    ideal = in_flight / latency
    with api(None, latency=latency) as (control, pid, url), cold(url, pid) as environment:
        assert control is not None
        cluster = Cluster(environment)
        cluster.start(in_flight, processes)
        try:
            used = cpu(cluster.pids())
            others = Others(environment.with_servers(cluster.pids))
            lists = int(ideal * seconds * FIRST)
            posts = seeds(environment.home / "posts", lists)
            cluster.seed("comments", "--input", str(posts))
            wait_while_wide(control, cluster, lists, seconds * 5 + 60)
            used = cpu(cluster.pids()) - used
            around = others.cores()
            found = throughput(control, skip=2 * latency + 1)
            calls = control.stats()["calls"]
        finally:
            cluster.stop()
    return {
        "latency_s": latency, "in_flight": in_flight, "processes": processes, "pages": calls,
        "window_s": found.seconds, "ideal_per_s": ideal, "pages_per_s": found.per_s, "share": found.per_s / ideal,
        "worker_ms": 1000 * used / calls, "others": around,
    }  # fmt: skip
