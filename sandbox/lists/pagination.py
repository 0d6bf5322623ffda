"""Cuts a sequence into pages chained by cursors, with every way in which the platform ends or fails to end a list."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Generic, Literal, Protocol, TypeVar

from sandbox.world.hashing import mix

T = TypeVar("T")

End = Literal["absent", "null", "trailing", "lying"]
ABSENT: Final = "absent"
Cursor = int | None | Literal["absent"]

_ENDINGS: tuple[End, ...] = ("absent", "null", "trailing", "absent")


def ending(seed: int, *which: int) -> End:
    """The way a list ends: the same list always in the same way."""
    return _ENDINGS[mix(seed, 60, *which) % len(_ENDINGS)]


class Junk(str):
    """An item that is none: names a kind of rubbish that the renderer puts into its place."""

    __slots__ = ()


@dataclass(frozen=True)
class Page(Generic[T]):
    """`next`: an integer, None (sent as null) or ABSENT (not sent). `null`: the list itself is sent as null."""

    items: Sequence[T | Junk]
    next: Cursor = ABSENT
    null: bool = False


class Listing(Protocol[T]):
    def page(self, cursor: int | None) -> Page[T]:
        """The page at a cursor, None or 0 being the first."""
        ...


@dataclass(frozen=True)
class Window(Generic[T]):
    """A list of `count` items; a cursor stands for a place in it.

    `end` says how the last page ends the list: `absent` no nextCursor; `null` nextCursor null; `trailing` it gives a
    cursor to an empty page that has none; `lying` the same, but the empty page has cursor -1 [VCR].
    Each page but the first also repeats `overlap` items of the page before it.
    """

    count: int
    item: Callable[[int], T]
    size: int
    overlap: int = 0
    end: End = "absent"
    cursor_of: Callable[[int], int] = int  # place -> cursor
    place_of: Callable[[int], int] = int  # cursor -> place

    def page(self, cursor: int | None) -> Page[T]:
        start = self.place_of(cursor) if cursor else 0
        if start >= self.count or start < 0:
            return Page((), -1 if self.end == "lying" else ABSENT)
        stop = min(start + self.size, self.count)
        items = [self.item(place) for place in range(max(0, start - self.overlap), stop)]
        if stop < self.count or self.end in ("trailing", "lying"):
            return Page(items, self.cursor_of(stop))
        return Page(items, None if self.end == "null" else ABSENT)


@dataclass(frozen=True)
class Script(Generic[T]):
    """Pages written out one by one; an unknown cursor finds an empty last page."""

    pages: Mapping[int, Page[T]] = field(default_factory=dict)

    def page(self, cursor: int | None) -> Page[T]:
        return self.pages.get(cursor or 0, Page(()))


def chain(pages: Sequence[Sequence[T | Junk]], step: int = 20) -> dict[int, Page[T]]:
    """Pages at cursors 0, step, 2·step …, the last without a next cursor."""
    last = len(pages) - 1
    return {n * step: Page(items, ABSENT if n == last else (n + 1) * step) for n, items in enumerate(pages)}


def walk(listing: Listing[T], max_pages: int = 1_000_000, limit: int | None = None) -> Iterator[Page[T]]:
    """The pages that a complete crawl buys [reference section 7, contract "end reasons"].

    Stops at no next cursor, an empty page with a cursor <= 0, a cursor seen before, four pages in a row without an
    item the list has not had, `max_pages`, and once the list holds `limit` items.
    """
    seen: set[object] = set()
    cursors: set[int] = {0}
    cursor: int | None = None
    idle = 0
    for _ in range(max_pages):
        page = listing.page(cursor)
        yield page
        fresh = {item for item in page.items if not isinstance(item, Junk)} - seen
        seen |= fresh
        idle = 0 if fresh else idle + 1
        if not isinstance(page.next, int) or (not page.items and page.next <= 0):
            return
        if page.next in cursors or idle >= 4 or (limit is not None and len(seen) >= limit):
            return
        cursors.add(page.next)
        cursor = page.next
