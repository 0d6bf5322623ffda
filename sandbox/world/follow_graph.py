"""Knows who follows whom, the same from both ends: A is among B's followers exactly if B is among A's followings."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from sandbox.world.hashing import mix
from sandbox.world.keys import (
    CAST,
    DIAL,
    FAN_OF_CAST,
    FAN_OF_DIAL,
    IDOL_OF_CAST,
    IDOL_OF_DIAL,
    MEMBER,
    unpack_user,
    user_code,
)
from sandbox.world.special_cases import ROLES
from sandbox.world.topics import Topics
from sandbox.world.users import DIALS

_STRIDES = 12  # a member may follow the 12 members after it …
_CHANCE = 35  # … each with this percentage
_HUB_REACH = 300  # and the topic's first member, its celebrity, is followed by half of the first 300


class Crowd(NamedTuple):
    """A sequence of users, newest edge first, that need not exist in memory."""

    size: int
    user: Callable[[int], int]


def _fixed(users: tuple[int, ...]) -> Crowd:
    return Crowd(len(users), users.__getitem__)


class Graph:
    def __init__(self, seed: int, topics: Topics) -> None:
        self._seed = seed
        self._topics = topics
        self.followers = lru_cache(maxsize=20_000)(self._followers)
        self.followings = lru_cache(maxsize=20_000)(self._followings)

    def _edge(self, topic: int, a: int, b: int) -> bool:
        """Whether member a of a topic follows member b."""
        if b == 0 and 0 < a < _HUB_REACH:
            return mix(self._seed, 30, topic, a) % 2 == 0
        return mix(self._seed, 31, topic, a, b) % 100 < _CHANCE

    def _followings(self, user: int) -> Crowd:
        kind, a, b = unpack_user(user)
        if kind == CAST:
            return Crowd(ROLES[a].followings, lambda i: user_code(IDOL_OF_CAST, a, i))
        if kind == DIAL:
            count = a if DIALS[b] == "followings" else 0
            return Crowd(count, lambda i: user_code(IDOL_OF_DIAL, a, i))
        if kind == FAN_OF_CAST:
            return _fixed((user_code(CAST, a),))
        if kind == FAN_OF_DIAL:
            return _fixed((user_code(DIAL, a, DIALS.index("followers")),))
        if kind == MEMBER:
            members = self._members(a)
            near = {(b + s) % members for s in range(1, min(_STRIDES, members - 1) + 1)}
            if 0 < b < _HUB_REACH:
                near.add(0)
            return _fixed(tuple(user_code(MEMBER, a, m) for m in sorted(near) if self._edge(a, b, m)))
        return _fixed(())

    def _followers(self, user: int) -> Crowd:
        kind, a, b = unpack_user(user)
        if kind == CAST:
            return Crowd(ROLES[a].followers, lambda i: user_code(FAN_OF_CAST, a, i))
        if kind == DIAL:
            count = a if DIALS[b] == "followers" else 0
            return Crowd(count, lambda i: user_code(FAN_OF_DIAL, a, i))
        if kind == IDOL_OF_CAST:
            return _fixed((user_code(CAST, a),))
        if kind == IDOL_OF_DIAL:
            return _fixed((user_code(DIAL, a, DIALS.index("followings")),))
        if kind == MEMBER:
            members = self._members(a)
            near = {(b - s) % members for s in range(1, min(_STRIDES, members - 1) + 1)}
            if b == 0:
                near |= set(range(1, min(_HUB_REACH, members)))
            return _fixed(tuple(user_code(MEMBER, a, m) for m in sorted(near) if self._edge(a, m, b)))
        return _fixed(())

    def _members(self, topic: int) -> int:
        found = self._topics.by_number(topic)
        return found.members if found else 1
