"""Shows that a worker's memory is flat: after many small pages it is what it was after the first some thousand."""

import argparse
from time import monotonic, sleep

from benchmarks.cluster import Cluster
from benchmarks.environment import api, cold
from benchmarks.meter import cpu, pss
from benchmarks.scenarios.results import write
from benchmarks.scenarios.wide import seeds

_TIMES = 20  # looks at the memory over the run


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks memory", description=__doc__)
    parser.add_argument("--pages", type=int, default=200_000)
    parser.add_argument("--first", type=int, default=10_000, help="pages after which memory is taken as settled")
    parser.add_argument("-c", type=int, default=48)
    parser.add_argument("--timeout", type=float, default=3600)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args(argv)
    pages, first = (4_000, 1_000) if options.quick else (options.pages, options.first)
    write("memory", _run(pages, first, options.c, options.timeout), quick=options.quick)
    return 0


def _run(pages: int, first: int, in_flight: int, timeout: float) -> list[dict[str, float]]:
    marks = sorted({first, *(first + (pages - first) * n // _TIMES for n in range(1, _TIMES + 1))})
    rows: list[dict[str, float]] = []
    with api(None) as (control, pid, url), cold(url, pid) as environment:
        assert control is not None
        cluster = Cluster(environment)
        cluster.start(in_flight)
        try:
            posts = seeds(environment.home / "posts", pages)  # at least a page each
            cluster.seed("comments", "--input", str(posts))
            started, used = monotonic(), cpu(cluster.pids())
            for mark in marks:
                while (done := control.stats()["ok"]) < mark:
                    if monotonic() - started > timeout:
                        raise RuntimeError(f"only {done} pages in {timeout:.0f} s:\n{cluster.log()}")
                    sleep(0.5 if pages < 50_000 else 2)
                rows.append({
                    "pages": done, "seconds": monotonic() - started, "worker_mb": pss(cluster.pids()) / 1e6,
                    "worker_ms": 1000 * (cpu(cluster.pids()) - used) / done,
                    "redis_mb": pss([environment.pids["redis"]]) / 1e6,
                })  # fmt: skip
                rows[-1]["over_first"] = rows[-1]["worker_mb"] / rows[0]["worker_mb"]
        finally:
            cluster.stop()
    return rows
