"""Defines what the truth is asked about: one crawl, by the kind, the values and the options of its seeds."""

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
class TruthQuery:
    """A crawl; the options are those of `tokcrawl seed` that change what it holds."""

    kind: str
    values: tuple[str, ...]
    expand: frozenset[str] | None = None  # None: the default of the kind
    depth: int = 2
    full: bool = False
    days: int = 3650
    max_cursor: int | None = None
    period: str = "180"
    sorting: str = "0"
    match_exactly: bool = False
    since: int | None = None  # unix seconds; older posts are kept but not expanded, and end lists in order of time
    until: int | None = None  # unix seconds; younger posts are kept but not expanded
    limits: dict[str, int] = field(default_factory=dict)

    @property
    def relations(self) -> frozenset[str]:
        if self.expand is not None:
            return self.expand
        return frozenset(("authors", "comments", "followings") if self.kind in _OF_POSTS else ())

    def limit(self, name: str) -> int | None:
        """Return the limit of a list, set under its own name or under that of the seed kind it belongs to."""
        of_kind = {("posts", "user"), ("music-posts", "music")}
        other = self.limits.get(self.kind) if (name, self.kind) in of_kind else None
        return self.limits.get(name, other)
