"""Pages the lists of a user: posts, liked posts, followers, followings."""

from __future__ import annotations

import base64
import json

from sandbox.lists.pagination import ABSENT, OffsetList, Page, PagedList, ScriptedList, list_ending
from sandbox.world.errors import ApiError
from sandbox.world.hashing import hash_ints
from sandbox.world.list_quirks import ListEnding
from sandbox.world.posts import NEWEST
from sandbox.world.world import World

FOLLOWER_CAP = 5_000  # only the most recent ones can be fetched (provider.md)
FOLLOWER_PAGES = 50
_FOLLOWS_PER_PAGE = 100
_LIKES_PER_PAGE = 30
_NEWEST_FOLLOW = NEWEST - 1_000
_NO_OFFSET = 1 << 40  # beyond any list
_FOLLOW_ENDINGS: tuple[ListEnding, ...] = ("absent", "null", "lying", "absent")


def posts(world: World, user: int, depth: int = 1, oldest: int | None = None) -> PagedList[int]:
    """/tt/user/posts*: 10·depth posts a page; the cursor is the time of the last post in ms (provider.md).

    `oldest` (unix seconds) ends the list after the chunk with the first older post; pinned posts do not count.
    """
    world.users.check_lists(user)
    count, size = world.posts.count(user), 10 * depth
    pinned = len(world.posts.pinned(user))
    ending = list_ending(world.seed, 1, user)
    if oldest is not None:
        older = _first_older(world, user, oldest * 1000)
        if older < count:
            count, ending = min(count, (older // size + 1) * size), "absent"
    return OffsetList(
        count,
        lambda index: world.posts.of_user(user, index),
        size,
        0,
        ending,
        lambda offset: _milliseconds(world, user, min(max(offset - 1, pinned), count - 1)),
        lambda cursor: _first_older(world, user, cursor),
    )


def _milliseconds(world: World, user: int, index: int) -> int:
    return world.posts.created(world.posts.of_user(user, index)) * 1000


def _first_older(world: World, user: int, cursor_ms: int) -> int:
    """Return the first index, after the pinned posts, of a post older than the cursor."""
    low, high = len(world.posts.pinned(user)), world.posts.count(user)
    while low < high:
        middle = (low + high) // 2
        if _milliseconds(world, user, middle) < cursor_ms:
            high = middle
        else:
            low = middle + 1
    return low


def liked_posts(world: World, user: int) -> PagedList[int]:
    """/tt/user/liked-posts: 30 a page; if the likes are not public, a 472 or an empty list."""
    world.users.check_lists(user)
    visibility = world.users.likes_visibility(user)
    if visibility == "private":
        raise ApiError(472, "User's liked posts are private")
    if visibility == "hidden":
        return OffsetList(0, int, _LIKES_PER_PAGE)
    topic = world.topics.by_number(hash_ints(world.seed, 61, user) % 40)
    assert topic is not None
    count = min(world.users.like_count(user), topic.posts)
    start = hash_ints(world.seed, 62, user)
    return OffsetList(
        count,
        lambda index: world.posts.of_topic(topic, (start + index) % topic.posts),
        _LIKES_PER_PAGE,
        0,
        list_ending(world.seed, 2, user),
    )


def followers(world: World, user: int) -> PagedList[int]:
    """/tt/user/followers: 100 a page, the most recent FOLLOWER_CAP; the cursor is a falling unix time."""
    world.users.check_lists(user)
    sequence, special = world.follow_graph.followers(user), world.users.special(user)
    if special and special.quirk == "followers-null":
        return ScriptedList({0: Page((), ABSENT, null=True)})
    overlap = special.overlap if special else 0
    return OffsetList(
        min(sequence.size, FOLLOWER_CAP),
        sequence.user,
        _FOLLOWS_PER_PAGE - overlap,
        overlap,
        special.followers_end if special else _follow_ending(world, user),
        lambda offset: _follow_time(world, user, offset - 1),
        _offset_after,
    )


def followings(world: World, user: int) -> PagedList[int]:
    """/tt/user/followings: 100 a page; the cursor is a falling unix time."""
    world.users.check_lists(user)
    sequence = world.follow_graph.followings(user)
    return OffsetList(
        sequence.size,
        sequence.user,
        _FOLLOWS_PER_PAGE,
        0,
        "absent" if world.users.special(user) else _follow_ending(world, user + 1),
        lambda offset: _follow_time(world, user, offset - 1),
        _offset_after,
    )


def _follow_ending(world: World, key: int) -> ListEnding:
    return _FOLLOW_ENDINGS[hash_ints(world.seed, 64, key) % len(_FOLLOW_ENDINGS)]


def _follow_time(world: World, user: int, index: int) -> int:
    return _NEWEST_FOLLOW - index * 60 - hash_ints(world.seed, 63, user, index) % 50


def _offset_after(cursor: int) -> int:
    """Return the offset after the item that `_follow_time` gave this time."""
    return (_NEWEST_FOLLOW - cursor) // 60 + 1 if cursor > 0 else _NO_OFFSET


def page_token(cursor: int) -> str:
    """Return the base64 JSON that TikTok calls next_page_token (provider.md)."""
    newest = NEWEST if cursor > 0 else -1
    return base64.b64encode(
        json.dumps({"max_cursor": newest, "min_cursor": cursor}, separators=(",", ":")).encode()
    ).decode()


def cursor_of_token(token: str) -> int | None:
    """Return the cursor that a page token was made for; None if it is no token of ours."""
    try:
        cursor = json.loads(base64.b64decode(token, validate=True))["min_cursor"]
    except (ValueError, KeyError, TypeError):
        return None
    return cursor if isinstance(cursor, int) else None
