"""`tokcrawl doctor --live` finds nothing at the sandbox, and of each deviation exactly that."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from typer.testing import CliRunner

from crawler.model.charges import utc_day
from producers.cli import app
from sandbox.client import Sandbox
from sandbox.provider.deviations import DEVIATIONS
from tests.acceptance.rig import Rig

pytestmark = pytest.mark.acceptance

# What is said of each kind: classes of findings, and words that each of them holds.
FOUND: dict[str, tuple[set[str], str]] = {
    **dict.fromkeys(("no-charge-header", "charge-float", "charge-negative", "charge-absurd"),
                    ({"price"}, "does not say what it cost")),
    **dict.fromkeys(("price-4", "price-doubled", "batch-price"), ({"price"}, "cost ")),
    **dict.fromkeys(("list-renamed", "list-renamed-object"), ({"unreadable"}, "entries")),
    **dict.fromkeys(("list-as-object", "list-wrapped"), ({"unreadable"}, "instead of a list")),
    "data-wrapped": ({"unreadable"}, "result"),
    "web-items": ({"unreadable"}, "item, type"),
    "cursor-text": ({"paging"}, "nextCursor is '"),
    "cursor-object": ({"unreadable"}, "nextCursor is no cursor"),
    "cursor-renamed": ({"unreadable"}, "next_cursor"),
    "total-text": ({"number"}, "total is 'many'"),
    "total-huge": ({"number"}, "total is 18446744073709551615"),
    "profile-wrapped": ({"unreadable"}, "profile"),
    "profile-no-id": ({"unreadable"}, "without an id"),
    "other-post": ({"mismatch"}, "another object"),
    "other-batch": ({"items"}, ""),
    "status-private": ({"private"}, "10222"),
    "status-error": ({"unreadable"}, "10101"),
    "detail-200": ({"unreadable"}, "Your subscription has expired"),
    "html-200": ({"server"}, "HTML in place of an answer"),
    "router-404": ({"server"}, "no such path"),
    "redirect": ({"server"}, "redirected to elsewhere"),
    **{f"{status}{form}": ({"account"}, str(status)) for status in (401, 402, 403) for form in ("", "-html")},
    "milliseconds": ({"number"}, "milliseconds"),
    "counter-huge": ({"number"}, str(2**70)),
    "integer-huge": ({"number"}, str(10**29 + 7)),
}  # fmt: skip
# Forms that are documented and that the readers know.
KNOWN_FORMS = {
    "gzip", "reply-embedded", "image-comments", "stats-v2", "padded-nulls", "author-zeros", "photo-150",
    "tags-capitals",
}  # fmt: skip


@pytest.fixture(scope="module")
def probing(servers: dict[str, str], one_sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    rig = Rig(tmp_path_factory.mktemp("probing"), servers, one_sandbox, f"t{uuid4().hex[:12]}")
    try:
        yield rig
    finally:
        rig.close()


@pytest.fixture
def rig(probing: Rig, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    monkeypatch.chdir(probing.home)
    yield probing
    sandbox.switch(deviate=None)
    for name in probing.db.list_collection_names():
        probing.db[name].delete_many({})


def doctor(rig: Rig, *args: str) -> tuple[int, dict[str, Any]]:
    done = CliRunner(env=rig.env).invoke(app, ["doctor", "--live", *args, "--json"])
    return done.exit_code, json.loads(done.stdout) if done.stdout else {"stderr": done.stderr}


def findings(report: dict[str, Any]) -> list[dict[str, Any]]:
    return [finding for visit in report["endpoints"] for finding in visit["findings"]]


def test_every_kind_is_found_or_a_known_form() -> None:
    assert sorted([*FOUND, *KNOWN_FORMS]) == sorted(DEVIATIONS)


def test_nothing_is_found_where_nothing_deviates_and_all_is_in_the_ledger(rig: Rig) -> None:
    code, report = doctor(rig)
    assert (code, findings(report)) == (0, [])
    assert all(visit["tried"] for visit in report["endpoints"])
    log = rig.sandbox.log()
    assert len(log) == len(report["endpoints"]) == rig.db["answers"].count_documents({})
    assert report["units"] == sum(entry["units"] for entry in log) == rig.status(report["crawl"])["units"]["spent"]
    assert rig.db["pages"].count_documents({"state": "done"}) == len(log)
    day = f"charged.{utc_day()}"
    assert sum(page["charged"][utc_day()] for page in rig.db["pages"].find({day: {"$exists": True}})) == report["units"]


@pytest.mark.parametrize("kind", FOUND)
def test_a_deviation_is_reported_in_words_and_nothing_else_is(rig: Rig, kind: str) -> None:
    rig.sandbox.switch(deviate=[kind])
    code, report = doctor(rig)
    classes, words = FOUND[kind]
    found = findings(report)
    assert code == 1
    assert {finding["kind"] for finding in found} == classes
    assert [finding["text"] for finding in found if words not in finding["text"]] == []
    deviated = [entry for entry in rig.sandbox.log() if entry["deviations"]]
    assert len({visit["endpoint"] for visit in report["endpoints"] if visit["findings"]}) <= len(deviated)
    crawl = rig.db["crawls"].find_one({"_id": report["crawl"]}) or {}
    failed = rig.db["pages"].count_documents({"state": "failed"})
    assert crawl["state"] == ("failed" if failed else "complete")


@pytest.mark.parametrize("kind", sorted(KNOWN_FORMS))
def test_a_form_that_the_readers_know_is_no_deviation(rig: Rig, kind: str) -> None:
    rig.sandbox.switch(deviate=[kind])
    assert doctor(rig)[0] == 0


def test_what_could_not_be_read_is_kept(rig: Rig) -> None:
    rig.sandbox.switch(deviate=["list-renamed@hashtag/posts"])
    doctor(rig, "hashtag_search")
    [answer] = rig.db["answers"].find({})
    assert "entries" in answer["why"]


def test_an_endpoint_that_is_named_is_the_only_one_bought(rig: Rig) -> None:
    posts = rig.sandbox.cast()["posts"]["comments_300"]
    code, report = doctor(rig, "post_comments", "--arg", f"aweme_id={posts['id']}")
    assert (code, len(rig.sandbox.log()), report["endpoints"][0]["items"]) == (0, 1, 30)


def test_what_no_answer_can_name_must_be_given(rig: Rig) -> None:
    done = rig.cli("doctor", "--live", "post_comments")
    assert (done.returncode, rig.sandbox.log()) == (2, [])
    assert done.stderr == (
        "tokcrawl: post_comments needs aweme_id: name hashtag_search too, or give --arg aweme_id=…\n"
    )
