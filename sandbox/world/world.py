"""Puts the parts of one made-up world together: everything in it follows from a seed number and a scale."""

from __future__ import annotations

from sandbox.world.comments import Talk
from sandbox.world.follow_graph import Graph
from sandbox.world.ids import Ids
from sandbox.world.posts import Posts
from sandbox.world.sounds import Sounds
from sandbox.world.topics import Topics
from sandbox.world.users import People

SCALES = ("small", "large")


class World:
    """Costs no memory but bounded caches; two processes with the same seed and scale hold the same world.

    `large` has longer hashtags (330 posts) and fatter objects (about 7 KB a post instead of 3).
    """

    def __init__(self, seed: int = 7, scale: str = "small") -> None:
        self.seed = seed
        self.scale = scale
        self.ids = Ids(seed)
        self.topics = Topics(seed, scale)
        self.people = People(seed, self.topics)
        self.graph = Graph(seed, self.topics)
        self.posts = Posts(seed, self.topics, self.people)
        self.talk = Talk(seed, self.ids, self.topics, self.people, self.posts)
        self.sounds = Sounds(self.topics, self.people, self.posts)
