"""Knows who exists, under which username, in which state, and what a profile says of itself."""

from __future__ import annotations

import re
from functools import lru_cache

from sandbox.world.errors import Refused
from sandbox.world.hashing import mix
from sandbox.world.keys import (
    CAST,
    DIAL,
    FAN_OF_CAST,
    FAN_OF_DIAL,
    IDOL_OF_CAST,
    IDOL_OF_DIAL,
    MAX_CROWD,
    MAX_POSTS,
    MEMBER,
    unpack_user,
    user_code,
)
from sandbox.world.special_cases import BY_NAME, ROLES, Role
from sandbox.world.topics import VOCABULARY, Topics

DIALS = ("posts", "followers", "followings", "comments", "likes")
_DIAL_NAME = re.compile(rf"({'|'.join(DIALS)})_(\d{{1,5}})\Z")
_MEMBER_NAME = re.compile(r"([a-z]+|t\d+)_([0-9a-z]{2,4})\Z")
_CROWD_NAME = re.compile(r"(fan|idol)_([cd])(\d+)_([0-9a-z]{1,4})\Z")
_CROWD_KIND = {
    ("fan", "c"): FAN_OF_CAST,
    ("fan", "d"): FAN_OF_DIAL,
    ("idol", "c"): IDOL_OF_CAST,
    ("idol", "d"): IDOL_OF_DIAL,
}
_CROWD_WORD = {kind: words for words, kind in _CROWD_KIND.items()}
_WELL_FORMED = re.compile(r"[a-z0-9_.]{1,29}[a-z0-9_]\Z")  # TikTok lets no name end in a dot
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
REGIONS = ("US", "GB", "DE", "FR", "BR", "IN", "ID", "JP")


class People:
    def __init__(self, seed: int, topics: Topics) -> None:
        self._seed = seed
        self._topics = topics
        self.state = lru_cache(maxsize=100_000)(self._state)

    def role(self, user: int) -> Role | None:
        kind, place, _ = unpack_user(user)
        return ROLES[place] if kind == CAST else None

    def dial(self, user: int) -> tuple[str, int]:
        """What a dialled user has N of: ("posts", 500) for `posts_500`; ("", 0) for anybody else."""
        kind, number, which = unpack_user(user)
        return (DIALS[which], number) if kind == DIAL else ("", 0)

    def exists(self, user: int) -> bool:
        """Whether the code stands for a user at all; a user in state `missing` still is the author of posts."""
        kind, a, b = unpack_user(user)
        if kind == MEMBER:
            topic = self._topics.by_number(a)
            return topic is not None and b < topic.members and topic.posts > 0
        if kind == CAST:
            return a < len(ROLES) and b == 0
        if kind == DIAL:
            return b < len(DIALS) and 1 <= a <= MAX_POSTS
        if kind == FAN_OF_CAST:
            return a < len(ROLES) and b < ROLES[a].followers
        if kind == IDOL_OF_CAST:
            return a < len(ROLES) and b < ROLES[a].followings
        return kind in (FAN_OF_DIAL, IDOL_OF_DIAL) and b < a <= MAX_CROWD

    def _state(self, user: int) -> str:
        """ok | private | missing | restricted | unavailable; a few of a topic's ordinary members are not ok."""
        role = self.role(user)
        if role is not None:
            return role.state
        kind, _, b = unpack_user(user)
        if kind != MEMBER or b == 0:
            return "ok"
        chance = mix(self._seed, 20, user) % 100
        if chance < 4:
            return "private"
        return {4: "missing", 5: "restricted", 6: "unavailable"}.get(chance, "ok")

    def check_profile(self, user: int) -> None:
        """Raises what the platform answers where the profile cannot be had [reference section 4]."""
        state = self.state(user)
        if state == "missing":
            raise Refused(473, "User not found")
        if state == "restricted":
            raise Refused(471, "User is restricted")
        if state == "unavailable":
            raise Refused(474, "Profile unavailable")
        role = self.role(user)
        if role and role.quirk == "data-in-error":
            raise Refused(404, "Not found", {"detail": "Not found", "data": {"user": {}, "stats": {}}})
        if role and role.quirk == "no-data":
            raise Refused(200, None)

    def check_lists(self, user: int) -> None:
        self.check_profile(user)
        if self.state(user) == "private":
            raise Refused(472, "User is private")

    def username(self, user: int) -> str:
        kind, a, b = unpack_user(user)
        if kind == CAST:
            return ROLES[a].name
        if kind == DIAL:
            return f"{DIALS[b]}_{a}"
        if kind == MEMBER:
            return f"{VOCABULARY[a] if a < len(VOCABULARY) else f't{a}'}_{base36(b).rjust(2, '0')}"
        word, owner = _CROWD_WORD[kind]
        return f"{word}_{owner}{a}_{base36(b)}"

    def by_username(self, name: str) -> int:
        """The user of this name; raises 463 for a name that cannot be one, 473 for one that nobody has."""
        name = name.removeprefix("@").lower()
        if not _WELL_FORMED.match(name):
            raise Refused(463, "Invalid user")
        user = self._parse(name)
        if user is None or not self.exists(user) or self.username(user) != name:
            raise Refused(473, "User not found")
        return user

    def _parse(self, name: str) -> int | None:
        if name in BY_NAME:
            return user_code(CAST, BY_NAME[name])
        if match := _DIAL_NAME.match(name):
            return user_code(DIAL, int(match[2]), DIALS.index(match[1]))
        if match := _CROWD_NAME.match(name):
            place, b = int(match[3]), int(match[4], 36)
            return user_code(_CROWD_KIND[match[1], match[2]], place, b) if place < 1 << 24 and b < 1 << 16 else None
        if match := _MEMBER_NAME.match(name):
            slug, b = match[1], int(match[2], 36)
            if slug in VOCABULARY:
                return user_code(MEMBER, VOCABULARY.index(slug), b) if b < 1 << 16 else None
            if slug[1:].isdigit() and int(slug[1:]) < 1 << 24 and b < 1 << 16:
                return user_code(MEMBER, int(slug[1:]), b)
        return None

    def region(self, user: int) -> str:
        return REGIONS[mix(self._seed, 21, user) % len(REGIONS)]

    def likes_shown(self, user: int) -> str:
        """public | private | hidden."""
        role = self.role(user)
        if role is not None:
            return role.likes_shown
        return "public" if self.dial(user)[0] == "likes" or mix(self._seed, 22, user) % 2 else "private"

    def likes(self, user: int) -> int:
        role = self.role(user)
        if role is not None:
            return role.likes
        name, number = self.dial(user)
        return number if name == "likes" else mix(self._seed, 23, user) % 40


def base36(number: int) -> str:
    digits = ""
    while True:
        number, rest = divmod(number, 36)
        digits = _DIGITS[rest] + digits
        if not number:
            return digits
