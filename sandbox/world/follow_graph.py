"""Derives who follows whom, consistent from both ends: A is a follower of B exactly if B is a following of A."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from sandbox.world.hashing import hash_ints
from sandbox.world.keys import (
    FAN_OF_SIZED,
    FAN_OF_SPECIAL,
    IDOL_OF_SIZED,
    IDOL_OF_SPECIAL,
    MEMBER,
    SIZED,
    SPECIAL,
    unpack_user,
    user_key,
)
from sandbox.world.special_cases import SPECIAL_USERS, SpecialUser
from sandbox.world.topics import Topics
from sandbox.world.users import SIZED_LISTS

_REACH = 12  # a member may follow the 12 members after it …
_CHANCE = 35  # … each with this percentage
_MORE_CHANCE = 30  # … and with so many percent more after as many days of a live world
_HUB_REACH = 300  # half of a topic's first 300 members follow its first one, the topic's celebrity


class UserSequence(NamedTuple):
    """A sequence of users, newest edge first, that need not exist in memory."""

    size: int
    user: Callable[[int], int]


class _Direction(NamedTuple):
    """One direction along the edges, and the kinds of user generated at its end for special and sized users."""

    name: str
    count: Callable[[SpecialUser], int]
    of_special: int
    of_sized: int
    step: int  # towards the members next to a member


_FOLLOWINGS = _Direction("followings", lambda user: user.followings, IDOL_OF_SPECIAL, IDOL_OF_SIZED, 1)
_FOLLOWERS = _Direction("followers", lambda user: user.followers, FAN_OF_SPECIAL, FAN_OF_SIZED, -1)


class FollowGraph:
    def __init__(self, seed: int, topics: Topics, age: int = 0) -> None:
        self._seed = seed
        self._topics = topics
        self._chance = _CHANCE + min(_MORE_CHANCE, age // 86_400)
        self.followers = lru_cache(maxsize=20_000)(self._followers)
        self.followings = lru_cache(maxsize=20_000)(self._followings)

    def _followers(self, user: int) -> UserSequence:
        return self._neighbours(user, _FOLLOWERS, _FOLLOWINGS)

    def _followings(self, user: int) -> UserSequence:
        return self._neighbours(user, _FOLLOWINGS, _FOLLOWERS)

    def claimed_followers(self, user: int) -> int:
        """Return the number of followers that profiles and pages state, which may exceed what the list holds."""
        kind, index, _ = unpack_user(user)
        claimed = SPECIAL_USERS[index].claimed_total if kind == SPECIAL else None
        return self.followers(user).size if claimed is None else claimed

    def _neighbours(self, user: int, along: _Direction, back: _Direction) -> UserSequence:
        """Return the users at the other end of the edges of a user in the direction `along`."""
        kind, a, b = unpack_user(user)
        if kind == SPECIAL:
            return UserSequence(along.count(SPECIAL_USERS[a]), lambda i: user_key(along.of_special, a, i))
        if kind == SIZED:
            count = a if SIZED_LISTS[b] == along.name else 0
            return UserSequence(count, lambda i: user_key(along.of_sized, a, i))
        found: tuple[int, ...] = ()
        if kind == back.of_special:
            found = (user_key(SPECIAL, a),)
        elif kind == back.of_sized:
            found = (user_key(SIZED, a, SIZED_LISTS.index(back.name)),)
        elif kind == MEMBER:
            found = tuple(user_key(MEMBER, a, member) for member in self._members(a, b, along))
        return UserSequence(len(found), found.__getitem__)

    def _members(self, topic_number: int, b: int, along: _Direction) -> list[int]:
        """Return the members of a topic that member b follows or is followed by."""
        topic = self._topics.by_number(topic_number)
        members = topic.members if topic else 1
        near = {(b + along.step * distance) % members for distance in range(1, min(_REACH, members - 1) + 1)}
        if along is _FOLLOWINGS:
            if 0 < b < _HUB_REACH:
                near.add(0)
            return [member for member in sorted(near) if self._follows(topic_number, b, member)]
        if b == 0:
            near.update(range(1, min(_HUB_REACH, members)))
        return [member for member in sorted(near) if self._follows(topic_number, member, b)]

    def _follows(self, topic: int, follower: int, followed: int) -> bool:
        if followed == 0 and 0 < follower < _HUB_REACH:
            return hash_ints(self._seed, 30, topic, follower) % 2 == 0
        return hash_ints(self._seed, 31, topic, follower, followed) % 100 < self._chance
