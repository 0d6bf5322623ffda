"""Kept answers read again by a better reader: what was missed is there, nothing is bought, nothing newer is lost."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from crawler.api.client import ApiResponse
from crawler.api.endpoints import ENDPOINTS
from crawler.engine.archive import Policy
from crawler.engine.rereader import Rereader, RereadFigures
from crawler.model.enums import CrawlState, EndReason, Relation
from crawler.model.errors import NotAvailableError
from crawler.model.pages import PlannedPage, Request
from crawler.store import Store
from tests.factories import document, item_id, raw
from tests.unit.crawler.engine.test_page_runner import CATS, RunnerHarness

pytestmark = pytest.mark.server

NEXT = Request("hashtag_search", {"hashtag": "cats"}, {"cursor": 20})


def answer(data: Any, units: int | None = 1) -> ApiResponse:
    return ApiResponse(data, units, 200, orjson.dumps({"data": data}))


def posts(*ids: int, under: str = "videos", cursor: int | None = None) -> ApiResponse:
    items = [raw("post", aweme_id=item_id(n)) for n in ids]
    return answer({under: items, **({} if cursor is None else {"nextCursor": cursor})})


class Scene:
    """A crawl whose pages were read by an older reader, and its end."""

    def __init__(self, store: Store, policy: Policy = "unread", **fields: Any) -> None:
        self.store = store
        self.harness = RunnerHarness(store, policy=policy, **{"expand": frozenset({Relation.COMMENTS}), **fields})

    def run(self, request: Request, *answers: Any, nth: int = 0) -> dict[str, Any]:
        return self.harness.run(request, *answers, nth=nth)

    def finish(self, state: CrawlState = CrawlState.FAILED) -> None:
        self.store.crawls.finish("c", state, rollup=self.store.stats.recount("c"))

    def reread(self, *, plan: bool = False, endpoint: str | None = None) -> RereadFigures:
        return Rereader(self.store, "c", plan=plan).run(endpoint, lambda _: None)

    @property
    def crawl(self) -> Mapping[str, Any]:
        return self.store.crawls.get("c") or {}

    def everything(self) -> dict[str, Sequence[Mapping[str, Any]]]:
        """What is stored, without when a page was last read again and by whom."""
        skipped = ("reread", "lease")
        return {
            name: [
                {key: value for key, value in found.items() if key not in skipped}
                for found in self.store.db[name].find({}).sort("_id")
            ]
            for name in ("pages", "posts", "users", "music", "hashtags", "comments", "rejects", "crawls", "answers")
        }


@pytest.fixture
def store(real_store: Store) -> Store:
    """The real one: the fake cannot count a crawl's entities."""
    return real_store


@pytest.fixture
def scene(store: Store) -> Scene:
    return Scene(store)


