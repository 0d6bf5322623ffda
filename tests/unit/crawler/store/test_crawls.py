"""The crawls: changed only from states that allow it."""

from datetime import timedelta
from typing import Any

import pytest

from crawler.model.crawls import CrawlSpec
from crawler.model.enums import CrawlState, PauseCause
from crawler.store import Store
from crawler.store.connection import now
from tests.factories import spec


def running(store: Store, *crawls: str, **fields: Any) -> None:
    for crawl in crawls:
        store.crawls.create(crawl, spec(**fields))
        store.crawls.start(crawl)


def state(store: Store, crawl: str = "c") -> tuple[str, str | None]:
    found = store.crawls.get(crawl)
    assert found is not None
    return found["state"], found["cause"]


def test_a_crawl_is_not_worked_on_before_it_is_started(store: Store) -> None:
    store.crawls.create("c", spec(max_units=5, name="mine"))
    assert state(store) == ("seeding", None)
    assert [crawl.running for crawl in store.crawls.active()] == [False]
    assert store.crawls.pause(PauseCause.USER, "c") == 0
    store.crawls.start("c")
    assert state(store) == ("running", None)
    (crawl,) = store.crawls.active()
    assert (crawl.running, crawl.max_units, crawl.max_pages) == (True, 5, None)
    assert crawl.spec == spec(max_units=5, name="mine")
    assert store.crawls.get("c")["started_at"] is not None  # type: ignore[index]  # it is there


def test_a_crawl_of_more_seeds_than_a_document_holds(store: Store) -> None:
    names = [f"user-{n:06}" for n in range(12_001)]
    made = spec(usernames=frozenset(names))
    store.crawls.create("c", made, [f"@{name}" for name in names])
    assert store.crawls.active()[0].spec == made
    found = store.crawls.get("c") or {}
    assert found["seeds"] == 12_001
    assert not found["spec"].keys() & {"values", "usernames", "sec_uids"}
    chunks = list(store.db["seeds"].find({"crawl": "c"}))
    assert [seed for chunk in chunks for seed in chunk["values"]] == [f"@{name}" for name in names]
    assert max(len(chunk["values"]) for chunk in chunks) == 5_000


def test_a_spec_that_is_known_is_not_read_again(store: Store) -> None:
    running(store, "a", "b")
    known = spec(priority=5)
    assert {one.id: one.spec for one in store.crawls.active({"a": known})} == {"a": known, "b": spec()}


def test_starting_does_not_wake_what_is_paused_or_over(store: Store) -> None:
    running(store, "a", "b")
    store.crawls.pause(PauseCause.USER, "a")
    store.crawls.finish("b", CrawlState.CANCELLED)
    store.crawls.start("a")
    store.crawls.start("b")
    assert (state(store, "a"), state(store, "b")) == (("paused", "user"), ("cancelled", None))


def test_a_crawl_is_found_by_id_and_by_a_name_that_is_its_own(store: Store) -> None:
    for crawl, name in (("a", "one"), ("b", "two"), ("c", "two")):
        store.crawls.create(crawl, spec(name=name))
    found = [store.crawls.get(word) for word in ("a", "one", "two", "b", "nobody")]
    assert [one and one["_id"] for one in found] == ["a", "a", None, "b", None]
    assert [sorted(store.crawls.ids_named(name)) for name in ("one", "two", "nobody")] == [["a"], ["b", "c"], []]


def test_what_was_typed_is_kept_with_each_seed(store: Store) -> None:
    store.crawls.create(
        "c", spec(), ["@alice", "#cats"], kinds=["user", "hashtag"], given=["Alice", "# Cats"], line=[None, 7]
    )
    (chunk,) = store.db["seeds"].find({"crawl": "c"})
    assert {name: chunk[name] for name in ("values", "kinds", "given", "line")} == {
        "values": ["@alice", "#cats"],
        "kinds": ["user", "hashtag"],
        "given": ["Alice", "# Cats"],
        "line": [None, 7],
    }


def test_the_newest_come_first(store: Store) -> None:
    for n in range(4):
        running(store, f"c{n}")
        store.db["crawls"].update_one({"_id": f"c{n}"}, {"$set": {"created_at": n}})
    assert [one["_id"] for one in store.crawls.latest(3)] == ["c3", "c2", "c1"]


def test_pausing_one_and_all_keeps_the_first_cause(store: Store) -> None:
    running(store, "a", "b", "c")
    assert store.crawls.pause(PauseCause.USER, "a") == 1
    assert store.crawls.pause(PauseCause.ACCOUNT) == 2
    assert store.crawls.pause(PauseCause.ACCOUNT) == 0
    assert [state(store, crawl)[1] for crawl in "abc"] == ["user", "account", "account"]


