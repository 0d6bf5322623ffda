"""What a page did not read is never silence: it is counted, or the page is unreadable or about something else."""

import pickle
from typing import Any

import pytest

from crawler.api.endpoints import ENDPOINTS, Endpoint
from crawler.api.page_parser import ParsedPage, UnparsablePageError, parse_page
from tests.factories import envelope, item, item_id, raw

LISTS = {
    name: endpoint for name, endpoint in ENDPOINTS.items() if not (endpoint.account_endpoint or endpoint.is_object)
}
WRAPPED = {name: endpoint for name, endpoint in LISTS.items() if endpoint.items[0]}
CHAINED = {name: endpoint for name, endpoint in LISTS.items() if endpoint.cursor_fields}
SINGLE = {name: endpoint for name, endpoint in ENDPOINTS.items() if endpoint.is_object}

lists = pytest.mark.parametrize("endpoint", LISTS.values(), ids=LISTS)
wrapped = pytest.mark.parametrize("endpoint", WRAPPED.values(), ids=WRAPPED)
chained = pytest.mark.parametrize("endpoint", CHAINED.values(), ids=CHAINED)
singles = pytest.mark.parametrize("endpoint", SINGLE.values(), ids=SINGLE)

COMMENTS, KEYWORD, FOLLOWERS = (ENDPOINTS[name] for name in ("post_comments", "keyword_search", "user_followers"))


def why(endpoint: Endpoint, data: Any, args: Any = None, kind: str = "unreadable") -> str:
    """Why an answer is no page; fails where it is one."""
    with pytest.raises(UnparsablePageError) as caught:
        parse_page(endpoint, data, args or {})
    assert caught.value.kind == kind
    return str(caught.value)


def items(endpoint: Endpoint, count: int = 3) -> list[Any]:
    return [item(endpoint, n) for n in range(count)]


def cursors(endpoint: Endpoint) -> dict[str, Any]:
    return dict.fromkeys(endpoint.cursor_fields.values(), "20")


def counts(page: ParsedPage) -> tuple[int, ...]:
    return len(page.items), len(page.foreign), page.skipped, page.nulls, len(page.rejected), len(page.unread)


def test_the_error_survives_pickling_and_says_why() -> None:
    error = pickle.loads(pickle.dumps(UnparsablePageError("odd", "mismatch")))
    assert (str(error), error.why, error.kind, UnparsablePageError("x").kind) == (
        "odd",
        "odd",
        "mismatch",
        "unreadable",
    )


# --- a list that moved ------------------------------------------------------------------------------------


@lists
@pytest.mark.parametrize("beside", [{}, {"total": 3}, {"has_more": 0}, {"status_code": 0, "nextCursor": 20}], ids=repr)
def test_a_list_under_an_unknown_name_is_not_an_empty_page(endpoint: Endpoint, beside: dict[str, Any]) -> None:
    moved = items(endpoint)
    for data in (
        {"moved": moved, **beside},
        {"moved": {str(n): one for n, one in enumerate(moved)}, **beside},
        {"moved": {"list": moved}, **beside},
        {"moved": moved[0], **beside},
        {"moved": ["7300000000000000101"], **beside},
    ):
        assert "list" in why(endpoint, data)


@wrapped
@pytest.mark.parametrize("known", [None, [], {}, [None]], ids=repr)
def test_an_empty_known_list_does_not_hide_another(endpoint: Endpoint, known: Any) -> None:
    data = {**envelope(endpoint.items[0], known), "moved": items(endpoint)}
    assert "nobody reads moved" in why(endpoint, data)


@wrapped
def test_a_known_name_that_holds_an_object_is_no_list(endpoint: Endpoint) -> None:
    listed = items(endpoint)
    for odd in ({str(n): one for n, one in enumerate(listed)}, listed[0], {"list": listed}, "text", 5, True):
        assert "instead of a list" in why(endpoint, envelope(endpoint.items[0], odd))


@lists
def test_the_first_known_list_that_holds_entries_is_read(endpoint: Endpoint) -> None:
    paths = [path for path in endpoint.items if len(path) == 1]
    nothing: list[Any] = [None, [], {}, [None]] if len(paths) > 1 else []
    for empty in nothing:
        data = {paths[0][0]: empty, paths[1][0]: items(endpoint), **cursors(endpoint)}
        assert counts(parse_page(endpoint, data)) == (3, 0, 0, 0, 0, 0)


