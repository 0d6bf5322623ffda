"""The table against the SDK, and how little a new endpoint takes."""

import inspect

import pytest
from ensembledata.api._client import CustomerEndpoints, TiktokEndpoints

from crawler.api.endpoints import ENDPOINTS, Endpoint, check
from crawler.api.page_parser import read
from crawler.api.parsers import read_comment, read_post, read_user
from crawler.model.enums import Relation, SeedKind
from crawler.model.pages import Request
from crawler.planning import refusal
from tests.factories import raw

each = pytest.mark.parametrize("endpoint", ENDPOINTS.values(), ids=ENDPOINTS)


def methods(group: type) -> set[str]:
    return {name for name, _ in inspect.getmembers(group, inspect.isfunction) if not name.startswith("_")}


@each
def test_every_entry_fits_the_sdk(endpoint: Endpoint) -> None:
    check(endpoint)


def test_every_method_of_the_sdk_has_an_entry() -> None:
    assert {name for name, entry in ENDPOINTS.items() if not entry.customer} == methods(TiktokEndpoints)
    assert {name for name, entry in ENDPOINTS.items() if entry.customer} == methods(CustomerEndpoints)


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        (Endpoint("hashtag_searches", ("hashtag",), read_post), "the SDK has no endpoint hashtag_searches"),
        (Endpoint("get_usage", ("date",), None), "the SDK has no endpoint get_usage"),
        (Endpoint("post_info", ("url",), None, customer=True), "the SDK has no endpoint post_info"),
        (Endpoint("hashtag_search", ("name",), read_post), "hashtag_search takes no name"),
        (Endpoint("hashtag_search", ("hashtag", "timeout"), read_post), "takes no timeout"),
        (Endpoint("hashtag_search", ("hashtag",), read_post, next={"offset": "nextCursor"}), "takes no offset"),
        (Endpoint("user_followers", ("id",), read_user), "user_followers needs sec_uid"),
        (Endpoint("post_comment_replies", (), read_comment), "needs aweme_id, comment_id"),
    ],
)
def test_a_wrong_name_cannot_start(entry: Endpoint, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        check(entry)


@each
def test_an_entry_does_not_contradict_itself(endpoint: Endpoint) -> None:
    assert set(endpoint.lists) <= {*SeedKind, *Relation}
    assert endpoint.price <= endpoint.worst or endpoint.worst == 0
    assert not endpoint.next or set(endpoint.needs) <= set(endpoint.next)
    assert not (endpoint.single and endpoint.next)
    assert endpoint.batch is None or endpoint.batch in endpoint.args
    assert (endpoint.reader is None) == endpoint.customer
    assert endpoint.edge is None or "id" in endpoint.args


def test_caps_are_those_of_the_contract() -> None:
    followers = ENDPOINTS["user_followers"]
    assert (followers.max_pages, followers.max_items) == (50, 5000)
    assert ENDPOINTS["hashtag_search"].max_cursor == 5000
    assert ENDPOINTS["multi_post_info"].max_ids == 100


def test_a_new_endpoint_is_one_entry_and_one_fixture() -> None:
    clips = Endpoint(
        "music_posts",
        ("music_id",),
        read_post,
        (("clips", "list"), ("clips",)),
        {"cursor": "after"},
        lists=("music",),
    )
    check(clips)
    reading = read(clips, {"clips": {"list": [raw("post"), None]}, "after": 20})
    assert [item.id for item in reading.items] == ["7300000000000000101"]
    assert reading.next == {"cursor": 20}
    assert read(clips, {"clips": [raw("web_post")]}).next is None


@each
def test_the_customers_endpoints_alone_are_not_crawled(endpoint: Endpoint) -> None:
    args = {name: ["1"] if name == endpoint.batch else "1" for name in endpoint.required}
    assert (refusal(endpoint, Request(endpoint.name, args), 0) is not None) == endpoint.customer


@each
def test_what_the_sdk_cannot_do_without_names_the_list(endpoint: Endpoint) -> None:
    """A list's first page has no cursor, so nothing that only a cursor gives may be required."""
    assert set(endpoint.required) <= set(endpoint.args)
    if not endpoint.customer:
        bare = refusal(endpoint, Request(endpoint.name, {}), 0)
        assert bare == f"{endpoint.name} needs {', '.join(sorted(endpoint.required))}"
