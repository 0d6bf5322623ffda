"""Entities, edges and rejects: the merge rule, what cannot be stored, and many writers at once."""

from concurrent.futures import ThreadPoolExecutor
from itertools import permutations
from typing import Any

import pytest

from crawler.api.parsers import parse_comment, parse_post
from crawler.model.entities import Entity, Hashtag, Post, User
from crawler.model.items import Dialect, Fullness, ParsedEntity, Provenance
from crawler.model.sanitize import json_preview
from crawler.store import Store
from crawler.store.entities import Reject
from tests.factories import raw

ORIGIN = Provenance("c", "p", "hashtag_search")
NEXT = Provenance("d", "q", "user_info_from_secuid")


def put(store: Store, *found: ParsedEntity, origin: Provenance = ORIGIN) -> list[Reject]:
    return store.entities.upsert([(origin, found)])


def user(fullness: Fullness = Fullness.LISTED, raw: Any = None, **fields: Any) -> ParsedEntity:
    return ParsedEntity(User(user_id="1", **fields), {"uid": "1"} if raw is None else raw, fullness)


def stored(store: Store, kind: str = "users", entity_id: str = "1") -> dict[str, Any]:
    found = store.db[kind].find_one({"_id": entity_id})
    assert found is not None
    return found


def test_an_entity_is_stored_with_its_fields_its_object_and_where_it_comes_from(store: Store) -> None:
    assert put(store, user(username="alice", follower_count=5, raw={"uid": "1", "odd": [None, {"x": 1.5}]})) == []
    found = stored(store)
    assert (found["username"], found["follower_count"]) == ("alice", 5)
    assert found["raw"] == {"uid": "1", "odd": [None, {"x": 1.5}]}
    seen = found["seen"]
    assert (seen["last_crawl"], seen["last_page"], seen["last_endpoint"]) == ("c", "p", "hashtag_search")
    assert seen["first_at"] == seen["last_at"]
    assert "user_id" not in found


def test_storing_twice_changes_nothing_but_when_it_was_seen(store: Store) -> None:
    item = parse_post(raw("post"))
    put(store, *item.found)
    kinds = ("posts", "users", "music", "hashtags")
    before = {kind: list(store.db[kind].find({}, {"seen": 0})) for kind in kinds}
    first = stored(store, "posts", item.id)["seen"]
    put(store, *item.found, origin=NEXT)
    assert {kind: list(store.db[kind].find({}, {"seen": 0})) for kind in before} == before
    assert {kind: len(documents) for kind, documents in before.items()} == {
        "posts": 1, "users": 1, "music": 1, "hashtags": 2,
    }  # fmt: skip
    seen = stored(store, "posts", item.id)["seen"]
    assert seen["first_at"] == first["first_at"]
    assert seen["last_at"] >= first["last_at"]
    assert (seen["last_crawl"], seen["last_endpoint"]) == ("d", "user_info_from_secuid")


# first, second → what is known after both
MERGES: list[tuple[str, ParsedEntity, ParsedEntity, dict[str, Any]]] = [
    ("thin after full", user(Fullness.DETAIL, nickname="Alice", follower_count=9), user(Fullness.EMBEDDED), {
        "nickname": "Alice", "follower_count": 9}),
    ("placeholder zeros", user(Fullness.DETAIL, follower_count=9, post_count=3),
     user(Fullness.LISTED, follower_count=0, post_count=0), {
        "follower_count": 9, "post_count": 3}),
    ("zeros of an embedded object", user(Fullness.DETAIL, follower_count=9),
     user(Fullness.EMBEDDED, follower_count=0), {"follower_count": 9}),
    ("zeros of a profile", user(Fullness.DETAIL, follower_count=9, post_count=3),
     user(Fullness.DETAIL, follower_count=0, post_count=0), {
        "follower_count": 0, "post_count": 0}),
    ("empty texts", user(nickname="Alice"), user(nickname=""), {"nickname": "Alice"}),
    ("full after thin", user(Fullness.EMBEDDED, username="alice"),
     user(Fullness.DETAIL, username="alice", follower_count=9), {
        "username": "alice", "follower_count": 9}),
    ("news in a thin one", user(Fullness.DETAIL, nickname="Alice"),
     user(Fullness.EMBEDDED, username="alice", nickname="Alice B"), {
        "nickname": "Alice B", "username": "alice"}),
    ("a lower number is news too", user(follower_count=9), user(follower_count=7), {"follower_count": 7}),
    ("false where it is an answer", user(private=True), user(private=False), {"private": False}),
    ("private and not told", user(private=True), user(private=None), {"private": True}),
]  # fmt: skip


