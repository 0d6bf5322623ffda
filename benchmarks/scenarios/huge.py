"""Shows what answers of thousands of posts do to a worker's memory, and that few of them are read at a time."""

import argparse

from benchmarks.cluster import Cluster
from benchmarks.environment import api, cold
from benchmarks.meter import Peak, cpu, pss
from benchmarks.scenarios.results import write
from benchmarks.scenarios.wide import seeds, wait_for_calls

_LOOK = 0.05  # seconds between looks at the memory
_QUICK = 2_000  # small pages that the worker has done before


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks huge", description=__doc__)
    parser.add_argument("--searches", type=int, default=12)
    parser.add_argument("--posts", type=int, default=5_000, help="in the answer of each")
    parser.add_argument("-c", type=int, default=32)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args(argv)
    searches, posts = (3, 500) if options.quick else (options.searches, options.posts)
    write("huge", [_run(searches, posts, options.c)], quick=options.quick)
    return 0


def _run(searches: int, posts: int, in_flight: int) -> dict[str, float]:
    with api(None) as (control, pid, url), cold(url, pid) as environment:
        assert control is not None
        cluster = Cluster(environment)
        cluster.start(in_flight)
        try:
            cluster.seed("comments", "--input", str(seeds(environment.home / "posts", _QUICK)))
            wait_for_calls(control, cluster, _QUICK, 120)
            before = pss(cluster.pids())
            used = cpu(cluster.pids())
            with Peak(cluster.pids, _LOOK) as peak:
                tags = [f"big-{posts}-{n}" for n in range(searches)]
                crawl = cluster.seed("hashtag", *tags, "--full", "--expand", "none")
                cluster.wait(crawl, 900)
            told = cluster.watch(crawl)
            used = cpu(cluster.pids()) - used
            after = pss(cluster.pids())
        finally:
            cluster.stop()
    return {
        "searches": searches, "posts_each": told["entities"]["posts"] / searches, "in_flight": in_flight,
        "worker_mb_before": before / 1e6, "worker_mb_peak": peak.bytes / 1e6, "worker_mb_after": after / 1e6,
        "worker_s_each": used / searches,
    }  # fmt: skip
