"""Derives the comments under each post, their replies and who wrote them."""

from __future__ import annotations

from functools import lru_cache

from sandbox.world.hashing import hash_ints
from sandbox.world.ids import Ids
from sandbox.world.keys import MEMBER, SIZED, Comment, author, unpack_user, user_key
from sandbox.world.posts import NEWEST, Posts
from sandbox.world.topics import VOCABULARY, Topics
from sandbox.world.users import Users

_MOST_NEW = 500  # comments that a post gets in a live world
_WITH_REPLIES = 300  # only a post's first comments can have replies


class Comments:
    def __init__(self, seed: int, ids: Ids, topics: Topics, users: Users, posts: Posts, now: int = NEWEST) -> None:
        self._seed = seed
        self._now = now
        self._ids = ids
        self._topics = topics
        self._users = users
        self._posts = posts
        self._by_cid = lru_cache(maxsize=256)(self._index)

    def count(self, post: int) -> int:
        """Return how many top-level comments a post has: mostly less than a page of 30, a few posts some hundreds."""
        return self._old_count(post) + self._new_count(post)

    def _new_count(self, post: int) -> int:
        """Return how many comments a post has got in a live world: every third post one after each pause."""
        if self._now == NEWEST or hash_ints(self._seed, 54, post) % 3 or self._posts.special(post):
            return 0
        seconds = self._now - max(NEWEST, self._posts.created(post))
        return min(max(0, seconds // self._pause(post)), _MOST_NEW)

    def _pause(self, post: int) -> int:
        return (3 + hash_ints(self._seed, 55, post) % 24) * 3600

    def _old_count(self, post: int) -> int:
        special = self._posts.special(post)
        if special:
            return special.comments
        sized_list, size = self._users.sized(author(post))
        if sized_list == "comments":
            return size
        chance = hash_ints(self._seed, 50, post)
        band, size = chance % 100, chance >> 8
        if band < 75:
            return size % 13
        if band < 92:
            return 13 + size % 18
        return 31 + size % 60 if band < 99 else 90 + size % 250

    def reply_count(self, comment: Comment) -> int:
        """Return how many replies a top-level comment has; a reply has none."""
        if comment.position >= _WITH_REPLIES or comment.reply >= 0:
            return 0
        if comment.position == 0 and self._posts.special_name(comment.post) == "many_replies":
            return 66
        chance = hash_ints(self._seed, 51, comment.post, comment.position)
        band, size = chance % 100, chance >> 8
        if band < 78:
            return 0
        return 1 + size % 4 if band < 98 else 5 + size % 36

    def commenter(self, comment: Comment) -> int:
        """Return who wrote a comment: a member of the author's topic (or of any, if it has none), or the author."""
        chance = hash_ints(self._seed, 52, *comment)
        owner = author(comment.post)
        if chance % 12 == 0:
            return owner
        kind, number, _ = unpack_user(owner)
        topic = self._topics.by_number(number if kind == MEMBER else hash_ints(self._seed, 53, owner) % len(VOCABULARY))
        assert topic is not None
        if kind == SIZED:  # a long list of comments has many different commenters
            return user_key(MEMBER, topic.number, comment.position % topic.members)
        return user_key(MEMBER, topic.number, (chance >> 8) % topic.members)

    def created(self, comment: Comment) -> int:
        """Return the time of a comment in unix seconds."""
        first = self._posts.created(comment.post) + 60
        if self._now > NEWEST and (late := comment.position - self._old_count(comment.post)) >= 0:
            return max(NEWEST, self._posts.created(comment.post)) + (late + 1) * self._pause(comment.post)
        return first + comment.position * 40 + max(0, comment.reply) * 7

    def _index(self, post: int) -> dict[str, Comment]:
        count = min(self.count(post), _WITH_REPLIES)
        return {self._ids.cid(comment): comment for comment in (Comment(post, n) for n in range(count))}

    def find(self, post: int, cid: str) -> Comment | None:
        """Return the top-level comment with this id, if it is one of those that can have replies."""
        return self._by_cid(post).get(cid)
