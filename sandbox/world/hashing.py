"""Hashes integers and text the same way in every process: the only source of randomness in the generated world."""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b

_MASK = (1 << 64) - 1
_HALF = 30
_HALF_MASK = (1 << _HALF) - 1


def hash_ints(*parts: int) -> int:
    """Return a 64-bit hash of the integers that depends on their order (chained splitmix64)."""
    h = 0x9E3779B97F4A7C15
    for part in parts:
        h = (h ^ (part & _MASK)) + 0x9E3779B97F4A7C15 & _MASK
        h = (h ^ (h >> 30)) * 0xBF58476D1CE4E5B9 & _MASK
        h = (h ^ (h >> 27)) * 0x94D049BB133111EB & _MASK
        h ^= h >> 31
    return h


@lru_cache(maxsize=65536)
def hash_text(text: str) -> int:
    """Return a 64-bit hash of a text; unlike `hash`, it does not change between processes."""
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")


class Permutation:
    """A keyed, invertible permutation of the integers below 2**60 (a four-round Feistel network)."""

    def __init__(self, key: int) -> None:
        self._keys = tuple(hash_ints(key, turn) for turn in range(4))

    def apply(self, number: int) -> int:
        left, right = number >> _HALF, number & _HALF_MASK
        for key in self._keys:
            left, right = right, left ^ (hash_ints(key, right) & _HALF_MASK)
        return left << _HALF | right

    def invert(self, number: int) -> int:
        left, right = number >> _HALF, number & _HALF_MASK
        for key in reversed(self._keys):
            left, right = right ^ (hash_ints(key, left) & _HALF_MASK), left
        return left << _HALF | right
