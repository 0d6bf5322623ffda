"""The generated reference is up to date and complete: a crawl stores no field that it does not describe."""

import re
from collections.abc import Iterator, Mapping, Set
from datetime import datetime
from pathlib import Path
from threading import Event
from typing import Any
from unittest.mock import create_autospec

import mongomock_ng
import orjson
import pytest

from crawler.api.client import ApiResponse
from crawler.api.endpoints import ENDPOINTS, Endpoint
from crawler.engine.archive import AnswerArchive
from crawler.engine.breaker import OutageBreaker
from crawler.engine.budget import BudgetGuard
from crawler.engine.committer import Committer
from crawler.engine.crawl_cache import CrawlCache
from crawler.engine.dispatch_quota import DispatchQuota
from crawler.engine.page_runner import PageRunner
from crawler.engine.prices import PriceBook
from crawler.engine.reaper import reclaim_pages
from crawler.engine.rereader import Rereader
from crawler.engine.stats_buffer import StatsBuffer
from crawler.model.crawls import CrawlSpec
from crawler.model.enums import CrawlState, PauseCause, Relation, SeedKind
from crawler.model.errors import AccountError, ApiCallError, MalformedAnswerError, TransportError
from crawler.model.pages import PlannedPage, Request
from crawler.rate_limit.limiter import GateChange, Permit, RateLimiter
from crawler.settings import Settings
from crawler.store import Store, answers
from docs.reference import generate
from docs.reference.fields import COLLECTIONS, ENTITY_FIELDS, FIELDS, RELATIONS, SEED_KINDS, SETTINGS, SPEC_FIELDS
from tests.factories import charged, crawl, raw

# The fake says that it has no disk to use.
pytestmark = pytest.mark.filterwarnings("ignore:'allowDiskUse':UserWarning")

ROOT = Path(__file__).parents[2]
PLACEHOLDER = re.compile(r"[A-Z]+")
OPEN = {"raw", "args", "cursor", "next", "spec.options", "spec.limits", "spec.attrs"}  # objects without fields of ours


# --- the pages are those of the code ----------------------------------------------------------------------


@pytest.mark.parametrize("name", generate.pages())
def test_the_reference_is_as_generated(name: str) -> None:
    committed = (ROOT / "docs" / "reference" / name).read_text("utf-8")
    assert committed == generate.pages()[name], "run: make reference"


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_every_field_has_a_type_and_a_meaning_and_stands_once(collection: str) -> None:
    rows = generate.rows_of(collection)
    assert all(row[0] and row[1] and row[3] for row in rows)
    assert len({row[0] for row in rows}) == len(rows)


def test_no_description_is_left_of_something_that_is_gone() -> None:
    models = {kind: set(model.model_fields) for kind, model in generate.MODELS.items()}
    assert {
        (kind, name) for kind, names in ENTITY_FIELDS.items() for name in names if name not in models[kind]
    } == set()
    assert SPEC_FIELDS.keys() == CrawlSpec.model_fields.keys() - {"usernames", "sec_uids"}
    assert SETTINGS.keys() <= Settings.model_fields.keys()
    assert SEED_KINDS.keys() == {*SeedKind}
    assert RELATIONS.keys() == {*Relation}
    assert COLLECTIONS.keys() == FIELDS.keys() | generate.MODELS.keys()


def test_every_described_field_is_named_in_the_code_that_stores_it() -> None:
    folders = ("crawler/store", "crawler/engine", "crawler/model")
    source = "\n".join(file.read_text("utf-8") for folder in folders for file in (ROOT / folder).rglob("*.py"))
    names = {row[0] for rows in FIELDS.values() for row in rows}
    parts = {part for name in names for part in name.split(".") if not PLACEHOLDER.fullmatch(part)}
    assert {part for part in parts if not re.search(rf"\b{part}\b", source)} == set()


# --- a crawl stores nothing else --------------------------------------------------------------------------


class FakeApi:
    """Answers every endpoint with what the script of its name says, in order."""

    def __init__(self, script: Mapping[str, list[Any]]) -> None:
        self._script = {name: list(answers) for name, answers in script.items()}

    def fetch(self, endpoint: Endpoint, args: Mapping[str, Any], cursor: Mapping[str, Any]) -> ApiResponse:
        answer = self._script[endpoint.name].pop(0)
        if isinstance(answer, ApiCallError):
            raise answer
        return ApiResponse(answer, 1)


