"""Derives which users exist: their names, their states and what their profiles show."""

from __future__ import annotations

import re
from functools import lru_cache

from sandbox.world.errors import ApiError
from sandbox.world.hashing import hash_ints
from sandbox.world.keys import (
    FAN_OF_SIZED,
    FAN_OF_SPECIAL,
    IDOL_OF_SIZED,
    IDOL_OF_SPECIAL,
    MAX_FOLLOWS,
    MAX_POSTS,
    MEMBER,
    SIZED,
    SPECIAL,
    unpack_user,
    user_key,
)
from sandbox.world.special_cases import SPECIAL_USER_INDEX, SPECIAL_USERS, SpecialUser
from sandbox.world.topics import VOCABULARY, Topics

SIZED_LISTS = ("posts", "followers", "followings", "comments", "likes")
_SIZED_NAME = re.compile(rf"({'|'.join(SIZED_LISTS)})_(\d{{1,5}})\Z")
_MEMBER_NAME = re.compile(r"([a-z]+|t\d+)_([0-9a-z]{2,4})\Z")
# Followers and followings of special (c) and sized (d) users: `fan_c0_1`, `idol_d9_3`.
_FOLLOW_NAME = re.compile(r"(fan|idol)_([cd])(\d+)_([0-9a-z]{1,4})\Z")
_FOLLOW_KIND = {
    ("fan", "c"): FAN_OF_SPECIAL,
    ("fan", "d"): FAN_OF_SIZED,
    ("idol", "c"): IDOL_OF_SPECIAL,
    ("idol", "d"): IDOL_OF_SIZED,
}
_FOLLOW_WORDS = {kind: words for words, kind in _FOLLOW_KIND.items()}
_WELL_FORMED = re.compile(r"[a-z0-9_.]{1,29}[a-z0-9_]\Z")  # no TikTok name ends in a dot
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
REGIONS = ("US", "GB", "DE", "FR", "BR", "IN", "ID", "JP")


