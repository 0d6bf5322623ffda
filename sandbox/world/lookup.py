"""Finds the user, post, sound or comment that a request or a seed names by id, name or URL."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sandbox.world.errors import ApiError
from sandbox.world.hashing import hash_ints
from sandbox.world.keys import Comment
from sandbox.world.world import World

SEC_UID_PREFIX = "MS4wLjABAAAA"
_POST_URL = re.compile(r"https?://(?:www\.|m\.)?tiktok\.com/@[^/]+/(?:video|photo)/(\d+)/?(?:\?.*)?\Z")
_USER_URL = re.compile(r"https?://(?:www\.|m\.)?tiktok\.com/@([^/?#]+)")
_SEC_UID = re.compile(SEC_UID_PREFIX + r"[\w\-]+\Z")


def user(world: World, value: str) -> int:
    """Return the user of a name, @name, sec_uid or profile URL; raise as `Users.by_username` does."""
    match = _USER_URL.match(value)
    if match:
        value = match[1]
    if value.startswith(SEC_UID_PREFIX):
        return user_by_sec_uid(world, value)
    return world.users.by_username(value)


def user_by_sec_uid(world: World, sec_uid: str) -> int:
    """Raise 463 for a malformed sec_uid, 473 for one that nobody has."""
    if not _SEC_UID.match(sec_uid):
        raise ApiError(463, "Invalid user")
    found = world.ids.user_from_sec_uid(sec_uid)
    if found is None or not world.users.exists(found):
        raise ApiError(473, "User not found")
    return found


def user_by_both_ids(world: World, uid: str, sec_uid: str) -> int:
    """Return the user of a uid and a sec_uid; raise 463 if they are not the same user's."""
    found = user_by_sec_uid(world, sec_uid)
    if world.ids.uid(found) != uid:
        raise ApiError(463, "Invalid user")
    return found


def post(world: World, value: str) -> int:
    """Return the post of a URL or an id; raise 404 if there is none."""
    found = post_by_id(world, id_in_url(value) if "/" in value else value)
    if found is None:
        raise ApiError(404, "Post not found")
    return found


def post_by_id(world: World, aweme_id: str) -> int | None:
    found = world.ids.post_from_id(aweme_id)
    return found if found is not None and world.posts.exists(found) else None


def id_in_url(url: str) -> str:
    """Return the id in a post's URL; raise 462 for any other URL."""
    match = _POST_URL.match(url)
    if match is None:
        raise ApiError(462, "Invalid TikTok URL")
    return match[1]


def posts_of_batch(world: World, aweme_ids: Sequence[str]) -> list[int]:
    """Return the posts that a batch finds, shuffled, without the unknown and the restricted ones."""
    found = {item for aweme_id in aweme_ids if (item := post_by_id(world, aweme_id)) is not None}
    served = [item for item in found if world.posts.special_name(item) != "restricted_post"]
    return sorted(served, key=lambda item: hash_ints(world.seed, 91, item))


def sound(world: World, mid: str) -> int:
    """Raise 404 if there is no such sound."""
    found = world.ids.sound_from_mid(mid)
    if found is None or not world.sounds.exists(found):
        raise ApiError(404, "Music not found")
    return found


def comment(world: World, post: int, cid: str) -> Comment:
    """Raise 404 if the post has no such top-level comment."""
    found = world.comments.find(post, cid)
    if found is None:
        raise ApiError(404, "Comment not found")
    return found
