"""What is a deviation of a charge, an error or a page, and what is none."""

import orjson
import pytest

from crawler.api.endpoints import ENDPOINTS
from crawler.api.page_parser import parse_page
from crawler.model.enums import EndReason
from crawler.model.errors import ApiCallError, MalformedAnswerError, NotAvailableError, TransientError
from crawler.model.pages import Request
from producers.doctor.findings import of_error, of_page, of_price
from tests.factories import raw

COMMENTS = ENDPOINTS["post_comments"]
ASKED = Request("post_comments", {"aweme_id": "7300000000000000101"})
BATCH = Request("multi_post_info", {"aweme_ids": ["7300000000000000101", "8"]})


@pytest.mark.parametrize(
    ("name", "units", "found"),
    [
        ("post_comments", 1, False), ("post_comments", 2, True), ("post_comments", 0, True),
        ("post_comments", None, True), ("user_search", 2, False), ("user_search", 3, True),
        ("full_hashtag_search", 0, False), ("full_hashtag_search", 250, False), ("full_hashtag_search", 251, True),
    ],
)  # fmt: skip
def test_a_charge_outside_the_table_is_a_deviation(name: str, units: int | None, found: bool) -> None:
    assert bool(list(of_price(ENDPOINTS[name], ASKED, units))) == found


def test_a_batch_that_costs_more_than_one_call_is_a_deviation() -> None:
    batch = ENDPOINTS["multi_post_info"]
    assert list(of_price(batch, BATCH, 1)) == []
    assert [finding.text for finding in of_price(batch, BATCH, 2)] == ["cost 2 units for 2 ids; expected were 1"]


PRIVATE = NotAvailableError("private", 472, 1, EndReason.PRIVATE)


@pytest.mark.parametrize(
    ("name", "error", "kinds"),
    [
        ("user_liked_posts", PRIVATE, []),
        ("user_info_from_username", PRIVATE, ["private"]),
        ("user_liked_posts", NotAvailableError("gone", 473, 1, EndReason.MISSING), ["missing"]),
        ("post_comments", MalformedAnswerError("odd"), ["unreadable"]),
        ("post_comments", TransientError("broken", 500), ["server"]),
    ],
)
def test_an_error_is_a_deviation_unless_lists_like_it_are_often_private(
    name: str, error: ApiCallError, kinds: list[str]
) -> None:
    assert [finding.kind for finding in of_error(ENDPOINTS[name], error)] == kinds


def test_the_posts_of_a_user_who_is_private_are_no_deviation() -> None:
    assert list(of_error(ENDPOINTS["user_posts_from_username"], PRIVATE, user_is_private=True)) == []


def said(data: object, request: Request = ASKED) -> list[str]:
    endpoint, body = ENDPOINTS[request.endpoint], orjson.dumps({"data": data})
    parsed = parse_page(endpoint, data, request.args)
    return [finding.text for finding in of_page(endpoint, request, parsed, data, body)]


def test_a_page_like_the_documented_one_has_no_finding() -> None:
    assert said({"comments": [raw("comment")], "nextCursor": 30, "total": 136}) == []


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"comments": []}, "holds no item of what was asked for"),
        ({"nextCursor": "30"}, "nextCursor is '30', not an integer; it is sent back as it is"),
        ({"total": "many"}, "total is 'many', not a count"),
        ({"total": 136}, "the list ends after 1 of 136 items: no nextCursor"),
        ({"ads": [{"odd": 1}]}, "nobody reads ads"),
        ({"comments": [raw("comment"), {"text": "odd"}]}, "1 of 2 items are not understood, the first: "),
        ({"comments": [raw("comment", create_time=1_700_000_000_000)]}, "milliseconds, not seconds"),
    ],
)
def test_each_deviation_of_a_page_is_said_once(fields: dict[str, object], text: str) -> None:
    [found] = said({"comments": [raw("comment")], **fields})
    assert text in found


def test_the_first_number_beyond_64_bits_is_named() -> None:
    data = {"comments": [raw("comment")]}
    parsed = parse_page(COMMENTS, data, ASKED.args)
    body = b'{"data": {"a": [1, 1180591620717411303424, 1180591620717411303425]}}'
    [found] = of_page(COMMENTS, ASKED, parsed, data, body)
    assert (found.kind, found.text) == (
        "number",
        "data.a[] is 1180591620717411303424, beyond 64 bits; it is kept as text",
    )
    assert list(of_page(COMMENTS, ASKED, parsed, data, b"odd")) == []


def test_ids_that_a_batch_left_out_are_counted() -> None:
    assert said([raw("post")], BATCH) == ["1 of 2 ids that were asked for are not in it"]
