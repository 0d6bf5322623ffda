"""Each way to end a list is served as named, and a complete crawl of it stops where it must."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.lists.pagination import ABSENT, Cursor, OffsetList, Page, PagedList, ScriptedList, chain, iterate_pages
from sandbox.world.list_quirks import ListEnding, MalformedItem


def items_of(paged: PagedList[int], limit: int | None = None, max_pages: int = 100) -> list[list[int]]:
    return [
        [item for item in page.items if not isinstance(item, MalformedItem)]
        for page in iterate_pages(paged, max_pages, limit)
    ]


@pytest.mark.parametrize(
    ("ending", "last", "after"),
    [("absent", ABSENT, ABSENT), ("null", None, ABSENT), ("trailing", 25, ABSENT), ("lying", 25, -1)],
)
def test_a_list_ends_in_the_way_it_is_given(ending: ListEnding, last: Cursor, after: Cursor) -> None:
    paged = OffsetList(25, int, 10, ending=ending)
    assert [paged.page(cursor).next for cursor in (None, 10, 20, 25)] == [10, 20, last, after]
    assert [len(page) for page in items_of(paged)] == [10, 10, 5] + [0] * (last == 25)


def test_overlapping_pages_repeat_the_end_of_the_page_before() -> None:
    assert items_of(OffsetList(5, int, 2, overlap=1)) == [[0, 1], [1, 2, 3], [3, 4]]


def test_a_list_stops_at_a_cursor_it_has_seen() -> None:
    assert items_of(ScriptedList({0: Page([1], 20), 20: Page([2], 20)})) == [[1], [2]]


def test_a_list_stops_after_four_pages_without_a_new_item() -> None:
    assert items_of(ScriptedList(chain([[1], *[[1]] * 9]))) == [[1]] * 5
    assert items_of(ScriptedList(chain([[1], [], [], [], [2]]))) == [[1], [], [], [], [2]]


def test_a_list_stops_at_its_limit_and_at_the_greatest_number_of_pages() -> None:
    assert len(items_of(OffsetList(100, int, 10), limit=11)) == 2
    assert len(items_of(OffsetList(100, int, 10), max_pages=3)) == 3


def test_malformed_items_are_not_counted() -> None:
    pages: Any = chain([[1], *[[MalformedItem("null")] for _ in range(9)]])
    assert items_of(ScriptedList(pages)) == [[1], [], [], [], []]
