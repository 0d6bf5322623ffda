"""Every seed kind, through real workers over HTTP, holds exactly what the sandbox says is true, each page paid once."""

from typing import Any

import pytest

from tests.acceptance.rig import Rig

pytestmark = pytest.mark.acceptance


def value_of(rig: Rig, word: str) -> str:
    """A seed by what the cast calls it: `post:NAME`, `url:NAME`, `sec:NAME`, or itself."""
    kind, _, name = ("", "", word) if word.startswith("http") else word.rpartition(":")
    cast = rig.sandbox.cast()
    if kind == "post":
        return str(cast["posts"][name]["id"])
    if kind == "url":
        return f"https://www.tiktok.com/@odd_posts/video/{cast['posts'][name]['id']}"
    if kind == "sec":
        return str(cast["users"][name]["sec_uid"])
    if kind == "unknown":
        return str(cast["unknown"]["posts"][0])
    if kind == "replies":
        return str(cast["comment_with_66_replies"])
    if kind == "music":
        return str(rig.sandbox.find("post", rig.sandbox.find("hashtag", "cats")["posts"][0])["mid"])
    return name


CASES: list[tuple[str, list[str], list[str], dict[str, Any]]] = [
    ("hashtag", ["cats"], [], {}),
    ("hashtag", ["overlapping", "empty-2", "odd-items", "int-ids"], ["--expand", "none"], {"expand": "none"}),
    ("hashtag", ["cats"], ["--full"], {"full": "true", "days": 3650}),
    ("hashtag", ["full-raw"], ["--full", "--days", "400", "--expand", "none"],
     {"full": "true", "days": 400, "expand": "none"}),
    ("hashtag", ["cats"], ["--expand", "authors,comments,replies,commenters,music", "--depth", "2"],
     {"expand": "authors,comments,replies,commenters,music", "depth": 2}),
    ("keyword", ["with-ads"], [], {}),
    ("keyword", ["cats", "bare"], ["--expand", "none", "--period", "0"], {"expand": "none", "period": "0"}),
    ("keyword", ["cats"], ["--full", "--expand", "none"], {"full": "true", "expand": "none"}),
    ("user", ["@pinned_user", "sec:follows130", "nobody_here"], [], {}),
    ("user", ["sec:twin_a", "sec:twin_b"], ["--expand", "none"], {"expand": "none"}),
    ("user", ["odd_text", "private_user"], ["--expand", "posts,likes,followers", "--depth", "1"],
     {"expand": "posts,likes,followers", "depth": 1}),
    ("followers", ["fans250", "https://www.tiktok.com/@fans230?lang=en", "followers_null"], [], {}),
    ("followings", ["follows130", "private_user"], [], {}),
    ("followings", ["follows130"], ["--expand", "posts", "--depth", "1"], {"expand": "posts", "depth": 1}),
    ("likes", ["likes_public", "likes_private", "likes_hidden"], [], {}),
    ("post", ["url:photo_post", "url:restricted_post", "unknown:", "post:plain_post"], [], {}),
    ("posts", ["post:photo_post", "post:plain_post", "unknown:"], ["--expand", "music,music-posts"],
     {"expand": "music,music-posts"}),
    ("comments", ["post:comments_300", "url:comments_null_first", "post:comments_null_last", "post:comments_odd_items",
                  "post:comments_overlap", "post:comments_below_total", "post:comments_none"], [], {}),
    ("replies", ["replies:"], [], {}),
    ("music", ["music:"], [], {}),
    ("music-search", ["cats"], [], {}),
    ("user-search", ["cats"], [], {}),
    ("live-search", ["cats"], [], {}),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "words", "options", "asked"), CASES, ids=lambda v: v if isinstance(v, str) else None)
def test_kind(fresh: Rig, kind: str, words: list[str], options: list[str], asked: dict[str, Any]) -> None:
    values = [value_of(fresh, word) for word in words]
    told = fresh.crawl(kind, *values, *options)
    truth = fresh.sandbox.truth(kind, *values, **asked)
    assert told["state"] == "complete"
    fresh.check_truth(told, truth)
    fresh.check_paid_once(told)
    assert sum(told["ends"].values()) >= 1
    if kind == "live-search":
        assert fresh.stored("lives") == set(truth["lives"])


def test_a_list_of_links_is_one_crawl_of_several_kinds(fresh: Rig) -> None:
    """Each value is fetched as its own kind is; the crawl holds what crawls of these kinds hold together."""
    values = {kind: value_of(fresh, word) for kind, word in LINKS.items()}
    text = f"a note: {values['posts']} (seen)\n@{values['user']}\n# {values['hashtag']}\n#{values['hashtag']}\n"
    told = fresh.crawl("links", "-", "--expand", "none", "--skip-invalid", stdin=text)
    truths = [fresh.sandbox.truth(kind, value, expand="none") for kind, value in values.items()]
    assert told["state"] == "complete"
    assert told["endpoints"].keys() >= {"multi_post_info", "user_info_from_username", "hashtag_search"}
    for kind in ("posts", "users"):
        assert set().union(*(truth[kind] for truth in truths)) == fresh.stored(kind)
    fresh.check_paid_once(told)


LINKS = {"posts": "url:photo_post", "user": "pinned_user", "hashtag": "cats"}
