"""Derives which posts exist: their times, hashtags, sounds and kinds, and their order in their author's list."""

from __future__ import annotations

from functools import lru_cache

from sandbox.world.hashing import hash_ints
from sandbox.world.keys import (
    FAN_OF_SPECIAL,
    MEMBER,
    SPECIAL,
    author,
    original_sound,
    post_key,
    post_number,
    topic_sound,
    unpack_user,
    user_key,
)
from sandbox.world.special_cases import ODD_POSTS, ODD_TEXT, SPECIAL_POST_INDEX, SPECIAL_POSTS, SpecialPost
from sandbox.world.topics import VARIANTS, VOCABULARY, Hashtag, Topic, Topics
from sandbox.world.users import Users

NEWEST = 1_790_000_000  # 2026-09-21T14:13:20Z: no post of a world that stands still is younger …
_SPAN = 700 * 86_400  # … and none is this many seconds older


class Posts:
    def __init__(self, seed: int, topics: Topics, users: Users) -> None:
        self._seed = seed
        self._topics = topics
        self._users = users
        self.count = lru_cache(maxsize=50_000)(self._count)
        self.pinned = lru_cache(maxsize=50_000)(self._pinned)
        self.tags = lru_cache(maxsize=50_000)(self._tags)

    def _count(self, user: int) -> int:
        """Return how many posts a user has; a member has those of the topic and some without a topic."""
        special = self._users.special(user)
        if special is not None:
            return special.posts
        kind, topic_number, b = unpack_user(user)
        if kind == MEMBER:
            topic = self._topics.by_number(topic_number)
            if topic is None or b >= topic.members:
                return 0
            return self._topicless(user) + -(-(topic.posts - b) // topic.members)
        sized_list, size = self._users.sized(user)
        if sized_list:
            return {"posts": size, "comments": 1}.get(sized_list, 2)
        return hash_ints(self._seed, 40, user) % 3 if kind >= FAN_OF_SPECIAL else 0

    def _old_count(self, user: int) -> int:
        """Return how many posts a user had when a live world began to live."""
        kind, topic_number, b = unpack_user(user)
        topic = self._topics.by_number(topic_number) if kind == MEMBER else None
        if topic is None or not topic.new_posts or b >= topic.members:
            return self.count(user)
        return self._topicless(user) + -(-(topic.posts - topic.new_posts - b) // topic.members)

    def _topicless(self, user: int) -> int:
        """Return how many posts of a member belong to no topic; they are its oldest."""
        chance = hash_ints(self._seed, 40, user)
        return chance % 30 if chance % 12 == 0 else chance % 6

    def exists(self, post: int) -> bool:
        return self._users.exists(author(post)) and post_number(post) < self.count(author(post))

    def by_name(self, name: str) -> int:
        """Return the special post of this name."""
        return post_key(user_key(SPECIAL, ODD_POSTS), SPECIAL_POST_INDEX[name])

    def special(self, post: int) -> SpecialPost | None:
        kind, index, _ = unpack_user(author(post))
        return SPECIAL_POSTS[post_number(post)] if kind == SPECIAL and index == ODD_POSTS else None

    def special_name(self, post: int) -> str:
        """Return the name of a special post, "" for any other."""
        special = self.special(post)
        return special.name if special else ""

    def text_oddity(self, post: int) -> int | None:
        """Return the number of a post of `odd_text`, which is that of the oddity in its text; None for other posts."""
        kind, index, _ = unpack_user(author(post))
        return post_number(post) if kind == SPECIAL and index == ODD_TEXT else None

    def topic_index(self, post: int) -> int | None:
        """Return the post's index in its topic, or None if it has no topic."""
        topic = self._topic_of(post)
        if topic is None:
            return None
        turn = post_number(post) - self._topicless(author(post))
        index = turn * topic.members + unpack_user(author(post)).b
        return index if turn >= 0 and index < topic.posts else None

    def _topic_of(self, post: int) -> Topic | None:
        kind, number, _ = unpack_user(author(post))
        return self._topics.by_number(number) if kind == MEMBER else None

    def of_topic(self, topic: Topic, index: int) -> int:
        user = user_key(MEMBER, topic.number, index % topic.members)
        return post_key(user, self._topicless(user) + index // topic.members)

    def of_hashtag(self, hashtag: Hashtag, index: int) -> int:
        """Return a post of a hashtag; its list is not ordered by time (provider.md)."""
        return self.of_topic(hashtag.topic, index * hashtag.step)

    def created(self, post: int) -> int:
        """Return the post's time in unix seconds, which increases strictly with the number of the post."""
        count = max(1, self._old_count(author(post)))
        step = _SPAN // count
        topic, index = self._topic_of(post), self.topic_index(post)
        if topic is not None and index is not None and (nth := index - (topic.posts - topic.new_posts)) >= 0:
            return NEWEST + (nth + 1) * topic.pause
        return NEWEST - _SPAN + post_number(post) * step + hash_ints(self._seed, 41, post) % max(1, step - 1)

    def is_photo(self, post: int) -> bool:
        name = self.special_name(post)
        if name or self.text_oddity(post) is not None:
            return name == "photo_post"
        return hash_ints(self._seed, 42, post) % 23 == 0

    def _tags(self, post: int) -> tuple[str, ...]:
        """Return the hashtags as written, some capitalized; none for a photo post, which has no text_extra."""
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
        chance = hash_ints(self._seed, 43, post)
        if chance % 3 == 0:
            names.append(VOCABULARY[chance // 3 % len(VOCABULARY)])
        if chance % 5 == 0:
            names = [name.capitalize() for name in names]
        return tuple(dict.fromkeys(names))

    def sound(self, post: int) -> int | None:
        """Return a sound shared within the topic, or the author's original one; None for a photo post."""
        if self.is_photo(post):
            return None
        index = self.topic_index(post)
        number = unpack_user(author(post)).a
        if index is None or index % 7 == 3:
            return original_sound(author(post))
        return topic_sound(number, index % self.sound_count(number))

    def sound_count(self, topic: int) -> int:
        """Return how many sounds the posts of a topic share."""
        found = self._topics.by_number(topic)
        return max(3, found.members // 4) if found else 0

    def _pinned(self, user: int) -> tuple[int, ...]:
        """Return the numbers of a user's pinned posts, in the order of the list."""
        special = self._users.special(user)
        count = self._old_count(user)
        if special is not None:
            return tuple(range(special.pinned))
        chance = hash_ints(self._seed, 44, user)
        if chance % 6 or count < 6:
            return ()
        return tuple(sorted({chance // 6 % count, chance // 60 % count}, reverse=True))

    def of_user(self, user: int, index: int) -> int:
        """Return a post of the user's list: pinned ones come first, then the newest (provider.md)."""
        pinned = self.pinned(user)
        if index < len(pinned):
            return post_key(user, pinned[index])
        n = self.count(user) - 1 - (index - len(pinned))
        for p in sorted(pinned, reverse=True):
            if p >= n:
                n -= 1
        return post_key(user, n)
