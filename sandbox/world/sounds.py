"""Knows the sounds, and which posts use each."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from sandbox.world.keys import is_original, post_code, sound_owner, topic_sound, unpack_user
from sandbox.world.posts import Posts
from sandbox.world.topics import Topic, Topics
from sandbox.world.users import People


class Sounds:
    def __init__(self, topics: Topics, people: People, posts: Posts) -> None:
        self._topics = topics
        self._people = people
        self._posts = posts
        self.users = lru_cache(maxsize=2048)(self._users)

    def exists(self, sound: int) -> bool:
        owner = sound_owner(sound)
        if is_original(sound):
            return self._people.exists(owner)
        topic, number = owner >> 16, owner & 0xFFFF
        return self._topics.by_number(topic) is not None and number < self._posts.sounds(topic)

    def of_topic(self, topic: Topic) -> Sequence[int]:
        return [topic_sound(topic.number, number) for number in range(self._posts.sounds(topic.number))]

    def _users(self, sound: int) -> Sequence[int]:
        """The posts that use a sound, in the order of its list."""
        owner = sound_owner(sound)
        if is_original(sound):
            posts = (post_code(owner, n) for n in range(self._posts.count(owner)))
        else:
            topic = self._topics.by_number(owner >> 16)
            assert topic is not None
            steps = range(owner & 0xFFFF, topic.posts, self._posts.sounds(topic.number))
            posts = (self._posts.of_topic(topic.number, topic.members, index) for index in steps)
        return tuple(post for post in posts if self._posts.sound(post) == sound)

    def owner(self, sound: int) -> int | None:
        """The user of an original sound."""
        return sound_owner(sound) if is_original(sound) else None

    def number(self, sound: int) -> int:
        return unpack_user(sound_owner(sound)).b
