"""The first pages of each kind of crawl, and how they get into the ledger."""

from typing import Any

import pytest

from crawler.model.crawls import CrawlSpec
from crawler.model.enums import CrawlState, SeedKind
from crawler.model.errors import UsageError
from crawler.planning import validate_request
from crawler.store import Store
from producers.seeds.start import first_pages, refuse_name_in_use, sec_uids, start_crawl, usernames
from producers.seeds.values import parse_values

ID, ID2, COMMENT = "7123456789012345678", "6999999999999999999", "7200000000000000001"
SEC = "MS4wLjABAAAAv7iSuuXDJGDvJkmH_vz1qkDZYo1apxgzaxdBSeIuPiMAbCdEfGhIjKlMnOpQrStUv"[:76]
URL = f"https://www.tiktok.com/@alice/video/{ID}"


def planned(kind: str, *values: str, **options: Any) -> list[tuple[str, dict[str, Any]]]:
    """Endpoint and arguments of each first page."""
    given = parse_values(kind, [(None, value) for value in values])
    spec = CrawlSpec(
        kind=SeedKind(kind), usernames=usernames(given), sec_uids=sec_uids(given, options), options=options
    )
    plans = first_pages(spec, given)
    for plan in plans:
        assert (plan.depth, plan.nth, plan.empty_streak, plan.request.cursor) == (0, 0, 0, {})
        assert validate_request(plan.request, 0) is None
    return [(plan.request.endpoint, dict(plan.request.args)) for plan in plans]


KINDS: list[tuple[str, list[str], dict[str, Any], list[tuple[str, dict[str, Any]]]]] = [
    ("hashtag", ["#Cats"], {}, [("hashtag_search", {"hashtag": "cats"})]),
    ("hashtag", ["cats"], {"full": True, "days": 9, "max_cursor": 2000}, [
        ("full_hashtag_search", {"hashtag": "cats", "days": 9, "max_cursor": 2000})]),
    ("keyword", ["cats  and Dogs"], {"period": "180", "match_exactly": True}, [
        ("keyword_search", {"keyword": "cats and Dogs", "period": "180", "match_exactly": True})]),
    ("keyword", ["cats"], {"period": "7", "full": True, "sorting": "1", "country": "us"}, [
        ("full_keyword_search", {"keyword": "cats", "period": "7", "sorting": "1", "country": "us"})]),
    ("user", ["@Alice"], {}, [("user_info_from_username", {"username": "alice"})]),
    ("user", [SEC], {}, [("user_info_from_secuid", {"sec_uid": SEC})]),
    ("user", [SEC], {"alternative_method": True}, [
        ("user_info_from_secuid", {"sec_uid": SEC, "alternative_method": True})]),
    ("user", ["alice"], {"alternative_method": True}, [("user_info_from_username", {"username": "alice"})]),
    *((kind, ["alice"], {}, [("user_info_from_username", {"username": "alice"})])
      for kind in ("followers", "followings", "likes")),
    ("followers", [SEC], {}, [("user_info_from_secuid", {"sec_uid": SEC})]),
    ("post", [URL], {}, [("post_info", {"url": URL})]),
    ("post", [ID], {}, [("multi_post_info", {"aweme_ids": [ID]})]),
    ("post", [ID2, URL], {}, [("post_info", {"url": URL}), ("multi_post_info", {"aweme_ids": [ID2]})]),
    ("posts", [f"{ID}, {ID2}"], {}, [("multi_post_info", {"aweme_ids": [ID, ID2]})]),
    ("posts", [URL], {}, [("multi_post_info", {"aweme_ids": [ID]})]),
    ("comments", [URL], {}, [("post_comments", {"aweme_id": ID})]),
    ("replies", [f"{ID}:{COMMENT}"], {}, [("post_comment_replies", {"aweme_id": ID, "comment_id": COMMENT})]),
    ("music", [ID], {}, [("music_details", {"music_id": ID}), ("music_posts", {"music_id": ID})]),
    ("music-search", ["waltz"], {}, [("music_search", {"keyword": "waltz"})]),
    ("user-search", ["alice"], {}, [("user_search", {"keyword": "alice"})]),
    ("links", [URL, "@alice", "#cats", f"https://www.tiktok.com/music/a-{ID2}", "vm.tiktok.com/ZMa"], {}, [
        ("user_info_from_username", {"username": "alice"}), ("hashtag_search", {"hashtag": "cats"}),
        ("music_details", {"music_id": ID2}), ("music_posts", {"music_id": ID2}),
        ("post_info", {"url": "https://vm.tiktok.com/ZMa/"}), ("multi_post_info", {"aweme_ids": [ID]})]),
    ("live-search", ["cats"], {"country": "de"}, [("lives_search", {"keyword": "cats", "country": "de"})]),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "values", "options", "expected"), KINDS, ids=[f"{k[0]} {k[1]} {k[2]}" for k in KINDS])
def test_the_first_pages_of_each_kind(
    kind: str, values: list[str], options: dict[str, Any], expected: list[tuple[str, dict[str, Any]]]
) -> None:
    assert planned(kind, *values, **options) == expected


def test_every_kind_is_in_the_table() -> None:
    assert {kind for kind, *_ in KINDS} == set(SeedKind)


