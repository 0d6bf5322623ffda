"""Renders the rubbish that lists hold among their items."""

from __future__ import annotations

from sandbox.lists.pagination import Junk
from sandbox.render.media import picture


def junk(kind: Junk) -> object:
    """null, a string, a number, a list, an empty object, an object without its id, with a bad id, or a card."""
    return {
        "null": None,
        "string": "unreadable",
        "number": 17,
        "list": ["aweme"],
        "empty": {},
        "no-id": {"desc": "an item without its id", "text": "an item without its id", "create_time": 1_700_000_000},
        "bad-id": {"aweme_id": {"$oid": "x"}, "desc": "an item whose id is an object"},
        "card": {"type": 4, "card": {"title": "Sponsored", "image": picture(4, "ad")}, "doc_id": "ad-1"},
    }[kind]
