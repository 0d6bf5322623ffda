"""The endpoint table: every endpoint of the API that we use, one entry each.

Shapes, page sizes, caps and prices are from the API reference (EnsembleData guide, SDK 0.2.11 and its consumers);
the API door holds the table against the SDK's own signatures, so that a worker with a wrong name cannot start.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

from crawler.api.parsers import parse_comment, parse_live, parse_music, parse_post, parse_user
from crawler.model.items import Item

Path = tuple[str, ...]
ItemParser = Callable[..., Item]

_CURSOR = {"cursor": "nextCursor"}
_CURSOR_AND_TOKEN = {"cursor": "nextCursor", "page_token": "nextPageToken"}
_NOT_ARGUMENTS = {"self", "extra_params", "timeout"}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint.

    name: the SDK's method.                      args: the arguments that name its list, first the telling one.
    reader: understands one item; None keeps the answer as it is.
    items: where the items sit in the answer's data, first path that is there; () is the data itself.
    cursor_fields: argument → key of the answer that gives it; all of `needs` must be there for a next page.
    limit_names: the seed kinds and relations whose `--limit` holds here.
    price / worst: units a call is expected to cost / can cost at most; `varies`: no call tells the next one's price.
    slow: a call takes minutes and brings up to tens of megabytes, so few are made at a time.
    is_object: one object, not a list.              batch: the argument whose ids are bought together.
    edge: items follow ("in") or are followed by ("out") the user in `id`.
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

    @property
    def required(self) -> tuple[str, ...]:
        """The arguments without which the SDK's method cannot be called."""
        known = _parameters(self.name, self.account_endpoint) or {}
        return tuple(name for name, must in known.items() if must)


_HASHTAG_CAP = 5000  # "maximum cursor around 4000-5000 depending on the hashtag" [D23]
_FOLLOWERS_CAP = 5000  # "most recent 5000 followers" [G], 100 a request

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
    # posts or data, raw or remapped items: the guide and its consumers disagree (reference §3), so all are read.
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
    ),
    Endpoint(
        "keyword_search",
        ("keyword", "period", "sorting", "country", "match_exactly"),
        parse_post,
        (("data",),),
        _CURSOR,
        limit_names=("keyword",),
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
    ),
    Endpoint(
        "user_posts_from_username",
        ("username", "depth", "oldest_createtime"),
        parse_post,
        (("data",),),
        _CURSOR,
        limit_names=("posts", "user"),
        time_ordered=True,
    ),
    Endpoint(
        "user_posts_from_secuid",
        ("sec_uid", "depth", "oldest_createtime"),
        parse_post,
        (("data",),),
        _CURSOR,
        limit_names=("posts", "user"),
        time_ordered=True,
    ),
    Endpoint(
        "user_info_from_username", ("username",), parse_user, limit_names=("authors", "commenters"), is_object=True
    ),
    Endpoint(
        "user_info_from_secuid",
        ("sec_uid", "alternative_method"),
        parse_user,
        limit_names=("authors", "commenters"),
        is_object=True,
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
    Endpoint("post_info", ("url",), parse_post, limit_names=("post",), is_object=True),
    Endpoint(
        "multi_post_info",
        ("aweme_ids",),
        parse_post,
        ((), ("data",)),
        limit_names=("post", "posts"),
        max_price=100,
        batch_argument="aweme_ids",
    ),
    Endpoint("post_comments", ("aweme_id",), parse_comment, (("comments",),), _CURSOR, limit_names=("comments",)),
    Endpoint(
        "post_comment_replies",
        ("comment_id", "aweme_id"),
        parse_comment,
        (("comments",),),
        _CURSOR,
        limit_names=("replies",),
    ),
    Endpoint("music_search", ("keyword",), parse_music, (("music",),), _CURSOR, limit_names=("music-search",)),
    Endpoint(
        "music_posts", ("music_id",), parse_post, (("aweme_list",),), _CURSOR, limit_names=("music-posts", "music")
    ),
    Endpoint("music_details", ("music_id",), parse_music, is_object=True),
    # The token's end is not the list's: only some consumers ever saw one for followers (reference §3).
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
    # No consumer ever published an answer: every list in it is kept, nothing is parsed.
    Endpoint(
        "lives_search",
        ("keyword", "country"),
        parse_live,
        (("lives",), ("data",), ("rooms",), ()),
        _CURSOR,
        limit_names=("live-search",),
        max_price=5,
    ),
    Endpoint("get_usage", ("date",), None, account_endpoint=True, expected_price=0, max_price=0),
    Endpoint("get_usage_history", ("days",), None, account_endpoint=True, expected_price=0, max_price=0),
)


ENDPOINTS = {entry.name: entry for entry in _TABLE}


def check_against_sdk(endpoint: Endpoint) -> None:
    """Hold an entry against the SDK's signature; ValueError says what does not fit."""
    known = _parameters(endpoint.name, endpoint.account_endpoint)
    if known is None:
        raise ValueError(f"the SDK has no endpoint {endpoint.name}")
    ours = {*endpoint.args, *endpoint.cursor_fields}
    if unknown := ours - known.keys():
        raise ValueError(f"{endpoint.name} takes no {', '.join(sorted(unknown))}")
    if missing := {*endpoint.required} - ours:
        raise ValueError(f"{endpoint.name} needs {', '.join(sorted(missing))}")


@cache
def _parameters(name: str, customer: bool) -> Mapping[str, bool] | None:
    """The arguments of an SDK method and whether each must be given; None where there is no such method."""
    # Imported when it is first asked: it brings an HTTP client that most commands have no use for.
    from ensembledata.api._client import CustomerEndpoints, TiktokEndpoints

    method: Any = getattr(CustomerEndpoints if customer else TiktokEndpoints, name, None)
    if method is None:
        return None
    found = inspect.signature(method).parameters
    return {n: p.default is inspect.Parameter.empty for n, p in found.items() if n not in _NOT_ARGUMENTS}
