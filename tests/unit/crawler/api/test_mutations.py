"""Answers of any shape: no exception but ours, every entry accounted for, and no item lost without a word.

Ordinary answers, and the real samples where they are, are broken at random. MUTATIONS sets how many (default 2,000).
"""

import json
import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crawler.api.endpoints import ENDPOINTS, Endpoint
from crawler.api.page_parser import ParsedPage, UnparsablePageError, parse_page
from crawler.model.crawls import CrawlSpec
from crawler.model.enums import Relation, SeedKind
from crawler.model.items import UnparsableItemError
from crawler.model.leaves import count_leaves
from crawler.model.pages import Request
from crawler.model.sanitize import decode_json, sanitize
from crawler.planning import follow_ups, next_page_or_end
from tests.factories import envelope, item, page, raw
from tests.samples import SAMPLES, sample

EXAMPLES = int(os.environ.get("MUTATIONS", "2000"))
CRAWLED = [endpoint for endpoint in ENDPOINTS.values() if not endpoint.account_endpoint]
EVERYTHING = CrawlSpec(kind=SeedKind.HASHTAG, expand=frozenset(Relation), depth=9)

ODD: list[Any] = [
    None, True, False, 0, -1, 1, 20.0, 2**63, 2**64, -(2**70), float("nan"), "", "0", "text", "7300000000000000101",
    "half \ud83d", "NUL \0", "#", "x" * 300, [], {}, [None], [{}], {"a": {}}, ["text"], [5], {"id": "5"},
    {"0": {"aweme_id": "1"}}, {"aweme_id": "1"}, {"cid": "2"}, {"uid": "3", "unique_id": "x"}, {"mid": "4"},
]  # fmt: skip
NAMES = [
    "data",
    "posts",
    "comments",
    "list",
    "user",
    "nextCursor",
    "cursor",
    "has_more",
    "total",
    "status_code",
    "id",
    "x",
]


def ordinary(endpoint: Endpoint) -> list[Any]:
    """Ordinary answers of an endpoint, one for each of its shapes."""
    if endpoint.is_object:
        return [
            item(endpoint, 1),
            [item(endpoint, 1)],
            {"user": raw("user")},
            raw("web_profile"),
            {"music_info": raw("music")},
        ]
    listed = [item(endpoint, n) for n in range(3)]
    beside = dict.fromkeys(endpoint.cursor_fields.values(), 20) | {"total": 3, "has_more": 1, "extra": {"now": 1}}
    wrapped = [
        *listed,
        {"aweme_info": raw("post")},
        {"user_info": raw("user")},
        raw("web_post"),
        {"type": 4, "card": {}},
    ]
    return [envelope(path, each, **beside) for path in endpoint.items for each in (listed, wrapped)]


def real() -> Iterator[tuple[str, Any]]:
    """The real samples, each as an answer of the endpoint whose items it holds."""
    posts = sample("03")["aweme_list"] + sample("04")["aweme_list"]
    yield "hashtag_search", {**sample("04"), "data": posts, "nextCursor": 40}
    yield "keyword_search", {**sample("05"), "nextCursor": 10}
    yield "user_posts_from_secuid", {"data": sample("01")["aweme_list"], "nextCursor": 1738435195000}
    yield "full_hashtag_search", sample("15")
    yield "music_posts", {**sample("06"), "nextCursor": 56}
    yield "post_info", sample("02")
    yield "music_search", {**sample("08"), "nextCursor": 20}
    yield "music_details", sample("09")
    yield "user_info_from_username", sample("14")
    for name, endpoint in (("10", "post_comments"), ("11", "post_comment_replies")):
        for capture in ("captured_2021", "captured_2025"):
            yield endpoint, {**sample(name)[capture], "nextCursor": 20}
    yield "user_followers", {**sample("12")["followers_2025"], "nextCursor": 1737751140}
    yield "user_search", {**sample("13")["captured_2025"], "nextCursor": 10}
    for capture, endpoint in (("comments_null_2025", "post_comments"), ("followers_end_2025", "user_followers")):
        yield endpoint, sample("17")[capture]


ORDINARY = [(endpoint.name, json.dumps(data)) for endpoint in CRAWLED for data in ordinary(endpoint)]
REAL = [(name, json.dumps(data)) for name, data in real()] if SAMPLES.is_dir() else []


# --- breaking ---------------------------------------------------------------------------------------------


def places(data: Any, deep: int) -> list[tuple[Any, Any]]:
    """Return container and key of every value down to a depth."""
    found: list[tuple[Any, Any]] = []
    pending = [(data, deep)]
    while pending:
        one, left = pending.pop()
        entries = list(one.items()) if isinstance(one, dict) else list(enumerate(one)) if isinstance(one, list) else []
        found += [(one, key) for key, _ in entries]
        if left:
            pending += [(entry, left - 1) for _, entry in entries]
    return found


def replace(container: Any, key: Any, odd: Any, name: str) -> None:
    container[key] = odd


def delete(container: Any, key: Any, odd: Any, name: str) -> None:
    del container[key]


def rename(container: Any, key: Any, odd: Any, name: str) -> None:
    if isinstance(container, dict):
        container[name] = container.pop(key)


def wrap(container: Any, key: Any, odd: Any, name: str) -> None:
    container[key] = {name: container[key]}


def into_list(container: Any, key: Any, odd: Any, name: str) -> None:
    container[key] = [container[key], odd]


def into_map(container: Any, key: Any, odd: Any, name: str) -> None:
    if isinstance(container[key], list):
        container[key] = {str(n): one for n, one in enumerate(container[key])}


def split(container: Any, key: Any, odd: Any, name: str) -> None:
    if isinstance(container, dict) and isinstance(container[key], list):
        whole = container[key]
        container[key] = whole[:1]
        container[name] = whole[1:]


