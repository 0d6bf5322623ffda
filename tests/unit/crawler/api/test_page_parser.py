"""Whole pages of every endpoint in the table: ordinary, empty, ended, and with unparsable items."""

from typing import Any

import pytest

from crawler.api.endpoints import ENDPOINTS, Endpoint
from crawler.api.page_parser import RejectedItem, UnparsablePageError, parse_page
from crawler.model.items import Fullness
from tests.factories import envelope, item, item_id, raw

CRAWLED = {name: endpoint for name, endpoint in ENDPOINTS.items() if not endpoint.account_endpoint}
LISTS = {name: endpoint for name, endpoint in CRAWLED.items() if not endpoint.is_object}
WRAPPED = {name: endpoint for name, endpoint in LISTS.items() if endpoint.items[0]}
CHAINED = {name: endpoint for name, endpoint in LISTS.items() if endpoint.cursor_fields}

every = pytest.mark.parametrize("endpoint", CRAWLED.values(), ids=CRAWLED)
lists = pytest.mark.parametrize("endpoint", LISTS.values(), ids=LISTS)
wrapped = pytest.mark.parametrize("endpoint", WRAPPED.values(), ids=WRAPPED)
chained = pytest.mark.parametrize("endpoint", CHAINED.values(), ids=CHAINED)

GONE: Any = object()  # a key that is not there


def following(endpoint: Endpoint, **values: Any) -> dict[str, Any]:
    """The keys of an answer that lead on, with ordinary values but for those given by argument."""
    made = {"cursor": 20, "page_token": "dG9rZW4=", **values}
    return {key: made[name] for name, key in endpoint.cursor_fields.items() if made[name] is not GONE}


def ids(endpoint: Endpoint, data: Any) -> list[str]:
    return [one.id for one in parse_page(endpoint, data).items]


# --- items ------------------------------------------------------------------------------------------------


@lists
def test_an_ordinary_page(endpoint: Endpoint) -> None:
    for path in endpoint.items:
        data = envelope(path, [item(endpoint, 1), item(endpoint, 2)], total=7, **following(endpoint))
        reading = parse_page(endpoint, data)
        assert [one.id for one in reading.items] == [item_id(1), item_id(2)]
        assert reading.rejected == []
        if path:
            assert reading.total == 7
            assert (reading.next is not None) == bool(endpoint.cursor_fields)


@every
def test_a_detail_is_fuller_than_a_listed_item(endpoint: Endpoint) -> None:
    data = item(endpoint, 1) if endpoint.is_object else envelope(endpoint.items[0], [item(endpoint, 1)])
    (one,) = parse_page(endpoint, data).items
    assert one.found[0].fullness == (
        Fullness.DETAIL if endpoint.is_object or endpoint.batch_argument else Fullness.LISTED
    )
    assert one.found[0].entity.id == one.id


@wrapped
def test_a_null_list_is_an_empty_one(endpoint: Endpoint) -> None:
    reading = parse_page(endpoint, envelope(endpoint.items[0], None))
    assert (reading.items, reading.rejected, reading.next) == ([], [], None)


@wrapped
def test_a_missing_list_is_empty_where_the_rest_is_ordinary(endpoint: Endpoint) -> None:
    for data in ({}, {"status_code": 0}, {"total": 0, "has_more": 0}):
        reading = parse_page(endpoint, data)
        assert (reading.items, reading.rejected, reading.next) == ([], [], None)


@chained
def test_an_empty_page_with_a_cursor_continues(endpoint: Endpoint) -> None:
    for data in (following(endpoint), envelope(endpoint.items[0], [], **following(endpoint))):
        reading = parse_page(endpoint, data)
        assert reading.items == []
        assert reading.next == {name: {"cursor": 20}.get(name, "dG9rZW4=") for name in endpoint.cursor_fields}


@lists
def test_no_data_is_an_empty_page_where_the_data_is_the_list(endpoint: Endpoint) -> None:
    if () in endpoint.items:
        assert parse_page(endpoint, None).items == []
    else:
        with pytest.raises(UnparsablePageError):
            parse_page(endpoint, None)


