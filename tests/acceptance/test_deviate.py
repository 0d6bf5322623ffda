"""An API that deviates in each way that the sandbox can: nothing bought is silently lost, and no budget is passed.

One worker serves all crawls; deviations are switched while it runs. Kinds whose prices the worker learns use endpoints
of their own, so that what it learned does not bound another kind's crawl.
"""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple
from uuid import uuid4

import pytest
from typer.testing import CliRunner

from producers.cli import app
from sandbox.client import Sandbox
from sandbox.provider.deviations import DEVIATIONS
from tests.acceptance.rig import Rig
from tests.servers import redis_url

pytestmark = pytest.mark.acceptance

KINDS = ("posts", "users", "comments", "music", "hashtags", "follows")
ATTEMPTS = 2
SLOTS = 4


class Case(NamedTuple):
    """A crawl and what becomes of it.

    rule: the deviation as the sandbox takes it.        words: the crawl; `post:NAME` and `url:NAME` are special posts.
    code: the exit code.        calls: of all endpoints.        after: calls from the first deviating one on, at most.
    error: the class of the failed page.        ends: the end of its list.        options: of the truth.
    """

    rule: str
    words: str
    code: int
    calls: int
    after: int
    budget: int = 100
    error: str | None = None
    ends: str | None = None
    options: dict[str, str] | None = None

    @property
    def kind(self) -> str:
        return self.rule.partition("@")[0].partition(":")[0]


_TAG = "hashtag big-90 --expand none"  # five pages
_TREE = "hashtag big-12 --expand authors,comments"
_COMMENTS = "comments post:comments_300 --limit comments=60"  # two pages
_PROFILE = "followers fans230"
_NONE, _EXPANDED = {"expand": "none"}, {"expand": "authors,comments"}

CHARGES = [  # of ten units, ten are spent: what a call costs is not known, and counts as what was held for it
    Case("no-charge-header", "hashtag big-400 --expand none", 5, 10, 10, 10),
    Case("charge-float", "hashtag big-400 --expand none", 5, 10, 10, 10),
    Case("charge-negative", "hashtag big-400 --expand none", 5, 10, 10, 10),
    Case("charge-absurd", "hashtag big-400 --expand none", 5, 10, 10, 10),
    # The first call that costs more is the only one that passes what was held.
    Case("price-4@keyword/search:3", "keyword big-400 --period 0 --expand none", 5, 4, 2, 10),
    Case("price-doubled@user/posts:3", "user posts_300 --expand none", 5, 6, 4, 10),
    Case("batch-price", "posts 250", 5, 1, 1, 120),
]
HARMLESS = [
    Case("gzip", _TREE, 0, 0, 27, options=_EXPANDED),
    Case("cursor-text", _TAG, 0, 5, 5, options=_NONE),
    Case("total-text", _COMMENTS, 0, 2, 2, options={"limit": "comments=60"}),
    Case("total-huge", _COMMENTS, 0, 2, 2, options={"limit": "comments=60"}),
    Case("reply-embedded", "comments post:many_replies", 0, 2, 2),
    Case("image-comments", _TREE, 0, 0, 27, options=_EXPANDED),
    Case("milliseconds", _TREE, 0, 0, 27, options=_EXPANDED),
    Case("stats-v2", "user pinned_user --expand none", 0, 0, 5, options=_NONE),
    Case("counter-huge", _TREE, 0, 0, 27, options=_EXPANDED),
    Case("integer-huge", _TREE, 0, 0, 27, options=_EXPANDED),
    Case("padded-nulls", _TREE, 0, 0, 27, options=_EXPANDED),
    Case("author-zeros", "user pinned_user --expand none", 0, 0, 5, options=_NONE),
    Case("photo-150", _TREE, 0, 0, 27, options=_EXPANDED),
    Case("tags-capitals", _TREE, 0, 0, 27, options=_EXPANDED),
]
UNREADABLE = [  # the second page is the last one bought
    *(
        Case(f"{kind}:2", _TAG, 4, 2, 1, error="unreadable", ends="error")
        for kind in ("list-renamed", "list-as-object", "list-renamed-object", "list-wrapped", "data-wrapped")
    ),
    Case("web-items:2", _TAG, 4, 2, 1, error="unreadable", ends="error"),
    Case("cursor-object:2", _TAG, 4, 2, 1, error="unreadable", ends="error"),
    Case("cursor-renamed:2", _TAG, 4, 2, 1, error="unreadable", ends="error"),
    Case("profile-wrapped", _PROFILE, 4, 1, 1, error="unreadable", ends="error"),
]
WITHHELD = [
    Case("profile-no-id", _PROFILE, 4, 1, 1, error="unreadable", ends="error"),
    Case("other-post", "post url:comments_300", 4, 1, 1, error="mismatch", ends="error"),
    Case("status-error:2", _TAG, 4, 2, 1, error="unreadable", ends="error"),
    Case("status-private", _PROFILE, 0, 1, 1, ends="private"),
    Case("other-batch", "posts post:comments_300 post:many_replies", 0, 1, 1, ends="end"),
    Case("detail-200:2", _TAG, 4, 2, 1, error="unreadable", ends="error"),
    Case("html-200:2", _TAG, 4, 1 + ATTEMPTS, ATTEMPTS, error="server", ends="error"),
    Case("router-404:2", _TAG, 4, 1 + ATTEMPTS, ATTEMPTS, error="server", ends="error"),
    Case("redirect:2", _TAG, 4, 1 + ATTEMPTS, ATTEMPTS, error="server", ends="error"),
    *(Case(f"{status}{form}:2", _TAG, 3, 2, 1) for status in (401, 402, 403) for form in ("", "-html")),
]
CASES = [*CHARGES, *HARMLESS, *UNREADABLE, *WITHHELD]


