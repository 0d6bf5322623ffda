"""What threads do together comes out for each as if it had been alone."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Thread
from time import monotonic, sleep

import pytest

from crawler.batcher import Batcher
from crawler.model.errors import UnreachableError


def test_a_lone_call_runs_at_once() -> None:
    groups: list[list[int]] = []

    def double(numbers: Sequence[int]) -> list[int]:
        groups.append(list(numbers))
        return [2 * n for n in numbers]

    batcher = Batcher(double)
    started = monotonic()
    assert [batcher.submit(n) for n in (1, 2, 3)] == [2, 4, 6]
    assert monotonic() - started < 1
    assert groups == [[1], [2], [3]]


def test_each_of_many_threads_gets_its_own_result_and_the_round_trips_are_fewer() -> None:
    groups: list[int] = []

    def slow_double(numbers: Sequence[int]) -> list[int]:
        groups.append(len(numbers))
        sleep(0.01)
        return [2 * n for n in numbers]

    batcher = Batcher(slow_double)
    with ThreadPoolExecutor(40) as pool:
        assert list(pool.map(batcher.submit, range(2000))) == [2 * n for n in range(2000)]
    assert sum(groups) == 2000
    assert max(groups) <= 32
    assert len(groups) < 500


def test_calls_during_a_batch_join_the_next_one() -> None:
    under_way, go_on = Event(), Event()
    groups: list[list[int]] = []

    def hold(numbers: Sequence[int]) -> Sequence[int]:
        groups.append(list(numbers))
        if len(groups) == 1:
            under_way.set()
            assert go_on.wait(10)
        return numbers

    batcher = Batcher(hold)
    threads = [Thread(target=batcher.submit, args=(0,))]
    threads[0].start()
    assert under_way.wait(10)
    for n in (1, 2, 3):
        threads.append(Thread(target=batcher.submit, args=(n,)))
        threads[-1].start()
    sleep(0.1)
    go_on.set()
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()
    assert [groups[0], sorted(groups[1])] == [[0], [1, 2, 3]]


def test_one_failing_argument_does_not_fail_the_others() -> None:
    def divide(numbers: Sequence[int]) -> list[float]:
        sleep(0.005)
        return [1 / n for n in numbers]

    batcher = Batcher(divide)

    def ask(n: int) -> float | str:
        try:
            return batcher.submit(n)
        except ZeroDivisionError as error:
            return type(error).__name__

    with ThreadPoolExecutor(16) as pool:
        got = list(pool.map(ask, [n % 10 for n in range(160)]))
    assert got == [1 / (n % 10) if n % 10 else "ZeroDivisionError" for n in range(160)]
    assert batcher.submit(4) == 0.25


def test_an_unreachable_server_fails_the_whole_batch_and_is_asked_once() -> None:
    asked: list[int] = []

    def away(numbers: Sequence[int]) -> list[int]:
        asked.append(len(numbers))
        sleep(0.01)
        raise UnreachableError("not now")

    batcher = Batcher(away)

    def ask(n: int) -> str:
        with pytest.raises(UnreachableError) as caught:
            batcher.submit(n)
        return str(caught.value)

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(ask, range(64))) == {"not now"}
    assert sum(asked) == 64
