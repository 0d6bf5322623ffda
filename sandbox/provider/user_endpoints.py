"""Responds for users: profiles, posts, likes, followers, followings, and the searches for users and lives."""

from __future__ import annotations

from sandbox.lists import searches
from sandbox.lists import users as user_lists
from sandbox.lists.pagination import Page
from sandbox.provider.params import Params
from sandbox.provider.response import Response, render_page, success
from sandbox.render import post as render_post
from sandbox.render import user as render_user
from sandbox.world import lookup
from sandbox.world.errors import ApiError, validation_error
from sandbox.world.world import World

MAX_DEPTH = 1000
_NULL_PARTS = dict.fromkeys(("effects", "items", "musics", "mix_list", "challenges", "position"))


def info_by_name(world: World, params: Params) -> Response:
    """Return {"user": {…}, "stats": {…}} in camelCase."""
    user = world.users.by_username(params.text("username"))
    world.users.check_profile(user)
    return success(render_user.web(world, user))


def info_by_sec_uid(world: World, params: Params) -> Response:
    """Return {"user": {…}} in snake_case; with alternative_method a different, flat payload."""
    user = lookup.user_by_sec_uid(world, params.text("secUid"))
    world.users.check_profile(user)
    if params.flag("alternative_method"):
        return success(render_user.alternative(world, user))
    return success({"user": render_user.profile(world, user)})


def posts_by_name(world: World, params: Params) -> Response:
    """Return {"data": [aweme], "nextCursor": ms}, not wrapped in a second `data`; costs `depth` units."""
    return _posts(world, world.users.by_username(params.text("username")), params)


def posts_by_sec_uid(world: World, params: Params) -> Response:
    return _posts(world, lookup.user_by_sec_uid(world, params.text("secUid")), params)


def _posts(world: World, user: int, params: Params) -> Response:
    depth = params.integer("depth")
    if not 1 <= depth <= MAX_DEPTH:
        raise validation_error("depth", "greater_than_equal", f"1 to {MAX_DEPTH}", depth)
    paged = user_lists.posts(world, user, depth, params.optional_integer("oldest_createtime"))
    page = paged.page(params.optional_integer("start_cursor"))
    body = render_page("data", page, lambda post: render_post.aweme(world, post, true_author=True))
    return Response(200, body, depth)


def liked(world: World, params: Params) -> Response:
    """Return {"liked_posts": [aweme], "nextCursor"}; the ids are 64-bit integers, an assumption (provider.md)."""
    user = lookup.user_by_sec_uid(world, params.text("secUid"))
    page = user_lists.liked_posts(world, user).page(params.optional_integer("cursor"))
    return success(render_page("liked_posts", page, lambda post: render_post.aweme(world, post, int_ids=True)))


def followers(world: World, params: Params) -> Response:
    """Return {"followers": [user], "nextCursor", "total"}, for every other user with "nextPageToken"."""
    user = lookup.user_by_both_ids(world, params.text("id"), params.text("secUid"))
    page = user_lists.followers(world, user).page(params.optional_integer("cursor"))
    total = world.follow_graph.claimed_followers(user)
    return _user_page(world, "followers", page, total, token=user % 2 == 0)


def followings(world: World, params: Params) -> Response:
    """Return {"followings": [user], "nextCursor", "total", "nextPageToken"}; the next page needs both (provider.md).

    A cursor alone returns the first page; a token without its cursor is a 422. Both are assumptions.
    """
    user = lookup.user_by_both_ids(world, params.text("id"), params.text("secUid"))
    cursor, token = params.optional_integer("cursor"), params.optional_text("page_token")
    if cursor and not token:
        cursor = None
    elif token and user_lists.cursor_of_token(token) != cursor:
        raise validation_error("page_token", "value_error", "Not this cursor's", token)
    page = user_lists.followings(world, user).page(cursor)
    return _user_page(world, "followings", page, world.follow_graph.followings(user).size, token=True)


def _user_page(world: World, name: str, page: Page[int], total: int, *, token: bool) -> Response:
    body = render_page(name, page, lambda other: render_user.member(world, other)) | {"total": total}
    # The empty last page of a `lying` list has cursor -1 and a token nevertheless (provider.md).
    if isinstance(page.next, int) and (token or page.next < 0):
        body["nextPageToken"] = user_lists.page_token(page.next)
    return success(body)


def search(world: World, params: Params) -> Response:
    """Return {"users": [{"user_info": user, …}], "nextCursor"}."""
    page = searches.users(world, params.text("keyword")).page(params.optional_integer("cursor"))

    def render(user: int) -> object:
        return {"user_info": render_user.member(world, user), **_NULL_PARTS}

    return success(render_page("users", page, render))


def lives(world: World, params: Params) -> Response:
    """Return {"lives": [{"room_id", …}]}: one page without user objects; the real shape is unknown (provider.md)."""
    country = params.optional_text("country")
    if country is not None and len(country) != 2:
        raise ApiError(466, "Invalid country code")
    return success({"lives": [_live(world, user) for user in searches.live_hosts(world, params.text("keyword"))]})


def _live(world: World, user: int) -> dict[str, object]:
    username = world.users.username(user)
    return {
        "room_id": world.ids.room_id(user),
        "title": f"live with {username}",
        "viewers": user % 1000,
        "started": world.now - user % 5000,
        "host": {"display_id": username},
    }
