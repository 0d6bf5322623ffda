"""Define the indexes that the queries need, and create those that are missing."""

from typing import Any

from pymongo import ASCENDING
from pymongo.database import Database

Document = dict[str, Any]
Index = tuple[list[tuple[str, int]], Document]


def _keys(*names: str) -> list[tuple[str, int]]:
    return [(name, ASCENDING) for name in names]


INDEXES: dict[str, list[Index]] = {
    "pages": [
        (_keys("crawl", "list", "nth"), {}),
        (_keys("request"), {}),
        # Only open pages have a due date, so dispatching costs the same however long the ledger is.
        (
            _keys("crawl", "state", "due", "slow", "depth", "planned_at"),
            {"name": "frontier", "partialFilterExpression": {"due": {"$exists": True}}},
        ),
        (
            _keys("crawl", "error.kind"),
            {"name": "failed", "partialFilterExpression": {"state": "failed"}},
        ),
        (
            _keys("unknown_since"),
            {"name": "unknown", "partialFilterExpression": {"unknown_since": {"$exists": True}}},
        ),
    ],
    "crawls": [(_keys("state"), {})],
    "seeds": [(_keys("crawl"), {})],
    "rejects": [(_keys("page"), {})],
    "answers": [(_keys("crawl", "_id"), {})],
    "users": [(_keys("sec_uid"), {})],
    "comments": [(_keys("post_id"), {})],
}


def ensure_indexes(db: "Database[Document]") -> None:
    """Create what is missing; cheap where all are there."""
    for collection, indexes in INDEXES.items():
        for keys, options in indexes:
            db[collection].create_index(keys, **options)
