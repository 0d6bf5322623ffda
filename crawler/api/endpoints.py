"""The endpoint table: every endpoint of the API that the crawler uses, one entry each.

Shapes, page sizes, caps and prices are those of docs/reference/provider.md (E1 to E28, P1 to P20, U1 to U7). A test
compares names and arguments with the signatures of the SDK.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from crawler.api.parsers import parse_comment, parse_live, parse_music, parse_post, parse_user
from crawler.model.items import Item

Path = tuple[str, ...]
ItemParser = Callable[..., Item]

_USER_POSTS = (("data",), ("data", "aweme_list"))  # the second with `new_version=false` (provider.md E9)
_CURSOR = {"cursor": "nextCursor"}
_CURSOR_AND_TOKEN = {"cursor": "nextCursor", "page_token": "nextPageToken"}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint of the API: how to call it, where its items are, how it pages, what it costs.

    name: the SDK's method.
    args: arguments that identify a list, the most significant first; `optional_args` of them may be left out.
    parser: parses one item; None for the account endpoints, whose answers are not crawled.
    items: paths to the list of items in the answer's data; the first that holds any is used, () is the data itself.
    cursor_fields: cursor argument → key of the answer that holds its next value; empty where there is one page only.
    required_cursor: cursor arguments without which the list has ended.
    limit_names: seed kinds and relations whose `--limit` applies to its lists.
    expected_price, max_price: units that a call is expected to cost, and can cost at most.
    price_varies: one call's price does not predict the next one's.
    slow: a call takes minutes and returns up to tens of megabytes, so few run at a time.
    is_object: the answer is one object, not a list.
    batch_argument: the argument that takes a list of ids; `max_ids` is the most per call.
    max_cursor, max_pages, max_items: the platform's caps on a list; None where none is known.
    edge: the items follow ("in") or are followed by ("out") the user in the argument `id`.
    time_ordered: items come newest first, pinned posts aside.
    subject: argument → field of an item that must hold its value, or the item is about something else.
    account_endpoint: asks about the account, not about TikTok; free of charge, never crawled.
    """

    name: str
    args: tuple[str, ...]
    parser: ItemParser | None
    items: tuple[Path, ...] = ((),)
    cursor_fields: dict[str, str] = field(default_factory=dict)
    required_cursor: tuple[str, ...] = ("cursor",)
    limit_names: tuple[str, ...] = ()
    expected_price: int = 1
    max_price: int = 1
    price_varies: bool = False
    slow: bool = False
    is_object: bool = False
    batch_argument: str | None = None
    max_ids: int = 100
    max_cursor: int | None = None
    max_pages: int | None = None
    max_items: int | None = None
    edge: Literal["in", "out"] | None = None
    time_ordered: bool = False
    account_endpoint: bool = False
    optional_args: tuple[str, ...] = ()
    subject: dict[str, str] = field(default_factory=dict)

    @property
    def required(self) -> tuple[str, ...]:
        """Return the arguments without which it cannot be called."""
        return tuple(name for name in self.args if name not in self.optional_args)


_HASHTAG_CAP = 5000  # as cursor: 4,000 to 5,000, depending on the hashtag (provider.md P4)
_FOLLOWERS_CAP = 5000  # the most recent ones, 100 a call (provider.md P7)

