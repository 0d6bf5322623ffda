"""The Celery app and its one task: a message names a page and a crawl, and the step does the rest."""

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from threading import Lock
from typing import Any, TypeVar

from celery import Celery
from celery.signals import setup_logging
from kombu.entity import Queue
from kombu.utils.uuid import uuid

from crawler.model.errors import Unreachable
from crawler.model.pages import PageMessage
from crawler.settings import Settings
from crawler.store import place

log = logging.getLogger(__name__)
T = TypeVar("T")

QUEUE = "pages"
TASK = "page"
_BATCH = 200  # messages in one pipeline


def make_app(settings: Settings, run: Callable[[str, str], str] | None = None) -> Celery:
    """The app; with `run`, its task carries pages (a worker), without, it only sends them."""
    app = Celery("tokcrawl", broker=settings.broker_url)
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
        broker_transport_options=_transport(settings),
        task_publish_retry_policy={"max_retries": 2, "interval_start": 0.1, "interval_step": 0.3, "interval_max": 1},
    )

    @app.task(name=TASK, ignore_result=True, shared=False)  # type: ignore[untyped-decorator]
    def page(page: object = None, crawl: object = None, **others: object) -> str | None:
        if run is None:
            return None
        if not isinstance(page, str) or not isinstance(crawl, str):
            log.error("a message that names no page is dropped: page=%.100r crawl=%.100r", page, crawl)
            return "not a page"
        return run(page, crawl)

    return app


def _transport(settings: Settings) -> dict[str, Any]:
    if not settings.broker_url.startswith(("redis", "valkey", "sentinel")):
        return {"confirm_publish": True}
    return {
        # The ledger gives back what a dead worker held, so Redis need not keep a second account of it: that costs
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
    """The child sets logging up; Celery must not."""


class Publisher:
    """Sends messages and tells how many wait, over one connection that is made anew after any trouble."""

    def __init__(self, app: Celery, url: str) -> None:
        self._app = app
        self._place = place(url)
        self._connection: Any = None
        self._producer: Any = None
        self._lock = Lock()

    def send(self, waiting: Sequence[PageMessage]) -> None:
        """Send a message for each page; Unreachable where the broker does not take them."""

        def publish(connection: Any) -> None:
            with self._producer.batch(_BATCH):
                for page in waiting:
                    message = self._app.amqp.create_task_message(
                        uuid(),
                        TASK,
                        kwargs={"page": page.id, "crawl": page.crawl},
                        kwargsrepr=page.request.title(),
                    )
                    self._producer.publish(message.body, headers=message.headers, **message.properties)

        self._over(publish)

    def depth(self) -> int:
        """Messages that wait in the queue."""
        # Declared, not only asked for: kombu's look for an existing queue forgets its own key prefix on Redis.
        return int(self._over(lambda connection: self._queue(connection).queue_declare().message_count))

    def check(self) -> None:
        """Raise Unreachable where the broker does not answer."""
        self._over(lambda connection: None)

    def _over(self, do: Callable[[Any], T]) -> T:
        """Do it over the connection; once more over a new one where the old one turns out to be dead.

        A message may then be sent twice, which does no harm.
        """
        with self._lock:
            while True:
                fresh = self._connection is None
                try:
                    return do(self._connection or self._connect())
                except Exception as error:
                    # kombu lets through what its transports raise: errors of redis-py and py-amqp, of sockets, and
                    # AttributeError on a connection that was closed meanwhile.
                    self._drop()
                    if fresh:
                        raise Unreachable(f"the broker at {self._place} does not answer: {error}") from None

    def _connect(self) -> Any:
        connection = self._app.connection_for_write(connect_timeout=5)
        connection.ensure_connection(max_retries=1, timeout=5)
        self._queue(connection).declare()
        # Celery's own `apply_async` makes a producer for each message, and costs twice as much.
        self._producer = self._app.amqp.Producer(connection, routing_key=QUEUE, serializer="json", auto_declare=False)
        self._connection = connection
        return connection

    def _queue(self, connection: Any) -> Any:
        return self._app.amqp.queues[QUEUE].bind(connection.default_channel)

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(Exception):  # it is broken already
                connection.release()
