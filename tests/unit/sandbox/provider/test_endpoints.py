"""Each endpoint, called through the SDK's own methods, answers in its real envelope, price and dialect."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from ensembledata.api._client import CustomerEndpoints, TiktokEndpoints
from ensembledata.api._response import EDResponse
from ensembledata.api.errors import EDError

from sandbox.provider.api import Api
from sandbox.provider.behaviour import Behaviour
from sandbox.provider.faults import FaultInjector
from sandbox.provider.request_log import RequestLog
from sandbox.world.directory import unknown_ids
from sandbox.world.world import World


class Requester:
    """Stands in for the SDK's requester, and tells an error from a success as it does: by `data` (provider.md)."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def get(
        self, url: str, params: Mapping[str, Any], *, timeout: float | None = None, return_top_level_data: bool = False
    ) -> EDResponse:
        wire = {k: str(v).lower() if isinstance(v, bool) else str(v) for k, v in params.items()}
        plan = self._api.handle(url, {"token": "t", **wire})
        payload = json.loads(plan.body or b"")
        if "data" in payload:
            return EDResponse(plan.status, payload if return_top_level_data else payload["data"], plan.units)
        raise EDError(plan.status, payload.get("detail"), plan.units)


@pytest.fixture
def api(world: World) -> Api:
    return Api(world, FaultInjector(7, Behaviour()), RequestLog(), lambda: 1_790_000_500.0)


@pytest.fixture
def tiktok(api: Api) -> TiktokEndpoints:
    return TiktokEndpoints(Requester(api))  # type: ignore[arg-type]  # any object with a `get` serves


def test_hashtag(tiktok: TiktokEndpoints) -> None:
    result = tiktok.hashtag_search(hashtag="cats")
    assert result.data["nextCursor"] == 20
    assert len(result.data["data"]) == 20
    aweme = result.data["data"][0]
    assert isinstance(aweme["aweme_id"], str)
    assert isinstance(aweme["author_user_id"], int)
    assert aweme["author"]["follower_count"] == 0
    assert result.units_charged == 1


def test_hashtag_errors(tiktok: TiktokEndpoints) -> None:
    for name, status, units in (("nosuchhashtag", 404, 1), ("restricted-topic", 469, 0)):
        with pytest.raises(EDError) as caught:
            tiktok.hashtag_search(hashtag=name)
        assert (caught.value.status_code, caught.value.units_charged) == (status, units)


def test_the_hashtag_cursor_ends_at_5000(tiktok: TiktokEndpoints) -> None:
    last = tiktok.hashtag_search(hashtag="big-40000", cursor=4980)
    assert last.data["nextCursor"] == 5000
    assert tiktok.hashtag_search(hashtag="big-40000", cursor=5000).data == {"data": []}


def test_full_hashtag_comes_remapped_or_raw(tiktok: TiktokEndpoints) -> None:
    web = tiktok.full_hashtag_search(hashtag="cats", days=3650).data["posts"]
    assert len(web) == 60
    assert isinstance(web[0]["itemInfos"]["createTime"], str)
    assert isinstance(web[0]["authorStats"]["heartCount"], str)
    raw = tiktok.full_hashtag_search(hashtag="cats", days=3650, remap_output=False).data["data"]
    assert [post["aweme_id"] for post in raw] == [post["itemInfos"]["id"] for post in web]
    assert "data" in tiktok.full_hashtag_search(hashtag="full-raw", days=3650).data
    assert len(tiktok.full_hashtag_search(hashtag="cats", days=3650, max_cursor=20).data["posts"]) == 20
    assert len(tiktok.full_hashtag_search(hashtag="cats", days=90).data["posts"]) < 60
    assert tiktok.full_hashtag_search(hashtag="big-1000", days=3650).units_charged == 13


def test_keyword(tiktok: TiktokEndpoints) -> None:
    page = tiktok.keyword_search(keyword="zebra", period="0")
    assert set(page.data["data"][0]) == {"type", "aweme_info"}
    dear = tiktok.keyword_search(keyword="zebra", period="0", get_author_stats=True)
    assert dear.units_charged == 1 + len(dear.data["data"])
    assert any(item["aweme_info"]["author"]["follower_count"] for item in dear.data["data"])
    assert any("card" in item for item in tiktok.keyword_search(keyword="with-ads", period="0").data["data"])
    assert "aweme_id" in tiktok.keyword_search(keyword="bare", period="0").data["data"][0]
    assert tiktok.keyword_search(keyword="two words", period="0").data["data"] == []
    with pytest.raises(EDError) as caught:
        tiktok.keyword_search(keyword="zebra", period="0", country="Germany")
    assert caught.value.status_code == 466


def test_full_keyword_is_a_bare_list(tiktok: TiktokEndpoints) -> None:
    found = tiktok.full_keyword_search(keyword="big-900", period="0")
    assert len(found.data) == 900
    assert found.units_charged == 5
    assert len(tiktok.full_keyword_search(keyword="full-raw", period="0").data["data"]) == 50


