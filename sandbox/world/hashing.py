"""Turns integers into other integers for ever in the same way: the only source of chance in the made-up world."""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b

_MASK = (1 << 64) - 1
_HALF = 30
_HALF_MASK = (1 << _HALF) - 1


def mix(*parts: int) -> int:
    """A 64-bit number that depends on every part and on their order (splitmix64, chained)."""
    h = 0x9E3779B97F4A7C15
    for part in parts:
        h = (h ^ (part & _MASK)) + 0x9E3779B97F4A7C15 & _MASK
        h = (h ^ (h >> 30)) * 0xBF58476D1CE4E5B9 & _MASK
        h = (h ^ (h >> 27)) * 0x94D049BB133111EB & _MASK
        h ^= h >> 31
    return h


@lru_cache(maxsize=65536)
def word(text: str) -> int:
    """A 64-bit number for a text, the same in every process and Python version."""
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")


class Shuffle:
    """A reversible shuffle of the numbers below 2**60 (a four-round Feistel network)."""

    def __init__(self, key: int) -> None:
        self._keys = tuple(mix(key, turn) for turn in range(4))

    def forward(self, number: int) -> int:
        left, right = number >> _HALF, number & _HALF_MASK
        for key in self._keys:
            left, right = right, left ^ (mix(key, right) & _HALF_MASK)
        return left << _HALF | right

    def backward(self, number: int) -> int:
        left, right = number >> _HALF, number & _HALF_MASK
        for key in reversed(self._keys):
            left, right = right ^ (mix(key, left) & _HALF_MASK), left
        return left << _HALF | right
