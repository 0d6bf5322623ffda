"""A world that lives, crawled twice through real workers: each crawl holds the truth of its own time."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from sandbox.client import running
from tests.acceptance.rig import KINDS, Rig
from tests.servers import redis_url

pytestmark = pytest.mark.acceptance
CRAWL = ("hashtag", "cats")
FIVE_DAYS = 5 * 86_400


@pytest.fixture
def rig(servers: dict[str, str], tmp_path: Path) -> Iterator[Rig]:
    urls = {**servers, "TOKCRAWL_BROKER_URL": redis_url(servers, 6), "TOKCRAWL_REDIS_URL": redis_url(servers, 7)}
    with running(seed=7, live=True, speed=0) as sandbox:
        rig = Rig(tmp_path, urls, sandbox, f"t{uuid4().hex[:12]}")
        try:
            yield rig
        finally:
            rig.close()


def test_a_crawl_that_recurs_finds_what_has_appeared(rig: Rig) -> None:
    with rig.worker(8):
        rig.wait_ready()
        start = rig.sandbox.clock()["now"]
        rig.check_truth(rig.crawl(*CRAWL, "--expand", "comments"), rig.sandbox.truth(*CRAWL, expand="comments"))
        before, views = rig.stored("posts"), views_of(rig)
        rig.sandbox.clock(advance=FIVE_DAYS)
        told, truth = rig.crawl(*CRAWL, "--expand", "comments"), rig.sandbox.truth(*CRAWL, expand="comments")
    assert told["entities"] == {kind: len(truth[kind]) for kind in KINDS}
    assert rig.stored("posts") == set(truth["posts"]) > before
    assert rig.stored("comments") == set(truth["comments"])
    assert all(views_of(rig)[post] > count for post, count in views.items())
    assert rig.sandbox.truth(*CRAWL, expand="comments", at=start)["posts"] == sorted(before)


def views_of(rig: Rig) -> dict[str, int]:
    return {post["_id"]: post["view_count"] for post in rig.db["posts"].find({}, {"view_count": 1})}