@pytest.mark.parametrize(
    ("kind", "values", "pages"),
    [
        ("hashtag", ["cats", "#CATS", "https://www.tiktok.com/tag/cats", "dogs"], 2),
        ("user", ["alice", "@Alice", "https://www.tiktok.com/@alice"], 1),
        ("user", [SEC, SEC, SEC[:-1] + "A"], 2),
        ("post", [URL, f"{URL}?lang=en", ID], 1),
        ("post", [ID, URL], 1),
        ("posts", [ID, ID, URL], 1),
        ("comments", [URL, ID], 1),
        ("music", [ID, f"https://www.tiktok.com/music/a-song-{ID}"], 2),
    ],
)
def test_the_same_seed_twice_is_one(kind: str, values: list[str], pages: int) -> None:
    assert len(planned(kind, *values)) == pages


@pytest.mark.parametrize(("ids", "sizes"), [(1, [1]), (99, [99]), (100, [100]), (101, [100, 1]), (250, [100, 100, 50])])
@pytest.mark.parametrize("kind", ["post", "posts"])
def test_ids_are_bought_in_batches_of_a_hundred(kind: str, ids: int, sizes: list[int]) -> None:
    given = [str(7_000_000_000_000_000_001 + n) for n in range(ids)]
    pages = planned(kind, *given, *given[:50])  # some of them twice
    assert {endpoint for endpoint, _ in pages} == {"multi_post_info"}
    assert [len(args["aweme_ids"]) for _, args in pages] == sizes
    assert [one for _, args in pages for one in args["aweme_ids"]] == given


@pytest.mark.parametrize(
    ("kind", "full", "slow"), [("hashtag", True, True), ("keyword", True, True), ("hashtag", False, False)]
)
def test_full_searches_are_slow(store: Store, kind: str, full: bool, slow: bool) -> None:
    given = parse_values(kind, [(None, "cats")])
    spec = CrawlSpec(kind=SeedKind(kind), options={"full": full})
    crawl = start_crawl(store, spec, given, first_pages(spec, given))
    assert len(store.frontier.undispatched(crawl, 9, slow=slow)) == 1
    assert store.frontier.undispatched(crawl, 9, slow=not slow) == []


def test_a_crawl_is_started_with_all_its_pages(store: Store) -> None:
    given = parse_values("hashtag", [(None, f"tag{n}") for n in range(30)])
    spec = CrawlSpec(kind=SeedKind.HASHTAG)
    crawl = start_crawl(store, spec, given, first_pages(spec, given))
    document = store.crawls.get(crawl)
    assert document is not None
    assert (document["state"], document["rollup"]) == ("running", {"pages": {"planned": 30}})
    assert len(store.frontier.undispatched(crawl, 99)) == 30
    assert store.db["budgets"].count_documents({}) == 0
    assert [one.spec for one in store.crawls.active()] == [spec]


def test_what_was_typed_is_kept_with_the_seeds(store: Store) -> None:
    given = parse_values("links", [(None, " #Cats "), (4, "see https://www.tiktok.com/@Alice!"), (5, "@b\u00adob")])
    crawl = start_crawl(store, CrawlSpec(kind=SeedKind.LINKS), given, [])
    (chunk,) = store.db["seeds"].find({"crawl": crawl})
    assert chunk["values"] == ["#cats", "@alice", "@bob"]
    assert chunk["kinds"] == ["hashtag", "user", "user"]
    assert chunk["given"] == ["#Cats", "see https://www.tiktok.com/@Alice!", "@b\u00adob"]
    assert chunk["line"] == [None, 4, 5]


def test_a_name_in_use_is_refused(store: Store) -> None:
    refuse_name_in_use(store, "daily")
    crawl = start_crawl(store, CrawlSpec(kind=SeedKind.HASHTAG, name="daily"), [], [])
    with pytest.raises(
        UsageError, match=rf"^--name 'daily' is in use by crawl {crawl}; choose another, or add --again$"
    ):
        refuse_name_in_use(store, "daily")


def test_a_budget_is_opened_with_the_crawl(store: Store) -> None:
    spec = CrawlSpec(kind=SeedKind.HASHTAG, max_units=5)
    given = parse_values("hashtag", [(None, "cats")])
    crawl = start_crawl(store, spec, given, first_pages(spec, given))
    account = store.db["budgets"].find_one({})
    assert account is not None
    assert (account["_id"], account["committed"], account["pages"]) == (f"crawl:{crawl}", 0, 0)


@pytest.mark.server  # the fake takes seconds for a thousand pages
def test_until_all_pages_are_written_nobody_works_on_it(real_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    states: list[str] = []
    plan = real_store.frontier.add

    def watched(crawl: str, *args: Any, **kwargs: Any) -> list[str]:
        states.append(str((real_store.crawls.get(crawl) or {})["state"]))
        return plan(crawl, *args, **kwargs)

    monkeypatch.setattr(real_store.frontier, "add", watched)
    given = parse_values("hashtag", [(None, f"tag{n}") for n in range(1001)])
    spec = CrawlSpec(kind=SeedKind.HASHTAG)
    start_crawl(real_store, spec, given, first_pages(spec, given))
    assert states == [CrawlState.SEEDING] * 2
    assert real_store.db["pages"].count_documents({}) == 1001


def test_two_crawls_of_the_same_seeds_are_two(store: Store) -> None:
    spec = CrawlSpec(kind=SeedKind.HASHTAG)
    given = parse_values("hashtag", [(None, "cats")])
    plans = first_pages(spec, given)
    first, second = start_crawl(store, spec, given, plans), start_crawl(store, spec, given, plans)
    assert first != second
    assert store.db["pages"].count_documents({}) == 2
