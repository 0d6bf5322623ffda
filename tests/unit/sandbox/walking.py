"""A minimal client that follows a list by its cursors, to compare what the API serves with the truth."""

from __future__ import annotations

import json
from typing import Any

from sandbox.provider.endpoints import respond
from sandbox.provider.shaping import encode
from sandbox.world.world import World

LIST_KEYS = ("data", "comments", "aweme_list", "followers", "followings", "liked_posts", "users", "music", "lives")


def get(world: World, path: str, **params: object) -> tuple[int, Any, int]:
    """Return status, JSON and units of one call."""
    status, payload, units = respond(world, path, {name: str(value) for name, value in params.items()})
    return status, json.loads(encode(payload)), units


def items_of(inner: dict[str, Any]) -> list[Any]:
    return next((inner[key] or [] for key in LIST_KEYS if key in inner), [])


def walk(world: World, path: str, most: int = 400, cursor_name: str = "cursor", **params: object) -> list[list[Any]]:
    """Return the items of all pages; gives up after four pages in a row without anything new."""
    pages: list[list[Any]] = []
    more: dict[str, object] = {}
    seen: set[str] = set()
    cursors: set[object] = {0}
    idle = 0
    while len(pages) < most:
        status, body, _ = get(world, path, **params, **more)
        assert status == 200, body
        inner = body if isinstance(body.get("data"), list) else body["data"]
        items = items_of(inner)
        pages.append(items)
        fresh = {json.dumps(item, sort_keys=True) for item in items} - seen
        idle = 0 if fresh else idle + 1
        seen |= fresh
        cursor = inner.get("nextCursor")
        if cursor is None or (not items and cursor <= 0) or cursor in cursors or idle >= 4:
            return pages
        cursors.add(cursor)
        more = {cursor_name: cursor}
        if "nextPageToken" in inner:
            more["page_token"] = inner["nextPageToken"]
    return pages


def ids(pages: list[list[Any]], key: str) -> list[str]:
    """Return the ids found under a dotted key, in order, as strings."""
    found = []
    for item in (item for page in pages for item in page):
        value = item
        for part in key.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        if isinstance(value, str | int):
            found.append(str(value))
    return found