def test_the_posts_of_a_user_may_stand_one_level_deeper() -> None:
    endpoint = ENDPOINTS["user_posts_from_secuid"]
    page = parse_page(endpoint, {"data": {"aweme_list": items(endpoint), "nextCursor": 1738435195000}})
    assert (len(page.items), page.next) == (3, {"cursor": 1738435195000})
    assert parse_page(endpoint, {"data": {"aweme_list": None, "has_more": 0}}).items == []
    assert "has_more" in why(endpoint, {"data": {"aweme_list": items(endpoint), "has_more": 1}})
    assert "instead of a list" in why(endpoint, {"data": {"videos": items(endpoint), "has_more": 1}})


@lists
def test_items_in_a_second_place_are_not_lost(endpoint: Endpoint) -> None:
    path = next((path for path in endpoint.items if path), None)
    if path is None or endpoint.name == "lives_search":  # any object is a live: its format is unknown
        return
    data = envelope(path, items(endpoint), **cursors(endpoint))
    for more in ([item(endpoint, 8)], {"list": [item(endpoint, 8)]}, {"8": item(endpoint, 8)}):
        assert "nobody reads more" in why(endpoint, {**data, "more": more})
    again = parse_page(endpoint, {**data, "more": items(endpoint)})
    assert (len(again.items), again.unread) == (3, ["more"])


def test_what_holds_no_item_beside_the_list_is_counted_and_shown() -> None:
    cards = [{"type": 4, "gift": {"id": "1"}}]
    page = parse_page(COMMENTS, {"comments": items(COMMENTS), "top_gifts": cards, "settings": {"a": 1}, "tags": ["x"]})
    assert counts(page) == (3, 0, 0, 0, 0, 1)
    assert page.unread == ["top_gifts"]
    assert [(one.position, one.why, one.raw) for one in page.examples] == [(-1, "nobody reads top_gifts", cards)]


@pytest.mark.parametrize(
    "data",
    [
        {"comments": None, "extra": {"api_debug_info": None, "fatal_item_ids": []}, "log_pb": {"impr_id": "x"}},
        {"comments": None, "status_code": 0, "status_msg": "", "top_gifts": None, "reply_style": 2},
        {"comments": []},
        {"comments": {}},
        {"comments": [None]},
        {"comments": [{}]},
        {"total": 0, "has_more": 0, "settings": {"filter": 1}},
        {"extra": {"fatal_item_ids": [{"id": "1"}]}, "has_more": False},
        {},
        [],
    ],
    ids=repr,
)  # fmt: skip
def test_an_empty_page_of_tiktok_stays_an_empty_page(data: Any) -> None:
    page = parse_page(COMMENTS, data)
    assert (page.items, page.next, page.rejected, page.unread) == ([], None, [], [])


# --- items ------------------------------------------------------------------------------------------------


def test_every_entry_of_a_list_is_counted() -> None:
    cards = [{"type": 4, "user_list": []}, {"type": 4, "user_list": [{"x": 1}]}, {"type": 5, "ad": 1}, {"type": 4}]
    entries = [{"aweme_info": raw("post")}, None, {}, *cards, {"type": 1, "aweme_info": {"desc": "no id"}}, 5]
    page = parse_page(KEYWORD, {"data": entries, "nextCursor": 20})
    assert counts(page) == (1, 0, 4, 2, 2, 0)
    assert sum(counts(page)) == len(entries)
    assert [one.raw for one in page.examples] == [cards[0], cards[2], cards[3]]
    assert len({one.shape for one in page.examples}) == 3


@lists
@pytest.mark.parametrize("count", [1, 3])
def test_a_page_in_which_no_item_is_understood_is_unreadable(endpoint: Endpoint, count: int) -> None:
    if endpoint.name == "lives_search":  # any object is a live
        assert "not an object" in why(endpoint, envelope(endpoint.items[0], ["text"] * count))
        return
    for odd in ({"item": {"id": "7", "desc": "x"}, "type": 1}, "7300000000000000101", 5, [raw("post")]):
        data = envelope(endpoint.items[0], [odd, None] * count, **cursors(endpoint))
        assert f"none of {2 * count} items is understood" in why(endpoint, data)


def test_items_of_which_every_id_moved_are_unreadable() -> None:
    comments = [{"comment_id": one.pop("cid"), **one} for one in items(COMMENTS)]
    assert "comment without cid, in an object with" in why(COMMENTS, {"comments": comments, "nextCursor": 20})


# --- a single object --------------------------------------------------------------------------------------


@singles
@pytest.mark.parametrize(
    "data",
    [None, [], {}, [None], [{}], {"status_code": 0}, {"status_code": 0, "status_msg": "", "extra": {"now": 1}}],
    ids=repr,
)
def test_a_single_object_is_missing_only_where_the_provider_says_so(endpoint: Endpoint, data: Any) -> None:
    page = parse_page(endpoint, data)
    assert (page.items, page.rejected, page.next, page.unread) == ([], [], None, [])
    assert page.nulls == (len(data) if isinstance(data, list) else data is not None)