@pytest.fixture
def upgrade(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Teach the reader that the posts of a hashtag may be under `videos`."""

    def to_videos() -> None:
        entry = ENDPOINTS["hashtag_search"]
        monkeypatch.setitem(ENDPOINTS, "hashtag_search", replace(entry, items=(("data",), ("videos",))))

    return to_videos


def test_a_failed_page_that_is_read_now_is_done_without_a_call_or_a_charge(scene: Scene, upgrade: Any) -> None:
    before = scene.run(CATS, posts(1, 2))
    assert (before["state"], before["error"]["kind"]) == ("failed", "unreadable")
    scene.finish()
    upgrade()
    figures = scene.reread(plan=True)
    found = document(scene.store, PlannedPage(CATS, 0))
    assert (found["state"], found["end"], found["error"]) == ("done", "end", None)
    assert found["items"] == [item_id(1), item_id(2)]
    charge = ("units", "charged", "calls", "last_charge")
    assert {name: found[name] for name in charge} == {name: before[name] for name in charge}
    assert (figures.recovered, figures.unread, figures.planned) == (1, 0, 2)
    assert scene.store.db["posts"].count_documents({}) == 2
    assert len(scene.harness.api.calls) == 1
    assert "lease" not in found


def test_a_crawl_that_failed_only_for_such_pages_becomes_complete(store: Store, upgrade: Any) -> None:
    scene = Scene(store, expand=frozenset())
    scene.run(CATS, posts(1))
    scene.finish()
    upgrade()
    scene.reread()
    rollup = scene.crawl["rollup"]
    assert (scene.crawl["state"], rollup["final"]) == ("complete", True)
    assert (rollup["pages"]["done"], rollup["pages"]["failed"], rollup["ends"]) == (1, 0, {"end": 1})
    assert (rollup["entities"]["posts"], rollup["units"], rollup["calls"]) == (1, 1, 1)


def test_a_crawl_with_other_failures_stays_failed(store: Store, upgrade: Any) -> None:
    scene = Scene(store, expand=frozenset())
    scene.run(CATS, posts(1))
    scene.run(Request("post_comments", {"aweme_id": "5"}), answer({"odd": [{"a": [1]}]}))
    scene.finish()
    upgrade()
    figures = scene.reread()
    assert (scene.crawl["state"], figures.recovered, figures.unread) == ("failed", 1, 1)


def test_what_follows_is_not_planned_in_a_crawl_that_has_ended_which_stays_failed(scene: Scene, upgrade: Any) -> None:
    scene.run(CATS, posts(1, cursor=20))
    scene.finish()
    upgrade()
    figures = scene.reread()
    found = document(scene.store, PlannedPage(CATS, 0))
    assert (found["state"], found["end"], found["unplanned"], found["next"]) == ("done", "error", 2, {"cursor": 20})
    assert (figures.unplanned, figures.planned, scene.crawl["state"]) == (2, 0, "failed")
    assert scene.store.db["pages"].count_documents({}) == 1


def test_plan_plans_what_an_earlier_reread_left_and_reopens_the_crawl(scene: Scene, upgrade: Any) -> None:
    scene.run(CATS, posts(1, cursor=20))
    scene.finish()
    upgrade()
    scene.reread()
    figures = scene.reread(plan=True)
    found = document(scene.store, PlannedPage(CATS, 0))
    assert (found["end"], found["unplanned"]) == (None, 0)
    assert (figures.planned, scene.crawl["state"], "final" in scene.crawl["rollup"]) == (2, "running", False)
    planned = scene.store.frontier.undispatched("c", 10)
    assert sorted(message.request.describe() for message in planned) == [
        "hashtag_search cats from 20",
        f"post_comments {item_id(1)}",
    ]


def test_what_follows_is_planned_where_the_crawl_still_runs(scene: Scene, upgrade: Any) -> None:
    scene.run(CATS, posts(1, cursor=20))
    upgrade()
    assert scene.reread().planned == 2
    assert (scene.crawl["state"], scene.crawl["rollup"]["pages"]["failed"]) == ("running", 0)


@pytest.mark.parametrize("plan", [False, True])
def test_reading_twice_changes_nothing_more(scene: Scene, upgrade: Any, plan: bool) -> None:
    scene.run(CATS, posts(1, cursor=20))
    scene.run(NEXT, answer({"data": [raw("post", aweme_id=item_id(3)), {"desc": "no id"}]}), nth=1)
    scene.finish()
    upgrade()
    scene.reread(plan=plan)
    once = scene.everything()
    figures = scene.reread(plan=plan)
    assert scene.everything() == once
    assert (figures.recovered, figures.changed, figures.planned) == (0, 0, 0)
    assert scene.store.db["rejects"].count_documents({}) == 1


def test_the_same_reader_changes_nothing_on_done_pages(store: Store) -> None:
    scene = Scene(store, policy="all", expand=frozenset())
    scene.run(CATS, posts(1, 2, under="data", cursor=20))
    scene.run(NEXT, posts(2, 3, under="data"), nth=1)
    scene.finish(CrawlState.COMPLETE)
    seen = {"seen.last_at": 1, "seen.first_at": 1}
    times = list(store.db["posts"].find({}, seen))
    before = scene.everything()
    figures = scene.reread()
    after = scene.everything()
    assert (figures.answers, figures.changed, figures.recovered) == (2, 0, 0)
    assert {name: after[name] for name in ("pages", "crawls", "answers")} == {
        name: before[name] for name in ("pages", "crawls", "answers")
    }
    assert len(list(store.db["posts"].find({}, seen))) == len(times)


def test_a_done_page_gets_the_items_that_the_older_reader_missed(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene(store, policy="all", expand=frozenset())
    entry = ENDPOINTS["hashtag_search"]
    old = replace(entry, parser=_blind(entry.parser))
    monkeypatch.setitem(ENDPOINTS, "hashtag_search", old)
    before = scene.run(CATS, posts(1, 2, under="data", cursor=20))
    scene.run(NEXT, posts(3, under="data"), nth=1)
    scene.finish(CrawlState.COMPLETE)
    assert (before["rejects"], scene.crawl["rollup"]["entities"]["posts"]) == (1, 2)
    monkeypatch.setitem(ENDPOINTS, "hashtag_search", entry)
    figures = scene.reread()
    found = document(store, PlannedPage(CATS, 0))
    assert (found["items"], found["rejects"]) == ([item_id(1), item_id(2)], 0)
    assert (found["next"], found["end"]) == ({"cursor": 20}, None)
    assert (figures.changed, scene.crawl["state"]) == (1, "complete")
    assert scene.crawl["rollup"]["entities"]["posts"] == 3
    assert store.db["rejects"].count_documents({}) == 0


def _blind(parser: Any) -> Any:
    """A reader that does not understand the post with the first id."""

    def parse(one: Any, **options: Any) -> Any:
        return parser({"desc": "odd"} if one["aweme_id"] == item_id(1) else one, **options)

    return parse


def test_newer_knowledge_of_an_entity_stays_and_gaps_are_filled(store: Store, upgrade: Any) -> None:
    scene = Scene(store, expand=frozenset())
    scene.run(CATS, posts(1))
    store.db["answers"].update_many({}, {"$set": {"at": datetime(2026, 1, 1, tzinfo=UTC)}})
    scene.run(NEXT, answer({"data": [raw("post", aweme_id=item_id(1), desc="newer")]}), nth=1)
    store.db["posts"].update_one({"_id": item_id(1)}, {"$unset": {"title": 1, "author_id": 1}})
    seen = (store.db["posts"].find_one({"_id": item_id(1)}) or {})["seen"]
    upgrade()
    scene.reread()
    found = store.db["posts"].find_one({"_id": item_id(1)}) or {}
    assert (found["text"], found["raw"]["desc"], found["seen"]["last_at"]) == ("newer", "newer", seen["last_at"])
    assert "author_id" in found
    assert found["seen"]["first_at"] == datetime(2026, 1, 1, tzinfo=UTC)


def test_the_newest_answer_that_can_be_read_counts(store: Store, upgrade: Any) -> None:
    scene = Scene(store, expand=frozenset())
    scene.run(CATS, posts(1))
    store.failures.retry("c", None)
    scene.harness.api.answers = [answer({"odd": [{"a": [1]}]})]
    scene.harness.runner.run(CATS.page_id("c"), "c")
    upgrade()
    figures = scene.reread()
    assert (figures.answers, figures.recovered) == (2, 1)
    assert document(store, PlannedPage(CATS, 0))["items"] == [item_id(1)]


def test_an_answer_that_now_says_private_ends_its_list(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    scene.run(CATS, answer({"status_code": 77, "status_msg": "private"}))
    scene.finish()
    monkeypatch.setitem(__import__("crawler.api.client", fromlist=["x"])._PLATFORM_ENDS, 77, EndReason.PRIVATE)
    scene.reread()
    found = document(scene.store, PlannedPage(CATS, 0))
    assert (found["state"], found["end"], found["units"]) == ("done", "private", 1)
    assert scene.crawl["state"] == "complete"


def test_pages_under_way_and_pages_that_are_gone_are_left_alone(scene: Scene, upgrade: Any) -> None:
    scene.run(CATS, posts(1))
    scene.run(NEXT, posts(2))
    store = scene.store
    store.failures.retry("c", None)
    store.db["pages"].delete_one({"_id": NEXT.page_id("c")})
    assert store.ledger.acquire(CATS.page_id("c"), "c", "w", 60) is not None
    upgrade()
    figures = scene.reread()
    assert (figures.orphans, figures.recovered) == (2, 0)
    assert document(store, PlannedPage(CATS, 0))["state"] == "leased"


def test_answers_of_one_endpoint_may_be_read_alone(scene: Scene, upgrade: Any) -> None:
    scene.run(CATS, posts(1))
    scene.run(Request("post_comments", {"aweme_id": "5"}), answer({"odd": [{"a": [1]}]}))
    upgrade()
    assert scene.reread(endpoint="post_comments").answers == 1
    assert document(scene.store, PlannedPage(CATS, 0))["state"] == "failed"


def test_a_list_that_the_older_reader_ended_too_early_goes_on_with_plan(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = Scene(store, policy="all", expand=frozenset())
    scene.run(CATS, answer({"data": [raw("post")], "more": 20}))
    scene.finish(CrawlState.COMPLETE)
    entry = ENDPOINTS["hashtag_search"]
    monkeypatch.setitem(ENDPOINTS, "hashtag_search", replace(entry, cursor_fields={"cursor": "more"}))
    assert scene.reread().unplanned == 1
    assert document(store, PlannedPage(CATS, 0))["end"] == "end"
    assert scene.reread(plan=True).planned == 1
    assert document(store, PlannedPage(CATS, 0))["end"] is None
    assert scene.crawl["state"] == "running"


def test_an_answer_of_a_private_list_leaves_its_page_as_it_is(store: Store) -> None:
    scene = Scene(store, policy="all")
    before = scene.run(CATS, NotAvailableError("private", 472, 1, EndReason.PRIVATE, b'{"detail": "private"}'))
    figures = scene.reread()
    assert (figures.answers, figures.changed, figures.recovered) == (1, 0, 0)
    assert document(store, PlannedPage(CATS, 0)) == before
