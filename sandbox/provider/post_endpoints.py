"""Responds for hashtags, keywords, single posts, comments and sounds."""

from __future__ import annotations

import re

from sandbox.lists import comments as comment_lists
from sandbox.lists import searches
from sandbox.lists.pagination import Page
from sandbox.provider.params import Params
from sandbox.provider.response import Response, render_page, success
from sandbox.render import comment as render_comment
from sandbox.render import post as render_post
from sandbox.render import sound as render_sound
from sandbox.world import lookup
from sandbox.world.errors import ApiError, validation_error
from sandbox.world.keys import Comment
from sandbox.world.list_quirks import MalformedItem
from sandbox.world.world import World

MAX_BATCH = 100
_POSTS_PER_UNIT_OF_FULL_HASHTAG = 80
_POSTS_PER_UNIT_OF_FULL_KEYWORD = 200


def hashtag(world: World, params: Params) -> Response:
    """Return {"data": [aweme], "nextCursor"}."""
    name = params.text("name")
    page = searches.hashtag_posts(world, name).page(params.optional_integer("cursor"))
    int_ids = name.lower() == "int-ids"
    return success(render_page("data", page, lambda post: render_post.aweme(world, post, int_ids=int_ids)))


def full_hashtag(world: World, params: Params) -> Response:
    """Return {"posts": [remapped post]}, or with remap_output=False {"data": [aweme]} (both occur, provider.md)."""
    name = params.text("name")
    max_cursor = params.optional_integer("max_cursor")
    posts = searches.full_hashtag_posts(world, name, params.integer("days"), max_cursor)
    units = _units_of_full_search(posts, _POSTS_PER_UNIT_OF_FULL_HASHTAG)
    raw = params.optional_text("remap_output") == "False"
    if raw or (name.lower() == "full-raw" and not params.flag("remap_output")):
        return success({"data": [render_post.aweme(world, post) for post in posts]}, units)
    return success({"posts": [render_post.web(world, post) for post in posts]}, units)


def _units_of_full_search(posts: list[int], per_unit: int) -> int:
    return max(1, -(-len(posts) // per_unit))


def keyword(world: World, params: Params) -> Response:
    """Return {"data": [{type, aweme_info}], "nextCursor"}; with get_author_stats, each post costs a unit more."""
    _check_country(params)
    bare, stats = params.text("name").lower() == "bare", params.flag("get_author_stats")
    page = searches.keyword_posts(world, *_keyword_search(params)).page(params.optional_integer("cursor"))

    def render(post: int) -> object:
        shape = render_post.aweme if bare else render_post.wrapped
        return shape(world, post, true_author=stats)

    posts = sum(not isinstance(item, MalformedItem) for item in page.items)
    return success(render_page("data", page, render), 1 + posts * stats)


def full_keyword(world: World, params: Params) -> Response:
    """Return a bare list of {type, aweme_info}; for `full-raw`, {"data": the list} (both occur, provider.md)."""
    _check_country(params)
    posts = searches.full_keyword_posts(world, *_keyword_search(params))
    hits = [render_post.wrapped(world, post) for post in posts]
    units = _units_of_full_search(posts, _POSTS_PER_UNIT_OF_FULL_KEYWORD)
    return success({"data": hits} if params.text("name").lower() == "full-raw" else hits, units)


def _keyword_search(params: Params) -> tuple[str, str, str, bool]:
    sorting = params.optional_text("sorting") or "0"
    return params.text("name"), params.text("period"), sorting, params.flag("match_exactly")


def _check_country(params: Params) -> None:
    country = params.optional_text("country")
    if country is not None and not re.fullmatch(r"[A-Za-z]{2}", country):
        raise ApiError(466, "Invalid country code")


def post_info(world: World, params: Params) -> Response:
    """Return a list of one aweme; for an unknown video [], [null] or a 404, depending on its id (provider.md)."""
    aweme_id = lookup.id_in_url(params.text("url"))
    post = lookup.post_by_id(world, aweme_id)
    if post is None:
        way = int(aweme_id) % 3
        if way == 2:
            raise ApiError(404, "Post not found")
        return success([] if way == 0 else [None])
    if world.posts.special_name(post) == "restricted_post":
        raise ApiError(520, "Post is restricted")
    return success([render_post.aweme(world, post)])


def multi_info(world: World, params: Params) -> Response:
    """Return a list of awemes in no particular order, without the unknown ones; 464 for more than 100 ids."""
    aweme_ids = [part for part in params.text("ids").split(";") if part]
    if len(aweme_ids) > MAX_BATCH:
        raise ApiError(464, f"Maximum {MAX_BATCH} post ids")
    if not aweme_ids:
        raise validation_error("ids", "value_error", "No ids", "")
    return success([render_post.aweme(world, post) for post in lookup.posts_of_batch(world, aweme_ids)])


def comments(world: World, params: Params) -> Response:
    """Return {"comments": […], "nextCursor", "total"}; a null list comes without the other two (provider.md)."""
    post = lookup.post(world, params.text("aweme_id"))
    page = comment_lists.comments(world, post).page(params.optional_integer("cursor"))
    if page.null:
        return success({"comments": None})
    return _comment_page(world, page, comment_lists.claimed_comments(world, post))


def replies(world: World, params: Params) -> Response:
    """Return replies in the shape of `comments`, under the same key."""
    parent = lookup.comment(world, lookup.post(world, params.text("aweme_id")), params.text("comment_id"))
    page = comment_lists.replies(world, parent).page(params.optional_integer("cursor"))
    return _comment_page(world, page, world.comments.reply_count(parent))


def _comment_page(world: World, page: Page[Comment], total: int) -> Response:
    return success(render_page("comments", page, lambda item: render_comment.comment(world, item)) | {"total": total})


def music_search(world: World, params: Params) -> Response:
    """Return {"music": […], "nextCursor"}."""
    page = searches.sounds(world, params.text("name")).page(params.optional_integer("cursor"))
    return success(render_page("music", page, lambda sound: render_sound.details(world, sound)))


def music_posts(world: World, params: Params) -> Response:
    """Return {"aweme_list": […], "nextCursor"}."""
    sound = lookup.sound(world, params.text("music_id"))
    page = searches.sound_posts(world, sound).page(params.optional_integer("cursor"))
    return success(render_page("aweme_list", page, lambda post: render_post.aweme(world, post)))


def music_details(world: World, params: Params) -> Response:
    """Return the sound itself, or for every fifth one {"music_info": sound} (both occur, provider.md)."""
    sound = lookup.sound(world, params.text("id"))
    body = render_sound.details(world, sound)
    return success({"music_info": body, "rec_list": []} if sound % 5 == 4 else body)
