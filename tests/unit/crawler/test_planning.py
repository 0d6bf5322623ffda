"""What a page leads to, and which requests are refused."""

from typing import Any

import pytest

from crawler.api.endpoints import ENDPOINTS
from crawler.model.crawls import CrawlSpec
from crawler.model.entities import Comment, Entity, Hashtag, Music, Post, User
from crawler.model.enums import EndReason, Relation, SeedKind
from crawler.model.pages import PlannedPage, Request
from crawler.planning import (
    follow_ups,
    in_date_range,
    is_beyond_cap,
    next_page_or_end,
    plan_posts,
    plan_profile,
    validate_request,
)
from tests.factories import SEC, page, spec

ALICE = User(user_id="1", sec_uid=SEC, username="alice")
POST = Post(post_id="11", author_id="1", author_sec_uid=SEC, author_username="alice", music_id="77", created_at=1000)
COMMENT = Comment(comment_id="21", post_id="11", user_id="2", user_sec_uid="MS4wBOB", username="bob", reply_total=3)
EVERYTHING = tuple(Relation)


# --- the list's own next page -----------------------------------------------------------------------------


def onward(
    name: str, made: CrawlSpec | None = None, *, nth: int = 0, empty_streak: int = 0, at: Any = None, **given: Any
) -> Any:
    """next_page_or_end of a page of this endpoint that held one new item and a cursor."""
    endpoint = ENDPOINTS[name]
    this = page(Request(name, {endpoint.args[0]: "x"}, at or {}), depth=1, nth=nth, empty_streak=empty_streak)
    ordinary: dict[str, Any] = {"cursor": {"cursor": 40}, "cursors": [{}], "got": 1, "new": 1, "items": [POST]}
    return next_page_or_end(endpoint, this, made or spec(), **{**ordinary, **given})


def test_the_next_page_has_the_same_depth_and_the_next_position() -> None:
    plan, end = onward("hashtag_search", nth=3, at={"cursor": 20})
    assert end is None
    assert plan == PlannedPage(Request("hashtag_search", {"hashtag": "x"}, {"cursor": 40}), 1, 4, 0)


ENDS: list[tuple[str, str, dict[str, Any], EndReason | None]] = [
    ("no cursor", "post_comments", {"cursor": None}, EndReason.END),
    ("no cursor, nothing", "post_comments", {"cursor": None, "items": [], "new": 0}, EndReason.END),
    ("a profile", "user_info_from_username", {"cursor": None, "items": [ALICE]}, EndReason.END),
    ("no profile", "user_info_from_username", {"cursor": None, "items": [], "new": 0}, EndReason.MISSING),
    ("no post", "post_info", {"cursor": None, "items": [], "new": 0}, EndReason.MISSING),
    ("an empty batch", "multi_post_info", {"cursor": None, "items": [], "new": 0}, EndReason.END),
    ("its own cursor", "post_comments", {"at": {"cursor": 40}}, EndReason.STALLED),
    ("an earlier cursor", "post_comments", {"at": {"cursor": 60}, "cursors": [{}, {"cursor": 40}]}, EndReason.STALLED),
    ("another token", "user_followings", {
        "cursor": {"cursor": 40, "page_token": "b"}, "cursors": [{"cursor": 40, "page_token": "a"}]}, None),
    ("the same pair", "user_followings", {
        "cursor": {"cursor": 40, "page_token": "a"}, "cursors": [{"cursor": 40, "page_token": "a"}],
    }, EndReason.STALLED),
    ("1 empty_streak page", "post_comments", {"new": 0, "empty_streak": 0}, None),
    ("3 empty_streak pages", "post_comments", {"new": 0, "empty_streak": 2}, None),
    ("4 empty_streak pages", "post_comments", {"new": 0, "empty_streak": 3}, EndReason.STALLED),
    ("3 empty_streak, then one new", "post_comments", {"new": 1, "empty_streak": 3}, None),
    ("hashtag below the cap", "hashtag_search", {"cursor": {"cursor": 4980}}, None),
    ("hashtag at the cap", "hashtag_search", {"cursor": {"cursor": 5000}}, EndReason.PLATFORM_CAP),
    ("hashtag at the cap, as text", "hashtag_search", {"cursor": {"cursor": "5000"}}, EndReason.PLATFORM_CAP),
    ("49 pages of followers", "user_followers", {"nth": 48}, None),
    ("50 pages of followers", "user_followers", {"nth": 49}, EndReason.PLATFORM_CAP),
    ("4,999 followers", "user_followers", {"got": 4999}, None),
    ("5,000 followers", "user_followers", {"got": 5000}, EndReason.PLATFORM_CAP),
    ("5,000 followings", "user_followings", {"got": 5000, "nth": 60}, None),
    ("keyword beyond 5,000", "keyword_search", {"cursor": {"cursor": 6000}}, None),
]  # fmt: skip