def open_limiter() -> Any:
    """A limiter that admits every call."""
    limiter = create_autospec(RateLimiter, instance=True)
    limiter.acquire.return_value = Permit(0.0, False, False)
    limiter.closed_gate.return_value = None
    limiter.record_failure.return_value = limiter.record_success.return_value = GateChange("none")
    return limiter


def script() -> dict[str, list[Any]]:
    return {
        "hashtag_search": [{"data": [raw("post"), raw("photo_post"), 5, {"type": 4, "card": {}}], "nextCursor": 20}],
        "post_comments": [{"comments": [raw("comment"), raw("reply")], "total": 2}],
        "multi_post_info": [[raw("post")]],
        "music_details": [{"music_info": raw("music")}],
        "user_followers": [{"followers": [raw("user")]}],
        "user_info_from_username": [TransportError("cut"), TransportError("cut", 1)],
        "post_info": [MalformedAnswerError("odd", 200, 2, b'{"data": null}')],
        "lives_search": [{"data": [{"room_id_str": "77"}]}],
        "user_search": [AccountError("token", 491)],
    }


REQUESTS = [
    Request("hashtag_search", {"hashtag": "cats"}),
    Request("post_comments", {"aweme_id": "7300000000000000101"}),
    Request("multi_post_info", {"aweme_ids": ["7300000000000000101", "9"]}),
    Request("music_details", {"music_id": "7"}),
    Request("user_followers", {"id": "6800000000000000001", "sec_uid": "MS4wLjABAAAA"}),
    Request("user_info_from_username", {"username": "alice"}),
    Request("post_info", {"url": "https://www.tiktok.com/@a/video/1"}),
    Request("lives_search", {"keyword": "cats"}),
    Request("post_comments", {"aweme_id": "1", "captcha": "no argument of this endpoint"}),
    Request("user_search", {"keyword": "cats"}),
]


SEEDED = {"usernames": frozenset({"alice"}), "sec_uids": frozenset({"MS4wLjABAAAA"})}


@pytest.fixture(scope="module")
def crawled() -> Store:
    """A database after a bounded crawl in which most things that can happen to a page have happened."""
    store = Store(mongomock_ng.MongoClient(tz_aware=True).db)
    store.crawls.create(
        "c",
        CrawlSpec(kind=SeedKind.HASHTAG, max_units=900, **SEEDED),
        ["cats"],
        kinds=["hashtag"],
        given=["Cats"],
        line=[1],
    )
    plans = [PlannedPage(request, 0, slow=request.endpoint == "lives_search") for request in REQUESTS]
    dead = PlannedPage(Request("post_comments", {"aweme_id": "2"}), 0)
    in_flight = PlannedPage(Request("user_followings", {"id": "1", "sec_uid": "MS4wLjABAAAA"}), 0)
    store.frontier.add("c", [*plans, dead, in_flight], max_depth=2)
    store.crawls.start("c")
    store.workers.heartbeat("w", "host", 1, 8, 0)
    store.leadership.try_acquire("w")
    run(store, FakeApi(script()))
    lost, held = (store.ledger.acquire(one.request.page_id("c"), "c", "dead", 60) for one in (dead, in_flight))
    assert lost is not None
    assert held is not None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(answers, "_PART", 20)
        body = orjson.dumps([raw("post")])
        AnswerArchive(store, "all").keep(lost, status=200, units=None, body=body, why="odd")
    reclaim_pages(store, PriceBook(store), store.leases.held_by(["c"], ["dead"])[:1], "dead")
    OutageBreaker(store, open_limiter()).close_gate(PauseCause.UNITS, AccountError("used up", 495))
    assert BudgetGuard(store, PriceBook(store), 1000).reserve(held, crawl(max_units=900), ENDPOINTS["user_followings"])
    store.ledger.record_duplicate_charge(lost, charged())
    Rereader(store, "c").run(None, lambda _: None)
    store.crawls.finish("c", CrawlState.FAILED, rollup=(store.crawls.get("c") or {})["rollup"])
    return store


