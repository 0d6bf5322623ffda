"""Publish page messages to the broker, and ask how many wait in its queue."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from threading import Lock
from typing import Any, TypeVar

from celery import Celery
from kombu.utils.uuid import uuid

from crawler.model.errors import UnreachableError
from crawler.model.pages import PageMessage
from crawler.model.server_urls import host_of
from workers.app import QUEUE, TASK

T = TypeVar("T")

_BATCH = 200  # messages in one pipeline


class Publisher:
    """One connection, reopened after any trouble; safe to share between threads."""

    def __init__(self, app: Celery, url: str) -> None:
        self._app = app
        self._host = host_of(url)
        self._connection: Any = None
        self._producer: Any = None
        self._lock = Lock()

    def publish(self, messages: Sequence[PageMessage]) -> None:
        """Publish a message for each page; UnreachableError where the broker does not take them."""

        def send(_connection: Any) -> None:
            with self._producer.batch(_BATCH):
                for message in messages:
                    task = self._app.amqp.create_task_message(
                        uuid(),
                        TASK,
                        kwargs={"page": message.page_id, "crawl": message.crawl_id},
                        kwargsrepr=message.request.describe(),
                    )
                    self._producer.publish(task.body, headers=task.headers, **task.properties)

        self._use(send)

    def queue_depth(self) -> int:
        """Return how many messages wait in the queue."""
        # Declared, not only asked for: kombu's look for an existing queue forgets its own key prefix on Redis.
        return int(self._use(lambda connection: self._queue(connection).queue_declare().message_count))

    def ping(self) -> None:
        """Raise UnreachableError where the broker does not answer."""
        self._use(lambda _connection: None)

    def _use(self, operation: Callable[[Any], T]) -> T:
        """Run it over the connection; once more over a new one where the old one turns out to be dead.

        A message may then be published twice, which does no harm.
        """
        with self._lock:
            while True:
                is_new = self._connection is None
                try:
                    return operation(self._connection or self._connect())
                except Exception as error:
                    # kombu lets through what its transports raise: errors of redis-py and py-amqp, of sockets, and
                    # AttributeError on a connection that was closed meanwhile.
                    self._drop()
                    if is_new:
                        raise UnreachableError(f"the broker at {self._host} does not answer: {error}") from None

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