@singles
@pytest.mark.parametrize(
    "data",
    [
        {"profile": {"key": "6800000000000000091", "name": "renamed"}},
        {"videos": [{"key": "1"}], "status_code": 0},
        {"odd": 1},
        [{"odd": 1}],
        ["text"],
        "text",
        5,
        {"user": {}, "stats": {"followerCount": 0}},
    ],
    ids=repr,
)
def test_another_object_in_place_of_a_single_one_is_unreadable(endpoint: Endpoint, data: Any) -> None:
    assert "is understood" in why(endpoint, data)


@pytest.mark.parametrize("data", [{"user": None}, {"user": {}}, {"userInfo": {"user": {}, "stats": {}}}], ids=repr)
def test_an_empty_profile_is_a_missing_one(data: Any) -> None:
    assert parse_page(ENDPOINTS["user_info_from_username"], data).items == []


# --- a status inside a 200 --------------------------------------------------------------------------------


@pytest.mark.parametrize("endpoint", [COMMENTS, ENDPOINTS["user_info_from_username"]], ids=["list", "single"])
@pytest.mark.parametrize(("status", "told"), [(10222, "10222"), ("2065", "2065"), (-1, "-1"), (True, "True")])
def test_a_failure_inside_a_200_is_no_page(endpoint: Endpoint, status: Any, told: str) -> None:
    for key, text in (("status_code", "status_msg"), ("statusCode", "statusMsg")):
        assert f"status {told} inside a 200: hidden" in why(endpoint, {key: status, text: "hidden", "userInfo": {}})
        assert f"status {told} inside a 200: no text" in why(endpoint, {key: status})


# --- the way on -------------------------------------------------------------------------------------------


@chained
@pytest.mark.parametrize(
    "beside",
    [
        {"has_more": True},
        {"has_more": 1},
        {"next_cursor": 20},
        {"cursor": 20},
        {"maxCursor": "1738435195000"},
        {"offset": 20, "has_more": 1},
        {"next_page": "abc"},
        {"pagination": {"next_cursor": 20}},
    ],
    ids=repr,
)
def test_a_cursor_under_another_name_does_not_end_a_list(endpoint: Endpoint, beside: dict[str, Any]) -> None:
    assert "the list goes on" in why(endpoint, envelope(endpoint.items[0], items(endpoint), **beside))


@chained
@pytest.mark.parametrize(
    "beside",
    [
        {},
        {"has_more": False},
        {"has_more": 0, "cursor": 40},
        {"has_more": False, "min_time": -1, "next_page_token": "eyJtYXhfY3Vyc29yIjotMX0="},
        {"cursor": 0, "offset": 0, "next_cursor": None, "page_token": "", "hasNext": False},
        {"cursor": -1},
        {"nextCursor": None},
        {"nextCursor": None, "has_more": True},
        {"nextCursor": 0},
        {"nextCursor": ""},
        {"nextCursor": []},
    ],
    ids=repr,
)
def test_a_list_ends_where_nothing_says_that_it_goes_on(endpoint: Endpoint, beside: dict[str, Any]) -> None:
    page = parse_page(endpoint, envelope(endpoint.items[0], items(endpoint), **beside))
    assert (len(page.items), page.next) == (3, None)


@chained
@pytest.mark.parametrize("value", [[20], {"max": 1}, True, float("nan"), float("inf")], ids=repr)
def test_a_cursor_that_is_not_understood_does_not_end_a_list(endpoint: Endpoint, value: Any) -> None:
    data = envelope(endpoint.items[0], items(endpoint), **{**cursors(endpoint), "nextCursor": value})
    assert "nextCursor is no cursor" in why(endpoint, data)


def test_followings_end_with_either_key_and_not_with_a_renamed_one() -> None:
    endpoint = ENDPOINTS["user_followings"]
    data = {"followings": items(endpoint), "nextCursor": 20}
    assert parse_page(endpoint, data).next is None
    assert "next_page_token" in why(endpoint, {**data, "next_page_token": "abc"})
    assert "has_more" in why(endpoint, {**data, "has_more": True})


# --- an answer about something else -----------------------------------------------------------------------


def another(endpoint: Endpoint, **fields: Any) -> Any:
    return {**item(endpoint, 1), **fields}


