"""Plans what follows a page: its list's next page or end, and the first pages of related lists. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crawler.api.endpoints import ENDPOINTS, Endpoint
from crawler.model.crawls import CrawlSpec
from crawler.model.entities import Comment, Entity, Post, User
from crawler.model.enums import EndReason, Relation, SeedKind
from crawler.model.pages import Page, PlannedPage, Request

MAX_EMPTY_PAGES = 4  # pages in a row without a new item end a list as stalled (see provider.md P10)

# Which list the seeds of a kind fetch in addition to the profile.
_OF_SEED_USERS = {
    SeedKind.USER: Relation.POSTS,
    SeedKind.LINKS: Relation.POSTS,
    SeedKind.FOLLOWERS: Relation.FOLLOWERS,
    SeedKind.FOLLOWINGS: Relation.FOLLOWINGS,
    SeedKind.LIKES: Relation.LIKES,
}
_OF_USERS = (Relation.FOLLOWERS, Relation.FOLLOWINGS, Relation.POSTS, Relation.LIKES)
_PROFILES = ("user_info_from_username", "user_info_from_secuid")
WIRE_DEPTH = 1  # argument `depth` of user posts: 10 posts and 1 unit a call (provider.md P14, U1)


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a request may not be sent, and the end reason of its list."""

    end: EndReason
    detail: str


def next_page_or_end(
    endpoint: Endpoint,
    page: Page,
    spec: CrawlSpec,
    *,
    cursor: Mapping[str, Any] | None,
    cursors: Iterable[Mapping[str, Any]],
    got: int,
    new: int,
    items: Sequence[Entity],
) -> tuple[PlannedPage | None, EndReason | None]:
    """Return the list's next page, or why the list ends with this one.

    cursor: of the next page, None where the answer has none.    cursors: of the list's pages so far.
    got: distinct items of the list including this page's.       new: those that this page added.
    items: the entities of this page's items.
    """
    if cursor is None:
        return None, EndReason.MISSING if endpoint.is_object and not items else EndReason.END
    if cursor in (*cursors, page.request.cursor):
        return None, EndReason.STALLED
    if page.streak_after(new) >= MAX_EMPTY_PAGES:
        return None, EndReason.STALLED
    if is_beyond_cap(endpoint, cursor, page.nth + 1) or (endpoint.max_items is not None and got >= endpoint.max_items):
        return None, EndReason.PLATFORM_CAP
    if any(got >= spec.limits[name] for name in endpoint.limit_names if name in spec.limits):
        return None, EndReason.LIMIT
    if endpoint.time_ordered and _past(spec, items):
        return None, EndReason.LIMIT
    return continue_list(page, cursor, new), None


def continue_list(page: Page, cursor: Mapping[str, Any], new: int) -> PlannedPage:
    """Return the page after one that held `new` new items."""
    request = Request(page.endpoint, page.request.args, cursor)
    return PlannedPage(request, page.depth, page.nth + 1, page.streak_after(new))


def is_beyond_cap(endpoint: Endpoint, cursor: Mapping[str, Any], nth: int) -> bool:
    """Whether a page at this cursor or position (from 0) lies beyond the platform's caps (provider.md P4, P7)."""
    if endpoint.max_pages is not None and nth >= endpoint.max_pages:
        return True
    return endpoint.max_cursor is not None and _offset(cursor) >= endpoint.max_cursor


def _offset(cursor: Mapping[str, Any]) -> float:
    """Return the cursor as a number, 0 where it is not one."""
    try:
        return float(cursor.get("cursor") or 0)
    except (TypeError, ValueError):
        return 0.0


def validate_request(request: Request, nth: int) -> Problem | None:
    """Return why a page must not be fetched, with its list's end reason; None where it may. `nth` counts from 0."""
    endpoint = ENDPOINTS.get(request.endpoint)
    if endpoint is None or endpoint.account_endpoint:
        return Problem(EndReason.ERROR, f"no endpoint {request.endpoint} to crawl")
    if detail := _malformed(endpoint, request, nth):
        return Problem(EndReason.ERROR, detail)
    if is_beyond_cap(endpoint, request.cursor, nth):
        return Problem(EndReason.PLATFORM_CAP, f"page {nth + 1} at {dict(request.cursor)} is beyond the API's cap")
    return None