def run(store: Store, api: FakeApi) -> None:
    quota, stats, prices, crawls = DispatchQuota(), StatsBuffer(), PriceBook(store), CrawlCache(store)
    crawls.refresh()
    archive = AnswerArchive(store, "all")
    runner = PageRunner(
        store=store, api=api, limiter=open_limiter(), crawls=crawls,  # type: ignore[arg-type]
        budget=BudgetGuard(store, prices, 1000),
        committer=Committer(store, quota, stats, lambda messages: None, archive), archive=archive,
        stats=stats, worker="w", slots=8, max_attempts=8, lease=60,
        stopping=Event(),
    )  # fmt: skip
    for request in REQUESTS:
        runner.run(request.page_id("c"), "c")
    for crawl_id, counts in stats.drain().items():
        store.crawls.increment_stats(crawl_id, counts)


def fields(document: Mapping[str, Any], described: Set[str], prefix: str = "") -> Iterator[str]:
    """The dotted names of a document's fields; an object that the reference describes as a whole is one."""
    for name, value in document.items():
        path = prefix + name
        if isinstance(value, Mapping) and value and path not in OPEN:
            yield from fields(value, described, path + ".")
        elif value != {} or path in described:
            yield path


def is_described(path: str, described: Set[str]) -> bool:
    parts = path.split(".")
    return any(
        len(parts) == len(names)
        and all(name == part or PLACEHOLDER.fullmatch(name) for name, part in zip(names, parts, strict=True))
        for names in (one.split(".") for one in described)
    )


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_a_crawl_stores_only_what_is_described(collection: str, crawled: Store) -> None:
    described = {row[0] for row in generate.rows_of(collection)}
    documents = list(crawled.db[collection].find())
    assert documents, "the crawl of this test stored none"
    stored = {path for document in documents for path in fields(document, described)}
    assert {path for path in stored if not is_described(path, described)} == set()


TYPES: dict[str, Any] = {
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
    "date": lambda value: isinstance(value, datetime),
    "object": lambda value: isinstance(value, Mapping),
    "list of strings": lambda value: isinstance(value, list) and all(isinstance(one, str) for one in value),
    "list of integers and nulls": lambda value: (
        isinstance(value, list) and all(one is None or isinstance(one, int) for one in value)
    ),
    "binary": lambda value: isinstance(value, bytes),
    "null": lambda value: value is None,
    "`video`": lambda value: value == "video",
    "`photo`": lambda value: value == "photo",
}


def value_at(document: Mapping[str, Any], path: str) -> Any:
    for name in path.split("."):
        document = document[name]
    return document


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_what_a_crawl_stores_has_the_type_that_is_described(collection: str, crawled: Store) -> None:
    described = {row[0]: row[1] for row in generate.rows_of(collection)}
    wrong = []
    for document in crawled.db[collection].find():
        for path in fields(document, described.keys()):
            value = value_at(document, path)
            (kind,) = (kind for name, kind in described.items() if is_described(path, {name}))
            if not any(TYPES[one](value) for one in kind.split(" or ")):
                wrong.append((path, kind, value))
    assert wrong == []


@pytest.mark.parametrize("collection", FIELDS)
def test_every_field_that_is_described_is_stored(collection: str, crawled: Store) -> None:
    described = {row[0] for row in generate.rows_of(collection)}
    stored = {path for document in crawled.db[collection].find() for path in fields(document, described)}
    never = {one for one in described if not any(is_described(path, {one}) for path in stored)}
    # As objects they are described by their parts, or they are null.
    assert {one for one in never if not any(other.startswith(one + ".") for other in described)} == set()


def test_a_crawl_stores_nothing_in_other_collections(crawled: Store) -> None:
    assert set(crawled.db.list_collection_names()) <= COLLECTIONS.keys()


def test_the_example_for_pymongo_reads_what_a_crawl_stored(
    crawled: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    howto = (ROOT / "docs" / "howto" / "read-the-data.md").read_text("utf-8")
    (example,) = re.findall(r"^```python\n(.*?)^```", howto, re.MULTILINE | re.DOTALL)
    monkeypatch.setattr("pymongo.MongoClient", lambda url: {"tokcrawl": crawled.db})
    names: dict[str, Any] = {}
    exec(example.replace("CRAWL", "c"), names)
    assert len(capsys.readouterr().out.splitlines()) == crawled.db["posts"].count_documents({}) > 1
    assert len(names["edges"]) == 1


def test_a_field_that_is_not_described_would_be_found() -> None:
    described = {"_id", "charged.DAY", "seen.last_at"}
    assert is_described("charged.2026-01-31", described)
    assert not is_described("charged", described)
    assert not is_described("seen.first_at", described)
    assert set(fields({"_id": "1", "seen": {"other": 1}}, described)) == {"_id", "seen.other"}
