"""Run one worker process: a Celery worker with a thread for each call in flight, and its heartbeat thread."""

import argparse
import ctypes
import gc
import logging
import os
import signal
import socket
import sys
import time
import warnings
from collections.abc import Callable
from secrets import token_hex
from threading import Event

from celery.exceptions import SecurityWarning
from celery.signals import worker_ready, worker_shutting_down

from crawler.api.client import ApiClient
from crawler.engine.archive import AnswerArchive
from crawler.engine.budget import BudgetGuard
from crawler.engine.capacity import thread_count
from crawler.engine.committer import Committer
from crawler.engine.crawl_cache import CrawlCache
from crawler.engine.dispatch_quota import DispatchQuota
from crawler.engine.page_runner import PageRunner
from crawler.engine.prices import PriceBook
from crawler.engine.stats_buffer import StatsBuffer
from crawler.model.errors import UnreachableError
from crawler.rate_limit.limiter import RateLimiter
from crawler.settings import Settings, load
from crawler.store import Store
from workers.app import QUEUE, make_app, register_task
from workers.heartbeat import Heartbeat
from workers.leader import Leader
from workers.publisher import Publisher

log = logging.getLogger("tokcrawl.worker")

_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG
# Libraries that log too much at INFO, or secrets at DEBUG.
_QUIET = ("celery", "kombu", "amqp", "pymongo", "httpx", "httpcore", "urllib3", "redis")


def main(argv: list[str] | None = None) -> None:
    """Run until SIGTERM; what is in flight is finished first."""
    parser = argparse.ArgumentParser(prog="python -m workers.process", description=__doc__)
    parser.add_argument("--slots", type=int, required=True, help="calls in flight")
    parser.add_argument("--name", default=f"{socket.gethostname()}-{os.getpid()}-{token_hex(3)}")
    options = parser.parse_args(argv)
    settings = load()
    configure_logging(settings.log_level)
    warnings.filterwarnings("ignore", category=SecurityWarning)  # that it runs as root is the container's business
    die_with_parent()
    run_worker(settings, options.name, options.slots)


def run_worker(settings: Settings, name: str, slots: int) -> None:
    """Wire one worker process, and run it until it gets SIGTERM."""
    stopping = Event()
    store = Store.connect(settings.mongo_url, settings.mongo_db, connections=thread_count(slots) + 10)
    persistent = store.waiting()  # for what was paid for
    limiter = RateLimiter(settings.redis_url, settings.rate, connections=thread_count(slots) + 10)
    wait_until_reachable("MongoDB", store.ensure_indexes)
    wait_until_reachable("Redis", limiter.ping)
    crawls, prices, quota, stats = CrawlCache(store), PriceBook(store), DispatchQuota(), StatsBuffer()
    app = make_app(settings)
    publisher = Publisher(app, settings.broker_url)
    archive = AnswerArchive(persistent, settings.archive)
    runner = PageRunner(
        store=persistent,
        api=ApiClient(settings.api_url, settings.api_token.get_secret_value(), settings.api_timeout, slots),
        limiter=limiter,
        crawls=crawls,
        budget=BudgetGuard(persistent, prices, settings.day_units),
        committer=Committer(persistent, quota, stats, publisher.publish, archive),
        archive=archive,
        stats=stats,
        worker=name,
        slots=slots,
        max_attempts=settings.attempts,
        lease=settings.lease,
        stopping=stopping,
    )
    register_task(app, runner.run)
    crawls.refresh()
    prices.refresh()
    heartbeat = Heartbeat(
        store=store,
        crawls=crawls,
        prices=prices,
        quota=quota,
        stats=stats,
        runner=runner,
        leader=Leader(store, prices, limiter, publisher),
        worker=name,
        slots=slots,
        lease=settings.lease,
    )

    @worker_ready.connect(weak=False)  # type: ignore[untyped-decorator]  # Celery's signals have no types
    def ready(**_: object) -> None:
        heartbeat.start()
        log.info("worker %s is ready: %d calls in flight", name, slots)

    @worker_shutting_down.connect(weak=False)  # type: ignore[untyped-decorator]  # Celery's signals have no types
    def shutting_down(**_: object) -> None:
        log.info("worker %s finishes %d calls in flight", name, len(runner.leases))
        stopping.set()

    worker = app.Worker(
        pool="threads",
        concurrency=thread_count(slots),
        hostname=f"{name}@{socket.gethostname()}",
        queues=[QUEUE],
        without_gossip=True,
        without_mingle=True,
        heartbeat_interval=5,
        loglevel=logging.WARNING,
        quiet=True,
    )
    # What exists now stays; a page makes many small objects and no cycles, so the collector may run rarely.
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    try:
        worker.start()
    finally:
        if heartbeat.is_alive():
            heartbeat.done.set()
            heartbeat.join(10)
    sys.exit(worker.exitcode)


def wait_until_reachable(what: str, check: Callable[[], None], sleep: Callable[[float], None] = time.sleep) -> None:
    """Call `check` until it reaches its server; log once when it does not, and once when it does again."""
    was_away = False
    while True:
        try:
            check()
        except UnreachableError as error:
            if not was_away:
                log.warning("waiting for %s: %s", what, error)
            was_away = True
            sleep(1.0)
        else:
            if was_away:
                log.warning("%s answers", what)
            return


def configure_logging(level: str) -> None:
    logging.basicConfig(
        level=level, stream=sys.stderr, format="%(asctime)s %(levelname)-7s %(processName)s %(name)s: %(message)s"
    )
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLevelName(level)))


def die_with_parent() -> None:
    """Have the kernel end this process when the supervisor dies, however it dies (Linux; elsewhere nothing)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGTERM)


if __name__ == "__main__":
    main()