@pytest.mark.parametrize(("name", "given", "expected"), [row[1:] for row in ENDS], ids=[row[0] for row in ENDS])
def test_why_a_list_ends(name: str, given: dict[str, Any], expected: EndReason | None) -> None:
    plan, end = onward(name, **given)
    assert end == expected
    assert (plan is None) == (expected is not None)


def test_the_empty_streak_grows_along_the_list_and_resets_at_a_new_item() -> None:
    assert onward("post_comments", new=0, empty_streak=1)[0].empty_streak == 2
    assert onward("post_comments", new=1, empty_streak=2)[0].empty_streak == 0


@pytest.mark.parametrize(
    ("name", "limits", "got", "expected"),
    [
        ("hashtag_search", {"hashtag": 20}, 19, None),
        ("hashtag_search", {"hashtag": 20}, 20, EndReason.LIMIT),
        ("hashtag_search", {"keyword": 5}, 20, None),
        ("post_comments", {"comments": 20}, 30, EndReason.LIMIT),
        ("post_comment_replies", {"replies": 3}, 3, EndReason.LIMIT),
        ("user_posts_from_secuid", {"posts": 10}, 10, EndReason.LIMIT),
        ("user_posts_from_username", {"user": 10}, 10, EndReason.LIMIT),
        ("user_followers", {"followers": 100}, 100, EndReason.LIMIT),
        ("user_followings", {"followings": 100}, 100, EndReason.LIMIT),
        ("user_followings", {"followers": 100}, 100, None),
        ("user_liked_posts", {"likes": 1}, 1, EndReason.LIMIT),
        ("music_posts", {"music-posts": 1}, 1, EndReason.LIMIT),
        ("music_posts", {"music": 1}, 1, EndReason.LIMIT),
        ("music_search", {"music-search": 1}, 1, EndReason.LIMIT),
        ("user_search", {"user-search": 1}, 1, EndReason.LIMIT),
        ("lives_search", {"live-search": 1}, 1, EndReason.LIMIT),
        ("keyword_search", {"keyword": 1}, 1, EndReason.LIMIT),
    ],
)
def test_a_limit_stops_the_list_it_names(
    name: str, limits: dict[str, int], got: int, expected: EndReason | None
) -> None:
    assert onward(name, spec(limits=limits), got=got)[1] == expected


def test_a_list_that_ends_by_itself_is_not_ended_by_its_limit() -> None:
    assert onward("hashtag_search", spec(limits={"hashtag": 1}), got=20, cursor=None)[1] is EndReason.END


@pytest.mark.parametrize(
    ("name", "times", "pinned", "expected"),
    [
        ("user_posts_from_secuid", [90, 80], [], EndReason.LIMIT),
        ("user_posts_from_username", [90, 80], [], EndReason.LIMIT),
        ("user_posts_from_secuid", [110, 80], [], None),
        ("user_posts_from_secuid", [100], [], None),
        ("user_posts_from_secuid", [], [], None),
        ("user_posts_from_secuid", [None], [], None),
        ("user_posts_from_secuid", [110], [5, 6], None),
        ("user_posts_from_secuid", [90], [500], EndReason.LIMIT),
        ("user_posts_from_secuid", [], [5], None),
        ("hashtag_search", [90], [], None),
        ("user_liked_posts", [90], [], None),
    ],
)
def test_lists_in_time_order_stop_at_since_whatever_is_pinned(
    name: str, times: list[int | None], pinned: list[int], expected: EndReason | None
) -> None:
    items = [Post(post_id=str(n), created_at=at) for n, at in enumerate(times)]
    items += [Post(post_id=f"9{n}", created_at=at, pinned=True) for n, at in enumerate(pinned)]
    assert onward(name, spec(since=100), items=items)[1] == expected
    assert onward(name, spec(), items=items)[1] is None