@pytest.mark.parametrize(("first", "second", "known"), [row[1:] for row in MERGES], ids=[row[0] for row in MERGES])
def test_thin_or_zero_never_overwrites_known(
    store: Store, first: ParsedEntity, second: ParsedEntity, known: dict[str, Any]
) -> None:
    put(store, first)
    put(store, second)
    assert {name: stored(store).get(name) for name in known} == known


@pytest.mark.parametrize(
    ("known", "first", "second"),
    [
        ("first", (Fullness.DETAIL, {"a": 1}), (Fullness.EMBEDDED, {"a": 2, "b": 2, "c": 2})),
        ("second", (Fullness.DETAIL, {"a": 1}), (Fullness.LISTED, {"a": 2, "b": 2})),
        ("first", (Fullness.LISTED, {"a": 1, "b": 1}), (Fullness.LISTED, {"a": 2})),
        ("second", (Fullness.LISTED, {"a": 1}), (Fullness.LISTED, {"a": 2})),
        ("second", (Fullness.LISTED, {"a": 1}), (Fullness.LISTED, {"a": 2, "b": 2})),
        ("second", (Fullness.EMBEDDED, {"a": 1, "b": 1, "c": 1}), (Fullness.LISTED, {"a": 2})),
        ("first", (Fullness.LISTED, {"a": 1, "b": 1}), (Fullness.DETAIL, {"a": 2})),
        ("first", (Fullness.LISTED, {"a": {"b": [1, 2]}}), (Fullness.LISTED, {"a": 2})),
        ("first", (Fullness.LISTED, {"a": {"b": [1, 2]}}), (Fullness.LISTED, {"a": 2, "b": None, "c": "", "d": [{}]})),
        ("second", (Fullness.LISTED, {"a": 1, "b": None}), (Fullness.LISTED, {"a": 0, "b": ""})),
    ],
)
@pytest.mark.parametrize("together", [True, False], ids=["one page", "two pages"])
def test_the_fullest_object_is_kept_the_newest_among_equals(
    store: Store, known: str, first: Any, second: Any, together: bool
) -> None:
    found = [user(*first), user(*second)]
    if together:
        put(store, *found)
    else:
        for one in found:
            put(store, one)
    assert stored(store)["raw"] == (first if known == "first" else second)[1]


WEB, APP, ALTERNATIVE = {"user": {"id": "1", "x": 1}, "stats": {"y": 2}}, {"uid": "1", "z": 0}, {"id": "1"}


def bought(dialect: Dialect, raw: Any, fullness: Fullness = Fullness.DETAIL, **fields: Any) -> ParsedEntity:
    return ParsedEntity(User(user_id="1", **fields), raw, fullness, dialect)


@pytest.mark.parametrize("together", [True, False], ids=["one page", "three pages"])
@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
def test_what_was_bought_in_other_dialects_stays_whatever_the_order(
    store: Store, order: tuple[int, ...], together: bool
) -> None:
    found = [bought("web", WEB, nickname="W"), bought("app", APP, region="DE"), bought("alternative", ALTERNATIVE)]
    thin = user(Fullness.EMBEDDED, raw={str(n): n for n in range(50)})
    pages = [[found[n] for n in order]] if together else [[found[n]] for n in order]
    for page in ([thin], *pages, [thin]):
        put(store, *page)
    kept = stored(store)
    assert (kept["raw"], kept["raw_dialect"]) == (WEB, "web")
    assert kept["raw_other"] == {"app": APP, "alternative": ALTERNATIVE}
    assert (kept["nickname"], kept["region"]) == ("W", "DE")


def test_a_dialect_that_becomes_the_fullest_is_not_kept_twice(store: Store) -> None:
    for one in (bought("web", WEB), bought("app", APP), bought("app", APP | {"a": 1, "b": 2}), bought("web", WEB)):
        put(store, one)
    kept = stored(store)
    assert (kept["raw"], kept["raw_dialect"]) == (APP | {"a": 1, "b": 2}, "app")
    assert {name: raw for name, raw in kept["raw_other"].items() if name != "app"} == {"web": WEB}
    assert "app" not in kept["raw_other"]


def test_a_profile_bought_again_replaces_its_dialects_earlier_object(store: Store) -> None:
    put(store, bought("web", WEB))
    for n in (1, 2):
        put(store, bought("alternative", {"id": n}))
    assert stored(store)["raw_other"] == {"alternative": {"id": 2}}


def test_the_web_form_of_a_post_stays_beside_the_apps(store: Store) -> None:
    web, app = parse_post(raw("web_post")), parse_post(raw("post", aweme_id="6700000000000000103"))
    for item in (web, app, web):
        put(store, *item.found)
    kept = stored(store, "posts", web.id)
    assert kept["raw"] == raw("post", aweme_id="6700000000000000103")
    assert kept["raw_other"] == {"web": raw("web_post")}


