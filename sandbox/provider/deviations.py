"""Lists the ways in which the sandbox can deviate from the documented API: a name, what happens, what it does."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple

from sandbox.provider import reshape
from sandbox.provider.reshape import Reshape
from sandbox.provider.response import Response
from sandbox.provider.shaping import ResponsePlan
from sandbox.render import comment as render_comment
from sandbox.render import post as render_post
from sandbox.world import lookup
from sandbox.world.keys import Comment
from sandbox.world.world import World

Effect = Literal["harmless", "unreadable", "withheld"]
_PROFILES = ("/tt/user/info", "/tt/user/info-from-secuid")
_POST_INFO, _BATCH, _COMMENTS = "/tt/post/info", "/tt/post/multi-info", "/tt/post/comments"
_MAX_EMBEDDED = 3  # replies inside a comment


class Call(NamedTuple):
    """The call that is answered."""

    world: World
    path: str
    query: Mapping[str, str]


Change = Callable[[Response, Call], Response | None]
Send = Callable[[ResponsePlan], ResponsePlan]


def _as_it_is(response: Response, _call: Call) -> Response | None:
    return response if _has_data(response) else None


def _send_as_it_is(plan: ResponsePlan) -> ResponsePlan:
    return plan


class Deviation(NamedTuple):
    """`change` returns None for an answer that it does not concern; `send` changes what goes over the wire.

    effect: `harmless`: the answer holds all it should; `unreadable`: it does, but where or as nobody expects it;
    `withheld`: it does not hold what was asked for.
    """

    why: str
    effect: Effect = "harmless"
    change: Change = _as_it_is
    send: Send = _send_as_it_is


def _has_data(response: Response) -> bool:
    return response.status == 200 and isinstance(response.payload, dict) and "data" in response.payload


# --- prices and headers -----------------------------------------------------------------------------------


def _header(text: str) -> Send:
    return lambda plan: plan._replace(charge_header=text)


def _price(units: Callable[[Response, Call], int]) -> Change:
    def change(response: Response, call: Call) -> Response | None:
        price = units(response, call) if _has_data(response) else response.units
        return None if price == response.units else response._replace(units=price)

    return change


def _price_per_id(response: Response, call: Call) -> int:
    return len(call.query.get("ids", "").split(";")) if call.path == _BATCH else response.units


def _send_gzip(plan: ResponsePlan) -> ResponsePlan:
    return plan._replace(body=gzip.compress(plan.body or b"", 1), headers=(("content-encoding", "gzip"),))


# --- bodies -----------------------------------------------------------------------------------------------


def _body(reshaped: Reshape, *paths: str) -> Change:
    """Change the JSON of a success, on these paths only if any are given."""

    def change(response: Response, call: Call) -> Response | None:
        payload = response.payload
        if not _has_data(response) or (paths and call.path not in paths):
            return None
        assert isinstance(payload, dict)
        changed = reshaped(payload)
        return None if changed is None else response._replace(payload=changed)

    return change


def _other_posts(path: str) -> Change:
    def change(response: Response, call: Call) -> Response | None:
        if call.path != path or not _has_data(response):
            return None
        asked = call.query.get("url", call.query.get("ids", ""))
        post = next(
            p for p in map(call.world.posts.by_name, ("plain_post", "photo_post")) if not _names(call, asked, p)
        )
        return response._replace(payload={"data": [render_post.aweme(call.world, post)]})

    return change


def _names(call: Call, asked: str, post: int) -> bool:
    return call.world.ids.post_id(post) in asked


def _embed_replies(response: Response, call: Call) -> Response | None:
    post = lookup.post_by_id(call.world, call.query.get("aweme_id", "")) if call.path == _COMMENTS else None
    if post is None or not _has_data(response):
        return None

    def embed(payload: reshape.Json) -> reshape.Json | None:
        data = payload["data"]
        comments = [_with_replies(call.world, post, comment) for comment in data.get("comments") or ()]
        changed = comments != data.get("comments")
        return payload | {"data": data | {"comments": comments}} if comments and changed else None

    return _body(embed)(response, call)


def _with_replies(world: World, post: int, comment: object) -> object:
    found = world.comments.find(post, str(comment.get("cid"))) if isinstance(comment, dict) else None
    replies = min(_MAX_EMBEDDED, world.comments.reply_count(found)) if found else 0
    if found is None or not replies or not isinstance(comment, dict):
        return comment
    shown = [render_comment.comment(world, Comment(post, found.position, n)) for n in range(replies)]
    return comment | {"reply_comment": shown}


# --- refusals ---------------------------------------------------------------------------------------------


def _refuse(status: int, detail: object) -> Change:
    return lambda _response, _call: Response(status, {"detail": detail}, 0)


def _nothing(_response: Response, _call: Call) -> Response:
    return Response(200, {}, 0)


def _html(status: int) -> Send:
    page = b"<html><head><title>Just a moment...</title></head><body>Checking your browser</body></html>"
    return lambda plan: plan._replace(status=status, body=page, html=True, ok=False)


def _redirect(plan: ResponsePlan) -> ResponsePlan:
    elsewhere = ("location", "https://elsewhere.sandbox.invalid/apis/")
    return _html(302)(plan)._replace(headers=(elsewhere,))


_SAYS = {401: "Unauthorized", 402: "Payment Required", 403: "Forbidden"}

DEVIATIONS = {
    "no-charge-header": Deviation("no `units_charged` header", send=_header("")),
    "charge-float": Deviation("`units_charged: 1.0`", send=_header("1.0")),
    "charge-negative": Deviation("`units_charged: -1`", send=_header("-1")),
    "charge-absurd": Deviation("`units_charged: 18446744073709551616`", send=_header(str(2**64))),
    "price-4": Deviation(
        "a call of 1 unit costs 4", change=_price(lambda response, _: 4 if response.units == 1 else response.units)
    ),
    "price-doubled": Deviation("every call costs twice as much", change=_price(lambda response, _: response.units * 2)),
    "batch-price": Deviation("a batch of posts costs a unit per id", change=_price(_price_per_id)),
    "gzip": Deviation("the body is compressed", send=_send_gzip),
    "list-renamed": Deviation("the list stands under `entries`", "unreadable", _body(reshape.rename_list)),
    "list-as-object": Deviation(
        'the list is an object of objects, `{"0": …}`', "unreadable", _body(reshape.list_as_object)
    ),
    "list-renamed-object": Deviation(
        "the list is an object of objects under `entries`", "unreadable", _body(reshape.rename_list_as_object)
    ),
    "list-wrapped": Deviation('the list stands inside `{"list": …}`', "unreadable", _body(reshape.wrap_list)),
    "data-wrapped": Deviation("all of `data` stands inside `result`", "unreadable", _body(reshape.wrap_data)),
    "web-items": Deviation(
        'each item is `{"item": {…}, "type": 1}` in camelCase', "unreadable", _body(reshape.web_items)
    ),
    "cursor-text": Deviation("`nextCursor` is a text of digits", change=_body(reshape.cursor_as_text)),
    "cursor-object": Deviation("`nextCursor` is an object", "unreadable", _body(reshape.cursor_as_object)),
    "cursor-renamed": Deviation("`nextCursor` is called `next_cursor`", "unreadable", _body(reshape.rename_cursor)),
    "total-text": Deviation('`total` is "many"', change=_body(reshape.total_as_text)),
    "total-huge": Deviation("`total` is 2^64 - 1", change=_body(reshape.total_beyond_64_bits)),
    "profile-wrapped": Deviation(
        "a profile stands under `profile`, not `user`", "unreadable", _body(reshape.rename_profile, *_PROFILES)
    ),
    "profile-no-id": Deviation(
        "a profile has neither `id` nor `uid`", "withheld", _body(reshape.profile_without_id, *_PROFILES)
    ),
    "other-post": Deviation("post_info answers with another post", "withheld", _other_posts(_POST_INFO)),
    "other-batch": Deviation("a batch is answered with another post", "withheld", _other_posts(_BATCH)),
    "status-private": Deviation(
        "a profile is a 200 with TikTok's status 10222 inside", "withheld", _body(reshape.private_status, *_PROFILES)
    ),
    "status-error": Deviation("a 200 with TikTok's status 10101 inside", "withheld", _body(reshape.other_status)),
    "detail-200": Deviation(
        'a 200 that is `{"detail": …}`; not charged', "withheld", _refuse(200, "Your subscription has expired")
    ),
    "html-200": Deviation("a 200 that is an HTML page; not charged", "withheld", _nothing, _html(200)),
    "router-404": Deviation(
        'a 404 `{"detail": "Not Found"}` without a charge', "withheld", _refuse(404, "Not Found"), _header("")
    ),
    **{
        f"{status}": Deviation(f"{status}, JSON; not charged", "withheld", _refuse(status, says))
        for status, says in _SAYS.items()
    },
    **{
        f"{status}-html": Deviation(f"{status}, HTML; not charged", "withheld", _nothing, _html(status))
        for status in _SAYS
    },
    "redirect": Deviation("302 to another host; not charged", "withheld", _nothing, _redirect),
    "reply-embedded": Deviation("comments hold their first replies in `reply_comment`", change=_embed_replies),
    "image-comments": Deviation("comments are pictures without text", change=_body(reshape.image_comments, _COMMENTS)),
    "milliseconds": Deviation("times are in milliseconds", change=_body(reshape.milliseconds)),
    "stats-v2": Deviation("a web profile counts exactly in `statsV2`", change=_body(reshape.stats_v2)),
    "counter-huge": Deviation("one counter is 2^70", change=_body(reshape.counter_beyond_64_bits)),
    "integer-huge": Deviation("objects hold an integer of 30 digits", change=_body(reshape.huge_integer)),
    "padded-nulls": Deviation("objects are padded with 25 nulls", change=_body(reshape.padded_with_nulls)),
    "author-zeros": Deviation("authors have placeholder zeros in user posts too", change=_body(reshape.author_zeros)),
    "photo-150": Deviation("posts are of type 150", change=_body(reshape.photo_type)),
    "tags-capitals": Deviation("hashtags are written `#CATS`", change=_body(reshape.tags_in_capitals)),
}
