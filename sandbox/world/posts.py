"""Knows which posts exist and what each is: its time, hashtags, sound, kind, and its place in its author's list."""

from __future__ import annotations

from functools import lru_cache

from sandbox.world.hashing import mix
from sandbox.world.keys import (
    CAST,
    FAN_OF_CAST,
    MEMBER,
    author,
    nth,
    original_sound,
    post_code,
    topic_sound,
    unpack_user,
    user_code,
)
from sandbox.world.special_cases import BY_POST_NAME, ODD_POSTS, ODD_TEXT, POST_ROLES
from sandbox.world.topics import VARIANTS, VOCABULARY, Tag, Topics
from sandbox.world.users import People

NOW = 1_790_000_000  # the world's present, 2026-09-21T14:13:20Z: everything lies before it, for ever
_SPAN = 700 * 86_400  # and after this many seconds before
_PHOTO = BY_POST_NAME["photo_post"]


class Posts:
    def __init__(self, seed: int, topics: Topics, people: People) -> None:
        self._seed = seed
        self._topics = topics
        self._people = people
        self.count = lru_cache(maxsize=50_000)(self._count)
        self.pinned = lru_cache(maxsize=50_000)(self._pinned)
        self.tags = lru_cache(maxsize=50_000)(self._tags)

    def _count(self, user: int) -> int:
        """How many posts a user has: those under the topic's hashtag, and some of no topic."""
        role = self._people.role(user)
        if role is not None:
            return role.posts
        kind, topic_number, b = unpack_user(user)
        if kind == MEMBER:
            topic = self._topics.by_number(topic_number)
            if topic is None or b >= topic.members:
                return 0
            return self._loose(user) + -(-(topic.posts - b) // topic.members)
        dial, number = self._people.dial(user)
        if dial:
            return {"posts": number, "comments": 1}.get(dial, 2)
        return mix(self._seed, 40, user) % 3 if kind >= FAN_OF_CAST else 0

    def _loose(self, user: int) -> int:
        """How many posts of no topic a member has; they are older than those of the topic."""
        chance = mix(self._seed, 40, user)
        return chance % 30 if chance % 12 == 0 else chance % 6

    def exists(self, post: int) -> bool:
        return self._people.exists(author(post)) and nth(post) < self.count(author(post))

    def named(self, name: str) -> int:
        """A post of the cast by name."""
        return post_code(user_code(CAST, ODD_POSTS), BY_POST_NAME[name])

    def role(self, post: int) -> str:
        """The name of a post of the cast; "" for any other."""
        kind, place, _ = unpack_user(author(post))
        return POST_ROLES[nth(post)].name if kind == CAST and place == ODD_POSTS else ""

    def oddity(self, post: int) -> int | None:
        """Which oddity of text a post of odd_text holds (0 surrogate, 1 big integer, 2 NUL, 3 U+2028 …)."""
        kind, place, _ = unpack_user(author(post))
        return nth(post) if kind == CAST and place == ODD_TEXT else None

    def topic_index(self, post: int) -> int | None:
        """The post's place in its topic; None for a post of no topic."""
        kind, number, b = unpack_user(author(post))
        topic = self._topics.by_number(number) if kind == MEMBER else None
        if topic is None:
            return None
        round_ = nth(post) - self._loose(author(post))
        index = round_ * topic.members + b
        return index if round_ >= 0 and index < topic.posts else None

    def of_topic(self, topic: int, members: int, index: int) -> int:
        user = user_code(MEMBER, topic, index % members)
        return post_code(user, self._loose(user) + index // members)

    def under(self, tag: Tag, index: int) -> int:
        """The index-th post of a hashtag, in the platform's own order, which is not by time [D23]."""
        return self.of_topic(tag.topic.number, tag.topic.members, index * tag.step)

    def created(self, post: int) -> int:
        """Unix seconds; strictly increasing over a user's posts."""
        count = max(1, self.count(author(post)))
        step = _SPAN // count
        return NOW - _SPAN + nth(post) * step + mix(self._seed, 41, post) % max(1, step - 1)

    def is_photo(self, post: int) -> bool:
        role = self.role(post)
        if role or self.oddity(post) is not None:
            return role == "photo_post"
        return mix(self._seed, 42, post) % 23 == 0

    def _tags(self, post: int) -> tuple[str, ...]:
        """Hashtag names as written (sometimes with a capital); none on photo posts, which have no text_extra."""
        if self.is_photo(post):
            return ()
        index = self.topic_index(post)
        names: list[str] = []
        if index is not None:
            number = unpack_user(author(post)).a
            topic = self._topics.by_number(number)
            assert topic is not None
            variants = VARIANTS if number < len(VOCABULARY) else {"": 1}
            names = [topic.name + suffix for suffix, step in variants.items() if index % step == 0]
        chance = mix(self._seed, 43, post)
        if chance % 3 == 0:
            names.append(VOCABULARY[chance // 3 % len(VOCABULARY)])
        if chance % 5 == 0:
            names = [name.capitalize() for name in names]
        return tuple(dict.fromkeys(names))

    def sound(self, post: int) -> int | None:
        """The post's sound: shared within a topic, else the author's original sound; None on photo posts."""
        if self.is_photo(post):
            return None
        index = self.topic_index(post)
        number = unpack_user(author(post)).a
        if index is None or index % 7 == 3:
            return original_sound(author(post))
        return topic_sound(number, index % self.sounds(number))

    def sounds(self, topic: int) -> int:
        """How many sounds a topic's posts share."""
        found = self._topics.by_number(topic)
        return max(3, found.members // 4) if found else 0

    def _pinned(self, user: int) -> tuple[int, ...]:
        """Which of a user's posts (n) are pinned, as the list shows them."""
        role = self._people.role(user)
        count = self.count(user)
        if role is not None:
            return tuple(range(role.pinned))
        chance = mix(self._seed, 44, user)
        if chance % 6 or count < 6:
            return ()
        return tuple(sorted({chance // 6 % count, chance // 60 % count}, reverse=True))

    def listed(self, user: int, place: int) -> int:
        """The post at a place of the user's list: pinned ones first, then newest first [G+]."""
        pinned = self.pinned(user)
        if place < len(pinned):
            return post_code(user, pinned[place])
        n = self.count(user) - 1 - (place - len(pinned))
        for p in sorted(pinned, reverse=True):
            if p >= n:
                n -= 1
        return post_code(user, n)
