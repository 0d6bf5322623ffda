"""Finds what a request or a seed value names: a user, post or sound by any of its ids, names or addresses."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sandbox.world.errors import Refused
from sandbox.world.hashing import mix
from sandbox.world.keys import Comment
from sandbox.world.world import World

_POST_URL = re.compile(r"https?://(?:www\.|m\.)?tiktok\.com/@[^/]+/(?:video|photo)/(\d+)/?(?:\?.*)?\Z")
_USER_URL = re.compile(r"https?://(?:www\.|m\.)?tiktok\.com/@([^/?#]+)")
_SEC_UID = re.compile(r"MS4wLjABAAAA[\w\-]+\Z")


def user_by_sec_uid(world: World, sec_uid: str) -> int:
    """463 for what cannot be a sec_uid, 473 for one that nobody has."""
    if not _SEC_UID.match(sec_uid):
        raise Refused(463, "Invalid user")
    user = world.ids.user_of_sec_uid(sec_uid)
    if user is None or not world.people.exists(user):
        raise Refused(473, "User not found")
    return user


def user_by_both(world: World, uid: str, sec_uid: str) -> int:
    """Followers and followings want id and sec_uid [G]; 463 where the two are not one user's."""
    user = user_by_sec_uid(world, sec_uid)
    if world.ids.uid(user) != uid:
        raise Refused(463, "Invalid user")
    return user


def user(world: World, value: str) -> int:
    """A user as a person pastes it: name, @name, sec_uid, profile URL."""
    match = _USER_URL.match(value)
    if match:
        value = match[1]
    if value.startswith("MS4wLjABAAAA"):
        return user_by_sec_uid(world, value)
    return world.people.by_username(value)


def post_by_id(world: World, aweme_id: str) -> int | None:
    post = world.ids.post_of_id(aweme_id)
    return post if post is not None and world.posts.exists(post) else None


def id_in_url(url: str) -> str:
    """The video id in a post's URL; 462 where it is none."""
    match = _POST_URL.match(url)
    if match is None:
        raise Refused(462, "Invalid TikTok URL")
    return match[1]


def post(world: World, value: str) -> int:
    """The post of a URL or an id; 404 where the platform has none."""
    found = post_by_id(world, id_in_url(value) if "/" in value else value)
    if found is None:
        raise Refused(404, "Post not found")
    return found


def sound(world: World, mid: str) -> int:
    found = world.ids.sound_of_mid(mid)
    if found is None or not world.sounds.exists(found):
        raise Refused(404, "Music not found")
    return found


def comment(world: World, under: int, cid: str) -> Comment:
    found = world.talk.find(under, cid)
    if found is None:
        raise Refused(404, "Comment not found")
    return found


def known_posts(world: World, ids: Sequence[str]) -> list[int]:
    """The posts that a batch finds, shuffled; restricted ones are left out."""
    found = {post for aweme_id in ids if (post := post_by_id(world, aweme_id)) is not None}
    open_posts = [post for post in found if world.posts.role(post) != "restricted_post"]
    return sorted(open_posts, key=lambda post: mix(world.seed, 91, post))
