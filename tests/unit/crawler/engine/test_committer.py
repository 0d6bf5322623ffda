"""Pages committed together end as each would alone."""

from collections import Counter
from typing import Any

import pytest
from pymongo.errors import AutoReconnect

from crawler.api.endpoints import ENDPOINTS
from crawler.api.page_parser import ParsedPage, parse_page
from crawler.engine.archive import AnswerArchive
from crawler.engine.committer import Committer
from crawler.engine.dispatch_quota import DispatchQuota
from crawler.engine.outcome import Outcome
from crawler.engine.stats_buffer import StatsBuffer
from crawler.model.crawls import Crawl
from crawler.model.enums import Relation
from crawler.model.errors import UnreachableError
from crawler.model.pages import Page, PageMessage
from crawler.store import Store
from tests.factories import charged, crawl, document, item_id, plan, raw, taken

COMMENTS = ENDPOINTS["post_comments"]
CRAWL = crawl(expand=frozenset({Relation.REPLIES}), depth=2)


class CommitterHarness:
    """A process that commits pages."""

    def __init__(self, store: Store) -> None:
        self.store, self.stats, self.sent = store, StatsBuffer(), list[PageMessage]()
        quota = DispatchQuota()
        quota.set({"c": 100})
        self.committer = Committer(store, quota, self.stats, self.sent.extend, AnswerArchive(store, "none"))

    def commit(self, *pages: tuple[Page, ParsedPage], crawl: Crawl = CRAWL) -> list[Outcome]:
        batch = [self.committer.prepare(one, crawl, COMMENTS, parsed, charged()) for one, parsed in pages]
        return self.committer.commit_many(batch)

    def counts(self) -> dict[str, int]:
        return {name: n for counts in self.stats.drain().values() for name, n in counts.items()}


@pytest.fixture
def harness(store: Store) -> CommitterHarness:
    return CommitterHarness(store)


def answer(*numbers: int, **beside: Any) -> ParsedPage:
    comments = [raw("comment", cid=item_id(n), reply_comment_total=1) for n in numbers]
    return parse_page(COMMENTS, {"comments": comments, **beside})


def test_each_has_its_items_its_follow_ups_and_its_charge(harness: CommitterHarness) -> None:
    one, two = taken(harness.store, plan(1)), taken(harness.store, plan(2))
    outcomes = harness.commit((one, answer(1, 2, nextCursor=20)), (two, answer(3)))
    assert outcomes == [Outcome.COMMITTED, Outcome.COMMITTED]
    assert [document(harness.store, held)["end"] for held in (one, two)] == [None, "end"]
    assert document(harness.store, one)["items"] == [item_id(1), item_id(2)]
    assert document(harness.store, two)["items"] == [item_id(3)]
    assert [document(harness.store, held)["units"] for held in (one, two)] == [1, 1]
    endpoints = Counter(message.request.endpoint for message in harness.sent)
    assert endpoints == {"post_comments": 1, "post_comment_replies": 3}
    found = harness.store.db["comments"].find({}, {"seen.last_page": 1})
    assert {each["_id"]: each["seen"]["last_page"] for each in found} == {
        item_id(1): one.id, item_id(2): one.id, item_id(3): two.id,
    }  # fmt: skip


def test_one_whose_lease_is_lost_is_recorded_and_the_others_are_done(harness: CommitterHarness) -> None:
    one, two = taken(harness.store, plan(1)), taken(harness.store, plan(2))
    harness.store.leases.reclaim(document(harness.store, one), charged(None), 4)
    assert harness.commit((one, answer(1)), (two, answer(2))) == [Outcome.DUPLICATE, Outcome.COMMITTED]
    assert (document(harness.store, one)["state"], document(harness.store, one)["duplicate_calls"]) == ("planned", 1)
    assert document(harness.store, two)["state"] == "done"
    assert harness.counts()["calls"] == 1


def test_a_page_rediscovered_at_a_smaller_depth_during_its_call_is_planned_at_that_depth(
    harness: CommitterHarness,
) -> None:
    near = crawl(expand=frozenset({Relation.REPLIES}), depth=1)
    one, two = taken(harness.store, plan(1, depth=1)), taken(harness.store, plan(2, depth=1))
    harness.store.frontier.add("c", [plan(1, depth=0)], max_depth=2)
    assert harness.commit((one, answer(1)), (two, answer(2)), crawl=near) == [Outcome.COMMITTED] * 2
    assert document(harness.store, one)["depth"] == 0
    assert [message.request.endpoint for message in harness.sent] == ["post_comment_replies"]


def test_what_the_server_may_have_lost_is_written_again(
    harness: CommitterHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = taken(harness.store, plan(1))
    complete = harness.store.ledger.complete_many

    def forgetful(results: Any) -> set[str]:
        monkeypatch.setattr(harness.store.ledger, "complete_many", complete)
        harness.store.db["comments"].delete_many({})
        harness.store.db["pages"].delete_many({"_id": {"$ne": one.id}})
        harness.store.connection_monitor.resets += 1
        return complete(results)

    monkeypatch.setattr(harness.store.ledger, "complete_many", forgetful)
    harness.commit((one, answer(1, nextCursor=20)))
    assert harness.store.db["comments"].count_documents({}) == 1
    assert harness.store.db["pages"].count_documents({"state": "planned"}) == 2


def test_the_broker_may_be_away(store: Store) -> None:
    def away(messages: Any) -> None:
        raise UnreachableError("no broker")

    committer = Committer(store, DispatchQuota(), StatsBuffer(), away, AnswerArchive(store, "none"))
    held = taken(store, plan(1))
    assert committer.commit(held, CRAWL, COMMENTS, answer(1, nextCursor=20), charged()) is Outcome.COMMITTED
    assert store.frontier.has_open_pages("c")


def test_a_large_page_is_committed_whole(harness: CommitterHarness) -> None:
    held = taken(harness.store, plan(1))
    outcome = harness.committer.commit(held, CRAWL, COMMENTS, answer(*range(501)), charged())
    assert outcome is Outcome.COMMITTED
    assert len(document(harness.store, held)["items"]) == 501
    assert harness.store.db["comments"].count_documents({}) == 501


def test_messages_of_a_page_rediscovered_during_its_call_are_published(harness: CommitterHarness) -> None:
    """Both follow-ups are written in the first round, at the old depth; the second round finds nothing new to send."""
    held = taken(harness.store, plan(1, depth=1))
    harness.store.frontier.add("c", [plan(1, depth=0)], max_depth=2)
    assert harness.commit((held, answer(1, nextCursor=20))) == [Outcome.COMMITTED]
    assert Counter(message.request.endpoint for message in harness.sent) == {
        "post_comments": 1,
        "post_comment_replies": 1,
    }
    assert harness.store.frontier.undispatched("c", 10) == []


def test_what_a_database_refused_at_first_is_stored_whole_when_it_answers(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness = CommitterHarness(store.waiting())
    held = taken(store, plan(1))
    write = harness.store.entities._write

    def refuse_once(kind: str, writes: Any) -> None:
        monkeypatch.setattr(harness.store.entities, "_write", write)
        raise AutoReconnect("away")

    monkeypatch.setattr(harness.store.entities, "_write", refuse_once)
    monkeypatch.setattr("crawler.store.errors.sleep", lambda seconds: None)
    assert harness.commit((held, answer(1, 2))) == [Outcome.COMMITTED]
    assert store.db["comments"].count_documents({}) == 2
