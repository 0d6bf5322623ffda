"""Plan a crawl's first pages from its seeds and start it, once all of them are in the ledger."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from secrets import token_hex
from typing import Any

from crawler.api.endpoints import ENDPOINTS
from crawler.model.crawls import CrawlSpec
from crawler.model.entities import User
from crawler.model.enums import SeedKind
from crawler.model.errors import UsageError
from crawler.model.pages import PlannedPage, Request
from crawler.planning import plan_profile
from crawler.store import Store
from crawler.store.budgets import crawl_account
from producers.seeds.seed_value import SeedValue

_CHUNK = 1000  # pages in one write

_SEARCHES = {
    SeedKind.MUSIC_SEARCH: "music_search",
    SeedKind.USER_SEARCH: "user_search",
    SeedKind.LIVE_SEARCH: "lives_search",
}


def first_pages(spec: CrawlSpec, values: Sequence[SeedValue]) -> list[PlannedPage]:
    """Return the pages a crawl starts with, each once, at depth 0."""
    requests = [request for value in values for request in _requests(spec, value)]
    requests += _batches(values)
    distinct = {request.request_id(): request for request in requests}
    return [PlannedPage(request, 0, slow=ENDPOINTS[request.endpoint].slow) for request in distinct.values()]


def start_crawl(store: Store, spec: CrawlSpec, values: Sequence[SeedValue], plans: Sequence[PlannedPage]) -> str:
    """Write the crawl and its first pages, then set it running; return its id."""
    crawl_id = new_crawl_id()
    store.crawls.create(
        crawl_id,
        spec,
        [value.label for value in values],
        kinds=[value.kind for value in values],
        given=[value.given for value in values],
        line=[value.line for value in values],
    )
    if spec.max_units is not None or spec.max_pages is not None:
        store.budgets.open_account(crawl_account(crawl_id), 0, 0)
    for begin in range(0, len(plans), _CHUNK):
        store.frontier.add(crawl_id, plans[begin : begin + _CHUNK], max_depth=0)
    store.crawls.increment_stats(crawl_id, {"pages.planned": len(plans)})
    store.crawls.start(crawl_id)
    return crawl_id


def refuse_name_in_use(store: Store, name: str) -> None:
    """Raise UsageError where a crawl of this name exists: commands could no longer tell them apart by it."""
    if ids := store.crawls.ids_named(name):
        raise UsageError(f"--name {name!r} is in use by crawl {ids[0]}; choose another, or add --again")


def new_crawl_id() -> str:
    return f"{datetime.now(UTC):%y%m%d-%H%M}-{token_hex(3)}"


def usernames(values: Sequence[SeedValue]) -> frozenset[str]:
    """Return the users given by name; all calls about them use the name."""
    return frozenset(value.username for value in values if value.username)


def sec_uids(values: Sequence[SeedValue], options: Mapping[str, Any]) -> frozenset[str]:
    """Return the users given by sec_uid whose alternative profile format is requested."""
    if not options.get("alternative_method"):
        return frozenset()
    return frozenset(value.sec_uid for value in values if value.sec_uid)


def _requests(spec: CrawlSpec, value: SeedValue) -> Iterator[Request]:
    """Yield the first calls for one seed; none for post ids, which are fetched in batches."""
    options = spec.options
    match value.kind:
        case SeedKind.HASHTAG:
            full = options.get("full")
            name = "full_hashtag_search" if full else "hashtag_search"
            yield Request(name, {"hashtag": value.hashtag, **_given(options, "days", "max_cursor")})
        case SeedKind.KEYWORD:
            name = "full_keyword_search" if options.get("full") else "keyword_search"
            given = _given(options, "period", "sorting", "country", "match_exactly")
            yield Request(name, {"keyword": value.text, **given})
        case SeedKind.USER | SeedKind.FOLLOWERS | SeedKind.FOLLOWINGS | SeedKind.LIKES:
            user = User(user_id="", sec_uid=value.sec_uid, username=value.username)
            yield from (plan.request for plan in plan_profile(spec, 0, user))
        case SeedKind.POST:
            if value.url is not None:
                yield Request("post_info", {"url": value.url})
        case SeedKind.COMMENTS:
            yield Request("post_comments", {"aweme_id": value.post_id})
        case SeedKind.REPLIES:
            yield Request("post_comment_replies", {"aweme_id": value.post_id, "comment_id": value.comment_id})
        case SeedKind.MUSIC:
            yield Request("music_details", {"music_id": value.music_id})
            yield Request("music_posts", {"music_id": value.music_id})
        case SeedKind.MUSIC_SEARCH | SeedKind.USER_SEARCH | SeedKind.LIVE_SEARCH:
            yield Request(_SEARCHES[value.kind], {"keyword": value.text, **_given(options, "country")})


def _batches(values: Sequence[SeedValue]) -> Iterator[Request]:
    """Yield calls for bare post ids, as many per call as the endpoint takes."""
    ids = [value.post_id for value in values if value.kind in (SeedKind.POST, SeedKind.POSTS) and value.url is None]
    most = ENDPOINTS["multi_post_info"].max_ids
    for begin in range(0, len(ids), most):
        yield Request("multi_post_info", {"aweme_ids": ids[begin : begin + most]})


def _given(options: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: options[name] for name in names if options.get(name) is not None}