_TABLE = (
    Endpoint(
        "hashtag_search",
        ("hashtag",),
        parse_post,
        (("data",),),
        _CURSOR,
        limit_names=("hashtag",),
        max_cursor=_HASHTAG_CAP,
    ),
    # `posts` or `data`, app or web format: the guide and its consumers disagree, so all are read (provider.md E2).
    Endpoint(
        "full_hashtag_search",
        ("hashtag", "days", "max_cursor", "remap_output"),
        parse_post,
        (("posts",), ("data",), ()),
        limit_names=("hashtag",),
        expected_price=63,
        max_price=250,
        price_varies=True,
        slow=True,
        optional_args=("max_cursor", "remap_output"),
    ),
    Endpoint(
        "keyword_search",
        ("keyword", "period", "sorting", "country", "match_exactly"),
        parse_post,
        (("data",),),
        _CURSOR,
        limit_names=("keyword",),
        optional_args=("sorting", "country", "match_exactly"),
    ),
    Endpoint(
        "full_keyword_search",
        ("keyword", "period", "sorting", "country", "match_exactly"),
        parse_post,
        ((), ("data",)),
        limit_names=("keyword",),
        expected_price=25,
        max_price=250,
        price_varies=True,
        slow=True,
        optional_args=("sorting", "country", "match_exactly"),
    ),
    Endpoint(
        "user_posts_from_username",
        ("username", "depth", "oldest_createtime"),
        parse_post,
        _USER_POSTS,
        _CURSOR,
        limit_names=("posts", "user"),
        time_ordered=True,
        optional_args=("oldest_createtime",),
    ),
    Endpoint(
        "user_posts_from_secuid",
        ("sec_uid", "depth", "oldest_createtime"),
        parse_post,
        _USER_POSTS,
        _CURSOR,
        limit_names=("posts", "user"),
        time_ordered=True,
        optional_args=("oldest_createtime",),
    ),
    Endpoint(
        "user_info_from_username",
        ("username",),
        parse_user,
        limit_names=("authors", "commenters"),
        is_object=True,
        subject={"username": "username"},
    ),
    Endpoint(
        "user_info_from_secuid",
        ("sec_uid", "alternative_method"),
        parse_user,
        limit_names=("authors", "commenters"),
        is_object=True,
        optional_args=("alternative_method",),
        subject={"sec_uid": "sec_uid"},
    ),
    Endpoint(
        "user_search",
        ("keyword",),
        parse_user,
        (("users",), ("user_list",)),
        _CURSOR,
        limit_names=("user-search",),
        max_price=2,
    ),
    Endpoint("post_info", ("url",), parse_post, limit_names=("post",), is_object=True, subject={"url": "post_id"}),
    Endpoint(
        "multi_post_info",
        ("aweme_ids",),
        parse_post,
        ((), ("data",)),
        limit_names=("post", "posts"),
        max_price=100,
        batch_argument="aweme_ids",
        subject={"aweme_ids": "post_id"},
    ),
    Endpoint(
        "post_comments",
        ("aweme_id",),
        parse_comment,
        (("comments",),),
        _CURSOR,
        limit_names=("comments",),
        subject={"aweme_id": "post_id"},
    ),
    Endpoint(
        "post_comment_replies",
        ("comment_id", "aweme_id"),
        parse_comment,
        (("comments",),),
        _CURSOR,
        limit_names=("replies",),
        subject={"aweme_id": "post_id", "comment_id": "parent_id"},
    ),
    Endpoint("music_search", ("keyword",), parse_music, (("music",),), _CURSOR, limit_names=("music-search",)),
    Endpoint(
        "music_posts", ("music_id",), parse_post, (("aweme_list",),), _CURSOR, limit_names=("music-posts", "music")
    ),
    Endpoint("music_details", ("music_id",), parse_music, is_object=True, subject={"music_id": "music_id"}),
    # A missing page token does not end a list of followers (provider.md P6).
    Endpoint(
        "user_followers",
        ("id", "sec_uid"),
        parse_user,
        (("followers",),),
        _CURSOR_AND_TOKEN,
        limit_names=("followers",),
        max_price=10,
        max_pages=50,
        max_items=_FOLLOWERS_CAP,
        edge="in",
    ),
    Endpoint(
        "user_followings",
        ("id", "sec_uid"),
        parse_user,
        (("followings",),),
        _CURSOR_AND_TOKEN,
        required_cursor=("cursor", "page_token"),
        limit_names=("followings",),
        max_price=10,
        edge="out",
    ),
    Endpoint("user_liked_posts", ("sec_uid",), parse_post, (("liked_posts",),), _CURSOR, limit_names=("likes",)),
    # The shape of its answer is unknown (provider.md E26): any list in it is stored raw.
    Endpoint(
        "lives_search",
        ("keyword", "country"),
        parse_live,
        (("lives",), ("data",), ("rooms",), ()),
        _CURSOR,
        limit_names=("live-search",),
        max_price=5,
        optional_args=("country",),
    ),
    Endpoint("get_usage", ("date",), None, account_endpoint=True, expected_price=0, max_price=0),
    Endpoint("get_usage_history", ("days",), None, account_endpoint=True, expected_price=0, max_price=0),
)

ENDPOINTS = {entry.name: entry for entry in _TABLE}
