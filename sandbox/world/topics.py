"""Derives which hashtags exist, how many posts each has and how many members write them."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from sandbox.world.hashing import hash_ints, hash_text
from sandbox.world.keys import MAX_POSTS
from sandbox.world.special_cases import FIRST_SPECIAL_TOPIC, SPECIAL_HASHTAGS

VOCABULARY = """
    cats dogs pizza travel coffee garden guitar sunset hiking makeup football recipe skincare dance
    comedy books running painting camping surfing knitting chess baking photography yoga fishing
    cycling drums history physics ocean desert mountains river winter summer autumn spring vintage
    sneakers watches cars trains planes robots space birds horses turtles bees flowers trees tea
    chocolate noodles tacos salad pasta sushi fyp viral trending
""".split()  # noqa: SIM905 - 62 lines of one word each are no easier to read
_NUMBER = {name: number for number, name in enumerate(VOCABULARY)}
_SPECIAL_NUMBER = {special.name: FIRST_SPECIAL_TOPIC + n for n, special in enumerate(SPECIAL_HASHTAGS)}
_FIRST_BIG_TOPIC = 1024
_REPLICAS = 200
_BIG_NAME = re.compile(r"big-(\d{1,5})(?:-(\d{1,3}))?\Z")

# A vocabulary topic has three hashtags, which hold all its posts, every 2nd and every 3rd one.
VARIANTS = {"": 1, "daily": 2, "tok": 3}


class Topic(NamedTuple):
    """A set of posts whose authors are the topic's members in turn: post i is by member i mod members."""

    number: int
    name: str
    posts: int
    members: int
    quirk: str = ""
    new_posts: int = 0  # how many of them appeared in the lifetime of a live world, …
    pause: int = 0  # … one every so many seconds


class Hashtag(NamedTuple):
    """Holds every `step`-th post of a topic."""

    name: str
    topic: Topic
    step: int

    @property
    def posts(self) -> int:
        return -(-self.topic.posts // self.step)


class Topics:
    def __init__(self, seed: int, scale: str, age: int = 0) -> None:
        self._seed = seed
        self._age = age
        self._large = scale == "large"
        self.by_number = lru_cache(maxsize=4096)(self._by_number)

    def _by_number(self, number: int) -> Topic | None:
        if number < len(VOCABULARY):
            return self._ordinary(number)
        if 0 <= number - FIRST_SPECIAL_TOPIC < len(SPECIAL_HASHTAGS):
            special = SPECIAL_HASHTAGS[number - FIRST_SPECIAL_TOPIC]
            return Topic(number, special.name, special.posts, max(1, special.posts * 3 // 5), special.quirk)
        replica, posts = divmod(number - _FIRST_BIG_TOPIC, 1 << 16)
        if number >= _FIRST_BIG_TOPIC and replica < _REPLICAS and 1 <= posts <= MAX_POSTS:
            name = f"big-{posts}" + (f"-{replica}" if replica else "")
            return Topic(number, name, posts, max(1, posts * 3 // 5))
        return None

    def _ordinary(self, number: int) -> Topic:
        """Return a topic of 60 to 140 posts; `cats`, the demo's, always has 60. At scale large each has 330."""
        posts = 60 if number == 0 else 60 + hash_ints(self._seed, 10, number) % 81
        if self._large:
            posts = 330
        pause = (1 + hash_ints(self._seed, 11, number) % 6) * 3600
        new = min(self._age // pause, MAX_POSTS - posts)
        return Topic(number, VOCABULARY[number], posts + new, posts * 3 // 5, "", new, pause)

    def hashtag(self, name: str) -> Hashtag | None:
        """Return the hashtag of this name, in any case, or None if there is none."""
        name = name.lower().removeprefix("#")
        number = _SPECIAL_NUMBER.get(name)
        if number is None and (match := _BIG_NAME.match(name)):
            number = _FIRST_BIG_TOPIC + (int(match[2] or 0) << 16) + int(match[1])
        if number is not None:
            topic = self.by_number(number)
            return Hashtag(name, topic, 1) if topic else None
        for suffix, step in reversed(VARIANTS.items()):
            base = name.removesuffix(suffix)
            if name.endswith(suffix) and base in _NUMBER:
                topic = self.by_number(_NUMBER[base])
                assert topic is not None
                return Hashtag(name, topic, step)
        return None

    def for_keyword(self, keyword: str) -> Topic | None:
        """Return the topic that a keyword finds.

        The name of a hashtag finds its topic, any other word a topic of the vocabulary, several words nothing
        (provider.md).
        """
        if " " in keyword.strip():
            return None
        tag = self.hashtag(keyword)
        return tag.topic if tag else self._ordinary(hash_text(keyword.lower()) % len(VOCABULARY))