@lists
@pytest.mark.parametrize("data", ["text", 5, True, {"odd": 1}, {"videos": [{}]}], ids=repr)
def test_an_unknown_shape_is_not_a_page(endpoint: Endpoint, data: Any) -> None:
    with pytest.raises(UnparsablePageError, match=r"no list of items in (an object with (odd|videos)|str|int|bool)"):
        parse_page(endpoint, data)


@lists
def test_one_bad_item_does_not_affect_the_others(endpoint: Endpoint) -> None:
    broken = {key: value for key, value in item(endpoint, 9).items() if key not in ("id", "id_str")}
    broken[{"parse_post": "aweme_id", "parse_comment": "cid", "parse_user": "uid", "parse_music": "mid"}.get(
        endpoint.parser.__name__, "id"  # type: ignore[union-attr]  # never None here
    )] = None  # fmt: skip
    raws = [item(endpoint, 1), None, broken, 5, "text", item(endpoint, 2)]
    reading = parse_page(endpoint, envelope(endpoint.items[0], raws, **following(endpoint)))
    if endpoint.name == "lives_search":  # any object is a live: its format is unknown
        assert len(reading.items) == 3
    else:
        assert [one.id for one in reading.items] == [item_id(1), item_id(2)]
    rejects = {(bad.position, repr(bad.raw)) for bad in reading.rejected}
    assert rejects >= {(3, "5"), (4, "'text'")}
    assert {position for position, _ in rejects} <= {2, 3, 4}
    assert (2 in {bad.position for bad in reading.rejected}) == (endpoint.name != "lives_search")
    assert all(bad.why for bad in reading.rejected)
    assert (reading.next is None) == (not endpoint.cursor_fields)


def test_items_of_another_kind_are_skipped_silently() -> None:
    search = ENDPOINTS["keyword_search"]
    cards = [{"type": 4, "user_list": []}, {"aweme_info": raw("post")}, None, {}]
    reading = parse_page(search, {"data": cards, "nextCursor": 20})
    assert [one.id for one in reading.items] == [raw("post")["aweme_id"]]
    assert reading.rejected == []


def test_a_bad_item_is_kept_with_its_position() -> None:
    comments = ENDPOINTS["post_comments"]
    reading = parse_page(comments, {"comments": [raw("comment"), {"text": "no id", "cid": None}]})
    assert reading.rejected == [RejectedItem(1, "comment without cid", {"text": "no id", "cid": None})]


def test_entities_lists_each_item_before_its_embedded_entities() -> None:
    reading = parse_page(ENDPOINTS["post_comments"], {"comments": [raw("comment")]})
    assert [(one.entity.kind, one.entity.id) for one in reading.entities()] == [
        ("comments", "7310000000000000401"),
        ("users", "6600000000000000206"),
    ]


# --- single objects ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("post_info", [raw("post")], ["7300000000000000101"]),
        ("post_info", raw("post"), ["7300000000000000101"]),
        ("post_info", {"aweme_detail": raw("post")}, ["7300000000000000101"]),
        ("post_info", [], []),
        ("post_info", [None], []),
        ("post_info", None, []),
        ("post_info", {"status_code": 0}, []),
        ("user_info_from_username", raw("web_profile"), ["6600000000000000203"]),
        ("user_info_from_secuid", {"user": raw("user")}, ["6600000000000000204"]),
        ("user_info_from_secuid", raw("user"), ["6600000000000000204"]),
        ("user_info_from_secuid", {}, []),
        ("music_details", raw("music"), ["6717000000000000501"]),
        ("music_details", {"music_info": raw("music")}, ["6717000000000000501"]),
        ("music_details", None, []),
    ],
)
def test_single_objects(name: str, data: Any, expected: list[str]) -> None:
    if expected and name == "user_info_from_username":
        expected = [data["user"]["id"]]
    reading = parse_page(ENDPOINTS[name], data)
    assert [one.id for one in reading.items] == expected
    assert (reading.rejected, reading.next) == ([], None)


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("full_hashtag_search", {"posts": [raw("web_post")]}, 1),
        ("full_hashtag_search", {"data": [raw("post"), raw("web_post")]}, 2),
        ("full_hashtag_search", [raw("post")], 1),
        ("full_keyword_search", [{"aweme_info": raw("post")}], 1),
        ("full_keyword_search", {"data": [{"aweme_info": raw("post")}]}, 1),
        ("multi_post_info", [raw("post"), None], 1),
        ("multi_post_info", {"data": [raw("post")]}, 1),
        ("user_search", {"users": [{"user_info": raw("user"), "position": None}]}, 1),
        ("user_search", {"user_list": [{"user_info": raw("user")}]}, 1),
        ("post_comment_replies", {"comments": [raw("reply")], "total": 66, "nextCursor": 6}, 1),
        ("lives_search", {"rooms": [{"id": "5"}]}, 1),
    ],
)
def test_every_known_format_of_an_answer(name: str, data: Any, expected: int) -> None:
    assert len(parse_page(ENDPOINTS[name], data).items) == expected


