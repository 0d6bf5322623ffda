"""Answers for hashtags, keywords, single posts, comments and sounds."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

from sandbox.lists import comments as talk_lists
from sandbox.lists import searches as search_lists
from sandbox.lists.pagination import ABSENT, Junk, Page
from sandbox.provider.params import Params
from sandbox.provider.response import Answer, data, encode
from sandbox.render import comment as render_comment
from sandbox.render import post as render_post
from sandbox.render import sound as render_sound
from sandbox.render.malformed import junk
from sandbox.world import lookup as find
from sandbox.world.errors import Refused
from sandbox.world.keys import Comment
from sandbox.world.world import World

MULTI_MAX = 100
T = TypeVar("T")


def items(page: Page[T], render: Callable[[T], object]) -> list[object] | None:
    """The page's items rendered, rubbish in its place; None where the list itself is null."""
    if page.null:
        return None
    return [junk(item) if isinstance(item, Junk) else render(item) for item in page.items]


def envelope(name: str, page: Page[T], render: Callable[[T], object]) -> dict[str, object]:
    """{NAME: [items], nextCursor}; nextCursor may be null or absent at the end."""
    body: dict[str, object] = {name: items(page, render)}
    if page.next != ABSENT:
        body["nextCursor"] = page.next
    return body


def hashtag(world: World, params: Params) -> Answer:
    """{"data": {"data": [aweme], "nextCursor": 20}}, 1 unit [G]."""
    name = params.text("name")
    page = search_lists.hashtag(world, name).page(params.number("cursor"))
    int_ids = name.lower() == "int-ids"
    return data(envelope("data", page, lambda post: render_post.aweme(world, post, int_ids=int_ids)))


def full_hashtag(world: World, params: Params) -> Answer:
    """data.posts in the web format, or data.data of raw awemes with remap_output=false [reference section 3, UNV].

    Units: a quarter of the pages it stands for, at least 1 [D23: "calls ÷ 4"].
    """
    name = params.text("name")
    days = params.number("days")
    assert days is not None
    posts = search_lists.full_hashtag(world, name, days, params.number("max_cursor"))
    units = max(1, -(-len(posts) // 80))
    raw = params.maybe("remap_output") == "False"
    if raw or (name.lower() == "full-raw" and not params.flag("remap_output")):
        return data({"data": [render_post.aweme(world, post) for post in posts]}, units)
    return data({"posts": [render_post.web(world, post) for post in posts]}, units)


def _check_country(params: Params) -> None:
    country = params.maybe("country")
    if country is not None and not re.fullmatch(r"[A-Za-z]{2}", country):
        raise Refused(466, "Invalid country code")


def keyword(world: World, params: Params) -> Answer:
    """data.data of {aweme_info, type}; 1 unit, or 1 + posts with get_author_stats [D23]."""
    _check_country(params)
    word, stats = params.text("name"), params.flag("get_author_stats")
    listing = search_lists.keyword(
        world, word, params.text("period"), params.maybe("sorting") or "0", params.flag("match_exactly")
    )
    page = listing.page(params.number("cursor"))
    bare = word.lower() == "bare"

    def render(post: int) -> object:
        shape = render_post.aweme if bare else render_post.wrapped
        return shape(world, post, true_author=stats)

    posts = sum(not isinstance(item, Junk) for item in page.items)
    return Answer(200, encode({"data": envelope("data", page, render)}), 1 + posts * stats)


def full_keyword(world: World, params: Params) -> Answer:
    """`data` is the bare list of {aweme_info}, for `full-raw` data.data; units: pages ÷ 10, at least 1 [MT]."""
    _check_country(params)
    posts = search_lists.keyword_posts(
        world, params.text("name"), params.text("period"), params.maybe("sorting") or "0", params.flag("match_exactly")
    )
    hits = [render_post.wrapped(world, post) for post in posts]
    units = max(1, -(-len(posts) // 200))
    return data({"data": hits} if params.text("name").lower() == "full-raw" else hits, units)


def post_info(world: World, params: Params) -> Answer:
    """`data` is a list of one aweme [G]; for an unknown video [], [null] or 404, always the same for one id."""
    aweme_id = find.id_in_url(params.text("url"))
    post = find.post_by_id(world, aweme_id)
    if post is None:
        way = int(aweme_id) % 3
        if way == 2:
            raise Refused(404, "Post not found")
        return data([] if way == 0 else [None])
    if world.posts.role(post) == "restricted_post":
        raise Refused(520, "Post is restricted")
    return data([render_post.aweme(world, post)])


def multi_info(world: World, params: Params) -> Answer:
    """`data` is a list of awemes in an order of its own, unknown ones left out; 1 unit; 464 above 100 ids."""
    wanted = [part for part in params.text("ids").split(";") if part]
    if len(wanted) > MULTI_MAX:
        raise Refused(464, f"Maximum {MULTI_MAX} post ids")
    if not wanted:
        raise Refused(422, [{"type": "value_error", "loc": ["query", "ids"], "msg": "No ids", "input": ""}])
    return data([render_post.aweme(world, post) for post in find.known_posts(world, wanted)])


def comments(world: World, params: Params) -> Answer:
    """{"comments": […], "total", "nextCursor"}; at times "comments": null and neither total nor cursor [VCR]."""
    post = find.post(world, params.text("aweme_id"))
    page = talk_lists.comments(world, post).page(params.number("cursor"))
    if page.null:
        return data({"comments": None})
    return _talk(world, page, talk_lists.claimed_comments(world, post))


def replies(world: World, params: Params) -> Answer:
    """The same under the key "comments"; reply_id is the parent's cid."""
    parent = find.comment(world, find.post(world, params.text("aweme_id")), params.text("comment_id"))
    page = talk_lists.replies(world, parent).page(params.number("cursor"))
    return _talk(world, page, world.talk.replies(parent))


def _talk(world: World, page: Page[Comment], total: int) -> Answer:
    return data(envelope("comments", page, lambda item: render_comment.comment(world, item)) | {"total": total})


def music_search(world: World, params: Params) -> Answer:
    """{"music": […], "nextCursor"}; the path is /tt/music/info [SDK 328]."""
    page = search_lists.music_search(world, params.text("name")).page(params.number("cursor"))
    return data(envelope("music", page, lambda sound: render_sound.details(world, sound)))


def music_posts(world: World, params: Params) -> Answer:
    """{"aweme_list": […], "nextCursor"}."""
    sound = find.sound(world, params.text("music_id"))
    page = search_lists.music_posts(world, sound).page(params.number("cursor"))
    return data(envelope("aweme_list", page, lambda post: render_post.aweme(world, post)))


def music_details(world: World, params: Params) -> Answer:
    """Flat: data.user_count [G+]; wrapped in music_info for every fifth sound, as the native answer is [SC25]."""
    sound = find.sound(world, params.text("id"))
    body = render_sound.details(world, sound)
    return data({"music_info": body, "rec_list": []} if sound % 5 == 4 else body)
