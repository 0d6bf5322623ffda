"""Answers that deviate from what is known of the API, each with its right reading: from bytes to what is stored.

Each stands for a kind that people who do this job have met; names, ids and numbers are invented.
"""

from typing import Any

import orjson
import pytest

from crawler.api.endpoints import ENDPOINTS
from crawler.api.page_parser import ParsedPage, UnparsablePageError, parse_page
from crawler.model.entities import Comment, Entity, Post, User
from crawler.model.items import Provenance
from crawler.model.sanitize import decode_json
from crawler.store import Store
from tests.factories import raw

POST_ID = "7123456789012345678"
COMMENTS_OF = ("post_comments", {"aweme_id": POST_ID})
CATS = ("hashtag_search", {"hashtag": "cats"})
Call = tuple[str, dict[str, Any]]


def post(n: int, **changes: Any) -> dict[str, Any]:
    return {
        "aweme_id": f"71234567890123400{n:02}",
        "desc": f"post {n}",
        "create_time": 1_700_000_000 + n,
        "author": {"uid": f"68000000000000000{n:02}", "sec_uid": f"MS4wLjABAAAA{n:064}", "unique_id": f"user{n}"},
        "statistics": {"play_count": n, "digg_count": 1, "comment_count": 0, "share_count": 0},
        "text_extra": [],
        "cha_list": None,
        **changes,
    }


def comment(n: int, **changes: Any) -> dict[str, Any]:
    return {
        "cid": f"72234567890123400{n:02}",
        "aweme_id": POST_ID,
        "text": f"c{n}",
        "reply_id": "0",
        "create_time": 1_700_000_000 + n,
        "digg_count": 0,
        "user": {"uid": f"68000000000000000{n:02}", "unique_id": f"user{n}"},
        "reply_comment_total": 0,
        **changes,
    }


def read(call: Call, data: Any) -> ParsedPage:
    """Read an answer's data from the bytes that travel."""
    name, args = call
    body = data if isinstance(data, bytes) else orjson.dumps({"data": data})
    return parse_page(ENDPOINTS[name], decode_json(body)["data"], args)


def refusal(call: Call, data: Any) -> tuple[str, str]:
    with pytest.raises(UnparsablePageError) as caught:
        read(call, data)
    return caught.value.kind, str(caught.value)


def store_page(store: Store, page: ParsedPage) -> None:
    assert store.entities.upsert([(Provenance("c", "p", "e"), page.entities())]) == []


def stored(store: Store, kind: str, entity_id: str) -> dict[str, Any]:
    found = store.db[kind].find_one({"_id": entity_id})
    assert found is not None
    return found


def firsts(page: ParsedPage, kind: type[Entity]) -> list[Any]:
    return [item.found[0].entity for item in page.items if isinstance(item.found[0].entity, kind)]


# --- what moved overnight ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "data"),
    [
        (CATS, {"aweme_list": [post(n) for n in range(20)], "nextCursor": 20}),
        (CATS, {"aweme_list": [post(n) for n in range(20)], "has_more": 0}),
        (CATS, {"data": {str(n): post(n) for n in range(20)}, "nextCursor": 20}),
        (CATS, {"data": [{"item": {"id": str(n), "desc": "x"}, "type": 1} for n in range(20)], "nextCursor": 20}),
        (COMMENTS_OF, {"comment_list": [comment(n) for n in range(30)], "total": 90, "nextCursor": 30}),
        (("user_info_from_username", {"username": "renamed"}), {"profile": {"id": "68", "uniqueId": "renamed"}}),
        (("user_info_from_username", {"username": "noid"}),
         {"user": {"uniqueId": "noid", "nickname": "N"}, "stats": {"followerCount": 5}}),
        (("post_info", {"url": f"https://www.tiktok.com/@a/video/{POST_ID}"}), {"aweme_details": [post(1)]}),
        (("post_info", {"url": f"https://www.tiktok.com/@a/video/{POST_ID}"}),
         [{"desc": "x", "statistics": {"play_count": 1}}]),
    ],
    ids=["renamed", "renamed-one", "map", "web-items", "comments", "profile", "profile-no-id", "details", "post-no-id"],
)  # fmt: skip
def test_an_answer_that_moved_is_unreadable_and_never_empty_or_missing(call: Call, data: Any) -> None:
    assert refusal(call, data)[0] == "unreadable"