class Users:
    def __init__(self, seed: int, topics: Topics, age: int = 0) -> None:
        self._seed = seed
        self._topics = topics
        self._days = age // 86_400
        self.state = lru_cache(maxsize=100_000)(self._state)

    def special(self, user: int) -> SpecialUser | None:
        kind, index, _ = unpack_user(user)
        return SPECIAL_USERS[index] if kind == SPECIAL else None

    def sized(self, user: int) -> tuple[str, int]:
        """Return what a sized user has, and how many: ("posts", 500) for `posts_500`; ("", 0) for any other user."""
        kind, size, index = unpack_user(user)
        return (SIZED_LISTS[index], size) if kind == SIZED else ("", 0)

    def exists(self, user: int) -> bool:
        """Return whether the key is a user's at all; one in state `missing` exists too, as the author of posts."""
        kind, a, b = unpack_user(user)
        if kind == MEMBER:
            topic = self._topics.by_number(a)
            return topic is not None and b < topic.members and topic.posts > 0
        if kind == SPECIAL:
            return a < len(SPECIAL_USERS) and b == 0
        if kind == SIZED:
            return b < len(SIZED_LISTS) and 1 <= a <= MAX_POSTS
        if kind == FAN_OF_SPECIAL:
            return a < len(SPECIAL_USERS) and b < SPECIAL_USERS[a].followers
        if kind == IDOL_OF_SPECIAL:
            return a < len(SPECIAL_USERS) and b < SPECIAL_USERS[a].followings
        return kind in (FAN_OF_SIZED, IDOL_OF_SIZED) and b < a <= MAX_FOLLOWS

    def _state(self, user: int) -> str:
        """Return ok, private, missing, restricted or unavailable; of a topic's ordinary members, 7 % are not ok."""
        special = self.special(user)
        if special is not None:
            return special.state
        kind, _, b = unpack_user(user)
        if kind != MEMBER or b == 0:
            return "ok"
        if hash_ints(self._seed, 24, user) % 1000 < self._days * 5:  # in a live world, 1 of 200 vanishes every day
            return "missing"
        chance = hash_ints(self._seed, 20, user) % 100
        if chance < 4:
            return "private"
        return {4: "missing", 5: "restricted", 6: "unavailable"}.get(chance, "ok")

    def check_profile(self, user: int) -> None:
        """Raise what the API answers if the profile cannot be fetched."""
        state = self.state(user)
        if state == "missing":
            raise ApiError(473, "User not found")
        if state == "restricted":
            raise ApiError(471, "User is restricted")
        if state == "unavailable":
            raise ApiError(474, "Profile unavailable")
        special = self.special(user)
        if special and special.quirk == "data-in-error":
            raise ApiError(404, "Not found", {"detail": "Not found", "data": {"user": {}, "stats": {}}})
        if special and special.quirk == "no-data":
            raise ApiError(200, None)

    def check_lists(self, user: int) -> None:
        """Raise what the API answers if the user's lists cannot be fetched."""
        self.check_profile(user)
        if self.state(user) == "private":
            raise ApiError(472, "User is private")

    def username(self, user: int) -> str:
        kind, a, b = unpack_user(user)
        if kind == SPECIAL:
            return SPECIAL_USERS[a].name
        if kind == SIZED:
            return f"{SIZED_LISTS[b]}_{a}"
        if kind == MEMBER:
            return f"{VOCABULARY[a] if a < len(VOCABULARY) else f't{a}'}_{_base36(b).rjust(2, '0')}"
        word, letter = _FOLLOW_WORDS[kind]
        return f"{word}_{letter}{a}_{_base36(b)}"

    def by_username(self, name: str) -> int:
        """Return the user of this name; raise 463 for an impossible name, 473 for one that nobody has."""
        name = name.removeprefix("@").lower()
        if not _WELL_FORMED.match(name):
            raise ApiError(463, "Invalid user")
        user = self._parse_username(name)
        if user is None or not self.exists(user) or self.username(user) != name:
            raise ApiError(473, "User not found")
        return user

    def _parse_username(self, name: str) -> int | None:
        if name in SPECIAL_USER_INDEX:
            return user_key(SPECIAL, SPECIAL_USER_INDEX[name])
        if match := _SIZED_NAME.match(name):
            return user_key(SIZED, int(match[2]), SIZED_LISTS.index(match[1]))
        if match := _FOLLOW_NAME.match(name):
            return _key_within_bits(_FOLLOW_KIND[match[1], match[2]], int(match[3]), int(match[4], 36))
        if match := _MEMBER_NAME.match(name):
            slug, b = match[1], int(match[2], 36)
            if slug in VOCABULARY:
                return _key_within_bits(MEMBER, VOCABULARY.index(slug), b)
            if slug[1:].isdigit():
                return _key_within_bits(MEMBER, int(slug[1:]), b)
        return None

    def region(self, user: int) -> str:
        return REGIONS[hash_ints(self._seed, 21, user) % len(REGIONS)]

    def likes_visibility(self, user: int) -> str:
        """Return public, private or hidden."""
        special = self.special(user)
        if special is not None:
            return special.likes_visibility
        return "public" if self.sized(user)[0] == "likes" or hash_ints(self._seed, 22, user) % 2 else "private"

    def like_count(self, user: int) -> int:
        special = self.special(user)
        if special is not None:
            return special.likes
        sized_list, size = self.sized(user)
        return size if sized_list == "likes" else hash_ints(self._seed, 23, user) % 40


def _key_within_bits(kind: int, a: int, b: int) -> int | None:
    return user_key(kind, a, b) if a < 1 << 24 and b < 1 << 16 else None


def _base36(number: int) -> str:
    digits = ""
    while True:
        number, rest = divmod(number, 36)
        digits = _DIGITS[rest] + digits
        if not number:
            return digits