def test_a_post_tells_a_true_zero(store: Store) -> None:
    statistics = {"play_count": 500, "digg_count": 7, "comment_count": 3, "share_count": 0}
    put(store, *parse_post(raw("post", statistics=statistics)).found)
    assert stored(store, "posts", "7300000000000000101")["share_count"] == 0
    put(store, *parse_post(raw("post", statistics={**statistics, "digg_count": 0, "comment_count": 0})).found)
    kept = stored(store, "posts", "7300000000000000101")
    assert (kept["view_count"], kept["like_count"], kept["comment_count"]) == (500, 0, 0)
    assert kept["raw"]["statistics"]["digg_count"] == 0


def test_an_embedded_reply_never_replaces_the_reply_that_was_bought(store: Store) -> None:
    reply = raw("reply")
    parent = raw("comment", reply_comment=[{**reply, "user": None, "text": "short"}])
    put(store, *parse_comment(reply).found)
    put(store, *parse_comment(parent).found)
    assert stored(store, "comments", reply["cid"])["raw"] == reply


def test_one_page_that_tells_of_a_user_twice(store: Store) -> None:
    put(
        store,
        user(Fullness.EMBEDDED, nickname="Thin", region="DE"),
        user(Fullness.DETAIL, nickname="Full"),
        user(Fullness.EMBEDDED, language="de"),
    )
    found = stored(store)
    assert (found["nickname"], found["region"], found["language"]) == ("Full", "DE", "de")


def test_embedded_entities_are_stored_as_themselves(store: Store) -> None:
    put(store, *parse_comment(raw("comment")).found)
    assert stored(store, "comments", "7310000000000000401")["user_id"] == "6600000000000000206"
    assert stored(store, "users", "6600000000000000206")["username"] == "hungry"


ODD: list[tuple[Any, Any]] = [
    ({"text": "half \ud83d"}, {"text": "half \ufffd"}),
    ({"a\0b": 1}, {"a\ufffdb": 1}),
    ({"n": 2**63}, {"n": str(2**63)}),
    ({"n": [{"m": -(2**70)}]}, {"n": [{"m": str(-(2**70))}]}),
    ({"a.b": 1, "$set": 2, "": 3}, {"a.b": 1, "$set": 2, "": 3}),
    ({"text": "NUL \0 and \u2028"}, {"text": "NUL \0 and \u2028"}),
]


@pytest.mark.parametrize(("given", "kept"), ODD, ids=[str(n) for n in range(len(ODD))])
def test_what_mongodb_cannot_hold_is_stored_mended(store: Store, given: Any, kept: Any) -> None:
    beside = ParsedEntity(User(user_id="2", username="bob"), {"uid": "2"}, Fullness.LISTED)
    assert put(store, user(raw=given, nickname="Alice"), beside) == []
    assert stored(store)["raw"] == kept
    assert (stored(store)["nickname"], stored(store, entity_id="2")["username"]) == ("Alice", "bob")


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = {"a": value}
    return value


@pytest.mark.server  # the fake has no bounds
@pytest.mark.parametrize(
    "hopeless", [nested(200), nested(300), nested(900), {"a": "x" * 16_800_000}], ids=["200", "300", "900", "16 MB"]
)
def test_what_cannot_be_mended_is_a_reject_and_costs_nobody_else(real_store: Store, hopeless: Any) -> None:
    others = [ParsedEntity(Post(post_id=str(n)), {"aweme_id": str(n)}, Fullness.LISTED) for n in range(3)]
    fine = ParsedEntity(User(user_id="2"), {"uid": "2"}, Fullness.LISTED)
    (reject,) = put(real_store, others[0], user(raw=hopeless), fine, *others)
    assert (reject.position, reject.raw) == (-1, hopeless)
    assert reject.why.startswith("1: MongoDB cannot hold it")
    assert real_store.db["users"].distinct("_id") == ["2"]
    assert real_store.db["posts"].count_documents({}) == 3
    real_store.entities.save_rejects([reject])
    assert real_store.db["rejects"].count_documents({}) == 1


@pytest.mark.server
def test_many_levels_that_mongodb_does_hold_are_stored(real_store: Store) -> None:
    assert put(real_store, user(raw=nested(100))) == []
    assert stored(real_store)["raw"] == nested(100)