# --- refusals ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "args", "cursor", "nth", "why"),
    [
        ("hashtag_search", {"hashtag": "cats"}, {}, 0, None),
        ("hashtag_search", {"hashtag": "cats"}, {"cursor": 4980}, 249, None),
        ("hashtag_search", {"hashtag": "cats"}, {"cursor": 5000}, 1, "cap"),
        ("hashtag_search", {"hashtag": "cats"}, {"cursor": "5000"}, 1, "cap"),
        ("hashtag_search", {"hashtag": "cats"}, {"cursor": 5000.0}, 1, "cap"),
        ("hashtag_search", {"hashtag": "cats", "days": 3}, {}, 0, "takes no days"),
        ("hashtag_search", {"hashtag": "cats"}, {"page_token": "x"}, 0, "takes no page_token"),
        ("hashtag_search", {"hashtag": "cats", "timeout": 1}, {}, 0, "takes no timeout"),
        ("hashtag_search", {"hashtag": "cats", "extra_params": {}}, {}, 0, "takes no extra_params"),
        ("user_followers", {"id": "1", "sec_uid": SEC}, {"cursor": 5}, 49, None),
        ("user_followers", {"id": "1", "sec_uid": SEC}, {"cursor": 5}, 50, "cap"),
        ("user_followings", {"id": "1", "sec_uid": SEC}, {"cursor": 5, "page_token": "t"}, 70, None),
        ("multi_post_info", {"aweme_ids": [str(n) for n in range(100)]}, {}, 0, None),
        ("multi_post_info", {"aweme_ids": [str(n) for n in range(101)]}, {}, 0, "101 ids in a call, at most 100"),
        ("multi_post_info", {"aweme_ids": []}, {}, 0, "0 ids"),
        ("multi_post_info", {"aweme_ids": "1;2"}, {}, 0, "takes a list of ids"),
        ("multi_post_info", {"aweme_ids": [1, 2]}, {}, 0, "takes a list of ids"),
        ("multi_post_info", {}, {}, 0, "multi_post_info needs aweme_ids"),
        ("user_followers", {"cursor": 5}, {}, 0, "takes no cursor"),
        ("user_followers", {"id": "1"}, {}, 0, "user_followers needs sec_uid"),
        ("post_comment_replies", {}, {"cursor": 20}, 1, "post_comment_replies needs aweme_id, comment_id"),
        ("user_info_from_secuid", {"sec_uid": SEC}, {}, 0, None),
        ("hashtag_search", {"hashtag": "cats"}, {}, "1", "'1' is no place in a list"),
        ("user_followers", {"id": "1", "sec_uid": SEC}, {"cursor": 5}, None, "None is no place in a list"),
        ("user_followers", {"id": "1", "sec_uid": SEC}, {"cursor": 5}, {"$gt": 0}, "is no place in a list"),
        ("no_such_endpoint", {}, {}, 0, "no endpoint no_such_endpoint"),
        ("get_usage", {"date": "2026-01-31"}, {}, 0, "no endpoint get_usage"),
    ],
)
def test_an_invalid_request_is_refused(name: str, args: Any, cursor: Any, nth: Any, why: str | None) -> None:
    problem = validate_request(Request(name, args, cursor), nth)
    if why is None:
        assert problem is None
    else:
        assert problem is not None
        assert why in problem.detail
        assert problem.end == (EndReason.PLATFORM_CAP if "beyond the API's cap" in problem.detail else EndReason.ERROR)