MISMATCHES: list[tuple[str, dict[str, Any], Any]] = [
    ("user_info_from_username", {"username": "alice"}, raw("web_profile")),
    ("user_info_from_username", {"username": "alice"}, {"user": raw("user")}),
    ("user_info_from_secuid", {"sec_uid": "MS4wLjABAAAArunneR"}, {"user": raw("user")}),
    ("user_info_from_secuid", {"sec_uid": "MS4wLjABAAAAother", "alternative_method": True}, raw("user")),
    ("post_info", {"url": "https://www.tiktok.com/@a/video/7123456789012340076"}, [raw("post")]),
    ("post_info", {"url": "https://www.tiktok.com/@a/photo/7123456789012340076"}, raw("post")),
    ("post_comments", {"aweme_id": "1"}, {"comments": [raw("comment"), raw("reply")], "total": 2}),
    ("post_comment_replies", {"aweme_id": "7300000000000000101", "comment_id": "1"}, {"comments": [raw("reply")]}),
    ("post_comment_replies", {"aweme_id": "1", "comment_id": "7310000000000000401"}, {"comments": [raw("reply")]}),
    ("music_details", {"music_id": "6717000000000000500"}, {"music_info": raw("music")}),
]


@pytest.mark.parametrize(("name", "args", "data"), MISMATCHES)
def test_an_answer_about_another_object_is_a_mismatch(name: str, args: dict[str, Any], data: Any) -> None:
    assert "about another object" in why(ENDPOINTS[name], data, args, kind="mismatch")
    assert parse_page(ENDPOINTS[name], data).items  # without its question it is a page like any other


@pytest.mark.parametrize(
    ("name", "args", "data"),
    [
        ("user_info_from_username", {"username": "BIG.account"}, raw("web_profile")),
        ("user_info_from_username", {"username": "unnamed"}, {"user": {"id": "5", "secUid": "MS4wLjABAAAAx"}}),
        ("user_info_from_secuid", {"sec_uid": "MS4wLjABAAAArunner"}, {"user": raw("user")}),
        ("post_info", {"url": "https://www.tiktok.com/@a/video/7300000000000000101?lang=en"}, [raw("post")]),
        ("post_info", {"url": "https://vm.tiktok.com/ZMabcdefg/"}, [raw("post")]),
        ("post_info", {"url": "https://www.tiktok.com/@a/video/7300000000000000101"}, [None]),
        ("post_comments", {"aweme_id": "7300000000000000101"}, {"comments": [raw("comment")]}),
        ("post_comments", {"aweme_id": "1"}, {"comments": [{"cid": "7", "text": "of which post is not said"}]}),
        ("post_comment_replies", {"aweme_id": "7300000000000000101", "comment_id": "7310000000000000401"},
         {"comments": [raw("reply")]}),
        ("music_details", {"music_id": "6717000000000000501"}, raw("music")),
    ],
)  # fmt: skip
def test_an_answer_that_fits_or_does_not_say_is_read(name: str, args: dict[str, Any], data: Any) -> None:
    page = parse_page(ENDPOINTS[name], data, args)
    assert page.foreign == []
    assert len(page.items) == (data != [None])


def test_a_batch_keeps_another_post_and_does_not_count_it_as_asked_for() -> None:
    endpoint = ENDPOINTS["multi_post_info"]
    args = {"aweme_ids": ["7300000000000000101", "7123456789012340076"]}
    page = parse_page(endpoint, [raw("post"), raw("post", aweme_id="7123456789012340077")], args)
    assert [one.id for one in page.items] == ["7300000000000000101"]
    assert [one.id for one in page.foreign] == ["7123456789012340077"]
    posts = {one.entity.id for one in page.entities() if one.entity.kind == "posts"}
    assert posts == {"7300000000000000101", "7123456789012340077"}
    alone = parse_page(endpoint, [raw("post")], {"aweme_ids": ["7123456789012340076"]})
    assert counts(alone) == (0, 1, 0, 0, 0, 0)


def test_a_list_keeps_the_comments_of_another_post_among_its_own() -> None:
    stray = raw("comment", cid=item_id(2), aweme_id="5")
    page = parse_page(COMMENTS, {"comments": [raw("comment"), stray]}, {"aweme_id": "7300000000000000101"})
    assert ([one.id for one in page.items], [one.id for one in page.foreign]) == ([raw("comment")["cid"]], [item_id(2)])


def test_what_the_alternative_method_brings_is_a_dialect_of_its_own() -> None:
    endpoint = ENDPOINTS["user_info_from_secuid"]
    for args, dialect in (({}, "app"), ({"alternative_method": True}, "alternative")):
        (one,) = parse_page(endpoint, {"user": raw("user")}, args).items
        assert one.found[0].dialect == dialect
