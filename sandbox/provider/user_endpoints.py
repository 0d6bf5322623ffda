"""Answers for users: profiles, posts, likes, followers, followings, and the searches for users and lives."""

from __future__ import annotations

import base64
import json

from sandbox.lists import searches as search_lists
from sandbox.lists import users as people_lists
from sandbox.lists.pagination import Page
from sandbox.provider.params import Params
from sandbox.provider.post_endpoints import envelope
from sandbox.provider.response import Answer, data, encode
from sandbox.render import post as render_post
from sandbox.render import user as render_user
from sandbox.world import lookup as find
from sandbox.world.errors import Refused
from sandbox.world.posts import NOW
from sandbox.world.world import World


def info_by_name(world: World, params: Params) -> Answer:
    """{"data": {"user": {…}, "stats": {…}}}, camelCase [SITE]."""
    user = world.people.by_username(params.text("username"))
    world.people.check_profile(user)
    return data(render_user.web(world, user))


def info_by_sec_uid(world: World, params: Params) -> Answer:
    """{"data": {"user": {…}}}, snake_case [G]; with alternative_method another payload, flat."""
    user = find.user_by_sec_uid(world, params.text("secUid"))
    world.people.check_profile(user)
    if params.flag("alternative_method"):
        return data(render_user.alternative(world, user))
    return data({"user": render_user.profile(world, user)})


def posts_by_name(world: World, params: Params) -> Answer:
    """{"data": [aweme], "nextCursor": ms} at the top level; `depth` units [SDK 174, reference section 5]."""
    return _posts(world, world.people.by_username(params.text("username")), params)


def posts_by_sec_uid(world: World, params: Params) -> Answer:
    return _posts(world, find.user_by_sec_uid(world, params.text("secUid")), params)


def _posts(world: World, user: int, params: Params) -> Answer:
    depth = params.number("depth")
    assert depth is not None
    if not 1 <= depth <= 1000:
        raise Refused(
            422, [{"type": "greater_than_equal", "loc": ["query", "depth"], "msg": "1 to 1000", "input": depth}]
        )
    listing = people_lists.user_posts(world, user, depth, params.number("oldest_createtime"))
    page = listing.page(params.number("start_cursor"))
    body = envelope("data", page, lambda post: render_post.aweme(world, post, true_author=True))
    return Answer(200, encode(body), depth)


def liked(world: World, params: Params) -> Answer:
    """{"liked_posts": [aweme], "nextCursor"}; ids come as 64-bit integers here (invented; see reference section 7)."""
    user = find.user_by_sec_uid(world, params.text("secUid"))
    page = people_lists.liked(world, user).page(params.number("cursor"))
    return data(envelope("liked_posts", page, lambda post: render_post.aweme(world, post, int_ids=True)))


def followers(world: World, params: Params) -> Answer:
    """{"followers": [user], "total", "nextCursor", sometimes "nextPageToken"}."""
    user = find.user_by_both(world, params.text("id"), params.text("secUid"))
    page = people_lists.followers(world, user).page(params.number("cursor"))
    return _people(world, "followers", user, page, people_lists.claimed_followers(world, user), token=user % 2 == 0)


def followings(world: World, params: Params) -> Answer:
    """{"followings": [user], "total", "nextCursor", "nextPageToken"}: both must come back [G].

    A cursor alone starts again from the first page; a token alone, or another cursor's token, is a 422 (invented).
    """
    user = find.user_by_both(world, params.text("id"), params.text("secUid"))
    cursor, token = params.number("cursor"), params.maybe("page_token")
    if cursor and not token:
        cursor = None
    elif token and _cursor_in(token) != cursor:
        raise Refused(
            422, [{"type": "value_error", "loc": ["query", "page_token"], "msg": "Not this cursor's", "input": token}]
        )
    page = people_lists.followings(world, user).page(cursor)
    return _people(world, "followings", user, page, world.graph.followings(user).size, token=True)


def _cursor_in(token: str) -> int | None:
    try:
        cursor = json.loads(base64.b64decode(token, validate=True))["min_cursor"]
    except (ValueError, KeyError, TypeError):
        return None
    return cursor if isinstance(cursor, int) else None


def _people(world: World, name: str, user: int, page: Page[int], total: int, *, token: bool) -> Answer:
    """The empty last page of a lying list has cursor -1 and a token all the same [VCR]."""
    body = envelope(name, page, lambda other: render_user.member(world, other)) | {"total": total}
    if isinstance(page.next, int) and (token or page.next < 0):
        body["nextPageToken"] = people_lists.page_token(page.next)
    return data(body)


def search(world: World, params: Params) -> Answer:
    """{"users": [{"user_info": user, …}], "nextCursor"} [LN]."""
    page = search_lists.user_search(world, params.text("keyword")).page(params.number("cursor"))

    def render(user: int) -> object:
        known = {"effects": None, "items": None, "musics": None, "mix_list": None, "challenges": None, "position": None}
        return {"user_info": render_user.member(world, user)} | known

    return data(envelope("users", page, render))


def lives(world: World, params: Params) -> Answer:
    """Invented, as nobody knows the shape: {"lives": [{"room_id", "title", …}]}, one page, no user objects in it."""
    country = params.maybe("country")
    if country is not None and len(country) != 2:
        raise Refused(466, "Invalid country code")
    found = [
        {
            "room_id": world.ids.room_id(user),
            "title": f"live with {world.people.username(user)}",
            "viewers": user % 1000,
            "started": NOW - user % 5000,
            "host": {"display_id": world.people.username(user)},
        }
        for user in search_lists.lives(world, params.text("keyword"))
    ]
    return data({"lives": found})
