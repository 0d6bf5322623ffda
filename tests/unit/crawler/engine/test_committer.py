"""Pages kept together end as each would alone."""

from collections import Counter
from typing import Any

import pytest

from crawler.api.endpoints import ENDPOINTS
from crawler.api.page_parser import ParsedPage, read
from crawler.engine.committer import Committer
from crawler.engine.crawl_cache import CrawlCache
from crawler.engine.stats_buffer import StatsBuffer
from crawler.model.crawls import Crawl
from crawler.model.enums import Relation
from crawler.model.errors import Unreachable
from crawler.model.pages import Page, PageMessage
from crawler.store import Store
from tests.factories import charged, crawl, document, item_id, plan, raw, taken

COMMENTS = ENDPOINTS["post_comments"]
CRAWL = crawl(expand=frozenset({Relation.REPLIES}), depth=2)


class Desk:
    """A process that keeps pages."""

    def __init__(self, store: Store) -> None:
        self.store, self.rollup, self.sent = store, StatsBuffer(), list[PageMessage]()
        board = CrawlCache(store)
        board.set_room({"c": 100})
        self.keeping = Committer(store, board, self.rollup, self.sent.extend)

    def keep(self, *pages: tuple[Page, ParsedPage], crawl: Crawl = CRAWL) -> list[str]:
        group = [self.keeping.bought(one, crawl, COMMENTS, reading, charged()) for one, reading in pages]
        return self.keeping.keep_all(group)

    def counts(self) -> dict[str, int]:
        return {name: n for counts in self.rollup.take().values() for name, n in counts.items()}


@pytest.fixture
def desk(store: Store) -> Desk:
    return Desk(store)


def answer(*numbers: int, **beside: Any) -> ParsedPage:
    comments = [raw("comment", cid=item_id(n), reply_comment_total=1) for n in numbers]
    return read(COMMENTS, {"comments": comments, **beside})


def test_each_has_its_items_its_follow_ups_and_its_charge(desk: Desk) -> None:
    one, two = taken(desk.store, plan(1)), taken(desk.store, plan(2))
    said = desk.keep((one, answer(1, 2, nextCursor=20)), (two, answer(3)))
    assert said == ["2 items, goes on", "1 items, end"]
    assert document(desk.store, one)["items"] == [item_id(1), item_id(2)]
    assert document(desk.store, two)["items"] == [item_id(3)]
    assert [document(desk.store, held)["units"] for held in (one, two)] == [1, 1]
    endpoints = Counter(waiting.request.endpoint for waiting in desk.sent)
    assert endpoints == {"post_comments": 1, "post_comment_replies": 3}
    found = desk.store.database["comments"].find({}, {"seen.page": 1})
    assert {each["_id"]: each["seen"]["page"] for each in found} == {
        item_id(1): one.id, item_id(2): one.id, item_id(3): two.id,
    }  # fmt: skip


def test_one_whose_lease_is_lost_is_recorded_and_the_others_are_done(desk: Desk) -> None:
    one, two = taken(desk.store, plan(1)), taken(desk.store, plan(2))
    desk.store.ledger.bury(document(desk.store, one), charged(None), 4)
    assert desk.keep((one, answer(1)), (two, answer(2))) == ["bought twice", "1 items, end"]
    assert (document(desk.store, one)["state"], document(desk.store, one)["repeated"]) == ("planned", 1)
    assert document(desk.store, two)["state"] == "done"
    assert desk.counts()["calls"] == 1


def test_one_that_was_met_nearer_is_planned_from_at_its_new_depth(desk: Desk) -> None:
    near = crawl(expand=frozenset({Relation.REPLIES}), depth=1)
    one, two = taken(desk.store, plan(1, depth=1)), taken(desk.store, plan(2, depth=1))
    desk.store.frontier.plan("c", [plan(1, depth=0)], deepest=2)
    assert desk.keep((one, answer(1)), (two, answer(2)), crawl=near) == ["1 items, end"] * 2
    assert document(desk.store, one)["depth"] == 0
    assert [waiting.request.endpoint for waiting in desk.sent] == ["post_comment_replies"]


def test_what_the_server_may_have_lost_is_written_once_more(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    one = taken(desk.store, plan(1))
    finish = desk.store.ledger.finish_all

    def forgetful(bought: Any) -> set[str]:
        monkeypatch.setattr(desk.store.ledger, "finish_all", finish)
        desk.store.database["comments"].delete_many({})
        desk.store.database["pages"].delete_many({"_id": {"$ne": one.id}})
        desk.store.interruptions.count += 1
        return finish(bought)

    monkeypatch.setattr(desk.store.ledger, "finish_all", forgetful)
    desk.keep((one, answer(1, nextCursor=20)))
    assert desk.store.database["comments"].count_documents({}) == 1
    assert desk.store.database["pages"].count_documents({"state": "planned"}) == 2


def test_the_broker_may_be_away(store: Store) -> None:
    def away(waiting: Any) -> None:
        raise Unreachable("no broker")

    keeping = Committer(store, CrawlCache(store), StatsBuffer(), away)
    held = taken(store, plan(1))
    assert keeping.keep(held, CRAWL, COMMENTS, answer(1, nextCursor=20), charged()) == "1 items, goes on"
    assert store.frontier.has_open("c")


def test_a_large_page_is_kept_whole(desk: Desk) -> None:
    held = taken(desk.store, plan(1))
    said = desk.keeping.keep(held, CRAWL, COMMENTS, answer(*range(501)), charged())
    assert said == "501 items, end"
    assert desk.store.database["comments"].count_documents({}) == 501
