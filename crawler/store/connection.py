"""Open MongoDB: connection options, write concern, and the base of every repository."""

from datetime import UTC, datetime
from typing import Any

from bson.codec_options import CodecOptions
from pymongo import MongoClient
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import ConfigurationError, PyMongoError
from pymongo.uri_parser import parse_uri
from pymongo.write_concern import WriteConcern

from crawler.model.errors import UsageError
from crawler.store.connection_monitor import ConnectionMonitor

Document = dict[str, Any]

# The `due` of an open page that was never dispatched. Any other `due` is when the page next needs attention.
NEVER_SENT = datetime(1970, 1, 1, tzinfo=UTC)

_SHORT = 60.0  # seconds an operation may take


class Repository:
    """Base of what reads and writes some collections of one database.

    persistent: wait for a server that is away instead of raising UnreachableError. Workers use persistent
    repositories for what they have paid for; commands, the heartbeat and the leader do not.
    """

    def __init__(self, db: "Database[Document]", persistent: bool = False) -> None:
        self.db = db
        self.persistent = persistent


def connect(
    url: str, name: str, monitor: ConnectionMonitor, connections: int = 100, patience: float = 5.0
) -> "Database[Document]":
    """Return the database; nothing is sent yet. `patience` is how many seconds an operation looks for the server."""
    try:
        # Journaled unless the URL says otherwise: a page that is done must stay done when the server is killed.
        options = parse_uri(url)["options"]
        durable: Document = {} if {"w", "journal"} & {key.lower() for key in options} else {"journal": True}
        client: MongoClient[Document] = MongoClient(
            url,
            maxPoolSize=connections,
            serverSelectionTimeoutMS=int(patience * 1000),
            connectTimeoutMS=int(patience * 1000),
            socketTimeoutMS=int(_SHORT * 1000),
            tz_aware=True,
            appname="tokcrawl",
            event_listeners=[monitor],
            **durable,
        )
    except (ConfigurationError, ValueError) as error:
        raise UsageError(f"TOKCRAWL_MONGO_URL cannot be used: {error}") from None
    return client.get_database(name, codec_options=CodecOptions(tz_aware=True))


def ping(url: str, timeout: float) -> bool:
    """Return whether a MongoDB server at the URL answers within `timeout` seconds."""
    wait = int(timeout * 1000)
    options: Document = {"serverSelectionTimeoutMS": wait, "connectTimeoutMS": wait, "socketTimeoutMS": wait}
    try:
        with MongoClient[Document](url, directConnection=True, **options) as client:
            client.admin.command("ping")
    except PyMongoError:
        return False
    return True


def unjournaled(collection: "Collection[Document]") -> "Collection[Document]":
    """Return the collection without waiting for the journal; use it only where a journaled ledger write follows.

    The journal is one sequence: once the later write is in it, so are all before it. A write concern set in the URL
    is kept.
    """
    concern = getattr(collection, "write_concern", None)
    if concern is not None and concern.document == {"j": True}:
        return collection.with_options(write_concern=WriteConcern(w=1))
    return collection


def now() -> datetime:
    """Return this process's clock in UTC, to the millisecond that BSON keeps."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