def add(container: Any, key: Any, odd: Any, name: str) -> None:
    if isinstance(container, dict):
        container[name] = odd
    else:
        container.append(odd)


BREAKS: list[Callable[[Any, Any, Any, str], None]] = [replace, delete, rename, wrap, into_list, into_map, split, add]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(BREAKS),
        st.integers(0, 3),
        st.integers(0, 10_000),
        st.sampled_from([json.dumps(odd) for odd in ODD]),
        st.sampled_from(NAMES),
    ),
    max_size=4,
)
Steps = list[tuple[Callable[[Any, Any, Any, str], None], int, int, str, str]]


def broken(answer: str, steps: Steps) -> Any:
    """Break an answer step by step, and decode it as it would arrive."""
    holder = {"data": json.loads(answer)}
    for change, deep, number, odd, name in steps:
        if found := places(holder, deep):
            container, key = found[number % len(found)]
            change(container, key, json.loads(odd), name)
    return decode_json(json.dumps(holder.get("data")).encode())


# --- what must hold ---------------------------------------------------------------------------------------


def entries_of(endpoint: Endpoint, data: Any) -> list[Any]:
    """Return the list that a page is read from, found another way than the reader does."""
    if endpoint.is_object:
        return data if isinstance(data, list) else [] if data is None else [data]
    if isinstance(data, list):
        return data
    found = []
    for path in filter(None, endpoint.items):
        value = data
        for key in path:
            value = value.get(key) if isinstance(value, dict) else None
        found.append(value if isinstance(value, list) else [])
    return next((one for one in found if any(entry is not None for entry in one)), next(filter(None, found), []))


def items_outside(endpoint: Endpoint, data: Any) -> set[str]:
    """Return the ids of items that stand beside the list of a page and say more than their id."""
    assert endpoint.parser is not None
    if endpoint.is_object or not isinstance(data, dict):
        return set()
    read, ids = entries_of(endpoint, data), set()
    pending = [value for key, value in data.items() if key not in ("extra", "log_pb", *endpoint.cursor_fields.values())]
    while pending:
        one = pending.pop()
        if one is read:
            continue
        if isinstance(one, dict):
            try:
                parsed = endpoint.parser(one)
            except UnparsableItemError:
                pass
            else:
                ids |= {parsed.id} if parsed.found[0].entity.known_fields() else set()
                continue
        pending += one.values() if isinstance(one, dict) else one if isinstance(one, list) else []
    return ids


def check(endpoint: Endpoint, data: Any, args: dict[str, Any]) -> ParsedPage | None:
    try:
        parsed = parse_page(endpoint, data, args)
    except UnparsablePageError:
        return None
    read = len(parsed.items) + len(parsed.foreign)
    entries = entries_of(endpoint, data)
    assert read + parsed.skipped + parsed.nulls + len(parsed.rejected) == len(entries)
    assert read or not (parsed.skipped or parsed.rejected or parsed.unread)
    assert items_outside(endpoint, data) <= {one.id for one in (*parsed.items, *parsed.foreign)}
    assert parsed.total is None or 0 <= parsed.total < 2**63
    assert bool(parsed.skipped) <= bool(parsed.examples)
    for one in parsed.entities():
        sanitize(one.known_fields())
        assert count_leaves(one.raw) >= 0
        assert one.entity.id
    return parsed


def check_plans(endpoint: Endpoint, parsed: ParsedPage, args: dict[str, Any]) -> None:
    """What follows from a page can be planned, and its requests have ids."""
    entities = [one.found[0].entity for one in parsed.items]
    this = page(Request(endpoint.name, args))
    onward, end = next_page_or_end(
        endpoint, this, EVERYTHING, cursor=parsed.next, cursors=[{}], got=1, new=1, items=entities
    )
    assert (onward is None) == (end is not None)
    for plan in (*([onward] if onward else []), *follow_ups(EVERYTHING, endpoint, 0, entities)):
        assert plan.request.page_id("c")


def question(endpoint: Endpoint, asked: bool) -> dict[str, Any]:
    args: dict[str, Any] = dict.fromkeys(endpoint.required, "7300000000000000101")
    if endpoint.batch_argument:
        args[endpoint.batch_argument] = ["7300000000000000101", "9"]
    return args if asked else {}


mutated = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    derandomize="MUTATIONS" not in os.environ,
    suppress_health_check=list(HealthCheck),
)


@mutated
@given(st.sampled_from(ORDINARY), STEPS, st.booleans())
def test_a_broken_answer_is_read_or_refused_and_nothing_is_lost(
    case: tuple[str, str], steps: Steps, asked: bool
) -> None:
    endpoint = ENDPOINTS[case[0]]
    args = question(endpoint, asked)
    if parsed := check(endpoint, broken(case[1], steps), args):
        check_plans(endpoint, parsed, args)


@pytest.mark.skipif(not REAL, reason=f"no {SAMPLES}")
@settings(mutated, max_examples=max(1, EXAMPLES // 10))
@given(st.sampled_from(REAL or [("", "")]), STEPS)
def test_a_broken_sample_is_read_or_refused_and_nothing_is_lost(case: tuple[str, str], steps: Steps) -> None:
    endpoint = ENDPOINTS[case[0]]
    if parsed := check(endpoint, broken(case[1], steps), {}):
        check_plans(endpoint, parsed, {})


@pytest.mark.parametrize(("name", "answer"), REAL, ids=[name for name, _ in REAL])
def test_a_real_sample_is_read_whole(name: str, answer: str) -> None:
    parsed = check(ENDPOINTS[name], broken(answer, []), {})
    assert parsed is not None
    assert (parsed.skipped, parsed.rejected, parsed.foreign) == (0, [], [])
