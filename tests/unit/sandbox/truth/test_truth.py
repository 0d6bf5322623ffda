"""Following any list by its cursors finds exactly what the truth says, and relations reach as deep as asked."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.truth.query import KINDS, TruthQuery
from sandbox.truth.truth import Truth
from sandbox.world.special_cases import SPECIAL_HASHTAGS
from sandbox.world.world import World
from tests.unit.sandbox.walking import get, ids, walk


def truth(world: World, kind: str, *values: str, expand: str = "none", **options: Any) -> dict[str, Any]:
    names = frozenset(name for name in expand.split(",") if name != "none")
    return Truth(world, TruthQuery(kind, values, names, **options)).answer()


def calls(known: dict[str, object]) -> int:
    """The calls of an answer."""
    found = known["calls"]
    assert isinstance(found, int)
    return found


HASHTAGS = [special.name for special in SPECIAL_HASHTAGS if special.name != "restricted-topic"]


@pytest.mark.parametrize("name", [*HASHTAGS, "cats", "catsdaily", "catstok", "big-137", "big-6000"])
def test_hashtags(world: World, name: str) -> None:
    pages = walk(world, "/tt/hashtag/posts", name=name)
    known = truth(world, "hashtag", name)
    assert sorted(set(ids(pages, "aweme_id"))) == known["posts"]
    assert sorted(set(ids(pages, "author.uid"))) == known["users"]
    assert sorted(set(ids(pages, "music.mid"))) == known["music"]
    assert len(pages) == known["calls"]
    tags = {
        str(tag[key]).lower()
        for page in pages
        for post in page
        if isinstance(post, dict)
        for field, key in (("cha_list", "cha_name"), ("text_extra", "hashtag_name"))
        for tag in post.get(field) or ()
        if key in tag
    }
    assert sorted(tags) == known["hashtags"]


def test_what_a_stalling_hashtag_holds(world: World) -> None:
    assert [truth(world, "hashtag", name)["calls"] for name in ("cursor-repeats", "only-seen", "empty-forever")] == [
        3,
        6,
        5,
    ]
    assert [len(truth(world, "hashtag", f"empty-{n}")["posts"]) for n in (1, 2, 3)] == [80, 80, 80]
    assert len(truth(world, "hashtag", "big-40000")["posts"]) == 5000


@pytest.mark.parametrize("name", ["posts_1", "posts_10", "posts_123", "pinned_user", "no_posts", "cats_00", "odd_text"])
def test_user_posts(world: World, name: str) -> None:
    pages = walk(world, "/tt/user/posts", username=name, depth=1, cursor_name="start_cursor")
    found = ids(pages, "aweme_id")
    known = truth(world, "user", name)
    assert len(found) == len(set(found))
    assert sorted(found) == known["posts"]
    assert len(pages) + 1 == known["calls"]


FOLLOWED = [
    "celebrity7000",
    "celebrity_shift",
    "fans250",
    "fans230",
    "followers_null",
    "total_liar",
    "followers_205",
    "cats_00",
]


@pytest.mark.parametrize("name", FOLLOWED)
def test_followers(world: World, name: str) -> None:
    user = world.users.by_username(name)
    who = {"id": world.ids.uid(user), "secUid": world.ids.sec_uid(user)}
    pages = walk(world, "/tt/user/followers", most=50, **who)
    known = truth(world, "followers", name)
    assert sorted({*ids(pages, "uid"), who["id"]}) == known["users"]
    assert sorted(f"{uid}:{who['id']}" for uid in set(ids(pages, "uid"))) == known["follows"]
    assert len(pages) + 1 == known["calls"]


@pytest.mark.parametrize("name", ["follows130", "followings_205", "cats_01", "no_posts", "fan_c0_77"])
def test_followings(world: World, name: str) -> None:
    user = world.users.by_username(name)
    who = {"id": world.ids.uid(user), "secUid": world.ids.sec_uid(user)}
    pages = walk(world, "/tt/user/followings", most=400, **who)
    assert sorted(f"{who['id']}:{uid}" for uid in ids(pages, "uid")) == truth(world, "followings", name)["follows"]


def test_celebrities_are_cut_at_the_cap(world: World) -> None:
    assert len(truth(world, "followers", "celebrity7000")["follows"]) == 5000
    assert len(truth(world, "followers", "celebrity_shift")["follows"]) == 4950


def test_likes(world: World, names: dict[str, Any]) -> None:
    pages = walk(world, "/tt/user/liked-posts", secUid=names["users"]["likes_public"]["sec_uid"])
    assert sorted(ids(pages, "aweme_id")) == truth(world, "likes", "likes_public")["posts"]
    assert len(ids(pages, "aweme_id")) == 45
    assert truth(world, "likes", "likes_private")["lists"] == {"200": 1, "472": 1}
    assert truth(world, "likes", "likes_hidden")["posts"] == []


COMMENTED = [
    *("comments_null_first", "comments_null_last", "comments_below_total", "comments_none", "comments_overlap"),
    *("comments_300", "comments_odd_items", "many_replies", "photo_post"),
]


@pytest.mark.parametrize("name", COMMENTED)
def test_comments(world: World, names: dict[str, Any], name: str) -> None:
    post = names["posts"][name]["id"]
    pages = walk(world, "/tt/post/comments", aweme_id=post)
    known = truth(world, "comments", post)
    assert sorted(set(ids(pages, "cid"))) == known["comments"]
    assert sorted(set(ids(pages, "user.uid"))) == known["users"]
    assert len(pages) == known["calls"]


def test_replies(world: World, names: dict[str, Any]) -> None:
    value = names["comment_with_66_replies"]
    post, comment = value.split(":")
    pages = walk(world, "/tt/post/comments-replies", aweme_id=post, comment_id=comment)
    assert [len(page) for page in pages] == [30, 30, 6]
    assert sorted(ids(pages, "cid")) == truth(world, "replies", value)["comments"]


def test_a_sized_user_has_that_many_comments(world: World) -> None:
    post = world.ids.post_id(world.posts.of_user(world.users.by_username("comments_1000"), 0))
    known = truth(world, "comments", post)
    assert (len(known["comments"]), known["calls"] in (34, 35)) == (1000, True)


@pytest.mark.parametrize("place", range(6))
def test_music(world: World, place: int) -> None:
    mid = get(world, "/tt/music/info", name="cats")[1]["data"]["music"][place]["mid"]
    pages = walk(world, "/tt/music/posts", music_id=mid)
    known = truth(world, "music", mid)
    assert sorted(ids(pages, "aweme_id")) == known["posts"]
    assert mid in known["music"]


@pytest.mark.parametrize("word", ["cats", "zebra", "big-45", "with-ads", "bare", "two words"])
def test_searches(world: World, word: str) -> None:
    pages = walk(world, "/tt/keyword/search", name=word, period="180")
    known = truth(world, "keyword", word)
    assert sorted(set(ids(pages, "aweme_info.aweme_id") or ids(pages, "aweme_id"))) == known["posts"]
    assert sorted(ids(walk(world, "/tt/music/info", name=word), "mid")) == truth(world, "music-search", word)["music"]
    users = ids(walk(world, "/tt/user/search", keyword=word), "user_info.uid")
    assert sorted(users) == truth(world, "user-search", word)["users"]
    lives = ids(walk(world, "/tt/live/search", keyword=word), "room_id")
    assert sorted(lives) == truth(world, "live-search", word)["lives"]


def test_batches_and_the_missing(world: World, names: dict[str, Any]) -> None:
    user = world.users.by_username("posts_243")
    posts = [world.ids.post_id(world.posts.of_user(user, place)) for place in range(243)]
    known = truth(world, "posts", *posts, *names["unknown"]["more_posts"][:7])
    assert (len(known["posts"]), len(known["missing"]), known["calls"]) == (243, 7, 3)


def test_every_kind_has_a_truth(world: World, names: dict[str, Any]) -> None:
    post, card = names["posts"]["plain_post"], names["users"]["follows130"]
    values = {
        "hashtag": "dogs", "keyword": "dogs", "user": "@cats_00", "followers": "fans230", "followings": card["sec_uid"],
        "likes": "likes_public", "post": post["url"], "posts": post["id"], "comments": post["url"],
        "replies": names["comment_with_66_replies"], "music": post["mid"], "music-search": "x", "user-search": "x",
        "live-search": "x",
    }  # fmt: skip
    assert set(values) == set(KINDS)
    for kind, value in values.items():
        known = Truth(world, TruthQuery(kind, (value,))).answer()
        assert any(known[name] for name in ("posts", "users", "comments", "music", "lives")), kind
        assert calls(known) > 0


def test_relations_reach_as_deep_as_asked(world: World) -> None:
    everything = {
        depth: truth(world, "hashtag", "cats", expand="authors,comments,followings", depth=depth) for depth in range(4)
    }
    assert everything[0]["comments"] == []
    assert everything[0]["calls"] == 3
    assert everything[1]["comments"]
    assert everything[1]["follows"] == []
    assert everything[2]["follows"]
    assert everything[2]["comments"] == everything[1]["comments"]
    near, far = (truth(world, "user", "cats_00", expand="followings", depth=depth) for depth in (1, 2))
    assert set(near["follows"]) < set(far["follows"])
    plain = truth(world, "hashtag", "cats", expand="followings")
    assert plain["follows"] == everything[2]["follows"]


def test_commenters_are_expanded_only_where_asked_for(world: World, names: dict[str, Any]) -> None:
    post = names["posts"]["plain_post"]["id"]
    assert truth(world, "comments", post, expand="followings")["follows"] == []
    assert truth(world, "comments", post, expand="commenters,followings")["follows"]


def test_three_hashtags_of_one_topic_hold_its_posts_once(world: World) -> None:
    one = truth(world, "hashtag", "cats", expand="comments")
    three = truth(world, "hashtag", "cats", "catsdaily", "catstok", expand="comments")
    assert three["comments"] == one["comments"]


def test_limits_and_dates_stop_lists(world: World) -> None:
    assert len(truth(world, "hashtag", "cats", limits={"hashtag": 5})["posts"]) == 20
    whole = truth(world, "user", "posts_100")
    some = truth(world, "user", "posts_100", since=world.posts.created(world.posts.of_user(
        world.users.by_username("posts_100"), 34)))  # fmt: skip
    assert len(some["posts"]) == 40
    assert len(whole["posts"]) == 100
    late = truth(world, "hashtag", "cats", expand="comments", since=1_780_000_000)
    assert 0 < len(late["comments"]) < len(truth(world, "hashtag", "cats", expand="comments")["comments"])


def test_ordinary_crawls_have_the_promised_size(world: World) -> None:
    assert 150 <= calls(Truth(world, TruthQuery("hashtag", ("cats",))).answer()) <= 175
    for name in ("dogs", "pizza", "sushi", "ocean"):
        assert 150 <= calls(Truth(world, TruthQuery("hashtag", (name,))).answer()) <= 400
    large = World(7, "large")
    query = TruthQuery("hashtag", ("cats", "dogs"), frozenset(("authors", "comments")))
    assert 1250 <= calls(Truth(large, query).answer()) <= 1450