def test_user_posts_cost_their_depth(tiktok: TiktokEndpoints) -> None:
    page = tiktok.user_posts_from_username(username="posts_45", depth=2)
    assert len(page.data["data"]) == 20
    assert page.units_charged == 2
    assert page.data["nextCursor"] > 10**12
    more = tiktok.user_posts_from_username(username="posts_45", depth=3, cursor=page.data["nextCursor"])
    assert len(more.data["data"]) == 25


def test_user_posts_stop_after_the_chunk_that_crosses_oldest(tiktok: TiktokEndpoints) -> None:
    times = [post["create_time"] for post in tiktok.user_posts_from_username(username="posts_45", depth=5).data["data"]]
    page = tiktok.user_posts_from_username(username="posts_45", depth=1, oldest_createtime=times[4])
    assert len(page.data["data"]) == 10
    assert "nextCursor" not in page.data


def test_profiles_in_three_dialects(tiktok: TiktokEndpoints, names: dict[str, Any]) -> None:
    card = names["users"]["celebrity_shift"]
    web = tiktok.user_info_from_username(username="celebrity_shift").data
    assert web["user"]["secUid"] == card["sec_uid"]
    assert web["stats"]["followerCount"] == 4_500_000
    app = tiktok.user_info_from_secuid(sec_uid=card["sec_uid"]).data["user"]
    assert (app["uid"], app["follower_count"]) == (card["uid"], 4_511_327)
    flat = tiktok.user_info_from_secuid(sec_uid=card["sec_uid"], alternative_method=True).data
    assert flat["id"] == card["uid"]


@pytest.mark.parametrize(
    ("name", "status", "units"),
    [("mistyped.", 463, 1), ("nobody_here", 473, 1), ("gone_user", 473, 1), ("restricted_user", 471, 1),
     ("unavailable_user", 474, 0), ("no_data", 200, 1)],
)  # fmt: skip
def test_profiles_that_cannot_be_fetched(tiktok: TiktokEndpoints, name: str, status: int, units: int) -> None:
    with pytest.raises(EDError) as caught:
        tiktok.user_info_from_username(username=name)
    assert (caught.value.status_code, caught.value.units_charged) == (status, units)


def test_a_private_user_has_a_profile_but_no_lists(tiktok: TiktokEndpoints, names: dict[str, Any]) -> None:
    card = names["users"]["private_user"]
    assert tiktok.user_info_from_username(username="private_user").data["user"]["privateAccount"] is True
    calls: list[Callable[[], object]] = [
        lambda: tiktok.user_posts_from_secuid(sec_uid=card["sec_uid"], depth=1),
        lambda: tiktok.user_followers(id=card["uid"], sec_uid=card["sec_uid"]),
        lambda: tiktok.user_followings(id=card["uid"], sec_uid=card["sec_uid"]),
        lambda: tiktok.user_liked_posts(sec_uid=card["sec_uid"]),
    ]
    for call in calls:
        with pytest.raises(EDError) as caught:
            call()
        assert caught.value.status_code == 472


def test_an_error_may_carry_data(tiktok: TiktokEndpoints, names: dict[str, Any]) -> None:
    assert tiktok.user_info_from_username(username="data_in_error").status_code == 404
    post = names["posts"]["comments_data_in_error"]["id"]
    assert tiktok.post_comments(aweme_id=post).status_code == 404


def test_followings_need_both_cursors(tiktok: TiktokEndpoints, names: dict[str, Any]) -> None:
    card = names["users"]["follows130"]
    who = {"id": card["uid"], "sec_uid": card["sec_uid"]}
    first = tiktok.user_followings(**who).data
    assert (len(first["followings"]), first["total"]) == (100, 130)
    both = {"cursor": first["nextCursor"], "page_token": first["nextPageToken"]}
    second = tiktok.user_followings(**who, **both).data
    assert len(second["followings"]) == 30
    assert "nextCursor" not in second
    assert tiktok.user_followings(**who, cursor=both["cursor"]).data == first
    with pytest.raises(EDError) as caught:
        tiktok.user_followings(**who, page_token=both["page_token"])
    assert caught.value.status_code == 422
    with pytest.raises(EDError) as caught:
        tiktok.user_followings(id="1", sec_uid=card["sec_uid"])
    assert caught.value.status_code == 463


def test_the_lying_last_page_of_followers(tiktok: TiktokEndpoints, names: dict[str, Any]) -> None:
    card = names["users"]["fans250"]
    who = {"id": card["uid"], "sec_uid": card["sec_uid"]}
    cursor: Any = None
    pages = []
    for _ in range(4):
        page = tiktok.user_followers(**who, cursor=cursor).data
        pages.append(len(page["followers"]))
        cursor = page["nextCursor"]
    assert pages == [100, 100, 50, 0]
    assert (cursor, page["total"]) == (-1, 4_511_327)
    assert page["nextPageToken"]


