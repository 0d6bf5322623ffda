"""One worker process: a Celery worker with a thread for each call in flight, and its keeper."""

import argparse
import ctypes
import gc
import logging
import os
import signal
import socket
import sys
import warnings
from collections.abc import Callable
from secrets import token_hex
from threading import Event
from time import sleep

from celery.exceptions import SecurityWarning
from celery.signals import worker_ready, worker_shutting_down

from crawler.api.client import ApiClient
from crawler.engine.budget import BudgetGuard
from crawler.engine.capacity import threads
from crawler.engine.crawl_cache import CrawlCache
from crawler.engine.page_runner import PageRunner, RunnerDeps
from crawler.engine.stats_buffer import StatsBuffer
from crawler.model.errors import Unreachable
from crawler.rate_limit.limiter import RateLimiter
from crawler.settings import Settings, load
from crawler.store import Store
from workers.app import QUEUE, Publisher, make_app
from workers.heartbeat import Heartbeat
from workers.leader import Leader

log = logging.getLogger("tokcrawl.worker")

_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG
# Third parties that say too much at INFO, or at DEBUG what must not be said.
_QUIET = ("celery", "kombu", "amqp", "pymongo", "httpx", "httpcore", "urllib3", "redis")


def main(argv: list[str] | None = None) -> None:
    """Run until SIGTERM; what is in flight is finished first."""
    parser = argparse.ArgumentParser(prog="python -m workers.process", description=__doc__)
    parser.add_argument("--slots", type=int, required=True, help="calls in flight")
    parser.add_argument("--name", default=f"{socket.gethostname()}-{os.getpid()}-{token_hex(3)}")
    options = parser.parse_args(argv)
    settings = load()
    set_up_logging(settings.log_level)
    warnings.filterwarnings("ignore", category=SecurityWarning)  # that it runs as root is the container's business
    die_with_parent()
    serve(settings, options.name, options.slots)


def serve(settings: Settings, name: str, slots: int) -> None:
    stopping = Event()
    store = Store.at(settings.mongo_url, settings.mongo_db, connections=threads(slots) + 10)
    pace = RateLimiter(settings.redis_url, settings.rate, connections=threads(slots) + 10)
    wait_for("MongoDB", store.prepare)
    wait_for("Redis", pace.check)
    api = ApiClient(settings.api_url, settings.api_token.get_secret_value(), settings.api_timeout, slots)
    board, rollup = CrawlCache(store), StatsBuffer()
    app = make_app(settings, lambda page, crawl: step.run(page, crawl))
    broker = Publisher(app, settings.broker_url)
    step = PageRunner(
        RunnerDeps(
            store=store,
            api=api,
            pace=pace,
            board=board,
            rollup=rollup,
            purse=BudgetGuard(store, board, settings.day_units),
            worker=name,
            slots=slots,
            attempts=settings.attempts,
            lease=settings.lease,
            send=broker.send,
            stopping=stopping,
        )
    )
    board.refresh()
    feeder = Leader(store, board, pace, broker)
    keeper = Heartbeat(store, board, rollup, step, feeder, name, slots, settings.lease)

    @worker_ready.connect(weak=False)  # type: ignore[untyped-decorator]
    def ready(**_: object) -> None:
        keeper.start()
        log.info("worker %s is ready: %d calls in flight", name, slots)

    @worker_shutting_down.connect(weak=False)  # type: ignore[untyped-decorator]
    def shutting_down(**_: object) -> None:
        log.info("worker %s finishes %d calls in flight", name, len(step.leases))
        stopping.set()

    celery = app.Worker(
        pool="threads",
        concurrency=threads(slots),
        hostname=f"{name}@{socket.gethostname()}",
        queues=[QUEUE],
        without_gossip=True,
        without_mingle=True,
        heartbeat_interval=5,
        loglevel=logging.WARNING,
        quiet=True,
    )
    # What is there now stays; a page makes many small objects and no cycles, so the collector need not look often.
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    try:
        celery.start()
    finally:
        if keeper.is_alive():
            keeper.done.set()
            keeper.join(10)
    sys.exit(celery.exitcode)


def wait_for(what: str, check: Callable[[], None]) -> None:
    """Call `check` until it reaches its server, saying so while it does not."""
    told = False
    while True:
        try:
            check()
            if told:
                log.warning("%s answers", what)
            return
        except Unreachable as error:
            if not told:
                log.warning("waiting for %s: %s", what, error)
            told = True
            sleep(1.0)


def set_up_logging(level: str) -> None:
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