# --- the way on -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (20, 20),
        ("20", "20"),
        (20.0, 20),
        (1738435195000, 1738435195000),
        (2**63 - 1, 2**63 - 1),
        (2**63 + 1, str(2**63 + 1)),
        (1.8446744073709552e19, str(2**64)),
        ("b3BhcXVl", "b3BhcXVl"),
        (GONE, None),
        (None, None),
        ("", None),
        (False, None),
        (True, None),
        (0, None),
        (-1, None),
        (0.0, None),
        ("0", None),
        ("-1", None),
        ([], None),
        ([20], None),
        ({"max": 1}, None),
        (float("nan"), None),
        (float("inf"), None),
    ],
    ids=repr,
)
@chained
def test_forms_of_a_cursor(endpoint: Endpoint, given: Any, expected: Any) -> None:
    reading = parse_page(endpoint, envelope(endpoint.items[0], [], total=1, **following(endpoint, cursor=given)))
    assert (reading.next or {}).get("cursor") == expected
    assert type((reading.next or {}).get("cursor")) is type(expected)


@pytest.mark.parametrize("name", ["user_followers", "user_followings"])
def test_the_last_page_of_tiktok_itself(name: str) -> None:
    """Cursor -1 together with a token and a total of millions (provider.md P8)."""
    endpoint = ENDPOINTS[name]
    extra = {"nextCursor": -1, "nextPageToken": "eyJtYXhfY3Vyc29yIjotMX0=", "total": 4_511_327}
    assert parse_page(endpoint, envelope(endpoint.items[0], [], **extra)).next is None
    assert parse_page(endpoint, envelope(endpoint.items[0], None, **extra)).next is None
    reading = parse_page(endpoint, envelope(endpoint.items[0], [item(endpoint, 1)], **extra))
    assert (reading.next, len(reading.items), reading.total) == (None, 1, 4_511_327)


@pytest.mark.parametrize(
    ("name", "cursor", "token", "expected"),
    [
        ("user_followers", 5, "t", {"cursor": 5, "page_token": "t"}),
        ("user_followers", 5, GONE, {"cursor": 5}),
        ("user_followers", 5, "", {"cursor": 5}),
        ("user_followers", GONE, "t", None),
        ("user_followings", 5, "t", {"cursor": 5, "page_token": "t"}),
        ("user_followings", 5, GONE, None),
        ("user_followings", 5, None, None),
        ("user_followings", GONE, "t", None),
    ],
)
def test_cursor_and_token(name: str, cursor: Any, token: Any, expected: Any) -> None:
    endpoint = ENDPOINTS[name]
    data = envelope(endpoint.items[0], [], **following(endpoint, cursor=cursor, page_token=token))
    assert parse_page(endpoint, data).next == expected


@pytest.mark.parametrize(
    ("total", "read_as"),
    [(136, 136), (0, 0), (None, None), ("136", 136), (2**64, None), (-1, None), (True, None), (GONE, None)],
)
def test_the_total_is_a_claim_and_may_be_missing(total: Any, read_as: Any) -> None:
    extra = {} if total is GONE else {"total": total}
    reading = parse_page(ENDPOINTS["post_comments"], {"comments": [raw("comment")], **extra})
    assert reading.total == read_as
