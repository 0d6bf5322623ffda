"""Converts the world's keys into ids as the platform writes them, and back."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from functools import lru_cache
from hashlib import blake2b

from sandbox.world.hashing import Permutation, hash_ints
from sandbox.world.keys import SPECIAL, Comment, user_key
from sandbox.world.special_cases import TWINS

# The platform's ids carry the time they were made, above the 32nd bit. Here it is not the object's, but one that has
# been: from 2014 to 2024, whatever is added below the limit.
_UID = 6_600_000_000_000_000_000
_POST = 6_200_000_000_000_000_000
_MID = 6_000_000_000_000_000_000
_CID = 6_250_000_000_000_000_000
_ROOM = 7_200_000_000_000_000_000
_LIMIT = 1 << 60
_SEC = "MS4wLjABAAAA"


class Ids:
    """Ids are 19-digit numbers (above 2**53, below 2**63); a sec_uid has 76 characters and is case-sensitive."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._users = Permutation(hash_ints(seed, 1))
        self._posts = Permutation(hash_ints(seed, 2))
        self._sounds = Permutation(hash_ints(seed, 3))
        self.uid = lru_cache(maxsize=100_000)(self._uid)
        self.sec_uid = lru_cache(maxsize=100_000)(self._sec_uid)
        self.post_id = lru_cache(maxsize=100_000)(self._post_id)
        self.mid = lru_cache(maxsize=100_000)(self._mid)
        self._twin = (user_key(SPECIAL, TWINS[0]), user_key(SPECIAL, TWINS[1]))

    def _uid(self, user: int) -> str:
        return str(_UID + self._users.apply(user << 16 | user & 0x5555))

    def _sec_uid(self, user: int) -> str:
        if user == self._twin[1]:
            return _SEC + self._sec_uid(self._twin[0])[len(_SEC) :].swapcase()
        head = self._users.apply(user << 16 | 0x2BAD).to_bytes(8, "big")
        tail = blake2b(head, digest_size=40, key=self._seed.to_bytes(8, "big", signed=True)).digest()
        return _SEC + urlsafe_b64encode(head + tail).decode()

    def user_from_sec_uid(self, sec_uid: str) -> int | None:
        """Return the user's key, or None for a sec_uid that no user can have."""
        if sec_uid == self.sec_uid(self._twin[1]):
            return self._twin[1]
        try:
            head = urlsafe_b64decode(sec_uid[len(_SEC) :])[:8]
        except (Base64Error, ValueError):
            return None
        number = int.from_bytes(head, "big")
        if number >= _LIMIT:
            return None
        user = self._users.invert(number) >> 16
        return user if self.sec_uid(user) == sec_uid else None

    def _post_id(self, post: int) -> str:
        return str(_POST + self._posts.apply(post))

    def post_from_id(self, aweme_id: str) -> int | None:
        number = _offset(aweme_id, _POST)
        return None if number is None else self._posts.invert(number)

    def _mid(self, sound: int) -> str:
        return str(_MID + self._sounds.apply(sound << 12 | 0xABC))

    def sound_from_mid(self, mid: str) -> int | None:
        number = _offset(mid, _MID)
        if number is None:
            return None
        packed = self._sounds.invert(number)
        return packed >> 12 if packed & 0xFFF == 0xABC else None

    def cid(self, comment: Comment) -> str:
        return str(_CID + hash_ints(self._seed, 4, *comment) % _LIMIT)

    def room_id(self, user: int) -> str:
        return str(_ROOM + hash_ints(self._seed, 5, user) % _LIMIT)


def _offset(text: str, base: int) -> int | None:
    if not (text.isascii() and text.isdigit() and len(text) == 19):
        return None
    number = int(text) - base
    return number if 0 <= number < _LIMIT else None