@pytest.fixture(scope="module")
def deviating(servers: dict[str, str], one_sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    urls = {**servers, "TOKCRAWL_BROKER_URL": redis_url(servers, 4), "TOKCRAWL_REDIS_URL": redis_url(servers, 5)}
    rig = Rig(tmp_path_factory.mktemp("deviating"), urls, one_sandbox, f"t{uuid4().hex[:12]}")
    try:
        rig.start_worker(SLOTS, env={"TOKCRAWL_ATTEMPTS": str(ATTEMPTS)})
        rig.wait_ready()
        yield rig
    finally:
        rig.close()


@pytest.fixture
def rig(deviating: Rig, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    """The rig with its worker, over an empty database; the command line runs in this process."""
    monkeypatch.chdir(deviating.home)
    yield deviating
    sandbox.switch(deviate=None)
    for paused in deviating.db["crawls"].find({"state": "paused", "cause": "account"}):
        run(deviating, "resume", paused["_id"])  # opens the gate
    deviating.forget()


def run(rig: Rig, *args: str) -> Any:
    """Run a command in this process, which takes a tenth of what starting one takes."""
    return CliRunner(env=rig.env).invoke(app, args)


def words_of(rig: Rig, case: Case) -> list[str]:
    posts = rig.sandbox.cast()["posts"]
    if case.kind == "batch-price":
        return ["posts", *rig.sandbox.find("hashtag", "big-300", count=250)["posts"], "--expand", "none"]
    by_name = {f"{kind}:{name}": post[key] for name, post in posts.items() for kind, key in _KEYS}
    return [by_name.get(word, word) for word in case.words.split()]


_KEYS = (("post", "id"), ("url", "url"))


def crawl(rig: Rig, case: Case) -> tuple[int, dict[str, Any]]:
    """Seed, watch to the end; return the exit code and the status."""
    seeded = run(rig, "seed", *words_of(rig, case), "--max-units", str(case.budget), "--json")
    assert seeded.exit_code == 0, seeded.output
    crawl_id = json.loads(seeded.stdout)["crawl"]
    watched = run(rig, "watch", crawl_id, "--timeout", "30", "--json")
    return watched.exit_code, json.loads(watched.stdout)


def truth(rig: Rig, case: Case) -> dict[str, Any]:
    if case.kind == "reply-embedded":
        return dict(rig.sandbox.deviations()["paid"])
    words = words_of(rig, case)
    values = [word for word in words[1:] if word not in words[words.index("--expand") :]] if "--expand" in words else []
    values = values or [word for word in words[1:] if not word.startswith("--") and "=" not in word]
    return rig.sandbox.truth(words[0], *values, **(case.options or {}))


def stored(rig: Rig) -> dict[str, list[str]]:
    return {kind: sorted(rig.stored(kind)) for kind in KINDS}


def only(found: dict[str, Any]) -> dict[str, list[str]]:
    return {kind: found[kind] for kind in KINDS}


def check_bounds(rig: Rig, case: Case, told: dict[str, Any]) -> None:
    """What holds whatever deviates: the budget, the calls after the first deviation, and no traceback."""
    log = rig.sandbox.log()
    first = next(entry["n"] for entry in log if entry["deviations"])
    dearest: dict[str, int] = {}
    for entry in log:
        dearest[entry["path"]] = max(dearest.get(entry["path"], 1), entry["units"])
    risen = sum(price for price in dearest.values() if price > 1)
    assert sum(entry["units"] for entry in log) <= case.budget + risen
    assert len(log) - first <= case.after
    assert told["calls"] == len(log)
    assert rig.sandbox.stats()["repeated"] == []
    assert "Traceback" not in rig.worker_log()


def test_every_kind_of_deviation_has_a_case() -> None:
    assert sorted(case.kind for case in CASES) == sorted(DEVIATIONS)
    effects = {case.kind: DEVIATIONS[case.kind].effect for case in CASES}
    assert {effects[case.kind] for case in UNREADABLE} == {"unreadable"}
    assert {effects[case.kind] for case in WITHHELD} == {"withheld"}


@pytest.mark.parametrize("case", CHARGES, ids=lambda case: case.kind)
def test_a_budget_binds_whatever_a_call_costs(rig: Rig, case: Case) -> None:
    rig.sandbox.switch(deviate=[case.rule])
    code, told = crawl(rig, case)
    check_bounds(rig, case, told)
    assert (code, told["cause"], told["calls"]) == (case.code, "budget", case.calls)
    assert stored(rig) == only(rig.sandbox.deviations()["readable"])


@pytest.mark.parametrize("case", HARMLESS, ids=lambda case: case.kind)
def test_a_harmless_deviation_leaves_a_crawl_complete(rig: Rig, case: Case) -> None:
    rig.sandbox.switch(deviate=[case.rule])
    code, told = crawl(rig, case)
    check_bounds(rig, case, told)
    assert (code, told["state"], told["units"]["unknown"]) == (0, "complete", 0)
    true = only(truth(rig, case))
    assert stored(rig) == true
    assert told["entities"] == {kind: len(ids) for kind, ids in true.items()}
    assert told["rejects"] == 0


@pytest.mark.parametrize("case", UNREADABLE, ids=lambda case: case.kind)
def test_what_cannot_be_read_is_bought_once_and_fails(rig: Rig, case: Case) -> None:
    rig.sandbox.switch(deviate=[case.rule])
    code, told = crawl(rig, case)
    check_bounds(rig, case, told)
    check_end(rig, case, code, told)
    assert stored(rig) == only(rig.sandbox.deviations()["readable"])


@pytest.mark.parametrize("case", WITHHELD, ids=lambda case: case.kind)
def test_what_is_not_there_is_not_made_up(rig: Rig, case: Case) -> None:
    rig.sandbox.switch(deviate=[case.rule])
    code, told = crawl(rig, case)
    check_bounds(rig, case, told)
    check_end(rig, case, code, told)
    if case.kind != "other-batch":
        assert stored(rig) == only(rig.sandbox.deviations()["readable"])


def check_end(rig: Rig, case: Case, code: int, told: dict[str, Any]) -> None:
    assert (code, told["calls"]) == (case.code, case.calls), told
    assert (told["state"] == "complete") == (code == 0)
    assert told["units"]["unknown"] == 0 or case.error == "server"
    assert told["ends"] == ({case.ends: 1} if case.ends else {})
    failed = [page["error"]["kind"] for page in rig.db["pages"].find({"state": "failed"})]
    assert failed == ([case.error] if case.error else [])


def test_other_posts_of_a_batch_are_kept_and_lead_nowhere(rig: Rig) -> None:
    case = next(case for case in WITHHELD if case.kind == "other-batch")
    rig.sandbox.switch(deviate=[case.rule])
    crawl(rig, case)
    (page,) = rig.db["pages"].find({})
    assert not page.get("items")
    assert set(page["ends"].values()) == {"missing"}
    assert stored(rig)["posts"] == [rig.sandbox.cast()["posts"]["plain_post"]["id"]]


def test_a_refused_account_goes_on_where_it_stopped(rig: Rig) -> None:
    case = next(case for case in WITHHELD if case.kind == "401")
    rig.sandbox.switch(deviate=[case.rule])
    _, told = crawl(rig, case)
    rig.sandbox.switch(deviate=None)
    assert run(rig, "resume", told["crawl"]).exit_code == 0
    assert run(rig, "watch", told["crawl"], "--timeout", "30").exit_code == 0
    assert stored(rig) == only(rig.sandbox.truth("hashtag", "big-90", expand="none"))
    assert rig.sandbox.stats()["repeated"] == []


def test_the_calls_in_flight_when_a_price_rises_are_the_last_that_pass_a_budget(rig: Rig) -> None:
    """Each list is one call, so that as many are in flight as there are slots; from the fifth on each costs 4."""
    posts = rig.sandbox.find("hashtag", "big-300", count=60)["posts"]
    rig.sandbox.switch(deviate=["price-4@post/comments:5"], latency=0.05)
    seeded = run(rig, "seed", "comments", *posts, "--max-units", "10", "--limit", "comments=1", "--json")
    crawl_id = json.loads(seeded.stdout)["crawl"]
    assert run(rig, "watch", crawl_id, "--timeout", "30").exit_code == 5
    rig.sandbox.switch(latency=None)
    assert rig.sandbox.stats()["units"] <= 10 + 3 * SLOTS
