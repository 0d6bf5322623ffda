"""Derives the sounds, and which posts use each of them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from sandbox.world.keys import post_key, sound_owner, topic_sound, unpack_topic_sound
from sandbox.world.posts import Posts
from sandbox.world.topics import Topic, Topics
from sandbox.world.users import Users


class Sounds:
    def __init__(self, topics: Topics, users: Users, posts: Posts) -> None:
        self._topics = topics
        self._users = users
        self._posts = posts
        self.posts_using = lru_cache(maxsize=2048)(self._posts_using)

    def exists(self, sound: int) -> bool:
        owner = sound_owner(sound)
        if owner is not None:
            return self._users.exists(owner)
        topic, number = unpack_topic_sound(sound)
        return self._topics.by_number(topic) is not None and number < self._posts.sound_count(topic)

    def of_topic(self, topic: Topic) -> Sequence[int]:
        return [topic_sound(topic.number, number) for number in range(self._posts.sound_count(topic.number))]

    def _posts_using(self, sound: int) -> Sequence[int]:
        """Return the posts that use a sound, in the order of the sound's list."""
        owner = sound_owner(sound)
        if owner is not None:
            posts = (post_key(owner, n) for n in range(self._posts.count(owner)))
        else:
            topic_number, number = unpack_topic_sound(sound)
            topic = self._topics.by_number(topic_number)
            assert topic is not None
            indexes = range(number, topic.posts, self._posts.sound_count(topic_number))
            posts = (self._posts.of_topic(topic, index) for index in indexes)
        return tuple(post for post in posts if self._posts.sound(post) == sound)
