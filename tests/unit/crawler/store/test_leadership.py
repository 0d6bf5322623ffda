"""Which worker process leads."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from crawler.store import Store, leadership


def test_one_leads_until_its_time_is_over(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    assert store.leadership.try_acquire("a")
    assert not store.leadership.try_acquire("b")
    assert store.leadership.try_acquire("a")
    monkeypatch.setattr(leadership, "LEADER_TTL", timedelta(seconds=-1))
    assert store.leadership.try_acquire("a")  # renewed into the past
    monkeypatch.undo()
    assert store.leadership.try_acquire("b")
    assert not store.leadership.try_acquire("a")


@pytest.mark.server
def test_of_many_one_leads(real_store: Store) -> None:
    with ThreadPoolExecutor(8) as pool:
        led = list(pool.map(lambda n: real_store.leadership.try_acquire(f"w{n % 8}"), range(80)))
    (leader,) = {n % 8 for n, leads in enumerate(led) if leads}
    assert sum(led) == 10
    assert real_store.leadership.try_acquire(f"w{leader}")