def test_a_private_account_inside_a_200_is_no_missing_one() -> None:
    call = ("user_info_from_username", {"username": "hidden"})
    told = refusal(call, {"statusCode": 10222, "statusMsg": "private", "userInfo": {}})
    assert told == ("unreadable", "TikTok's status 10222 inside a 200: private")


def test_another_post_than_the_one_asked_for_is_a_mismatch() -> None:
    kind, why = refusal(("post_info", {"url": f"https://www.tiktok.com/@a/video/{POST_ID}"}), [post(77)])
    assert kind == "mismatch"
    assert f"7123456789012340077 instead of {POST_ID}" in why


def test_another_post_in_a_batch_is_kept_and_the_one_asked_for_is_not_there() -> None:
    page = read(("multi_post_info", {"aweme_ids": [POST_ID, post(1)["aweme_id"]]}), [post(77), post(1)])
    assert [item.id for item in page.items] == [post(1)["aweme_id"]]
    assert [item.id for item in page.foreign] == [post(77)["aweme_id"]]


# --- numbers ----------------------------------------------------------------------------------------------


def test_a_total_beyond_64_bits_is_unknown_and_the_items_are_read(store: Store) -> None:
    body = b'{"data":{"comments":[{"cid":"7223456789012340901","text":"x"}],"total":18446744073709551615}}'
    page = read(COMMENTS_OF, body)
    assert ([item.id for item in page.items], page.total) == (["7223456789012340901"], None)
    store_page(store, page)


def test_digits_beyond_64_bits_stay_exact(store: Store) -> None:
    number = 123456789012345678901234567890
    body = orjson.dumps({"data": {"data": [post(3, token=0)]}}).replace(b'"token":0', b'"token": -%d' % number)
    store_page(store, read(CATS, body))
    assert stored(store, "posts", post(3)["aweme_id"])["raw"]["token"] == f"-{number}"


def test_exact_counters_win_over_rounded_ones_and_nothing_is_lost(store: Store) -> None:
    call = ("user_info_from_username", {"username": "statsv2"})
    profile = {
        "user": {"id": "6800000000000000092", "uniqueId": "statsv2", "secUid": "MS4wLjABAAAAv"},
        "stats": {"followerCount": 1_700_000, "videoCount": 3, "heart": -977433948, "friendCount": 4},
        "statsV2": {"followerCount": "1776621", "videoCount": "3", "heartCount": "99", "diggCount": "1.7M"},
    }
    page = read(call, profile)
    (user,) = firsts(page, User)
    assert (user.follower_count, user.post_count, user.like_count) == (1776621, 3, 99)
    assert (user.friend_count, user.liked_count) == (4, None)
    store_page(store, page)
    assert stored(store, "users", "6800000000000000092")["raw"] == profile
    (alone,) = firsts(read(call, {name: profile[name] for name in ("user", "statsV2")}), User)
    assert (alone.follower_count, alone.friend_count) == (1776621, None)


def test_a_true_zero_is_stored_before_and_after_another_number(store: Store) -> None:
    def page(**statistics: int) -> ParsedPage:
        return read(CATS, {"data": [post(71, statistics=statistics)]})

    store_page(store, page(play_count=500, digg_count=7, comment_count=3, share_count=0))
    assert stored(store, "posts", post(71)["aweme_id"])["share_count"] == 0
    store_page(store, page(play_count=900, digg_count=0, comment_count=0, share_count=0))
    kept = stored(store, "posts", post(71)["aweme_id"])
    assert (kept["view_count"], kept["like_count"], kept["comment_count"], kept["share_count"]) == (900, 0, 0, 0)


def test_milliseconds_become_seconds() -> None:
    page = read(COMMENTS_OF, {"comments": [comment(n, create_time=time) for n, time in enumerate(
        (1_700_000_004, 1_700_000_004_000, 1_700_000_004_000_000, "1700000004000")
    )], "total": 4})  # fmt: skip
    assert {one.created_at for one in firsts(page, Comment)} == {1_700_000_004}


