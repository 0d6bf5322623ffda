"""The endpoint table compared with the SDK's signatures, and how little a new endpoint takes."""

import inspect

import pytest
from ensembledata.api._client import CustomerEndpoints, TiktokEndpoints

from crawler.api.endpoints import ENDPOINTS, Endpoint
from crawler.api.page_parser import parse_page
from crawler.api.parsers import parse_comment, parse_post, parse_user
from crawler.model.enums import EndReason, Relation, SeedKind
from crawler.model.pages import Request
from crawler.planning import Problem, validate_request
from tests.factories import raw

each = pytest.mark.parametrize("endpoint", ENDPOINTS.values(), ids=ENDPOINTS)


def sdk_arguments(endpoint: Endpoint) -> dict[str, bool]:
    """Return the arguments of the SDK's method and whether each must be given."""
    method = getattr(CustomerEndpoints if endpoint.account_endpoint else TiktokEndpoints, endpoint.name, None)
    if method is None:
        raise ValueError(f"the SDK has no endpoint {endpoint.name}")
    found = inspect.signature(method).parameters
    ours = {"self", "extra_params", "timeout"}
    return {name: one.default is inspect.Parameter.empty for name, one in found.items() if name not in ours}


def check_against_sdk(endpoint: Endpoint) -> None:
    """Compare an entry with the SDK's signature; ValueError says what does not fit."""
    known = sdk_arguments(endpoint)
    ours = {*endpoint.args, *endpoint.cursor_fields}
    if unknown := ours - known.keys():
        raise ValueError(f"{endpoint.name} takes no {', '.join(sorted(unknown))}")
    required = {name for name, must in known.items() if must}
    if missing := required - ours:
        raise ValueError(f"{endpoint.name} needs {', '.join(sorted(missing))}")
    if required != {*endpoint.required}:
        raise ValueError(f"{endpoint.name} requires {', '.join(sorted(required))}")


def methods(group: type) -> set[str]:
    return {name for name, _ in inspect.getmembers(group, inspect.isfunction) if not name.startswith("_")}


@each
def test_every_entry_matches_the_sdk(endpoint: Endpoint) -> None:
    check_against_sdk(endpoint)


def test_every_method_of_the_sdk_has_an_entry() -> None:
    assert {name for name, entry in ENDPOINTS.items() if not entry.account_endpoint} == methods(TiktokEndpoints)
    assert {name for name, entry in ENDPOINTS.items() if entry.account_endpoint} == methods(CustomerEndpoints)


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        (Endpoint("hashtag_searches", ("hashtag",), parse_post), "the SDK has no endpoint hashtag_searches"),
        (Endpoint("get_usage", ("date",), None), "the SDK has no endpoint get_usage"),
        (Endpoint("post_info", ("url",), None, account_endpoint=True), "the SDK has no endpoint post_info"),
        (Endpoint("hashtag_search", ("name",), parse_post), "hashtag_search takes no name"),
        (Endpoint("hashtag_search", ("hashtag", "timeout"), parse_post), "takes no timeout"),
        (
            Endpoint("hashtag_search", ("hashtag",), parse_post, cursor_fields={"offset": "nextCursor"}),
            "takes no offset",
        ),
        (Endpoint("user_followers", ("id",), parse_user), "user_followers needs sec_uid"),
        (Endpoint("post_comment_replies", (), parse_comment), "needs aweme_id, comment_id"),
        (Endpoint("post_info", ("url",), parse_post, optional_args=("url",)), "post_info requires url"),
    ],
)
def test_an_entry_that_does_not_match_the_sdk_is_reported(entry: Endpoint, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        check_against_sdk(entry)


@each
def test_an_entry_does_not_contradict_itself(endpoint: Endpoint) -> None:
    assert set(endpoint.limit_names) <= {*SeedKind, *Relation}
    assert endpoint.expected_price <= endpoint.max_price or endpoint.max_price == 0
    assert not endpoint.cursor_fields or set(endpoint.required_cursor) <= set(endpoint.cursor_fields)
    assert not (endpoint.is_object and endpoint.cursor_fields)
    assert endpoint.batch_argument is None or endpoint.batch_argument in endpoint.args
    assert (endpoint.parser is None) == endpoint.account_endpoint
    assert endpoint.edge is None or "id" in endpoint.args


def test_the_platform_caps_are_in_the_table() -> None:
    followers = ENDPOINTS["user_followers"]
    assert (followers.max_pages, followers.max_items) == (50, 5000)
    assert ENDPOINTS["hashtag_search"].max_cursor == 5000
    assert ENDPOINTS["multi_post_info"].max_ids == 100


def test_a_new_endpoint_is_one_entry_and_one_fixture() -> None:
    clips = Endpoint(
        "music_posts",
        ("music_id",),
        parse_post,
        (("clips", "list"), ("clips",)),
        {"cursor": "after"},
        limit_names=("music",),
    )
    check_against_sdk(clips)
    reading = parse_page(clips, {"clips": {"list": [raw("post"), None]}, "after": 20})
    assert [item.id for item in reading.items] == ["7300000000000000101"]
    assert reading.next == {"cursor": 20}
    assert parse_page(clips, {"clips": [raw("web_post")]}).next is None


@each
def test_only_account_endpoints_are_not_crawled(endpoint: Endpoint) -> None:
    args = {name: ["1"] if name == endpoint.batch_argument else "1" for name in endpoint.required}
    assert (validate_request(Request(endpoint.name, args), 0) is not None) == endpoint.account_endpoint


@each
def test_required_arguments_identify_the_list(endpoint: Endpoint) -> None:
    """A list's first page has no cursor, so nothing that only a cursor gives may be required."""
    assert set(endpoint.required) <= set(endpoint.args)
    if not endpoint.account_endpoint:
        problem = validate_request(Request(endpoint.name, {}), 0)
        needs = f"{endpoint.name} needs {', '.join(sorted(endpoint.required))}"
        assert problem == Problem(EndReason.ERROR, needs)
