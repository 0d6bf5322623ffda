"""The public vocabulary as enumerations: states, causes, end reasons, relations and seed kinds."""

from enum import StrEnum


class CrawlState(StrEnum):
    SEEDING = "seeding"  # its first pages are still being written; never dispatched
    RUNNING = "running"
    PAUSED = "paused"
    COMPLETE = "complete"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        return self in (CrawlState.COMPLETE, CrawlState.FAILED, CrawlState.CANCELLED)


class PauseCause(StrEnum):
    """Why a crawl is paused."""

    USER = "user"
    BUDGET = "budget"
    UNITS = "units"
    ACCOUNT = "account"
    OUTAGE = "outage"


class PageState(StrEnum):
    PLANNED = "planned"
    LEASED = "leased"
    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"


OPEN_STATES = (PageState.PLANNED, PageState.LEASED)


class EndReason(StrEnum):
    """Why a list ended."""

    END = "end"
    PLATFORM_CAP = "platform-cap"
    LIMIT = "limit"
    BUDGET = "budget"
    PRIVATE = "private"
    MISSING = "missing"
    RESTRICTED = "restricted"
    STALLED = "stalled"
    ERROR = "error"
    CANCELLED = "cancelled"


class Relation(StrEnum):
    """The values of `--expand`; each leads from an item of a page to another list."""

    AUTHORS = "authors"
    COMMENTS = "comments"
    REPLIES = "replies"
    COMMENTERS = "commenters"
    MUSIC = "music"
    MUSIC_POSTS = "music-posts"
    FOLLOWERS = "followers"
    FOLLOWINGS = "followings"
    POSTS = "posts"
    LIKES = "likes"


class SeedKind(StrEnum):
    HASHTAG = "hashtag"
    KEYWORD = "keyword"
    USER = "user"
    FOLLOWERS = "followers"
    FOLLOWINGS = "followings"
    LIKES = "likes"
    POST = "post"
    POSTS = "posts"
    COMMENTS = "comments"
    REPLIES = "replies"
    MUSIC = "music"
    MUSIC_SEARCH = "music-search"
    USER_SEARCH = "user-search"
    LIVE_SEARCH = "live-search"
    LINKS = "links"  # each value's own kind is told by its form: user, post, hashtag or music


DEFAULT_EXPAND = (Relation.AUTHORS, Relation.COMMENTS, Relation.FOLLOWINGS)

# The kinds whose crawls expand by default; the others fetch only what was named.
EXPANDING_KINDS = frozenset(
    {
        SeedKind.HASHTAG,
        SeedKind.KEYWORD,
        SeedKind.USER,
        SeedKind.POST,
        SeedKind.POSTS,
        SeedKind.MUSIC,
        SeedKind.LINKS,
    }
)

# What `status` counts, in the order it is shown; `follows` are edges, the others entities.
COUNTED_KINDS = ("posts", "users", "comments", "music", "hashtags", "follows")
