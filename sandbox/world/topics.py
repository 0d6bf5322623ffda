"""Knows which hashtags exist, how many posts each has and how many members share them."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from sandbox.world.hashing import mix, word
from sandbox.world.keys import MAX_POSTS
from sandbox.world.special_cases import FIRST_TAG_ROLE, TAG_ROLES

VOCABULARY = """
    cats dogs pizza travel coffee garden guitar sunset hiking makeup football recipe skincare dance
    comedy books running painting camping surfing knitting chess baking photography yoga fishing
    cycling drums history physics ocean desert mountains river winter summer autumn spring vintage
    sneakers watches cars trains planes robots space birds horses turtles bees flowers trees tea
    chocolate noodles tacos salad pasta sushi fyp viral trending
""".split()  # noqa: SIM905 - 62 lines of one word each are no easier to read
_NUMBER = {name: number for number, name in enumerate(VOCABULARY)}
_TAG_NUMBER = {role.name: FIRST_TAG_ROLE + place for place, role in enumerate(TAG_ROLES)}
_FIRST_BIG = 1024
_REPLICAS = 200
_BIG = re.compile(r"big-(\d{1,5})(?:-(\d{1,3}))?\Z")

# Three hashtags share the posts of a vocabulary topic: all of them, every 2nd, every 3rd.
VARIANTS = {"": 1, "daily": 2, "tok": 3}


class Topic(NamedTuple):
    """A set of posts under one hashtag, written by the topic's members in turn: post i is by member i mod members."""

    number: int
    name: str
    posts: int
    members: int
    quirk: str = ""


class Tag(NamedTuple):
    """A hashtag: every `step`-th post of a topic."""

    name: str
    topic: Topic
    step: int

    @property
    def posts(self) -> int:
        return -(-self.topic.posts // self.step)


class Topics:
    def __init__(self, seed: int, scale: str) -> None:
        self._seed = seed
        self._large = scale == "large"
        self.by_number = lru_cache(maxsize=4096)(self._by_number)

    def _by_number(self, number: int) -> Topic | None:
        if number < len(VOCABULARY):
            return self._ordinary(number)
        if 0 <= number - FIRST_TAG_ROLE < len(TAG_ROLES):
            role = TAG_ROLES[number - FIRST_TAG_ROLE]
            return Topic(number, role.name, role.posts, max(1, role.posts * 3 // 5), role.quirk)
        replica, posts = divmod(number - _FIRST_BIG, 1 << 16)
        if number >= _FIRST_BIG and replica < _REPLICAS and 1 <= posts <= MAX_POSTS:
            name = f"big-{posts}" + (f"-{replica}" if replica else "")
            return Topic(number, name, posts, max(1, posts * 3 // 5))
        return None

    def _ordinary(self, number: int) -> Topic:
        """50-110 posts; `cats`, the demo's, always 60. Large: 330."""
        posts = 60 if number == 0 else 60 + mix(self._seed, 10, number) % 81
        if self._large:
            posts = 330
        return Topic(number, VOCABULARY[number], posts, posts * 3 // 5)

    def tag(self, name: str) -> Tag | None:
        """The hashtag of this name (case does not matter); None where the platform knows none."""
        name = name.lower().removeprefix("#")
        number = _TAG_NUMBER.get(name)
        if number is None and (match := _BIG.match(name)):
            number = _FIRST_BIG + (int(match[2] or 0) << 16) + int(match[1])
        if number is not None:
            topic = self.by_number(number)
            return Tag(name, topic, 1) if topic else None
        for suffix, step in reversed(VARIANTS.items()):
            base = name.removesuffix(suffix)
            if name.endswith(suffix) and base in _NUMBER:
                topic = self.by_number(_NUMBER[base])
                assert topic is not None
                return Tag(name, topic, step)
        return None

    def for_keyword(self, keyword: str) -> Topic | None:
        """The topic a keyword finds; any other word finds some vocabulary topic, several words find nothing."""
        if " " in keyword.strip():
            return None
        tag = self.tag(keyword)
        return tag.topic if tag else self._ordinary(word(keyword.lower()) % len(VOCABULARY))
