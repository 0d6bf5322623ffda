"""Answers that could not be read are kept by real workers, and bring exactly the truth once a better reader is there.

The reader is upgraded by a hook that undoes what the sandbox did to the answer.
"""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any
from uuid import uuid4

import pytest
import zstandard
from typer.testing import CliRunner

from crawler.api.page_parser import parse_page
from producers.cli import app
from sandbox.client import Sandbox
from sandbox.provider.deviations import DEVIATIONS
from tests.acceptance.rig import KINDS, Rig
from tests.servers import redis_url

pytestmark = pytest.mark.acceptance

Json = dict[str, Any]


def _without(found: Json, name: str, /, **fields: Any) -> Json:
    return {**{key: value for key, value in found.items() if key != name}, **fields}


def _snake(item: Json) -> Json:
    inner = {re.sub(r"([A-Z])", lambda capital: "_" + capital[1].lower(), key): value for key, value in item.items()}
    return _without(inner, "id", aweme_id=inner["id"])


UPGRADES: dict[str, Callable[[Any], Any]] = {
    "list-renamed": lambda data: _without(data, "entries", data=data["entries"]),
    "list-as-object": lambda data: {**data, "data": list(data["data"].values())},
    "list-renamed-object": lambda data: _without(data, "entries", data=list(data["entries"].values())),
    "list-wrapped": lambda data: {**data, "data": data["data"]["list"]},
    "data-wrapped": lambda data: data["result"],
    "web-items": lambda data: {**data, "data": [_snake(one["item"]) for one in data["data"]]},
    "cursor-object": lambda data: {**data, "nextCursor": data["nextCursor"]["offset"]},
    "cursor-renamed": lambda data: _without(data, "next_cursor", nextCursor=data["next_cursor"]),
    "profile-wrapped": lambda data: _without(data, "profile", user=data["profile"]),
}
TAG = ("hashtag", "big-90", "--expand", "none")  # five pages


@pytest.fixture(scope="module")
def keeping(servers: dict[str, str], one_sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    urls = {**servers, "TOKCRAWL_BROKER_URL": redis_url(servers, 6), "TOKCRAWL_REDIS_URL": redis_url(servers, 7)}
    rig = Rig(tmp_path_factory.mktemp("keeping"), urls, one_sandbox, f"t{uuid4().hex[:12]}")
    try:
        rig.start_worker(4, env={"TOKCRAWL_ARCHIVE": "all"})
        rig.wait_ready()
        yield rig
    finally:
        rig.close()


@pytest.fixture
def rig(keeping: Rig, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    """The rig with its worker, over an empty database; the command line runs in this process."""
    monkeypatch.chdir(keeping.home)
    yield keeping
    sandbox.switch(deviate=None)
    keeping.forget()


def run(rig: Rig, *args: str) -> Any:
    return CliRunner(env=rig.env).invoke(app, args)


def crawl(rig: Rig, *words: str) -> tuple[str, int]:
    crawl_id = json.loads(run(rig, "seed", *words, "--json").stdout)["crawl"]
    return crawl_id, run(rig, "watch", crawl_id, "--timeout", "30").exit_code


def reread(rig: Rig, *args: str) -> Json:
    done = run(rig, "reread", *args, "--json")
    assert done.exit_code == 0, done.output
    [row] = json.loads(done.stdout)["crawls"]
    return dict(row)


def upgrade(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """Undo what the sandbox did, where an answer looks like it."""

    def parse(endpoint: Any, data: Any, args: Any) -> Any:
        with suppress(KeyError, TypeError, AttributeError):  # this answer did not deviate
            data = UPGRADES[kind](data)
        return parse_page(endpoint, data, args)

    monkeypatch.setattr("crawler.engine.rereader.parse_page", parse)


def words_of(kind: str) -> tuple[str, ...]:
    return ("followers", "fans230") if kind == "profile-wrapped" else TAG


def stored(rig: Rig) -> dict[str, list[str]]:
    return {kind: sorted(rig.stored(kind)) for kind in KINDS}


def test_every_unreadable_deviation_has_an_upgrade() -> None:
    assert sorted(UPGRADES) == sorted(kind for kind, one in DEVIATIONS.items() if one.effect == "unreadable")


@pytest.mark.parametrize("kind", UPGRADES)
def test_an_upgraded_reader_brings_exactly_what_was_paid_without_a_call(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    rule = kind if kind == "profile-wrapped" else f"{kind}:2"
    rig.sandbox.switch(deviate=[rule])
    crawl_id, code = crawl(rig, *words_of(kind))
    failed = rig.db["pages"].find_one({"state": "failed"}) or {}
    answer = rig.db["answers"].find_one({"page": failed["_id"]}) or {}
    assert (code, failed["error"]["kind"], answer["why"]) == (4, "unreadable", failed["error"]["detail"])
    assert "data" in json.loads(zstandard.decompress(answer["body"]))
    calls = len(rig.sandbox.log())
    upgrade(monkeypatch, kind)
    row = reread(rig, crawl_id)
    assert (row["recovered"], row["unread"]) == (1, 0)
    paid = rig.sandbox.deviations()["paid"]
    assert stored(rig) == {kind: paid[kind] for kind in KINDS}
    status = rig.status(crawl_id)
    assert status["entities"] == {kind: len(paid[kind]) for kind in KINDS}
    assert (len(rig.sandbox.log()), status["calls"], status["units"]["spent"]) == (calls, calls, calls)
    assert (status["pages"]["failed"], status["pages"]["done"], status["state"]) == (0, calls, "failed")


@pytest.mark.parametrize("kind", ["list-renamed", "cursor-renamed", "profile-wrapped"])
def test_with_plan_the_crawl_goes_on_to_the_truth_and_buys_nothing_twice(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    rig.sandbox.switch(deviate=[kind if kind == "profile-wrapped" else f"{kind}:2"])
    crawl_id, _ = crawl(rig, *words_of(kind))
    rig.sandbox.switch(deviate=None)
    upgrade(monkeypatch, kind)
    assert reread(rig, crawl_id, "--plan")["planned"] > 0
    assert run(rig, "watch", crawl_id, "--timeout", "30").exit_code == 0
    status = rig.status(crawl_id)
    rig.check_truth(status, rig.sandbox.truth(*words_of(kind)[:2], expand="none"))
    rig.check_paid_once(status)


def test_with_all_every_page_has_its_answer_and_reading_them_again_changes_nothing(rig: Rig) -> None:
    crawl_id, code = crawl(rig, "hashtag", "big-12", "--expand", "authors,comments")
    assert code == 0
    before, figures = stored(rig), rig.status(crawl_id)
    pages = {page["_id"] for page in rig.db["pages"].find({}, {"_id": 1})}
    assert {answer["page"] for answer in rig.db["answers"].find({}, {"page": 1})} == pages
    documents = list(rig.db["pages"].find({}).sort("_id"))
    row = reread(rig, crawl_id)
    assert (row["answers"], row["changed"], row["recovered"], row["state"]) == (len(pages), 0, 0, "complete")
    assert (stored(rig), rig.status(crawl_id)) == (before, figures)
    assert list(rig.db["pages"].find({}).sort("_id")) == documents


def test_the_token_is_in_no_kept_answer(rig: Rig) -> None:
    crawl(rig, "hashtag", "big-12", "--expand", "none")
    assert all(
        rig.env["TOKCRAWL_API_TOKEN"].encode() not in zstandard.decompress(answer["body"])
        for answer in rig.db["answers"].find({})
    )
