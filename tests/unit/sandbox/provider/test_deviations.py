"""Each kind of deviation: which answers it changes, into what, and at what charge; and the report of what it cost."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from sandbox.provider.api import Api
from sandbox.provider.behaviour import Behaviour, InvalidSettingError, Rule
from sandbox.provider.contents import contents, grouped
from sandbox.provider.deviation_report import deviation_report
from sandbox.provider.deviations import DEVIATIONS
from sandbox.provider.endpoints import respond
from sandbox.provider.faults import FaultInjector
from sandbox.provider.request_log import RequestLog
from sandbox.provider.shaping import ResponsePlan
from sandbox.truth.parse_query import parse_query
from sandbox.truth.truth import Truth
from sandbox.world.world import World

TAG, KEYWORD, USER, SEC, POSTS, POST, BATCH, COMMENTS = (
    "/tt/hashtag/posts", "/tt/keyword/search", "/tt/user/info", "/tt/user/info-from-secuid", "/tt/user/posts",
    "/tt/post/info", "/tt/post/multi-info", "/tt/post/comments",
)  # fmt: skip


@pytest.fixture
def calls(names: dict[str, Any]) -> dict[str, dict[str, str]]:
    """One call of each endpoint that these tests ask."""
    posts, user = names["posts"], names["users"]["pinned_user"]
    return {
        TAG: {"name": "cats"},
        KEYWORD: {"name": "dogs", "period": "0"},
        USER: {"username": "pinned_user"},
        SEC: {"secUid": user["sec_uid"]},
        POSTS: {"username": "pinned_user", "depth": "1"},
        POST: {"url": posts["comments_300"]["url"]},
        BATCH: {"ids": f"{posts['comments_300']['id']};{posts['many_replies']['id']}"},
        COMMENTS: {"aweme_id": posts["many_replies"]["id"]},
    }


def api_of(world: World, *rules: str) -> Api:
    api = Api(world, FaultInjector(7, Behaviour()), RequestLog(), lambda: 1_790_000_500.0)
    api.configure(Behaviour().with_changes({"deviate": list(rules)}))
    return api


def ask(api: Api, path: str, query: dict[str, str]) -> ResponsePlan:
    return api.handle(path, {"token": "t", **query})


def data_of(plan: ResponsePlan) -> Any:
    body = plan.body or b""
    return json.loads(gzip.decompress(body) if plan.headers else body)["data"]


ALL = {TAG, KEYWORD, USER, SEC, POSTS, POST, BATCH, COMMENTS}
LISTS = ALL - {USER, SEC}
PAGED = {TAG, KEYWORD, POSTS, COMMENTS}
OF_POSTS = {TAG, KEYWORD, POSTS, POST, BATCH}
REFUSED = ("detail-200", "html-200", "router-404", "401", "402", "403", "401-html", "402-html", "403-html", "redirect")
CHANGES: dict[str, set[str]] = {
    **dict.fromkeys(("no-charge-header", "charge-float", "charge-negative", "charge-absurd", "gzip"), ALL),
    **dict.fromkeys(("price-4", "price-doubled", "data-wrapped", "status-error", "milliseconds", "counter-huge"), ALL),
    **dict.fromkeys(REFUSED, ALL),
    "batch-price": {BATCH},
    **dict.fromkeys(("list-renamed", "list-as-object", "list-renamed-object", "list-wrapped", "web-items"), LISTS),
    **dict.fromkeys(("cursor-text", "cursor-object", "cursor-renamed"), PAGED),
    **{kind: {COMMENTS} for kind in ("total-text", "total-huge", "reply-embedded", "image-comments")},
    **{kind: {USER, SEC} for kind in ("profile-wrapped", "profile-no-id", "status-private")},
    "other-post": {POST},
    "other-batch": {BATCH},
    "stats-v2": {USER},
    **dict.fromkeys(("integer-huge", "padded-nulls"), ALL - {USER}),
    "author-zeros": {POSTS},
    "photo-150": OF_POSTS,
    "tags-capitals": OF_POSTS - {POST},  # the post asked for has no hashtag
}


@pytest.mark.parametrize("kind", DEVIATIONS)
def test_a_kind_changes_the_answers_it_concerns_and_no_others(
    world: World, calls: dict[str, dict[str, str]], kind: str
) -> None:
    api, honest = api_of(world, kind), api_of(world)
    for path, query in calls.items():
        changed, plain = ask(api, path, query), ask(honest, path, query)
        concerned = path in CHANGES[kind]
        assert (changed.deviations == kind) is concerned, path
        assert (changed._replace(deviations=None, entry=0) != plain._replace(entry=0)) is concerned, path


@pytest.mark.parametrize(
    ("kind", "path", "status", "units", "header"),
    [
        ("no-charge-header", TAG, 200, 1, ""),
        ("charge-float", TAG, 200, 1, "1.0"),
        ("charge-negative", TAG, 200, 1, "-1"),
        ("charge-absurd", TAG, 200, 1, "18446744073709551616"),
        ("price-4", TAG, 200, 4, None),
        ("price-doubled", BATCH, 200, 2, None),
        ("batch-price", BATCH, 200, 2, None),
        ("list-renamed", TAG, 200, 1, None),
        ("status-private", USER, 200, 1, None),
        ("detail-200", TAG, 200, 0, None),
        ("html-200", TAG, 200, 0, None),
        ("router-404", TAG, 404, 0, ""),
        ("402", TAG, 402, 0, None),
        ("403-html", TAG, 403, 0, None),
        ("redirect", TAG, 302, 0, None),
    ],
)
def test_status_charge_and_header_of_a_kind(
    world: World, calls: dict[str, dict[str, str]], kind: str, path: str, status: int, units: int, header: str | None
) -> None:
    plan = ask(api_of(world, kind), path, calls[path])
    assert (plan.status, plan.units, plan.charge_header) == (status, units, header)
    assert plan.html is (kind in ("html-200", "403-html", "redirect"))


def test_a_list_moves_with_all_its_items(world: World, calls: dict[str, dict[str, str]]) -> None:
    honest = data_of(ask(api_of(world), TAG, calls[TAG]))
    items = honest["data"]
    places: dict[str, Any] = {
        "list-renamed": lambda data: data["entries"],
        "list-as-object": lambda data: list(data["data"].values()),
        "list-renamed-object": lambda data: list(data["entries"].values()),
        "list-wrapped": lambda data: data["data"]["list"],
        "data-wrapped": lambda data: data["result"]["data"],
        "cursor-renamed": lambda data: data["data"],
    }
    for kind, found in places.items():
        assert found(data_of(ask(api_of(world, kind), TAG, calls[TAG]))) == items, kind
    web = data_of(ask(api_of(world, "web-items"), TAG, calls[TAG]))["data"]
    assert [entry["item"]["id"] for entry in web] == [item["aweme_id"] for item in items]
    assert web[0]["item"]["authorUserId"] == items[0]["author_user_id"]


def test_cursors_and_totals(world: World, calls: dict[str, dict[str, str]]) -> None:
    def data(kind: str) -> Any:
        return data_of(ask(api_of(world, kind), COMMENTS, calls[COMMENTS]))

    assert (data("cursor-text")["nextCursor"], data("cursor-object")["nextCursor"]) == ("12", {"offset": 12})
    assert (data("cursor-renamed")["next_cursor"], "nextCursor" in data("cursor-renamed")) == (12, False)
    assert (data("total-text")["total"], data("total-huge")["total"]) == ("many", 2**64 - 1)


def test_what_profiles_and_single_posts_become(
    world: World, calls: dict[str, dict[str, str]], names: dict[str, Any]
) -> None:
    def data(kind: str, path: str) -> Any:
        return data_of(ask(api_of(world, kind), path, calls[path]))

    assert {"profile", "stats"} <= data("profile-wrapped", USER).keys()
    assert data("profile-no-id", SEC)["user"].keys().isdisjoint({"id", "uid"})
    assert data("status-private", USER)["statusCode"] == 10222
    stats = data("stats-v2", USER)
    assert int(stats["statsV2"]["heartCount"]) >= stats["stats"]["heartCount"] > 0
    (other,) = data("other-post", POST)
    assert other["aweme_id"] == names["posts"]["plain_post"]["id"]
    calls[POST] = {"url": names["posts"]["plain_post"]["url"]}
    assert data("other-post", POST)[0]["aweme_id"] == names["posts"]["photo_post"]["id"]


def test_embedded_replies_are_those_of_the_world(world: World, calls: dict[str, dict[str, str]]) -> None:
    comments = data_of(ask(api_of(world, "reply-embedded"), COMMENTS, calls[COMMENTS]))["comments"]
    first = comments[0]
    assert [reply["reply_id"] for reply in first["reply_comment"]] == [first["cid"]] * 3
    query = {"aweme_id": calls[COMMENTS]["aweme_id"], "comment_id": first["cid"]}
    replies = data_of(ask(api_of(world), "/tt/post/comments-replies", query))["comments"]
    assert first["reply_comment"] == replies[:3]


def test_a_rule_begins_with_the_nth_answer_that_it_could_change(world: World, calls: dict[str, dict[str, str]]) -> None:
    api = api_of(world, "list-renamed@hashtag/posts:3", "milliseconds")
    struck = [ask(api, path, calls[path]).deviations for path in (TAG, COMMENTS, USER, TAG, TAG, COMMENTS, TAG)]
    both = "list-renamed+milliseconds"
    assert struck == ["milliseconds"] * 4 + [both, "milliseconds", both]
    api.configure(Behaviour().with_changes({"deviate": None}))
    assert ask(api, TAG, calls[TAG]).deviations is None


def test_a_rule_is_written_as_kind_endpoint_and_number() -> None:
    made = Behaviour().with_changes({"deviate": ["gzip", "price-4@post/comments:2", {"kind": "401", "start": 3}]})
    assert made.deviate == (Rule("gzip"), Rule("price-4", COMMENTS, 2), Rule("401", None, 3))
    assert Behaviour().with_changes({"deviate": "gzip@/tt/user/info"}).deviate == (Rule("gzip", USER),)


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("cheap", "unknown deviation 'cheap'; known: no-charge-header, "),
        ("gzip@nowhere", "unknown endpoint 'nowhere'; known: hashtag/posts, "),
        ("gzip:0", r"expected KIND\[@ENDPOINT\]\[:N\]"),
        ("gzip:often", r"expected KIND\[@ENDPOINT\]\[:N\]"),
    ],
)
def test_a_rule_that_cannot_be_kept_is_refused(rule: str, message: str) -> None:
    with pytest.raises(InvalidSettingError, match=message):
        Behaviour().with_changes({"deviate": [rule]})


# --- the report -------------------------------------------------------------------------------------------


def test_the_report_says_what_was_paid_and_what_of_it_can_be_read(
    world: World, calls: dict[str, dict[str, str]]
) -> None:
    api = api_of(world, "list-renamed@hashtag/posts", "other-post", "price-4@hashtag/posts", "401@user/info")
    for path in (TAG, COMMENTS, POST, USER):
        ask(api, path, calls[path])
    report: Any = deviation_report(api.request_log, api.timeline)
    kinds = report["kinds"]
    assert {kind: (found["effect"], found["calls"], found["units"]) for kind, found in kinds.items()} == {
        "list-renamed": ("unreadable", 1, 4),
        "price-4": ("harmless", 1, 4),
        "other-post": ("withheld", 1, 1),
        "401": ("withheld", 1, 0),
    }
    assert kinds["list-renamed"]["pages"] == [{"n": 0, "path": TAG, "params": "name=cats", "status": 200, "units": 4}]
    tag, comments = (set(_found(world, path, calls)) for path in (TAG, COMMENTS))
    assert report["paid"] == grouped(tag | comments)
    assert report["readable"] == grouped(comments)
    assert kinds["list-renamed"]["holds"] == grouped(tag)
    assert kinds["other-post"]["holds"]["posts"] == [calls[POST]["url"].rpartition("/")[2]]


def _found(world: World, path: str, calls: dict[str, dict[str, str]]) -> set[tuple[str, str]]:
    return contents(path, calls[path], respond(world, path, calls[path]).payload)


@pytest.mark.parametrize(
    ("kind", "value", "path", "query"),
    [
        ("hashtag", "big-12", TAG, {"name": "big-12"}),
        ("hashtag", "big-12", "/tt/hashtag/recent-posts", {"name": "big-12", "days": "3650"}),
        ("keyword", "bare", KEYWORD, {"name": "bare", "period": "180"}),
        ("user-search", "cats", "/tt/user/search", {"keyword": "cats"}),
        ("music-search", "cats", "/tt/music/info", {"name": "cats"}),
        ("live-search", "cats", "/tt/live/search", {"keyword": "cats"}),
    ],
)
def test_what_an_answer_holds_is_what_the_truth_says(
    world: World, kind: str, value: str, path: str, query: dict[str, str]
) -> None:
    truth: Any = Truth(world, parse_query([("kind", kind), ("value", value), ("expand", "none")])).answer()
    found: set[tuple[str, str]] = set()
    cursor: int | None = 0
    while cursor is not None:
        payload: Any = respond(world, path, query | ({"cursor": str(cursor)} if cursor else {})).payload
        found |= contents(path, query, payload)
        cursor = payload["data"].get("nextCursor")
    assert grouped(found) == {name: truth[name] for name in grouped(found)}


def test_followers_are_edges_to_their_owner(world: World, names: dict[str, Any]) -> None:
    user = names["users"]["fans230"]
    query = {"id": user["uid"], "secUid": user["sec_uid"]}
    found = grouped(contents("/tt/user/followers", query, respond(world, "/tt/user/followers", query).payload))
    assert found["follows"] == sorted(f"{one}:{user['uid']}" for one in found["users"])
    assert len(found["users"]) == 100
