"""Packs what a user, post or sound *is* into one small integer, its code, so that nothing need be stored.

User code, 44 bits: kind (4) | a (24) | b (16). Post code, 60 bits: user code | n (16), n counting the user's posts
from the oldest. Sound code, 48 bits: 0 | topic and number, or 1 | the user whose original sound it is.
"""

from __future__ import annotations

from typing import NamedTuple

MEMBER = 1  # a = topic number, b = place in the topic
CAST = 2  # a = place in the cast
DIAL = 3  # a = the N of the name, b = which dial
FAN_OF_CAST = 4  # a = place in the cast, b = which fan
FAN_OF_DIAL = 5  # a = N of followers_N, b = which fan
IDOL_OF_CAST = 6
IDOL_OF_DIAL = 7

MAX_POSTS = 60_000  # n and b have 16 bits
MAX_CROWD = 60_000


class User(NamedTuple):
    kind: int
    a: int
    b: int


class Comment(NamedTuple):
    """The t-th comment under a post, or its r-th reply (r = -1 for the comment itself)."""

    post: int
    t: int
    r: int = -1


def user_code(kind: int, a: int, b: int = 0) -> int:
    return kind << 40 | a << 16 | b


def unpack_user(user: int) -> User:
    return User(user >> 40, user >> 16 & 0xFFFFFF, user & 0xFFFF)


def post_code(user: int, n: int) -> int:
    return user << 16 | n


def author(post: int) -> int:
    return post >> 16


def nth(post: int) -> int:
    return post & 0xFFFF


def topic_sound(topic: int, number: int) -> int:
    return topic << 16 | number


def original_sound(user: int) -> int:
    return 1 << 44 | user


def is_original(sound: int) -> bool:
    return bool(sound >> 44)


def sound_owner(sound: int) -> int:
    """The user of an original sound, or topic << 16 | number of a topic's sound."""
    return sound & ((1 << 44) - 1)
