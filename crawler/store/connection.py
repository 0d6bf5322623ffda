"""Opens MongoDB, makes the indexes that the queries need, and turns its outages into our Unreachable."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from typing import Any, ParamSpec, TypeVar
from urllib.parse import urlsplit

import pymongo
from bson.codec_options import CodecOptions
from pymongo import ASCENDING, MongoClient
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import ConnectionFailure, ExecutionTimeout, InvalidURI, NotPrimaryError, OperationFailure
from pymongo.uri_parser import parse_uri
from pymongo.write_concern import WriteConcern

from crawler.model.errors import Unreachable, UserError
from crawler.store.connection_monitor import ConnectionMonitor

Document = dict[str, Any]
P = ParamSpec("P")
R = TypeVar("R")

# A page that nobody was told of yet is due since ever; every other due date is a promise to look again.
UNSENT = datetime(1970, 1, 1, tzinfo=UTC)

_SHORT, _LONG = 60.0, 3600.0  # seconds an operation may take

_INDEXES: dict[str, list[tuple[list[tuple[str, int]], Document]]] = {
    "pages": [
        ([("crawl", ASCENDING), ("list", ASCENDING), ("nth", ASCENDING)], {}),
        ([("request", ASCENDING)], {}),
        # Holds open pages only (done ones have no due date), so feeding costs the same however long the ledger is.
        (
            [
                ("crawl", ASCENDING),
                ("state", ASCENDING),
                ("due", ASCENDING),
                ("slow", ASCENDING),
                ("depth", ASCENDING),
                ("planned_at", ASCENDING),
            ],
            {"name": "frontier", "partialFilterExpression": {"due": {"$exists": True}}},
        ),
        (
            [("crawl", ASCENDING), ("error.kind", ASCENDING)],
            {"name": "failed", "partialFilterExpression": {"state": "failed"}},
        ),
        (
            [("lost_at", ASCENDING)],
            {"name": "unknown", "partialFilterExpression": {"lost_at": {"$exists": True}}},
        ),
    ],
    "crawls": [([("state", ASCENDING)], {})],
    "seeds": [([("crawl", ASCENDING)], {})],
    "users": [([("sec_uid", ASCENDING)], {})],
    "comments": [([("post_id", ASCENDING)], {})],
}


def connect(
    url: str, name: str, interruptions: ConnectionMonitor, connections: int = 100, patience: float = 5.0
) -> "Database[Document]":
    """The database; nothing is sent yet. `patience` is the seconds an operation looks for the server."""
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
            event_listeners=[interruptions],
            **durable,
        )
    except (InvalidURI, ValueError) as error:
        raise UserError(f"TOKCRAWL_MONGO_URL cannot be used: {error}") from None
    return client.get_database(name, codec_options=CodecOptions(tz_aware=True))


def unhurried(collection: "Collection[Document]") -> "Collection[Document]":
    """The collection without waiting for the journal, where a journaled write of the ledger follows.

    The journal is one sequence: once the later write is in it, so are all before it. Where the URL sets its own write
    concern, that holds.
    """
    concern = getattr(collection, "write_concern", None)
    if concern is not None and concern.document == {"j": True}:
        return collection.with_options(write_concern=WriteConcern(w=1))
    return collection


def place(url: str) -> str:
    """Host and port of a URL, without user or password."""
    return urlsplit(url).netloc.rpartition("@")[2]


def reaching(call: Callable[P, R]) -> Callable[P, R]:
    """Raise Unreachable where MongoDB does not answer."""

    @wraps(call)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return call(*args, **kwargs)
        except (ConnectionFailure, ExecutionTimeout, NotPrimaryError) as error:
            raise Unreachable(f"MongoDB does not answer: {str(error).split(',')[0]}") from None
        except OperationFailure as error:
            if error.code in (13, 18, 91, 11600, 11602):  # not allowed, wrong password, shutting down
                raise Unreachable(f"MongoDB refuses: {error.details and error.details.get('errmsg')}") from None
            raise

    return wrapped


def patient(call: Callable[P, R]) -> Callable[P, R]:
    """For what reads or writes a whole crawl: an hour for the answer, where other operations have a minute."""

    @wraps(call)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        with pymongo.timeout(_LONG):
            return call(*args, **kwargs)

    return wrapped


@reaching
def make_indexes(db: "Database[Document]") -> None:
    """Make what is missing; cheap where all are there."""
    for collection, indexes in _INDEXES.items():
        for keys, options in indexes:
            db[collection].create_index(keys, **options)


def now() -> datetime:
    """The clock of the store, to the millisecond that BSON keeps."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
