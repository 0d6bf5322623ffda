"""One visit per endpoint, as a crawl of its own: bought once, recorded, and over whatever happens."""

from collections.abc import Mapping
from io import StringIO
from typing import Any

import orjson
import pytest

from crawler.api.client import ApiResponse
from crawler.api.endpoints import Endpoint
from crawler.model.errors import AccountError, ApiCallError, RateLimitedError, TransientError, UsageError
from crawler.store import Store
from producers.doctor.live import LiveDoctor, Visit, confirm, price_line, report, visit_line
from producers.doctor.questions import Questions, chosen
from tests.factories import raw

# The fake says that it has no disk to use.
pytestmark = pytest.mark.filterwarnings("ignore:'allowDiskUse':UserWarning")


class FakeApi:
    """Answers in order with what was prepared."""

    def __init__(self, *answers: Any) -> None:
        self._answers = list(answers)
        self.calls: list[str] = []

    def fetch(self, endpoint: Endpoint, args: Mapping[str, Any], cursor: Mapping[str, Any]) -> ApiResponse:
        self.calls.append(endpoint.name)
        answer = self._answers.pop(0)
        if isinstance(answer, ApiCallError):
            raise answer
        return ApiResponse(answer, 1, 200, orjson.dumps({"data": answer}))


PAGE = {"data": [raw("post")], "nextCursor": 20}
BOTH = ("hashtag_search", "post_comments")


def visits(store: Store, api: FakeApi, *names: str, day_units: int = 0) -> list[Visit]:
    endpoints, questions = chosen(names), Questions({})
    questions.plan(endpoints)
    doctor = LiveDoctor(store, api, day_units)  # type: ignore[arg-type]  # a fake
    return doctor.run(endpoints, questions, lambda _: None)[1]


def crawl(store: Store) -> dict[str, Any]:
    return store.db["crawls"].find_one({}) or {}


def test_a_page_is_bought_stored_kept_and_followed_by_nothing(store: Store) -> None:
    found = visits(store, FakeApi(PAGE, {"comments": [raw("comment")]}), *BOTH)
    assert [(visit.endpoint, visit.items, visit.units, visit.findings) for visit in found] == [
        ("hashtag_search", 1, 1, []),
        ("post_comments", 1, 1, []),
    ]
    pages = list(store.db["pages"].find({}))
    assert [(page["state"], page["end"], page["units"]) for page in pages] == [("done", "limit", 1), ("done", "end", 1)]
    assert store.db["answers"].count_documents({}) == 2
    assert store.db["posts"].count_documents({}) == 1
    assert (crawl(store)["state"], crawl(store)["rollup"]["units"]) == ("complete", 2)


def test_no_worker_is_sent_what_the_doctor_buys(store: Store) -> None:
    states: list[bool] = []

    class Watching(FakeApi):
        def fetch(self, *args: Any) -> ApiResponse:
            states.extend(one.is_active for one in store.crawls.active())
            return super().fetch(*args)

    visits(store, Watching(PAGE), "hashtag_search")
    assert states == [False]


def test_an_answer_that_cannot_be_read_fails_its_page_and_is_kept(store: Store) -> None:
    [visit] = visits(store, FakeApi({"odd": [{"a": [1]}]}), "hashtag_search")
    assert [finding.kind for finding in visit.findings] == ["unreadable"]
    page = store.db["pages"].find_one({}) or {}
    assert (page["state"], page["units"], crawl(store)["state"]) == ("failed", 1, "failed")
    assert (store.db["answers"].find_one({}) or {})["why"] == page["error"]["detail"]


def test_after_a_refused_token_nothing_more_is_tried(store: Store) -> None:
    api = FakeApi(AccountError("token", 491))
    first, second = visits(store, api, "hashtag_search", "music_search")
    assert ([finding.kind for finding in first.findings], second.tried) == (["account"], False)
    assert api.calls == ["hashtag_search"]


def test_a_call_that_was_one_too_many_is_made_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    paused: list[float] = []
    monkeypatch.setattr("time.sleep", paused.append)
    [visit] = visits(
        store, FakeApi(RateLimitedError("slowly"), RateLimitedError("slowly", after=7), PAGE), "hashtag_search"
    )
    assert (visit.findings, paused) == ([], [2.0, 7])
    [visit] = visits(store, FakeApi(*[RateLimitedError("slowly")] * 5), "hashtag_search")
    assert [finding.kind for finding in visit.findings] == ["rate"]


def test_a_failing_server_is_reported_and_what_needs_its_answer_is_not_tried(store: Store) -> None:
    first, second = visits(store, FakeApi(TransientError("broken", 500, None)), *BOTH)
    assert ([finding.text for finding in first.findings], second.tried) == (["500: broken"], False)
    assert (store.db["pages"].find_one({}) or {})["unknown"]


def test_the_budget_of_the_day_binds_the_doctor_too(store: Store) -> None:
    api = FakeApi(PAGE, {"comments": []})
    with pytest.raises(UsageError, match="TOKCRAWL_DAY_UNITS"):
        visits(store, api, *BOTH, day_units=1)
    assert len(api.calls) == 1
    assert crawl(store)["state"] == "complete"
    assert {page["state"] for page in store.db["pages"].find({})} == {"done", "skipped"}


def test_a_call_that_is_interrupted_counts_as_spent(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    api = FakeApi()
    monkeypatch.setattr(api, "fetch", interrupted)
    with pytest.raises(KeyboardInterrupt):
        visits(store, api, "hashtag_search")
    page = store.db["pages"].find_one({}) or {}
    assert (page["state"], page["error"]["kind"], sum(page["unknown"].values())) == ("failed", "bug", 1)
    assert crawl(store)["state"] == "failed"


def test_the_price_is_said_and_asked_for_on_a_terminal_only(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    line = price_line(chosen(["hashtag_search", "user_search"]))
    assert line == "2 calls: about 2 units, at most 3 by the table"
    for text, is_terminal, agreed in (("y\n", True, True), ("\n", True, False), ("", False, True)):
        answer = StringIO(text)
        monkeypatch.setattr(answer, "isatty", lambda is_terminal=is_terminal: is_terminal)
        monkeypatch.setattr("sys.stdin", answer)
        assert confirm(line) is agreed
        assert line in capsys.readouterr().err


def test_the_report_counts_deviations_and_units(store: Store) -> None:
    found = visits(store, FakeApi({"odd": [{"a": [1]}]}), *BOTH)
    written = report("c", found)
    assert (written["crawl"], written["deviations"], written["units"]) == ("c", 1, 1)
    assert [(one["endpoint"], one["tried"]) for one in written["endpoints"]] == [
        ("hashtag_search", True),
        ("post_comments", False),
    ]
    lines = "\n".join(map(visit_line, found)).splitlines()
    assert lines[0].split() == ["hashtag_search", "1", "deviation:", "0", "items,", "1", "unit"]
    assert lines[1].startswith("  unreadable: no list of items")
    assert lines[2].endswith("not tried: nothing to ask for")