# --- fullness ---------------------------------------------------------------------------------------------


def test_a_poorer_object_padded_with_nulls_does_not_replace_a_full_one(store: Store) -> None:
    fat = post(81)["author"] | {"nickname": "U", "signature": "s"}
    padded = {"uid": fat["uid"], **{f"f{n}": None for n in range(25)}, "g": [], "h": {"i": ""}}
    store_page(store, read(CATS, {"data": [post(81, author=fat)]}))
    store_page(store, read(CATS, {"data": [post(82, author=padded)]}))
    assert stored(store, "users", fat["uid"])["raw"] == fat


def test_the_alternative_profile_stays_beside_the_web_profile_and_tells_the_category(store: Store) -> None:
    profile, sec_uid = raw("web_profile"), raw("web_profile")["user"]["secUid"]
    user_id = profile["user"]["id"]
    other = {"id": user_id, "sec_uid": sec_uid, "unique_id": "big.account", "category": "Musician/Band", "x": 1, "y": 2}
    web = ("user_info_from_username", {"username": "big.account"})
    alternative = ("user_info_from_secuid", {"sec_uid": sec_uid, "alternative_method": True})
    for call, data in ((web, profile), (alternative, other), (web, profile)):
        store_page(store, read(call, data))
    kept = stored(store, "users", user_id)
    assert (kept["raw"], kept["raw_other"]) == (profile, {"alternative": other})
    assert (kept["category"], kept["follower_count"]) == ("Musician/Band", 4100000)


# --- posts, comments, hashtags ----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [2, 68, 150])
def test_the_types_of_a_photo_post(kind: int) -> None:
    forms: tuple[dict[str, Any], ...] = (
        {"video": {"duration": 9000, "play_addr": {}}},
        {"image_post_info": {"images": [{}, {}]}},
        {},
    )
    page = read(CATS, {"data": [post(n, aweme_type=kind, **form) for n, form in enumerate(forms)]})
    assert [one.media for one in firsts(page, Post)] == ["photo"] * 3
    assert [one.image_count for one in firsts(page, Post)] == [None, 2, None]


def test_one_hashtag_has_one_spelling() -> None:
    spellings = ("cafe\u0301", "caf\u00e9", "CAF\u00c9", "\u200fcats", "Cats\u200b")
    page = read(CATS, {"data": [post(n, text_extra=[{"hashtag_name": name}]) for n, name in enumerate(spellings)]})
    assert [one.hashtags for one in firsts(page, Post)] == [["café"]] * 3 + [["cats"]] * 2


def test_a_comment_may_hold_nothing_but_pictures_or_nobody() -> None:
    odd = [
        comment(1, text="", image_list=[{"origin_url": {"url_list": ["https://example.invalid/1.jpg"]}}, {}]),
        comment(2, text=None),
        comment(3, user=None),
    ]
    page = read(COMMENTS_OF, {"comments": odd, "total": 3})
    assert [(one.text, one.image_count) for one in firsts(page, Comment)] == [(None, 2), (None, None), ("c3", None)]
    assert [one.user_id for one in firsts(page, Comment)][2] is None


def test_replies_inside_a_comment_are_read_as_comments(store: Store) -> None:
    reply = comment(8, reply_id=comment(7)["cid"])
    nested = comment(7, reply_comment_total=3, reply_comment=[reply, None, {"text": "no id"}])
    page = read(COMMENTS_OF, {"comments": [nested], "total": 4})
    assert [item.id for item in page.items] == [comment(7)["cid"]]
    store_page(store, page)
    kept = stored(store, "comments", reply["cid"])
    assert (kept["text"], kept["parent_id"], kept["user_id"]) == ("c8", comment(7)["cid"], reply["user"]["uid"])
    assert (kept["reply_total"], kept["like_count"], kept["raw"]) == (0, 0, reply)
    assert stored(store, "users", reply["user"]["uid"])["username"] == "user8"
