"""Says where the CPU of a tokcrawl worker goes, stage by stage, by each thread's own CPU clock.

Sampling profilers mistake waiting for the interpreter's lock or for a socket for work; here every named function is
wrapped, and what it costs beside the named functions inside it is added up. `python -m benchmarks.stages`.
"""

import argparse
import atexit
import json
import os
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

_FOLDER = "BENCH_STAGES"  # where a worker process leaves its figures

# class or module, its attribute, the stage
_WRAPPED = (
    ("celery.app.trace", "fast_trace_task", "celery: trace"),
    ("kombu.transport.redis:MultiChannelPoller", "on_readable", "celery: read a message"),
    ("kombu.transport.redis:QoS", "append", "celery: note unacked in redis"),
    ("kombu.transport.redis:QoS", "ack", "celery: acknowledge in redis"),
    ("kombu.messaging:Consumer", "_receive_callback", "celery: hand to the pool"),
    ("kombu.transport.redis:MultiChannelPoller", "on_poll_start", "celery: ask for the next message"),
    ("workers.publisher:Publisher", "publish", "publish"),
    ("workers.publisher:Publisher", "queue_depth", "dispatch: depth of the queue"),
    ("workers.leader:Leader", "dispatch", "dispatch: look"),
    ("workers.leader:Leader", "maintain", "dispatch: maintain"),
    ("workers.heartbeat:Heartbeat", "_beat", "heartbeat: leases, crawls, roll-up"),
    ("crawler.engine.page_runner:PageRunner", "run", "page runner"),
    ("crawler.rate_limit.limiter:RateLimiter", "acquire_many", "limit (redis)"),
    ("crawler.batcher:Batcher", "submit", "batcher"),
    ("crawler.store.ledger:Ledger", "_acquire", "acquire"),
    ("crawler.store.frontier:Frontier", "add_many", "plan: write"),
    ("crawler.store.ledger:Ledger", "complete_many", "complete"),
    ("crawler.engine.committer:Committer", "commit_many", "commit"),
    ("crawler.store.ledger:Ledger", "list_history", "list history"),
    ("crawler.store.frontier:Frontier", "mark_dispatched", "dispatch: mark sent"),
    ("crawler.api.client:ApiClient", "fetch", "fetch"),
    ("crawler.api.client", "decode_json", "JSON"),
    ("crawler.engine.page_runner", "parse_page", "parse and validate"),
    ("crawler.engine.committer", "follow_ups", "plan: decide"),
    ("crawler.engine.committer", "next_page_or_end", "plan: decide"),
    ("crawler.engine.archive:AnswerArchive", "prepare", "archive: compress"),
    ("crawler.engine.archive:AnswerArchive", "save", "archive: write"),
    ("crawler.engine.seen_entities:SeenEntities", "unseen", "embedded"),
    ("crawler.engine.seen_entities:SeenEntities", "mark_seen", "embedded"),
    ("crawler.engine.stats_buffer:StatsBuffer", "_add", "roll-up"),
    ("crawler.store.entities:Entities", "upsert", "store: make operations"),
    ("crawler.store.entities", "_merged", "store: merge"),
    ("pymongo.synchronous.collection:Collection", "bulk_write", "bulk_write"),
    ("logging:Logger", "info", "log"),
)

_figures: dict[str, list[float]] = defaultdict(lambda: [0, 0.0])
_lock = threading.Lock()
_here = threading.local()


def main(argv: list[str] | None = None) -> int:
    """Crawl the comparison's job with two instrumented worker processes and print the stages."""
    from benchmarks.environment import api, cold
    from benchmarks.job import Job
    from benchmarks.measure import measure
    from benchmarks.peers.running import Script

    parser = argparse.ArgumentParser(prog="python -m benchmarks.stages", description=__doc__)
    parser.add_argument("--hashtags", default="cats,dogs,pizza,travel")
    parser.add_argument("-c", type=int, default=32)
    parser.add_argument("--archive", default="unread", help="values of TOKCRAWL_ARCHIVE, one crawl each: none,all")
    options = parser.parse_args(argv)
    job = Job(tuple(options.hashtags.split(",")))
    with api(None) as (control, pid, url):
        assert control is not None
        measure(Script("warm-up", "floor", 16), job, url, control, pid, None)
        for policy in options.archive.split(","):
            with cold(url, pid) as environment:
                control.reset()
                _crawl(environment, job, options.c, policy)
    return 0


