"""Knows the comments under each post, their replies and their writers."""

from __future__ import annotations

from functools import lru_cache

from sandbox.world.hashing import mix
from sandbox.world.ids import Ids
from sandbox.world.keys import DIAL, MEMBER, Comment, author, unpack_user, user_code
from sandbox.world.posts import Posts
from sandbox.world.special_cases import BY_POST_NAME, POST_ROLES
from sandbox.world.topics import VOCABULARY, Topics
from sandbox.world.users import People

_REPLIED = 300  # only a post's first comments have replies


class Talk:
    def __init__(self, seed: int, ids: Ids, topics: Topics, people: People, posts: Posts) -> None:
        self._seed = seed
        self._ids = ids
        self._topics = topics
        self._people = people
        self._posts = posts
        self._with_replies = lru_cache(maxsize=256)(self._by_cid)

    def comments(self, post: int) -> int:
        """How many comments of the first level a post has: most under one page of 30, a few some hundreds."""
        role = self._posts.role(post)
        if role:
            return POST_ROLES[BY_POST_NAME[role]].comments
        dial, number = self._people.dial(author(post))
        if dial == "comments":
            return number
        chance = mix(self._seed, 50, post)
        band, size = chance % 100, chance >> 8
        if band < 75:
            return size % 13
        if band < 92:
            return 13 + size % 18
        return 31 + size % 60 if band < 99 else 90 + size % 250

    def replies(self, comment: Comment) -> int:
        """How many replies a comment of the first level has."""
        role = self._posts.role(comment.post)
        if role == "many_replies" and comment.t == 0:
            return 66
        if comment.t >= _REPLIED or comment.r >= 0:
            return 0
        chance = mix(self._seed, 51, comment.post, comment.t)
        band, size = chance % 100, chance >> 8
        if band < 78:
            return 0
        return 1 + size % 4 if band < 98 else 5 + size % 36

    def writer(self, comment: Comment) -> int:
        """A member of the author's topic (of some topic, where the author has none), at times the author."""
        chance = mix(self._seed, 52, *comment)
        owner = author(comment.post)
        if chance % 12 == 0:
            return owner
        kind, number, _ = unpack_user(owner)
        topic = self._topics.by_number(number if kind == MEMBER else mix(self._seed, 53, owner) % len(VOCABULARY))
        assert topic is not None
        if kind == DIAL:  # a long list of comments has many writers
            return user_code(MEMBER, topic.number, comment.t % topic.members)
        return user_code(MEMBER, topic.number, (chance >> 8) % topic.members)

    def created(self, comment: Comment) -> int:
        return self._posts.created(comment.post) + 60 + comment.t * 40 + max(0, comment.r) * 7

    def _by_cid(self, post: int) -> dict[str, Comment]:
        count = min(self.comments(post), _REPLIED)
        return {self._ids.cid(comment): comment for comment in (Comment(post, t) for t in range(count))}

    def find(self, post: int, cid: str) -> Comment | None:
        """The comment of the first level with this id, as far as it may have replies."""
        return self._with_replies(post).get(cid)