def test_caps_apply_to_the_position_and_to_the_cursor() -> None:
    assert not is_beyond_cap(ENDPOINTS["user_followers"], {"cursor": 10**12}, 49)
    assert is_beyond_cap(ENDPOINTS["user_followers"], {}, 50)
    assert not is_beyond_cap(ENDPOINTS["hashtag_search"], {"cursor": "opaque"}, 10**6)
    assert not is_beyond_cap(ENDPOINTS["post_comments"], {"cursor": 10**12}, 10**6)


# --- related lists ----------------------------------------------------------------------------------------


def led(made: CrawlSpec, endpoint: str, depth: int, *items: Entity) -> set[tuple[str, str, int]]:
    """The follow-ups as (endpoint, first argument, depth)."""
    plans = set()
    for plan in follow_ups(made, ENDPOINTS[endpoint], depth, items):
        assert (plan.nth, plan.empty_streak, plan.request.cursor) == (0, 0, {})
        plans.add((plan.request.endpoint, str(next(iter(plan.request.args.values()))), plan.depth))
    return plans


# relation → what a post, a comment and a user at depth 0 lead to
RELATIONS: list[tuple[Relation, Entity, set[tuple[str, str, int]]]] = [
    (Relation.AUTHORS, POST, {("user_info_from_secuid", SEC, 1)}),
    (Relation.COMMENTS, POST, {("post_comments", "11", 1)}),
    (Relation.MUSIC, POST, {("music_details", "77", 1)}),
    (Relation.MUSIC_POSTS, POST, {("music_posts", "77", 1)}),
    (Relation.REPLIES, POST, set()),
    (Relation.COMMENTERS, POST, set()),
    # a user embedded in a post is one step from it, and its lists one more
    (Relation.FOLLOWERS, POST, {("user_followers", "1", 2)}),
    (Relation.FOLLOWINGS, POST, {("user_followings", "1", 2)}),
    (Relation.POSTS, POST, {("user_posts_from_secuid", SEC, 2)}),
    (Relation.LIKES, POST, {("user_liked_posts", SEC, 2)}),
    (Relation.REPLIES, COMMENT, {("post_comment_replies", "11", 1)}),
    (Relation.COMMENTERS, COMMENT, {("user_info_from_secuid", "MS4wBOB", 1)}),
    (Relation.AUTHORS, COMMENT, set()),
    (Relation.COMMENTS, COMMENT, set()),
    (Relation.MUSIC, COMMENT, set()),
    # writers of comments only where commenters are asked for
    (Relation.FOLLOWERS, COMMENT, set()),
    (Relation.FOLLOWINGS, COMMENT, set()),
    (Relation.POSTS, COMMENT, set()),
    (Relation.LIKES, COMMENT, set()),
    (Relation.FOLLOWERS, ALICE, {("user_followers", "1", 1)}),
    (Relation.FOLLOWINGS, ALICE, {("user_followings", "1", 1)}),
    (Relation.POSTS, ALICE, {("user_posts_from_secuid", SEC, 1)}),
    (Relation.LIKES, ALICE, {("user_liked_posts", SEC, 1)}),
    (Relation.AUTHORS, ALICE, set()),
    (Relation.COMMENTERS, ALICE, set()),
    *((relation, Music(music_id="77"), set()) for relation in Relation),
    *((relation, Hashtag(name="cats"), set()) for relation in Relation),
]
SOURCES = {Post: "hashtag_search", Comment: "post_comments", User: "user_followers", Music: "music_search"}


@pytest.mark.parametrize(("relation", "item", "expected"), RELATIONS, ids=lambda one: str(one)[:30])
@pytest.mark.parametrize("depth", [0, 1])
def test_where_each_relation_leads(
    relation: Relation, item: Entity, expected: set[tuple[str, str, int]], depth: int
) -> None:
    source = SOURCES.get(type(item), "hashtag_search")
    deeper = {(endpoint, argument, far + depth) for endpoint, argument, far in expected}
    assert led(spec(SeedKind.HASHTAG, relation, depth=9), source, depth, item) == deeper


