"""Room in the queue, as one process may use it."""

from crawler.engine.dispatch_quota import DispatchQuota


def test_room_is_subtracted() -> None:
    quota = DispatchQuota()
    assert quota.take("runs", 5) == 0
    quota.set({"runs": 7, "new": 1})
    assert [quota.take("runs", 5), quota.take("runs", 5), quota.take("runs", 5)] == [5, 2, 0]
    assert quota.take("new", 0) == 0
    assert quota.take("new", 5) == 1
    assert quota.take("nobody", 1) == 0
    quota.set({"runs": 1})
    assert quota.take("runs", 5) == 1
