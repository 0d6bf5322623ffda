"""Cuts a sequence into pages chained by cursors, with every way in which the platform ends, or fails to end, a list."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Generic, Literal, Protocol, TypeVar

from sandbox.world.hashing import hash_ints
from sandbox.world.list_quirks import ListEnding, MalformedItem

T = TypeVar("T")

ABSENT: Final = "absent"
Cursor = int | None | Literal["absent"]

MAX_IDLE_PAGES = 4  # a list is given up after so many pages in a row without a new item
_ENDINGS: tuple[ListEnding, ...] = ("absent", "null", "trailing", "absent")


def list_ending(seed: int, *key: int) -> ListEnding:
    """Return how the list of this key ends: the same list always in the same way."""
    return _ENDINGS[hash_ints(seed, 60, *key) % len(_ENDINGS)]


@dataclass(frozen=True)
class Page(Generic[T]):
    """`next`: an integer, None (sent as null) or ABSENT (not sent). `null`: the list itself is sent as null."""

    items: Sequence[T | MalformedItem]
    next: Cursor = ABSENT
    null: bool = False


class PagedList(Protocol[T]):
    def page(self, cursor: int | None) -> Page[T]:
        """Return the page at a cursor; None and 0 are the first."""
        ...


@dataclass(frozen=True)
class OffsetList(Generic[T]):
    """A list of `count` items whose cursors stand for offsets; `ending` applies to the last page.

    Each page but the first also repeats the last `overlap` items of the page before it.
    """

    count: int
    item: Callable[[int], T]
    size: int
    overlap: int = 0
    ending: ListEnding = "absent"
    cursor_of: Callable[[int], int] = int  # offset -> cursor
    offset_of: Callable[[int], int] = int  # cursor -> offset

    def page(self, cursor: int | None) -> Page[T]:
        start = self.offset_of(cursor) if cursor else 0
        if start >= self.count or start < 0:
            return Page((), -1 if self.ending == "lying" else ABSENT)
        stop = min(start + self.size, self.count)
        items = [self.item(offset) for offset in range(max(0, start - self.overlap), stop)]
        if stop < self.count or self.ending in ("trailing", "lying"):
            return Page(items, self.cursor_of(stop))
        return Page(items, None if self.ending == "null" else ABSENT)


@dataclass(frozen=True)
class ScriptedList(Generic[T]):
    """A list whose pages are written out one by one; at an unknown cursor there is an empty last page."""

    pages: Mapping[int, Page[T]] = field(default_factory=dict)

    def page(self, cursor: int | None) -> Page[T]:
        return self.pages.get(cursor or 0, Page(()))


def split(items: Sequence[T], size: int) -> list[list[T | MalformedItem]]:
    return [list(items[start : start + size]) for start in range(0, len(items), size)]


def chain(pages: Sequence[Sequence[T | MalformedItem]], step: int = 20) -> dict[int, Page[T]]:
    """Return the pages by their cursors 0, step, 2·step …; the last has no next cursor."""
    last = len(pages) - 1
    return {n * step: Page(items, ABSENT if n == last else (n + 1) * step) for n, items in enumerate(pages)}


def iterate_pages(paged: PagedList[T], max_pages: int = 1_000_000, limit: int | None = None) -> Iterator[Page[T]]:
    """Yield the pages that a complete crawl fetches.

    Ends after a page without a next cursor, an empty page with a cursor <= 0, a cursor seen before, MAX_IDLE_PAGES
    pages in a row without an item that the list has not had, `max_pages` pages, or once `limit` items were found.
    """
    seen: set[object] = set()
    cursors: set[int] = {0}
    cursor: int | None = None
    idle = 0
    for _ in range(max_pages):
        page = paged.page(cursor)
        yield page
        new = {item for item in page.items if not isinstance(item, MalformedItem)} - seen
        seen |= new
        idle = 0 if new else idle + 1
        if not isinstance(page.next, int) or (not page.items and page.next <= 0):
            return
        if page.next in cursors or idle >= MAX_IDLE_PAGES or (limit is not None and len(seen) >= limit):
            return
        cursors.add(page.next)
        cursor = page.next