def test_expanding_commenters_expands_their_lists_too() -> None:
    made = spec(SeedKind.HASHTAG, Relation.COMMENTERS, Relation.FOLLOWINGS, Relation.POSTS, depth=9)
    assert led(made, "post_comments", 1, COMMENT) == {
        ("user_info_from_secuid", "MS4wBOB", 2),
        ("user_followings", "2", 3),
        ("user_posts_from_secuid", "MS4wBOB", 3),
    }


def test_nothing_beyond_the_depth_is_planned() -> None:
    for depth in range(4):
        plans = follow_ups(spec(SeedKind.HASHTAG, *EVERYTHING, depth=depth), ENDPOINTS["hashtag_search"], 0, [POST])
        assert {plan.depth for plan in plans} == set(range(1, min(depth, 2) + 1))
    assert led(spec(SeedKind.HASHTAG, *EVERYTHING, depth=2), "post_comments", 2, COMMENT) == set()


def test_the_default_expansion_of_a_hashtag_reaches_its_authors_followings() -> None:
    made = spec(SeedKind.HASHTAG, Relation.AUTHORS, Relation.COMMENTS, Relation.FOLLOWINGS, depth=2)
    assert led(made, "hashtag_search", 0, POST) == {
        ("user_info_from_secuid", SEC, 1),
        ("post_comments", "11", 1),
        ("user_followings", "1", 2),
    }
    # the author's own profile page, at depth 1, leads to the very same list at the very same depth
    assert led(made, "user_info_from_secuid", 1, ALICE) == {("user_followings", "1", 2)}


def test_each_follow_up_is_planned_once() -> None:
    twice = [POST, POST.model_copy(update={"post_id": "12"}), POST]
    plans = follow_ups(spec(SeedKind.HASHTAG, *EVERYTHING), ENDPOINTS["hashtag_search"], 0, twice)
    requests = [plan.request.request_id() for plan in plans]
    assert len(requests) == len(set(requests))
    assert sum(plan.request.endpoint == "user_info_from_secuid" for plan in plans) == 1
    assert sum(plan.request.endpoint == "post_comments" for plan in plans) == 2


def test_a_request_without_the_ids_it_needs_is_not_planned() -> None:
    made = spec(SeedKind.HASHTAG, *EVERYTHING, depth=9)
    assert led(made, "hashtag_search", 0, Post(post_id="1")) == {("post_comments", "1", 1)}
    for replies in (None, 0):
        silent = COMMENT.model_copy(update={"reply_total": replies, "user_id": None})
        assert led(made, "post_comments", 0, silent) == set()
    assert led(made, "post_comments", 0, COMMENT.model_copy(update={"post_id": None, "user_id": None})) == set()
    assert led(made, "user_search", 0, User(user_id="1")) == set()
    assert led(made, "user_search", 0, User(user_id="1", username="Alice")) == {
        ("user_posts_from_username", "alice", 1)
    }


@pytest.mark.parametrize(
    ("created_at", "since", "until", "inside"),
    [
        (None, 100, 200, True),
        (99, 100, None, False),
        (100, 100, None, True),
        (200, None, 200, True),
        (201, None, 200, False),
        (150, 100, 200, True),
        (150, None, None, True),
    ],
)
def test_posts_outside_the_date_range_are_not_expanded(
    created_at: int | None, since: int | None, until: int | None, inside: bool
) -> None:
    made = spec(SeedKind.HASHTAG, Relation.COMMENTS, since=since, until=until)
    assert in_date_range(made, created_at) is inside
    assert bool(led(made, "hashtag_search", 0, POST.model_copy(update={"created_at": created_at}))) is inside