def test_posts_by_url_and_in_batches(tiktok: TiktokEndpoints, names: dict[str, Any]) -> None:
    card = names["posts"]["plain_post"]
    assert tiktok.post_info(url=card["url"]).data[0]["aweme_id"] == card["id"]
    unknown_posts: Any = unknown_ids()["posts"]
    ways = [f"https://www.tiktok.com/@x/video/{post}" for post in unknown_posts]
    answers = []
    for url in ways:
        try:
            answers.append(tiktok.post_info(url=url).data)
        except EDError as error:
            answers.append(error.status_code)
    assert sorted(map(str, answers)) == ["404", "[None]", "[]"]
    with pytest.raises(EDError) as caught:
        tiktok.post_info(url=names["posts"]["restricted_post"]["url"])
    assert caught.value.status_code == 520
    some = tiktok.user_posts_from_username(username="posts_99", depth=10).data["data"]
    ids = [post["aweme_id"] for post in some]
    batch = tiktok.multi_post_info(aweme_ids=[*ids, "7999999999999999999"]).data
    assert {post["aweme_id"] for post in batch} == set(ids)
    assert [post["aweme_id"] for post in batch] != ids
    with pytest.raises(EDError) as caught:
        tiktok.multi_post_info(aweme_ids=[*ids, *ids])
    assert caught.value.status_code == 464


def test_comments_and_replies(tiktok: TiktokEndpoints, names: dict[str, Any]) -> None:
    page = tiktok.post_comments(aweme_id=names["posts"]["comments_300"]["id"]).data
    assert (len(page["comments"]), page["nextCursor"]) == (30, 30)
    assert page["total"] > 300
    post, comment = names["comment_with_66_replies"].split(":")
    first = tiktok.post_comment_replies(aweme_id=post, comment_id=comment).data
    assert {reply["reply_id"] for reply in first["comments"]} == {comment}
    assert "reply_comment_total" not in first["comments"][0]
    assert tiktok.post_comments(aweme_id=names["posts"]["comments_null_first"]["id"]).data == {"comments": None}


def test_sounds(tiktok: TiktokEndpoints, names: dict[str, Any]) -> None:
    found = tiktok.music_search(keyword="cats").data["music"]
    sound = found[0]
    assert int(sound["mid"]) == sound["id"] > 2**53
    details = tiktok.music_details(music_id=sound["mid"]).data
    assert details.get("music_info", details)["user_count"] == len(
        tiktok.music_posts(music_id=sound["mid"]).data["aweme_list"]
    )


def test_searches(tiktok: TiktokEndpoints) -> None:
    users = tiktok.user_search(keyword="cats").data
    assert (len(users["users"]), users["nextCursor"]) == (10, 10)
    assert users["users"][0]["user_info"]["unique_id"] == "cats_00"
    assert tiktok.lives_search(keyword="cats").data["lives"]


def test_odd_text_survives_a_standard_parser(tiktok: TiktokEndpoints) -> None:
    posts = tiktok.user_posts_from_username(username="odd_text", depth=1).data["data"]
    texts = "".join(post["desc"] for post in posts)
    assert "\ud83d" in texts
    assert "\x00" in texts
    assert "\u2028" in texts
    assert max(post["statistics"]["play_count"] for post in posts) > 2**64


def test_photo_posts_lack_much(tiktok: TiktokEndpoints, names: dict[str, Any]) -> None:
    photo = tiktok.post_info(url=names["posts"]["photo_post"]["url"]).data[0]
    assert not {"music", "text_extra", "cha_list"} & set(photo)
    assert "unique_id" not in photo["author"]


def test_wrong_parameters_are_a_422(api: Api) -> None:
    plan = api.handle("/tt/user/posts", {"token": "t", "username": "cats_00", "depth": "ten"})
    assert plan.status == 422
    assert json.loads(plan.body or b"")["detail"][0]["loc"] == ["query", "depth"]
    assert json.loads(api.handle("/tt/hashtag/posts", {"token": "t"}).body or b"")["detail"][0]["type"] == "missing"
    assert api.handle("/tt/hashtag/posts", {"name": "cats"}).status == 422
    assert api.handle("/tt/keyword/search", {"token": "t", "name": "a", "period": "2"}).status == 422
    assert api.handle("/tt/no/such", {"token": "t"}).status == 404


def test_usage(api: Api, tiktok: TiktokEndpoints) -> None:
    customer = CustomerEndpoints(Requester(api))  # type: ignore[arg-type]  # any object with a `get` serves
    tiktok.hashtag_search(hashtag="cats")
    tiktok.user_posts_from_username(username="posts_45", depth=3)
    usage = customer.get_usage(date="2026-09-21")
    assert (usage.data, usage.units_charged) == ({"tiktok": 4, "instagram": 0}, 0)
    assert customer.get_usage_history(days=2).data[0] == {"date": "2026-09-21", "tiktok": 4}
    with pytest.raises(EDError) as caught:
        customer.get_usage(date="today")
    assert caught.value.status_code == 422
