"""Which answers are kept, and that they are kept whole."""

import logging
import os
from threading import Thread
from time import sleep
from typing import Any

import pytest
from pymongo.errors import AutoReconnect, BulkWriteError, OperationFailure

from crawler.engine.archive import AnswerArchive, Policy
from crawler.model.answers import Answer
from crawler.store import Store
from crawler.store import answers as answers_module
from tests.factories import page, request


def keep(store: Store, policy: Policy, why: str | None, body: bytes = b"{}") -> list[Answer]:
    AnswerArchive(store, policy).keep(page(), status=200, units=1, body=body, why=why)
    return list(store.answers.of_crawl("c"))


@pytest.mark.parametrize(
    ("policy", "why", "kept"),
    [
        ("none", None, 0), ("none", "odd", 0), ("unread", None, 0), ("unread", "odd", 1), ("all", None, 1),
        ("all", "odd", 1),
    ],
)  # fmt: skip
def test_the_policy_decides_which_answers_are_kept(store: Store, policy: Policy, why: str | None, kept: int) -> None:
    assert len(keep(store, policy, why)) == kept


def test_a_long_answer_is_kept_whole_and_compressed(store: Store) -> None:
    body = b'{"data": "' + b"odd " * 100_000 + b'"}'
    [answer] = keep(store, "unread", "odd", body)
    assert (answer.body, answer.size, answer.why, answer.status, answer.units) == (body, len(body), "odd", 200, 1)
    assert len(answer.packed) < len(body) / 100


def test_an_answer_without_a_status_charge_or_body_is_kept(store: Store) -> None:
    AnswerArchive(store, "unread").keep(page(), status=None, units=None, body=b"", why="odd")
    [answer] = store.answers.of_crawl("c")
    assert (answer.status, answer.units, answer.body) == (None, None, b"")


def test_a_body_too_large_for_a_document_is_split_and_read_as_one(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers_module, "_PART", 1000)
    body = os.urandom(3500)
    [answer] = keep(store, "unread", "odd", body)
    assert answer.body == body
    assert store.db["answers"].count_documents({}) == 4
    assert store.answers.count("c") == 1


@pytest.mark.server
def test_forty_megabytes_that_do_not_compress_are_kept(real_store: Store) -> None:
    body = os.urandom(40_000_000)
    [answer] = keep(real_store, "unread", "odd", body)
    assert answer.body == body
    assert real_store.db["answers"].find_one({"parts": {"$exists": True}}, {"parts": 1, "_id": 0}) == {"parts": 3}


def test_an_answer_that_is_there_already_stays_as_it_is(store: Store) -> None:
    keep(store, "unread", "odd", b"first")
    [answer] = keep(store, "unread", "odd", b"second")
    assert answer.body == b"first"


def test_two_answers_to_one_page_are_both_kept_under_their_leases(store: Store) -> None:
    keep(store, "all", None, b"first")
    AnswerArchive(store, "all").keep(
        type(page())(**{**{name: getattr(page(), name) for name in page().__slots__}, "lease_token": "other"}),
        status=200, units=1, body=b"second", why=None,
    )  # fmt: skip
    assert {answer.token: answer.body for answer in store.answers.of_crawl("c")} == {
        "token": b"first",
        "other": b"second",
    }


def test_answers_of_one_endpoint_are_read_in_pieces(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers_module, "_READ_AT_ONCE", 2)
    archive = AnswerArchive(store, "all")
    for n in range(7):
        archive.keep(page(request(n)), status=200, units=1, body=str(n).encode(), why=None)
    archive.keep(page(request(8, "music_details")), status=200, units=1, body=b"8", why=None)
    assert sorted(answer.body for answer in store.answers.of_crawl("c", "post_comments")) == [
        str(n).encode() for n in range(7)
    ]
    assert store.answers.count("c", "music_details") == 1
    assert store.answers.crawls() == ["c"]


def test_what_cannot_be_kept_is_logged_and_fails_no_page(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OperationFailure("no space left", 14031)

    monkeypatch.setattr(store.answers, "save", full)
    assert keep(store, "unread", "odd") == []
    assert "1 answers could not be kept" in caplog.text
    assert caplog.records[0].levelno == logging.ERROR


def test_an_error_that_is_no_duplicate_is_raised_by_the_store(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: Any, **__: Any) -> None:
        raise BulkWriteError({"writeErrors": [{"code": 11000}, {"code": 17280}]})

    monkeypatch.setattr(store.answers._answers, "insert_many", failing)
    with pytest.raises(BulkWriteError):
        store.answers.save([AnswerArchive(store, "all").prepare(page(), status=1, units=1, body=b"", why=None)])  # type: ignore[list-item]


def test_a_database_that_is_away_is_waited_for(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    waiting = store.waiting()
    insert, away = waiting.answers._answers.insert_many, [True]

    def insert_many(*args: Any, **options: Any) -> Any:
        if away[0]:
            raise AutoReconnect("away")
        return insert(*args, **options)

    monkeypatch.setattr(waiting.answers._answers, "insert_many", insert_many)
    monkeypatch.setattr("crawler.store.errors._RETRY_PAUSE", 0.01)
    thread = Thread(target=keep, args=(waiting, "unread", "odd"))
    thread.start()
    sleep(0.1)
    assert thread.is_alive()
    away[0] = False
    thread.join(5)
    assert store.answers.count("c") == 1


def test_a_damaged_body_is_named(store: Store) -> None:
    keep(store, "all", None)
    store.db["answers"].update_one({}, {"$set": {"body": b"damaged"}})
    [answer] = store.answers.of_crawl("c")
    with pytest.raises(ValueError, match="cannot be decompressed"):
        _ = answer.body
