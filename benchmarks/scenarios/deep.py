"""Shows that a crawl is as fast with millions of pages behind and before it as when it is new.

The pages are written straight into the ledger, after the pattern of real ones: a planned page as `seed` wrote it, a
done one as the worker left it. The planned pages can be bought: they are worked off for the measure.
"""

import argparse
import sys
from collections.abc import Iterator
from itertools import islice
from secrets import token_hex
from statistics import median
from time import monotonic
from typing import Any

import redis

from benchmarks.cluster import Cluster
from benchmarks.environment import Environment, api, cold
from benchmarks.meter import Others, cpu
from benchmarks.scenarios.results import write
from benchmarks.scenarios.wide import post_ids, seeds, throughput, wait_for_calls
from crawler.model.pages import Request
from sandbox.client import AdminClient

_BATCH = 5_000
_PATTERN = 20  # real pages that the written ones are patterned on
_PATIENCE = 600.0


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks deep", description=__doc__)
    parser.add_argument("--done", type=int, default=4_000_000)
    parser.add_argument("--planned", type=int, default=1_000_000)
    parser.add_argument("--calls", type=int, default=6_000, help="that are measured, of each crawl and round")
    parser.add_argument("--rounds", type=int, default=3, help="a fresh crawl and the large one in turn")
    parser.add_argument("-c", type=int, default=48)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args(argv)
    if options.quick:
        options.done, options.planned, options.calls, options.rounds = 20_000, 5_000, 1_500, 1
    size = (options.calls, options.c, options.processes)
    told: list[dict[str, float]] = []
    with api(None) as (control, pid, url), cold(url, pid) as deep:
        assert control is not None
        crawl, wrote = _fill(Cluster(deep), deep, options.done, options.planned)
        for _ in range(options.rounds):
            with cold(url, pid) as fresh:
                told.append({"done": 0, "planned": 0, "filled_s": 0, **_measured(fresh, control, None, *size)})
            figures = _measured(deep, control, crawl, *size)
            told.append({"done": options.done, "planned": options.planned, "filled_s": wrote, **figures})
    fresh_pace, deep_pace = (median(row["pages_per_s"] for row in told[n::2]) for n in (0, 1))
    write("deep", told, [{"pages/s of the large crawl over a fresh one": deep_pace / fresh_pace}], quick=options.quick)
    return 0


def _measured(
    environment: Environment, control: AdminClient, crawl: str | None, calls: int, in_flight: int, processes: int
) -> dict[str, float]:
    """The figures of so many calls for a crawl; without one, for a fresh one that is wide enough."""
    cluster = Cluster(environment)
    try:
        cluster.start(in_flight, processes)
        control.reset()
        if crawl is None:
            crawl = cluster.seed("comments", "--input", str(seeds(environment.home / "posts", calls * 2)))
        others = Others(environment.with_servers(cluster.pids))
        before, mongo = cpu(cluster.pids()), cpu([environment.pids["mongo"]])
        wait_for_calls(control, cluster, calls // 2, _PATIENCE)
        status = median(_status_seconds(cluster, crawl) for _ in range(3))
        memory = redis.Redis.from_url(environment.redis_url).info("memory")["used_memory_peak"]
        wait_for_calls(control, cluster, calls, _PATIENCE)
        answered, around = control.stats()["ok"], others.cores()
        figures = {
            "pages_per_s": throughput(control, skip=2).per_s,
            "worker_ms": 1000 * (cpu(cluster.pids()) - before) / answered,
            "mongo_ms": 1000 * (cpu([environment.pids["mongo"]]) - mongo) / answered,
            "status_s": status, "redis_peak_mb": memory / 1e6, "mongo_mb": _size(environment), "others": around,
        }  # fmt: skip
        print(figures, file=sys.stderr, flush=True)
    finally:
        cluster.stop()
    return figures


def _status_seconds(cluster: Cluster, crawl: str) -> float:
    started = monotonic()
    cluster.tell("status", crawl, "--json")
    return monotonic() - started


def _size(environment: Environment) -> float:
    told = environment.database().command("dbStats")
    return float(told["totalSize"]) / 1e6


# --- the ledger ---


def _fill(cluster: Cluster, environment: Environment, done: int, planned: int) -> tuple[str, float]:
    """One crawl with that many pages; gives its id and the seconds it took to write them."""
    crawl, planned_one, done_one = _pattern(cluster, environment)
    started, db = monotonic(), environment.database()
    pages = db["pages"].with_options(write_concern=_hasty())
    _insert(pages, (_done(done_one) for _ in range(done)))
    ids = islice(post_ids(), _PATTERN, _PATTERN + planned)
    _insert(pages, (_planned(planned_one, crawl, one) for one in ids))
    db["crawls"].update_one(
        {"_id": crawl},
        {"$set": {"state": "running", "ended_at": None, "cause": None},
         "$unset": {"rollup.final": 1},
         "$inc": {"rollup.pages.done": done, "rollup.pages.planned": planned, "rollup.calls": done}},
    )  # fmt: skip
    db.client.admin.command("fsync")
    return crawl, monotonic() - started


def _pattern(cluster: Cluster, environment: Environment) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """A small real crawl, and two of its pages: as planned, and as done."""
    posts = seeds(environment.home / "pattern", _PATTERN)
    crawl = cluster.seed("comments", "--input", str(posts))
    pages = environment.database()["pages"]
    planned = pages.find_one({"crawl": crawl})
    cluster.start(4)
    cluster.wait(crawl, 60)
    cluster.stop()
    done = pages.find_one({"crawl": crawl, "state": "done", "items.2": {"$exists": True}})
    return crawl, planned, done


def _done(pattern: dict[str, Any]) -> dict[str, Any]:
    post = str(int(token_hex(8), 16))[:19].ljust(19, "7")
    return {
        **pattern,
        "_id": token_hex(16), "request": token_hex(16), "list": token_hex(16), "args": {"aweme_id": post},
        "items": [post[:16] + f"{n:03}" for n in range(len(pattern["items"]))],
    }  # fmt: skip


def _planned(pattern: dict[str, Any], crawl: str, post: str) -> dict[str, Any]:
    request = Request("post_comments", {"aweme_id": post})
    return {
        **pattern,
        "_id": request.page_id(crawl), "request": request.request_id(), "list": request.list_id(crawl),
        "args": {"aweme_id": post},
    }  # fmt: skip


def _insert(pages: Any, documents: Iterator[dict[str, Any]]) -> None:
    count = 0
    while batch := list(islice(documents, _BATCH)):
        pages.insert_many(batch, ordered=False)
        count += len(batch)
        if count % 500_000 == 0:
            print(f"{count:,} pages written", file=sys.stderr, flush=True)


def _hasty() -> Any:
    from pymongo import WriteConcern

    return WriteConcern(w=1, j=False)
