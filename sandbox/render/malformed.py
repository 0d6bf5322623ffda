"""Renders the malformed items that some lists contain."""

from __future__ import annotations

from sandbox.render.media import picture
from sandbox.world.list_quirks import MalformedItem


def malformed(kind: MalformedItem) -> object:
    """Return what is sent in place of an item."""
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
