"""Packs what identifies a user, post or sound into one integer, its key, so that the world needs no storage.

User key, 44 bits: kind (4), a (24), b (16); what a and b mean depends on the kind. Post key, 60 bits: user key, n (16),
where n counts the user's posts from the oldest. Sound key, 45 bits: 0, topic and number, or 1 and the key of the user
whose original sound it is.
"""

from __future__ import annotations

from typing import NamedTuple

# Kinds of users
MEMBER = 1  # writes under a topic's hashtag; a = topic number, b = index among its members
SPECIAL = 2  # a = index in SPECIAL_USERS
SIZED = 3  # has N of something; a = N, b = index in SIZED_LISTS
FAN_OF_SPECIAL = 4  # follows a special user; a = index in SPECIAL_USERS, b = index among its followers
FAN_OF_SIZED = 5  # follows `followers_N`; a = N, b = index among its followers
IDOL_OF_SPECIAL = 6  # is followed by a special user
IDOL_OF_SIZED = 7  # is followed by `followings_N`

MAX_POSTS = 60_000  # n and b have 16 bits
MAX_FOLLOWS = 60_000
_USER_MASK = (1 << 44) - 1


class UserParts(NamedTuple):
    kind: int
    a: int
    b: int


class Comment(NamedTuple):
    """The comment at `position` under a post, or its reply number `reply` (-1 for the comment itself)."""

    post: int
    position: int
    reply: int = -1


def user_key(kind: int, a: int, b: int = 0) -> int:
    return kind << 40 | a << 16 | b


def unpack_user(user: int) -> UserParts:
    return UserParts(user >> 40, user >> 16 & 0xFFFFFF, user & 0xFFFF)


def post_key(user: int, n: int) -> int:
    return user << 16 | n


def author(post: int) -> int:
    return post >> 16


def post_number(post: int) -> int:
    """Return n: the author's oldest post is number 0."""
    return post & 0xFFFF


def topic_sound(topic: int, number: int) -> int:
    return topic << 16 | number


def unpack_topic_sound(sound: int) -> tuple[int, int]:
    """Return the topic and the number of a topic's sound."""
    return sound >> 16, sound & 0xFFFF


def original_sound(user: int) -> int:
    return 1 << 44 | user


def sound_owner(sound: int) -> int | None:
    """Return the user whose original sound this is; None for a topic's sound."""
    return sound & _USER_MASK if sound >> 44 else None
