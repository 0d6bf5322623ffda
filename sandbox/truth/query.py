"""Says what a crawl was asked for: kind of seed, values, and the options that change what it holds."""

from __future__ import annotations

from dataclasses import dataclass, field

RELATIONS = (
    "authors",
    "comments",
    "replies",
    "commenters",
    "music",
    "music-posts",
    "followers",
    "followings",
    "posts",
    "likes",
)
KINDS = (
    *("hashtag", "keyword", "user", "followers", "followings", "likes", "post", "posts"),
    *("comments", "replies", "music", "music-search", "user-search", "live-search"),
)
_OF_POSTS = {"hashtag", "keyword", "user", "post", "posts", "music"}


@dataclass(frozen=True)
class Question:
    """One crawl: kind, values, and the options of `tokcrawl seed` that change what it holds."""

    kind: str
    values: tuple[str, ...]
    expand: frozenset[str] | None = None  # None: the kind's default
    depth: int = 2
    full: bool = False
    days: int = 3650
    max_cursor: int | None = None
    period: str = "180"
    sorting: str = "0"
    match_exactly: bool = False
    since: int | None = None  # unix s; posts before are kept but not expanded, lists in time order stop
    until: int | None = None
    limits: dict[str, int] = field(default_factory=dict)

    @property
    def relations(self) -> frozenset[str]:
        if self.expand is not None:
            return self.expand
        return frozenset(("authors", "comments", "followings") if self.kind in _OF_POSTS else ())

    def limit(self, name: str) -> int | None:
        """The limit of a list by its own name, or by that of the seed kind which brings it."""
        brought_by = {("posts", "user"), ("music-posts", "music")}
        other = self.limits.get(self.kind) if (name, self.kind) in brought_by else None
        return self.limits.get(name, other)
