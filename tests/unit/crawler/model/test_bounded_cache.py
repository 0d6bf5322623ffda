"""The cache of recently used keys."""

from crawler.model.bounded_cache import BoundedCache


def test_the_last_used_keys_are_kept_and_at_most_twice_as_many() -> None:
    recent: BoundedCache[int, int] = BoundedCache(10)
    for n in range(1000):
        recent.put(n, -n)
        there = [k for k in range(n + 1) if k in recent._young or k in recent._old]
        assert set(range(max(0, n - 9), n + 1)) <= set(there)
        assert len(there) <= 20
    assert (recent.get(999), recent.get(0)) == (-999, None)


def test_a_key_that_is_read_is_not_evicted() -> None:
    recent: BoundedCache[str, int] = BoundedCache(3)
    recent.put("kept", 7)
    for n in range(50):
        recent.put(str(n), n)
        assert recent.get("kept") == 7


def test_a_value_is_replaced_and_the_cache_can_be_cleared() -> None:
    recent: BoundedCache[str, int] = BoundedCache(2)
    for n in range(5):
        recent.put("one", n)
        assert recent.get("one") == n
    recent.clear()
    assert recent.get("one") is None