def test_resuming_by_crawl_and_by_cause(store: Store) -> None:
    running(store, "a", "b", "c", "d")
    for crawl, cause in (("a", PauseCause.USER), ("b", PauseCause.UNITS), ("c", PauseCause.OUTAGE)):
        store.crawls.pause(cause, crawl)
    assert store.crawls.resume(causes=[PauseCause.UNITS, PauseCause.ACCOUNT]) == 1
    assert [state(store, crawl)[0] for crawl in "abcd"] == ["paused", "running", "paused", "running"]
    assert store.crawls.resume(crawl_id="d") == 0
    assert store.crawls.resume(crawl_id="a", budget={"units": 50, "pages": 7}) == 1
    assert state(store, "a") == ("running", None)
    (resumed,) = [one for one in store.crawls.active() if one.id == "a"]
    assert (resumed.max_units, resumed.max_pages) == (50, 7)


@pytest.mark.parametrize("end", [CrawlState.COMPLETE, CrawlState.FAILED, CrawlState.CANCELLED])
def test_a_crawl_ends_once_and_keeps_its_end(store: Store, end: CrawlState) -> None:
    running(store, "c")
    store.crawls.pause(PauseCause.OUTAGE, "c")
    assert store.crawls.finish("c", end, rollup={"calls": 3})
    assert not store.crawls.finish("c", CrawlState.COMPLETE)
    assert state(store) == (end, None)
    found = store.crawls.get("c")
    assert found is not None
    assert found["ended_at"] is not None
    assert found["rollup"]["calls"] == 3
    assert store.crawls.active() == []
    assert store.crawls.pause(PauseCause.USER) == store.crawls.resume(crawl_id="c") == 0


@pytest.mark.parametrize(
    ("end", "again"),
    [(CrawlState.COMPLETE, "running"), (CrawlState.FAILED, "running"), (CrawlState.CANCELLED, "cancelled")],
)
def test_a_crawl_whose_failures_are_retried_runs_again_unless_it_was_cancelled(
    store: Store, end: CrawlState, again: str
) -> None:
    running(store, "c")
    store.crawls.finish("c", end, rollup={"calls": 1})
    store.crawls.reopen("c")
    assert state(store) == (again, None)
    if again == "running":
        store.crawls.increment_stats("c", {"calls": 2})
        found = store.crawls.get("c")
        assert found is not None
        assert (found["rollup"]["calls"], found["ended_at"]) == (3, None)


def test_the_rollup_grows_until_it_is_final(store: Store) -> None:
    running(store, "c")
    for _ in range(2):
        store.crawls.increment_stats("c", {"pages.done": 2, "endpoints.post_info.calls": 1})
    store.crawls.increment_stats("c", {})
    found = store.crawls.get("c")
    assert found is not None
    assert found["rollup"] == {"pages": {"done": 4}, "endpoints": {"post_info": {"calls": 2}}}
    store.crawls.pause(PauseCause.USER, "c")
    assert store.crawls.finalize_stats("c", found["rollup"], {"calls": 9})
    store.crawls.increment_stats("c", {"calls": 1})
    found = store.crawls.get("c")
    assert found is not None
    assert found["rollup"] == {"calls": 9, "final": True}


def unsettled(store: Store) -> list[str]:
    return sorted(one["_id"] for one in store.crawls.awaiting_recount())


def test_crawls_that_stand_still_without_final_figures_are_told(store: Store) -> None:
    running(store, "a", "b", "c", "d", "e")
    store.crawls.finish("a", CrawlState.CANCELLED)
    store.crawls.finish("b", CrawlState.COMPLETE, rollup={"calls": 1})
    store.crawls.pause(PauseCause.BUDGET, "c")
    store.crawls.pause(PauseCause.OUTAGE, "d")  # goes on by itself
    assert unsettled(store) == ["a"]  # a worker may not have heard of the pause yet
    store.db["crawls"].update_many({}, {"$set": {"paused_at": now() - timedelta(seconds=6)}})
    assert unsettled(store) == ["a", "c"]
    assert store.crawls.finalize_stats("a", {}, {"calls": 1})
    assert store.crawls.finalize_stats("c", {}, {"calls": 1})
    assert unsettled(store) == []
    store.crawls.finish("c", CrawlState.CANCELLED)
    assert unsettled(store) == ["c"]


def test_figures_that_changed_while_they_were_counted_are_not_final(store: Store) -> None:
    running(store, "c")
    assert not store.crawls.finalize_stats("c", {}, {"calls": 1})  # it runs
    store.crawls.pause(PauseCause.USER, "c")
    store.crawls.increment_stats("c", {"calls": 1})
    assert not store.crawls.finalize_stats("c", {}, {"calls": 1})
    assert store.crawls.finalize_stats("c", {"calls": 1}, {"calls": 2})
    store.crawls.resume(crawl_id="c")
    store.crawls.increment_stats("c", {"calls": 1})
    assert (store.crawls.get("c") or {})["rollup"] == {"calls": 3}


def test_a_crawl_of_a_later_version_can_be_read(store: Store) -> None:
    running(store, "c")
    store.db["crawls"].update_one({"_id": "c"}, {"$set": {"spec.fresh_for": 9}, "$unset": {"budget": 1}})
    (crawl,) = store.crawls.active()
    assert isinstance(crawl.spec, CrawlSpec)
    assert not crawl.has_budget