def _crawl(environment: Any, job: Any, in_flight: int, policy: str) -> None:
    """Crawl once, with answers kept by a policy, and print the stages."""
    from benchmarks.meter import cpu

    folder = environment.home / "stages"
    folder.mkdir()
    cluster = _cluster(environment, folder, in_flight, policy)
    before, servers = cpu(cluster.pids()), {name: cpu([server]) for name, server in environment.pids.items()}
    started = time.monotonic()
    crawl = cluster.seed(*job.seed)
    cluster.wait(crawl, 300)
    seconds = time.monotonic() - started
    used = cpu(cluster.pids()) - before
    spent = {name: cpu([server]) - servers[name] for name, server in environment.pids.items()}
    pages = cluster.watch(crawl)["calls"]
    cluster.stop()
    print(f"TOKCRAWL_ARCHIVE={policy}: {pages / seconds:.0f} pages/s; {_kept(environment.database(), pages)}")
    _print(folder, pages, used, spent)


def _kept(db: Any, pages: int) -> str:
    """Return what the archive holds, per page of the crawl."""
    sizes = {
        "$group": {"_id": None, "n": {"$sum": 1}, "body": {"$sum": "$size"}, "kept": {"$sum": {"$bsonSize": "$$ROOT"}}}
    }
    for row in db["answers"].aggregate([sizes]):
        return (
            f"{row['n']} answers, {row['body'] / pages:,.0f} bytes a page as received, {row['kept'] / pages:,.0f} kept"
        )
    return "no answers kept"


def _cluster(environment: Any, folder: Path, in_flight: int, policy: str) -> Any:
    from benchmarks.cluster import Cluster

    cluster = Cluster(environment, **{_FOLDER: str(folder), "TOKCRAWL_ARCHIVE": policy})
    for _ in range(2):
        cluster.start_program([sys.executable, "-m", "benchmarks.stages", "child", "--slots", str(in_flight // 2)])
    return cluster


def _print(folder: Path, pages: int, used: float, spent: dict[str, float]) -> None:
    stages: dict[str, list[float]] = defaultdict(lambda: [0, 0.0])
    for path in folder.glob("*.json"):
        for name, (times, seconds) in json.loads(path.read_text()).items():
            stages[name][0] += times
            stages[name][1] += seconds
    told = sum(seconds for _, seconds in stages.values())
    servers = ", ".join(f"{name} {1000 * seconds / pages:.2f}" for name, seconds in spent.items())
    print(
        f"{pages} pages; workers {1000 * used / pages:.2f} ms a page (wrapping included), "
        f"of which named below {1000 * told / pages:.2f}; {servers}"
    )
    for name, (times, seconds) in sorted(stages.items(), key=lambda stage: -stage[1][1]):
        print(f"{1000 * seconds / pages:8.3f} ms  {times / pages:7.2f} x a page  {name}")


def instrument() -> None:
    """Wrap every named function; what is not there (any more) is said and passed over."""
    from importlib import import_module

    for place, name, stage in _WRAPPED:
        module, _, cls = place.partition(":")
        try:
            owner: Any = import_module(module)
            owner = getattr(owner, cls) if cls else owner
            setattr(owner, name, _timed(getattr(owner, name), stage))
        except (ImportError, AttributeError) as error:
            print(f"stage {stage!r} is not to be had: {error}", file=sys.stderr)
    atexit.register(_leave)


def _timed(do: Callable[..., Any], stage: str) -> Callable[..., Any]:
    clock = time.thread_time

    @wraps(do)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        try:
            stack = _here.stack
        except AttributeError:
            stack = _here.stack = []
        parent = stack[-1][1] if stack else ""
        name = f"{parent} > {stage}" if stage in ("bulk_write", "log", "publish", "JSON") and parent else stage
        frame: tuple[list[float], str] = ([0.0], name)
        stack.append(frame)
        started = clock()
        try:
            return do(*args, **kwargs)
        finally:
            took = clock() - started
            stack.pop()
            if stack:
                stack[-1][0][0] += took
            figure = _figures[name]
            with _lock:
                figure[0] += 1
                figure[1] += took - frame[0][0]

    return wrapped


def _leave() -> None:
    folder = os.environ.get(_FOLDER)
    if folder:
        with _lock:
            Path(folder, f"{os.getpid()}.json").write_text(json.dumps(_figures))


def child(argv: list[str]) -> None:
    """A worker process with its functions wrapped."""
    import crawler.engine.page_runner  # noqa: F401  # before wrapping: names that it imports are wrapped where they are used
    from workers import process as worker

    instrument()
    worker.main(argv)


if __name__ == "__main__":
    if sys.argv[1:2] == ["child"]:
        child(sys.argv[2:])
    else:
        sys.exit(main())
