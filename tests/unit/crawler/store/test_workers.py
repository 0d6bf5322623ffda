"""Which worker processes are alive."""

import pytest

from crawler.store import Store
from crawler.store import workers as registry


def test_workers_beat_and_leave(store: Store) -> None:
    for _ in range(3):
        store.workers.heartbeat("a", "host", 1, 8, 2)
    store.workers.heartbeat("b", "host", 2, 4, 0)
    told = {one["_id"]: (one["beats"], one["slots"], one["unleased_messages"]) for one in store.workers.all()}
    assert told == {"a": (3, 8, 2), "b": (1, 4, 0)}
    store.workers.unregister("a")
    store.workers.unregister("nobody")
    assert [one["_id"] for one in store.workers.all()] == ["b"]


def test_who_does_not_beat_while_we_watch_is_silent(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def silent() -> list[str]:
        return store.workers.dead(store.workers.all())

    for worker in ("a", "b"):
        store.workers.heartbeat(worker, "host", 1, 8, 0)
    monkeypatch.setattr(registry, "HEARTBEAT_TIMEOUT", 0.0)
    assert silent() == []  # seen for the first time, however old the beat
    store.workers.heartbeat("b", "host", 1, 8, 0)
    assert silent() == ["a"]
    store.workers.heartbeat("a", "host", 1, 8, 0)
    assert silent() == ["b"]
    store.workers.reset_watch()
    assert silent() == []
    monkeypatch.setattr(registry, "HEARTBEAT_TIMEOUT", 60.0)
    assert silent() == []