@pytest.mark.server
def test_writers_of_the_same_entities_at_once_lose_nothing(real_store: Store) -> None:
    """Eight threads write the same 50 users, each with a field of its own and other fullness."""
    names = ("username", "nickname", "signature", "region", "language", "link", "custom_verify", "sec_uid")

    def write(n: int) -> None:
        for start in range(0, 50, 10):
            found = [
                ParsedEntity(
                    User(user_id=str(u), **{names[n]: f"{n}"}), {str(k): n for k in range(n + 1)}, Fullness.LISTED
                )
                for u in range(start, start + 10)
            ]
            assert put(real_store, *found) == []

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))
    users = list(real_store.db["users"].find())
    assert len(users) == 50
    for one in users:
        assert {name: one.get(name) for name in names} == {name: str(n) for n, name in enumerate(names)}
        assert one["raw"] == {str(k): 7 for k in range(8)}


def test_typed_fields_are_read_back_without_the_object(store: Store) -> None:
    put(store, user(username="alice"), ParsedEntity(Hashtag(name="cats"), {}, Fullness.EMBEDDED))
    (found,) = store.entities.load_fields("users", ["1", "unknown"])
    assert (found["_id"], found["username"]) == ("1", "alice")
    assert {"raw", "seen"}.isdisjoint(found)
    assert store.entities.load_fields("posts", ["1"]) == []


def test_nothing_to_store(store: Store) -> None:
    assert put(store) == []
    store.entities.upsert_follows([])
    store.entities.save_rejects([])
    assert store.db["users"].count_documents({}) == 0


def test_edges_are_stored_once_with_where_they_come_from(store: Store) -> None:
    store.entities.upsert_follows([(ORIGIN, edge) for edge in (("1", "2"), ("2", "1"), ("1", "2"))])
    first = stored(store, "follows", "1:2")
    store.entities.upsert_follows([(NEXT, ("1", "2"))])
    assert sorted(store.db["follows"].distinct("_id")) == ["1:2", "2:1"]
    found = stored(store, "follows", "1:2")
    assert (found["follower"], found["followee"]) == ("1", "2")
    assert (found["seen"]["last_crawl"], found["seen"]["first_at"]) == ("d", first["seen"]["first_at"])


def test_rejects_are_kept_once_a_place_and_page(store: Store) -> None:
    rejects = [Reject(ORIGIN, 3, "comment without cid", {"text": "x"}), Reject(ORIGIN, -1, "9: too large", {"a": 1})]
    for _ in range(2):
        store.entities.save_rejects(rejects)
    store.entities.save_rejects([Reject(NEXT, 3, "comment without cid", {"text": "x"})])
    assert store.db["rejects"].count_documents({}) == 3
    kept = store.db["rejects"].find_one({"position": 3, "page": "p"})
    assert kept is not None
    told = {name: kept[name] for name in ("why", "raw", "crawl", "endpoint")}
    assert told == {
        "why": "comment without cid", "raw": '{"text":"x"}', "crawl": "c", "endpoint": "hashtag_search",
    }  # fmt: skip


def test_one_example_of_each_shape_is_kept_for_a_crawl(store: Store) -> None:
    other = Provenance("c", "another page", ORIGIN.endpoint)
    for origin, given, shape in ((ORIGIN, {"n": 1}, "4 n"), (other, {"n": 2}, "4 n"), (ORIGIN, {"m": 1}, "5 m")):
        store.entities.save_rejects([Reject(origin, 3, "holds no post", given, shape)])
    kept = {one["raw"]: one["page"] for one in store.db["rejects"].find()}
    assert kept == {'{"n":1}': "p", '{"m":1}': "p"}
    store.entities.save_rejects([Reject(NEXT, 3, "holds no post", {"n": 3}, "4 n")])
    assert store.db["rejects"].count_documents({}) == 3


def test_two_hopeless_entities_of_one_page_are_two_rejects(store: Store) -> None:
    store.entities.save_rejects([Reject(ORIGIN, -1, "1: too deep", None), Reject(ORIGIN, -1, "2: too deep", None)])
    assert store.db["rejects"].count_documents({}) == 2


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"a": [1, None]}, '{"a":[1,null]}'),
        ({"a": 2**70}, "{'a': 1180591620717411303424}"),
        ("half \ud83d", "'half \\ud83d'"),
        ({"\ud83d": 1}, "{'\\ud83d': 1}"),
        ("x" * 200_000, '"' + "x" * 99_999),
    ],
)
def test_anything_can_be_shown_as_text(value: Any, text: str) -> None:
    shown = json_preview(value)
    assert shown == text
    shown.encode()


def test_what_is_nested_without_end_can_be_shown_too() -> None:
    assert json_preview(nested(5000)) == "nested too deeply to be shown"


def test_every_kind_is_stored_under_its_own_id(store: Store) -> None:
    entity: Entity
    for entity in (Post(post_id="7"), User(user_id="7"), Hashtag(name="7")):
        put(store, ParsedEntity(entity, {"k": entity.kind}, Fullness.LISTED))
        assert stored(store, entity.kind, "7")["raw"] == {"k": entity.kind}
