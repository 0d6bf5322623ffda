"""Assembles one world from its parts; everything in it follows from a seed number and a scale."""

from __future__ import annotations

from sandbox.world.comments import Comments
from sandbox.world.follow_graph import FollowGraph
from sandbox.world.ids import Ids
from sandbox.world.posts import NEWEST, Posts
from sandbox.world.sounds import Sounds
from sandbox.world.topics import Topics
from sandbox.world.users import Users

SCALES = ("small", "large")


class World:
    """The same seed and scale give the same world in every process; it takes no memory but that of bounded caches.

    At scale `large` hashtags are longer (330 posts) and objects bigger (about 7 KB a post instead of 3). `now` is the
    world's present in unix seconds: what has happened by then is in it.
    """

    def __init__(self, seed: int = 7, scale: str = "small", now: int = NEWEST) -> None:
        self.seed = seed
        self.scale = scale
        self.now = now
        self.age = now - NEWEST  # seconds for which it has lived
        self.ids = Ids(seed)
        self.topics = Topics(seed, scale, self.age)
        self.users = Users(seed, self.topics, self.age)
        self.follow_graph = FollowGraph(seed, self.topics, self.age)
        self.posts = Posts(seed, self.topics, self.users)
        self.comments = Comments(seed, self.ids, self.topics, self.users, self.posts, now)
        self.sounds = Sounds(self.topics, self.users, self.posts)
