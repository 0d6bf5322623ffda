"""Every peer of the comparison crawls the same little world into the same ids, or its figures would mean nothing."""

from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("psutil")
pytest.importorskip("scrapy_redis")

from benchmarks.environment import api
from benchmarks.job import Job, expected
from benchmarks.measure import WrongResultError, check, measure
from benchmarks.peers.running import peers

pytestmark = pytest.mark.acceptance
JOB = Job(("big-12",))


@pytest.fixture(scope="module")
def served() -> Iterator[Any]:
    with api(None) as found:
        yield found


@pytest.mark.parametrize("peer", peers([]), ids=lambda peer: peer.name)
def test_a_peer_stores_what_the_world_holds(peer: Any, served: Any) -> None:
    control, pid, url = served
    wanted = expected(control, JOB)
    figures, stored = measure(peer, JOB, url, control, pid, wanted)
    assert stored == wanted
    assert len(wanted["posts"]) == 12
    assert figures.repeated == 0
    assert figures.pages > 12
    assert figures.worker_ms > 0


def test_other_ids_are_told() -> None:
    wanted = {"posts": {"1", "2"}, "users": {"3"}}
    with pytest.raises(
        WrongResultError, match=r"posts lacks 1 of 2 ids \(as \['2'\]\) and holds 1 others \(as \['9'\]\)"
    ):
        check("a peer", {"posts": {"1", "9"}, "users": {"3"}}, wanted)
