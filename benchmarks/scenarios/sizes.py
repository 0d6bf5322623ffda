"""Says what a page costs the servers: bytes that stay, operations and bytes on the wire, by collection and command."""

import argparse
from collections.abc import Iterator, Mapping
from typing import Any

import redis

from benchmarks.cluster import Cluster
from benchmarks.environment import Environment, api, cold
from benchmarks.job import Job
from benchmarks.scenarios.results import Row, write

_WORTH_TELLING = 0.01  # times a page
_COUNTED = ("pages", "posts", "users", "comments", "music", "hashtags")


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks sizes", description=__doc__)
    parser.add_argument("-c", type=int, default=48)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args(argv)
    job = Job(("big-30",)) if options.quick else Job(("cats", "dogs", "pizza", "travel"))
    kept, done = _run(job, options.c, options.processes)
    write("sizes", kept, done, quick=options.quick)
    return 0


def _run(job: Job, in_flight: int, processes: int) -> tuple[list[Row], list[Row]]:
    """What stays, by collection, and what was done for a page."""
    with api(None) as (_, pid, url), cold(url, pid) as environment:
        cluster = Cluster(environment)
        cluster.start(in_flight, processes)
        try:
            broker = redis.Redis.from_url(environment.redis_url)
            mongo, commands = _mongo(environment), _commands(broker)
            crawl = cluster.seed(*job.seed)
            cluster.wait(crawl, 300)
            calls = cluster.watch(crawl)["calls"]
            figures = {f"mongo_{name}": n - mongo[name] for name, n in _mongo(environment).items()}
            figures |= {f"redis_{name}": n - commands.get(name, 0) for name, n in _commands(broker).items()}
        finally:
            cluster.stop()
        done: list[Row] = [
            {"of": name, "a page": n / calls} for name, n in figures.items() if n / calls >= _WORTH_TELLING
        ]
        return list(_kept(environment, calls)), done


def _mongo(environment: Environment) -> dict[str, float]:
    """Operations by kind, and bytes on the wire. A bulk write counts each of its updates."""
    told = environment.database().client.admin.command("serverStatus")
    network = {"kb_in": told["network"]["bytesIn"] / 1e3, "kb_out": told["network"]["bytesOut"] / 1e3}
    return {**{name: float(told["opcounters"][name]) for name in ("query", "update", "insert", "command")},
            "requests": float(told["network"]["numRequests"]), **network}  # fmt: skip


def _commands(broker: "redis.Redis") -> dict[str, float]:
    told: Mapping[str, Any] = broker.info("commandstats")
    return {name.removeprefix("cmdstat_"): float(each["calls"]) for name, each in told.items()}


def _kept(environment: Environment, calls: int) -> Iterator[Row]:
    """Of each collection: documents, the bytes of one before compression, on disk and in indexes."""
    database = environment.database()
    database.client.admin.command("fsync")
    for name in _COUNTED:
        told = database.command("collStats", name)
        count, disk, index = told["count"] or 1, told["storageSize"], told["totalIndexSize"]
        yield {
            "of": name, "documents a page": count / calls, "bytes": told["size"] / count, "on disk": disk / count,
            "in indexes": index / count, "bytes a page": (disk + index) / calls,
        }  # fmt: skip
