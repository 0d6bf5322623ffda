"""Configure Celery, a reason beside each line, and define its one task: a message names a page and a crawl."""

import logging
from collections.abc import Callable
from typing import Any

from celery import Celery
from celery.signals import setup_logging
from kombu.entity import Queue

from crawler.settings import Settings
from workers.broker_url import check_transport, split_sentinel_options

log = logging.getLogger(__name__)

QUEUE = "pages"
TASK = "tokcrawl.fetch_page"


def make_app(settings: Settings) -> Celery:
    """Return the configured app; it publishes messages, and runs them once `register_task` was called."""
    url, options = split_sentinel_options(settings.broker_url)
    check_transport(url)
    app = Celery("tokcrawl", broker=url)
    app.conf.update(
        result_backend=None,
        task_ignore_result=True,
        task_serializer="json",
        accept_content=["json"],
        # On AMQP a message comes back when its worker dies; on Redis the ledger alone repeats what is lost.
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        task_default_queue=QUEUE,
        task_queues=[Queue(QUEUE, durable=True)],  # type: ignore[no-untyped-call]
        task_create_missing_queues=False,
        worker_prefetch_multiplier=1,
        worker_disable_rate_limits=True,
        worker_hijack_root_logger=False,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_pool_limit=10,
        broker_pool_acquire_timeout=30,
        broker_transport_options={**_transport(url), **options},
        task_publish_retry_policy={"max_retries": 2, "interval_start": 0.1, "interval_step": 0.3, "interval_max": 1},
    )

    return app


def register_task(app: Celery, run: Callable[[str, str], str]) -> None:
    """Define the app's task: `run` a page id of a crawl id; whatever else a message holds is dropped."""

    @app.task(name=TASK, ignore_result=True, shared=False)  # type: ignore[untyped-decorator]
    def fetch_page(page: object = None, crawl: object = None, **_others: object) -> str:
        if not isinstance(page, str) or not isinstance(crawl, str):
            log.error("message without a page dropped: page=%.100r crawl=%.100r", page, crawl)
            return "not a page"
        return run(page, crawl)


def _transport(url: str) -> dict[str, Any]:
    if not url.startswith(("redis", "valkey", "sentinel")):
        return {"confirm_publish": True}
    return {
        # The ledger reclaims what a dead worker held, so Redis need not track it a second time: that costs
        # four round trips a message, and loses messages all the same (celery#4354).
        "ack_emulation": False,
        "socket_timeout": 15,
        "socket_connect_timeout": 5,
        "socket_keepalive": True,
        "global_keyprefix": "tokcrawl:",
        "priority_steps": [0],
    }


@setup_logging.connect  # type: ignore[untyped-decorator]
def _leave_logging_alone(**_: object) -> None:
    """The worker process configures logging; Celery must not."""