# --- seeds ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (SeedKind.USER, {("user_posts_from_secuid", SEC, 0)}),
        (SeedKind.FOLLOWERS, {("user_followers", "1", 0)}),
        (SeedKind.FOLLOWINGS, {("user_followings", "1", 0)}),
        (SeedKind.LIKES, {("user_liked_posts", SEC, 0)}),
        (SeedKind.HASHTAG, set()),
    ],
)
def test_a_seed_users_profile_leads_to_the_list_of_its_kind(
    kind: SeedKind, expected: set[tuple[str, str, int]]
) -> None:
    assert led(spec(kind), "user_info_from_secuid", 0, ALICE) == expected
    assert led(spec(kind), "user_info_from_secuid", 1, ALICE) == set()
    assert led(spec(kind), "user_search", 0, ALICE) == set()


def test_follow_lists_are_requested_with_both_ids() -> None:
    (plan,) = follow_ups(spec(SeedKind.FOLLOWERS), ENDPOINTS["user_info_from_username"], 0, [ALICE])
    assert plan.request.args == {"id": "1", "sec_uid": SEC}


def test_the_alternative_payload_of_a_user_seeded_by_name_follows_its_profile() -> None:
    made = spec(SeedKind.USER, usernames=["alice"], options={"alternative_method": True})
    plans = follow_ups(made, ENDPOINTS["user_info_from_username"], 0, [ALICE])
    asked = [plan.request for plan in plans if plan.request.endpoint == "user_info_from_secuid"]
    assert [request.args for request in asked] == [{"sec_uid": SEC, "alternative_method": True}]
    again = follow_ups(made, ENDPOINTS["user_info_from_secuid"], 0, [ALICE])
    assert {plan.request.request_id() for plan in again} <= {plan.request.request_id() for plan in plans}


def named(made: CrawlSpec, user: User) -> list[tuple[str, dict[str, Any]]]:
    plans = [*plan_profile(made, 1, user), *plan_posts(made, 1, user)]
    return [(plan.request.endpoint, dict(plan.request.args)) for plan in plans]


BY_NAME = [
    ("user_info_from_username", {"username": "alice"}),
    ("user_posts_from_username", {"username": "alice", "depth": 1}),
]
BY_SEC_UID = [("user_info_from_secuid", {"sec_uid": SEC}), ("user_posts_from_secuid", {"sec_uid": SEC, "depth": 1})]


@pytest.mark.parametrize(
    ("usernames", "user", "expected"),
    [
        ([], ALICE, BY_SEC_UID),
        (["bob"], ALICE, BY_SEC_UID),
        (["alice"], ALICE, BY_NAME),
        (["alice"], ALICE.model_copy(update={"username": "Alice"}), BY_NAME),
        (["alice"], ALICE.model_copy(update={"username": None}), BY_SEC_UID),
        ([], ALICE.model_copy(update={"sec_uid": None, "username": "Alice"}), BY_NAME),
        ([], User(user_id="1"), []),
    ],
)
def test_a_user_seeded_by_name_is_requested_by_name_everywhere(
    usernames: list[str], user: User, expected: list[tuple[str, dict[str, Any]]]
) -> None:
    assert named(spec(SeedKind.USER, usernames=usernames), user) == expected


def test_a_sec_uid_keeps_its_case() -> None:
    twin = ALICE.model_copy(update={"sec_uid": SEC.swapcase(), "user_id": "2"})
    one, other = (next(iter(plan_profile(spec(), 1, user))).request for user in (ALICE, twin))
    assert one.args["sec_uid"] == SEC
    assert one.page_id("c") != other.page_id("c")


def test_a_user_seeded_by_sec_uid_has_one_profile_with_the_alternative_payload() -> None:
    made = spec(SeedKind.USER, sec_uids=[SEC], options={"alternative_method": True})
    assert named(made, ALICE)[0] == ("user_info_from_secuid", {"sec_uid": SEC, "alternative_method": True})
    assert named(made, User(user_id="2", sec_uid="MS4wBOB"))[0] == ("user_info_from_secuid", {"sec_uid": "MS4wBOB"})


def test_since_is_sent_with_user_posts() -> None:
    for usernames in ([], ["alice"]):
        (plan,) = plan_posts(spec(SeedKind.USER, usernames=usernames, since=100), 1, ALICE)
        assert plan.request.args["oldest_createtime"] == 100
