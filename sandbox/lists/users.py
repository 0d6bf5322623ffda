"""Cuts into pages what hangs on a user: posts, liked posts, followers, followings."""

from __future__ import annotations

import base64
import json

from sandbox.lists.pagination import ABSENT, End, Listing, Page, Script, Window, ending
from sandbox.world.errors import Refused
from sandbox.world.hashing import mix
from sandbox.world.posts import NOW
from sandbox.world.world import World

FOLLOWER_CAP = 5_000  # most recent ones [G]
FOLLOWER_PAGES = 50


def user_posts(world: World, user: int, depth: int = 1, oldest: int | None = None) -> Listing[int]:
    """/tt/user/posts*: 10·depth posts; the cursor is the last post's time in ms, as TikTok's max_cursor [SC25].

    `oldest` (unix s) stops the list after the chunk that holds an older post, pinned ones aside.
    """
    world.people.check_lists(user)
    posts = world.posts
    count, first = posts.count(user), len(posts.pinned(user))
    if oldest is not None:
        older = _first_older(world, user, oldest * 1000)
        if older < count:
            chunk = 10 * depth
            count = min(count, (older // chunk + 1) * chunk)
            return Window(
                count,
                lambda place: posts.listed(user, place),
                chunk,
                0,
                "absent",
                lambda place: posts.created(posts.listed(user, max(place - 1, first))) * 1000,
                lambda cursor: _first_older(world, user, cursor),
            )
    return Window(
        count,
        lambda place: posts.listed(user, place),
        10 * depth,
        0,
        ending(world.seed, 1, user),
        lambda place: posts.created(posts.listed(user, min(max(place - 1, first), count - 1))) * 1000,
        lambda cursor: _first_older(world, user, cursor),
    )


def _first_older(world: World, user: int, cursor_ms: int) -> int:
    """The first place, after the pinned posts, of a post older than the cursor."""
    low, high = len(world.posts.pinned(user)), world.posts.count(user)
    while low < high:
        middle = (low + high) // 2
        if world.posts.created(world.posts.listed(user, middle)) * 1000 < cursor_ms:
            high = middle
        else:
            low = middle + 1
    return low


def liked(world: World, user: int) -> Listing[int]:
    """/tt/user/liked-posts: 30 a page; 472 or an empty list where likes are not public."""
    world.people.check_lists(user)
    shown = world.people.likes_shown(user)
    if shown == "private":
        raise Refused(472, "User's liked posts are private")
    if shown == "hidden":
        return Window(0, int, 30)
    topic = world.topics.by_number(mix(world.seed, 61, user) % 40)
    assert topic is not None
    count = min(world.people.likes(user), topic.posts)
    start = mix(world.seed, 62, user)
    return Window(
        count,
        lambda place: world.posts.of_topic(topic.number, topic.members, (start + place) % topic.posts),
        30,
        0,
        ending(world.seed, 2, user),
    )


def _second(world: World, user: int, place: int) -> int:
    return NOW - 1_000 - place * 60 - mix(world.seed, 63, user, place) % 50


def _place(cursor: int) -> int:
    """The place after the item of this second; beyond any list for a cursor that is no such second."""
    return (NOW - 1_000 - cursor) // 60 + 1 if cursor > 0 else 1 << 40


def followers(world: World, user: int) -> Listing[int]:
    """/tt/user/followers: 100 a page, the most recent 5,000 [G]; cursor = unix s, falling."""
    world.people.check_lists(user)
    crowd, role = world.graph.followers(user), world.people.role(user)
    shift = role.shift if role else 0
    if role and role.quirk == "followers-null":
        return Script({0: Page((), ABSENT, null=True)})
    end = role.followers_end if role else _follow_end(world, user)
    return Window(
        min(crowd.size, FOLLOWER_CAP),
        crowd.user,
        100 - shift,
        shift,
        end,
        lambda place: _second(world, user, place - 1),
        _place,
    )


def _follow_end(world: World, user: int) -> End:
    ends: tuple[End, ...] = ("absent", "null", "lying", "absent")
    return ends[mix(world.seed, 64, user) % len(ends)]


def followings(world: World, user: int) -> Listing[int]:
    """/tt/user/followings: 100 a page; wants nextCursor and nextPageToken together [G]."""
    world.people.check_lists(user)
    crowd = world.graph.followings(user)
    return Window(
        crowd.size,
        crowd.user,
        100,
        0,
        "absent" if world.people.role(user) else _follow_end(world, user + 1),
        lambda place: _second(world, user, place - 1),
        _place,
    )


def page_token(cursor: int) -> str:
    """The base64 JSON that TikTok calls next_page_token [SC25, VCR]."""
    newest = NOW if cursor > 0 else -1
    return base64.b64encode(
        json.dumps({"max_cursor": newest, "min_cursor": cursor}, separators=(",", ":")).encode()
    ).decode()


def claimed_followers(world: World, user: int) -> int:
    role = world.people.role(user)
    count = world.graph.followers(user).size
    return role.claimed if role and role.claimed is not None else count
