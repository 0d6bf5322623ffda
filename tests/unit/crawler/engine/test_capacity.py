"""How much of the frontier is on its way, and for whom."""

import pytest

from crawler.engine.capacity import dispatch_window, fair_shares, max_slow_calls, thread_count
from tests.factories import crawl


@pytest.mark.parametrize(("slots", "messages"), [(0, 32), (1, 32), (16, 32), (17, 34), (400, 800)])
def test_the_window_grows_with_the_fleet(slots: int, messages: int) -> None:
    assert dispatch_window(slots) == messages


@pytest.mark.parametrize(("slots", "expected"), [(1, 3), (16, 20), (128, 160)])
def test_more_threads_than_calls(slots: int, expected: int) -> None:
    assert thread_count(slots) == expected


@pytest.mark.parametrize(("slots", "slow"), [(1, 1), (8, 1), (15, 1), (16, 2), (400, 2)])
def test_few_slots_are_for_slow_calls(slots: int, slow: int) -> None:
    assert max_slow_calls(slots) == slow


@pytest.mark.parametrize(
    ("priorities", "room", "expected"),
    [
        ([], 32, []),
        ([0], 32, [32]),
        ([0, 0], 32, [16, 16]),
        ([1, 0], 30, [20, 10]),
        ([0, 1], 30, [20, 10]),
        ([5, -5], 64, [64, 1]),
        ([0] * 50, 32, [1] * 50),
    ],
)
def test_shares_follow_the_weights_and_nobody_gets_nothing(
    priorities: list[int], room: int, expected: list[int]
) -> None:
    given = [crawl(f"c{n}", priority=priority) for n, priority in enumerate(priorities)]
    assert [share for _, share in fair_shares(given, room)] == expected


def test_the_weightiest_comes_first() -> None:
    given = [crawl("low", priority=-1), crawl("high", priority=3), crawl("plain")]
    assert [one.id for one, _ in fair_shares(given, 32)] == ["high", "plain", "low"]
