"""Know the names that columns of seeds have in the files of researchers, other tools and TikTok's data export."""

from collections.abc import Sequence

from crawler.model.enums import SeedKind

_LINKS = ("tiktok_url", "web_video_url", "webvideourl", "share_url", "share_link", "link", "url")
_USERS = (
    "username", "user_name", "unique_id", "uniqueid", "author_unique_id", "author_username", "screen_name", "handle",
    "account", "user", "author", "sec_uid", "secuid", "author_sec_uid", "profile_url", "user_url", "author_url",
)  # fmt: skip
_POSTS = (  # `video_url` is the address of the file in some tools
    "post_url", "video_link", *_LINKS, "video_url", "video_id", "videoid", "aweme_id", "post_id", "item_id", "id",
)  # fmt: skip
_SEARCHES = ("keyword", "query", "search", "search_term", "searchterm", "term")

# By kind, best first: a link before an id, which spreadsheets round.
_NAMES: dict[SeedKind, Sequence[str]] = {
    SeedKind.HASHTAG: ("hashtag", "hashtag_name", "tag", "challenge", *_LINKS),
    SeedKind.KEYWORD: _SEARCHES,
    SeedKind.USER: (*_USERS, *_LINKS),
    SeedKind.FOLLOWERS: (*_USERS, *_LINKS),
    SeedKind.FOLLOWINGS: (*_USERS, *_LINKS),
    SeedKind.LIKES: (*_USERS, *_LINKS),
    SeedKind.POST: _POSTS,
    SeedKind.POSTS: _POSTS,
    SeedKind.COMMENTS: _POSTS,
    SeedKind.REPLIES: ("reply", "post_comment"),
    SeedKind.MUSIC: ("music_url", "sound_url", "music_id", "sound_id", *_LINKS, "mid", "id"),
    SeedKind.MUSIC_SEARCH: _SEARCHES,
    SeedKind.USER_SEARCH: _SEARCHES,
    SeedKind.LIVE_SEARCH: _SEARCHES,
    SeedKind.LINKS: ("post_url", "video_link", *_LINKS, "video_url", "profile_url", "user_url", "music_url"),
}
_ALL = frozenset(name for names in _NAMES.values() for name in names)


def find_column(header: Sequence[str], kind: SeedKind | None, column: str | None) -> int | None:
    """Return the place of the wanted column in a header, or of the best one known for the kind; None if none is."""
    names = [normalize(name) for name in header]
    wanted = _NAMES.get(kind, ()) if kind and column is None else (normalize(column or ""),)
    return next((names.index(name) for name in wanted if name in names), None)


def is_column_name(text: str) -> bool:
    """Whether a value is rather the name of a column: a list with its header among the values."""
    return normalize(text) in _ALL


def normalize(name: str) -> str:
    """Return `author_unique_id` for `Author Unique-ID` and the like."""
    return name.strip().strip("\"'\ufeff").casefold().replace(" ", "_").replace("-", "_").replace(".", "_")
