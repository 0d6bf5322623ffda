"""Builds what the API answers to one call, as a JSON value that is not encoded yet."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeVar

from sandbox.lists.pagination import ABSENT, Page
from sandbox.render.malformed import malformed
from sandbox.world.list_quirks import MalformedItem

T = TypeVar("T")


class Response(NamedTuple):
    """`payload` is the JSON of the body, `units` what the call is charged."""

    status: int
    payload: object
    units: int


def success(data: object, units: int = 1) -> Response:
    """Return the usual envelope: {"data": …}."""
    return Response(200, {"data": data}, units)


def failure(status: int, detail: object) -> Response:
    """Return an error that is not charged."""
    return Response(status, {"detail": detail}, 0)


def render_page(name: str, page: Page[T], render: Callable[[T], object]) -> dict[str, object]:
    """Return {NAME: [item, …], "nextCursor": …}; a list may be null, and nextCursor null or absent at its end."""
    items = [malformed(item) if isinstance(item, MalformedItem) else render(item) for item in page.items]
    body: dict[str, object] = {name: None if page.null else items}
    if page.next != ABSENT:
        body["nextCursor"] = page.next
    return body
