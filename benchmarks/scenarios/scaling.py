"""Shows what added workers add: pages a second of 1, 2 and 4 workers of 16 calls each at 1 s latency."""

import argparse

from benchmarks.cluster import Cluster
from benchmarks.environment import api, cold
from benchmarks.meter import Others
from benchmarks.scenarios.results import write
from benchmarks.scenarios.wide import FIRST, seeds, throughput, wait_while_wide


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks scaling", description=__doc__)
    parser.add_argument("--workers", default="1,2,4")
    parser.add_argument("-c", type=int, default=16, help="calls in flight of each worker")
    parser.add_argument("--latency", type=float, default=1.0)
    parser.add_argument("--seconds", type=float, default=25, help="that each case would take at best")
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args(argv)
    seconds = 10 if options.quick else options.seconds
    told = [_case(int(n), options.c, options.latency, seconds) for n in options.workers.split(",")]
    for row in told:
        row["times"] = row["pages_per_s"] / told[0]["pages_per_s"]
    write("scaling", told, quick=options.quick)
    return 0


def _case(workers: int, in_flight: int, latency: float, seconds: float) -> dict[str, float]:
    ideal = workers * in_flight / latency
    with api(None, latency=latency) as (control, pid, url), cold(url, pid) as environment:
        assert control is not None
        cluster = Cluster(environment)
        try:
            for _ in range(workers):
                cluster.start(in_flight)
            others = Others(environment.with_servers(cluster.pids))
            lists = int(ideal * seconds * FIRST)
            posts = seeds(environment.home / "posts", lists)
            cluster.seed("comments", "--input", str(posts))
            wait_while_wide(control, cluster, lists, seconds * 5 + 60)
            around = others.cores()
            found = throughput(control, skip=2 * latency + 1)
        finally:
            cluster.stop()
    return {
        "workers": workers, "in_flight_each": in_flight, "latency_s": latency, "window_s": found.seconds,
        "ideal_per_s": ideal, "pages_per_s": found.per_s, "share": found.per_s / ideal, "others": around,
    }  # fmt: skip