def _malformed(endpoint: Endpoint, request: Request, nth: int) -> str | None:
    if unknown := (request.args.keys() - set(endpoint.args)) | (request.cursor.keys() - endpoint.cursor_fields.keys()):
        return f"{endpoint.name} takes no {', '.join(sorted(map(str, unknown)))}"
    if missing := set(endpoint.required) - request.args.keys():
        return f"{endpoint.name} needs {', '.join(sorted(missing))}"
    if not isinstance(nth, int):
        return f"{nth!r} is no place in a list"
    if endpoint.batch_argument is None:
        return None
    ids = request.args.get(endpoint.batch_argument)
    if not isinstance(ids, list) or not all(isinstance(one, str) for one in ids):
        return f"{endpoint.name} takes a list of ids"
    if not 0 < len(ids) <= endpoint.max_ids:
        return f"{len(ids)} ids in a call, at most {endpoint.max_ids} are allowed"
    return None


def halve_batch(page: Page) -> list[PlannedPage]:
    """Return a page for each half of a batch, so that one bad id does not lose the others; none for a single id."""
    name = ENDPOINTS[page.endpoint].batch_argument
    ids = page.request.args[name] if name is not None else []
    if name is None or len(ids) < 2:
        return []
    halves = ids[: len(ids) // 2], ids[len(ids) // 2 :]
    return [PlannedPage(Request(page.endpoint, {**page.request.args, name: half}), page.depth) for half in halves]


def follow_ups(spec: CrawlSpec, endpoint: Endpoint, depth: int, items: Iterable[Entity]) -> list[PlannedPage]:
    """Return the first page of each list that the items of a page at `depth` lead to, within `spec.depth`."""
    plans: dict[str, PlannedPage] = {}
    for plan in _related(spec, endpoint, depth, items):
        if plan.depth <= spec.depth:
            plans.setdefault(plan.request.request_id(), plan)
    return list(plans.values())


def _related(spec: CrawlSpec, endpoint: Endpoint, depth: int, items: Iterable[Entity]) -> Iterator[PlannedPage]:
    for item in items:
        if isinstance(item, Post):
            if in_date_range(spec, item.created_at):
                yield from _of_post(spec, depth, item)
        elif isinstance(item, Comment):
            yield from _of_comment(spec, depth, item)
        elif isinstance(item, User):
            if depth == 0 and endpoint.name in _PROFILES:
                yield from _of_seed_user(spec, endpoint, item)
            yield from _of_user(spec, depth, item)


def _of_post(spec: CrawlSpec, depth: int, post: Post) -> Iterator[PlannedPage]:
    if Relation.COMMENTS in spec.expand:
        yield PlannedPage(Request("post_comments", {"aweme_id": post.post_id}), depth + 1)
    if post.author_id is not None:
        author = User(user_id=post.author_id, sec_uid=post.author_sec_uid, username=post.author_username)
        if Relation.AUTHORS in spec.expand:
            yield from plan_profile(spec, depth + 1, author)
        yield from _of_user(spec, depth + 1, author)
    if post.music_id is not None:
        if Relation.MUSIC in spec.expand:
            yield PlannedPage(Request("music_details", {"music_id": post.music_id}), depth + 1)
        if Relation.MUSIC_POSTS in spec.expand:
            yield PlannedPage(Request("music_posts", {"music_id": post.music_id}), depth + 1)


def _of_comment(spec: CrawlSpec, depth: int, comment: Comment) -> Iterator[PlannedPage]:
    if Relation.REPLIES in spec.expand and comment.reply_total and comment.post_id:
        yield PlannedPage(
            Request("post_comment_replies", {"aweme_id": comment.post_id, "comment_id": comment.comment_id}),
            depth + 1,
        )
    if Relation.COMMENTERS in spec.expand and comment.user_id is not None:
        writer = User(user_id=comment.user_id, sec_uid=comment.user_sec_uid, username=comment.username)
        yield from plan_profile(spec, depth + 1, writer)
        yield from _of_user(spec, depth + 1, writer)


def _of_seed_user(spec: CrawlSpec, endpoint: Endpoint, user: User) -> Iterator[PlannedPage]:
    """Plan the seed kind's own list of a user, once the profile has the ids that the endpoints need."""
    if wanted := _OF_SEED_USERS.get(spec.kind):
        yield from _list_of_user(spec, wanted, 0, user)
    if spec.options.get("alternative_method") and endpoint.name == "user_info_from_username" and user.sec_uid:
        yield PlannedPage(Request("user_info_from_secuid", {"sec_uid": user.sec_uid, "alternative_method": True}), 0)


def _of_user(spec: CrawlSpec, depth: int, user: User) -> Iterator[PlannedPage]:
    for relation in _OF_USERS:
        if relation in spec.expand:
            yield from _list_of_user(spec, relation, depth + 1, user)


def _list_of_user(spec: CrawlSpec, relation: Relation, depth: int, user: User) -> Iterator[PlannedPage]:
    if relation is Relation.POSTS:
        yield from plan_posts(spec, depth, user)
    elif user.sec_uid is None:
        return
    elif relation is Relation.LIKES:
        yield PlannedPage(Request("user_liked_posts", {"sec_uid": user.sec_uid}), depth)
    else:
        endpoint = "user_followers" if relation is Relation.FOLLOWERS else "user_followings"
        yield PlannedPage(Request(endpoint, {"id": user.user_id, "sec_uid": user.sec_uid}), depth)


def plan_profile(spec: CrawlSpec, depth: int, user: User) -> Iterator[PlannedPage]:
    """Plan a user's profile under the same request throughout a crawl: by name if seeded by name, else by sec_uid."""
    name = (user.username or "").lower()
    if name in spec.usernames:
        yield PlannedPage(Request("user_info_from_username", {"username": name}), depth)
    elif user.sec_uid is not None:
        # A seed by sec_uid may request the alternative payload; later plans for the user must yield the same page.
        other = {"alternative_method": True} if user.sec_uid in spec.sec_uids else {}
        yield PlannedPage(Request("user_info_from_secuid", {"sec_uid": user.sec_uid, **other}), depth)
    elif name:
        yield PlannedPage(Request("user_info_from_username", {"username": name}), depth)


def plan_posts(spec: CrawlSpec, depth: int, user: User) -> Iterator[PlannedPage]:
    """Plan the list of a user's posts under the same request throughout a crawl, chosen as for the profile."""
    name = (user.username or "").lower()
    oldest = {"oldest_createtime": spec.since} if spec.since is not None else {}
    if name in spec.usernames:
        yield PlannedPage(Request("user_posts_from_username", {"username": name, "depth": WIRE_DEPTH, **oldest}), depth)
    elif user.sec_uid is not None:
        yield PlannedPage(
            Request("user_posts_from_secuid", {"sec_uid": user.sec_uid, "depth": WIRE_DEPTH, **oldest}), depth
        )
    elif name:
        yield PlannedPage(Request("user_posts_from_username", {"username": name, "depth": WIRE_DEPTH, **oldest}), depth)


def in_date_range(spec: CrawlSpec, created_at: int | None) -> bool:
    """Whether a post created at this unix second is expanded; a post without a time is."""
    if created_at is None:
        return True
    return (spec.since is None or created_at >= spec.since) and (spec.until is None or created_at <= spec.until)


def _past(spec: CrawlSpec, items: Sequence[Entity]) -> bool:
    """Whether a list in time order has passed `since`; pinned posts come first at any age (provider.md P16)."""
    if spec.since is None:
        return False
    times = [
        item.created_at for item in items if isinstance(item, Post) and not item.pinned and item.created_at is not None
    ]
    return bool(times) and max(times) < spec.since
