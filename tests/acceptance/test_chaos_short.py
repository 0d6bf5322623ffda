"""The chaos suite in a minute: workers, Redis and MongoDB die while the API fails, and the end is the truth."""

import random
import signal
import time
from contextlib import closing
from pathlib import Path

import pytest

from sandbox.provider.behaviour import FAULTS
from tests.chaos.rig import ChaosRig, say

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(180)]

HASHTAG = "big-100"  # about 400 pages
SLOTS = 16


def kill_a_worker(rig: ChaosRig) -> int:
    """SIGKILL to one worker process; returns how many calls may have died with it."""
    rig.until(lambda: len(rig.worker_processes()) == 2)
    in_flight = rig.leased()
    random.choice(rig.worker_processes()).send_signal(signal.SIGKILL)
    return in_flight


def test_everything_dies_once_and_nothing_is_lost(tmp_path: Path) -> None:
    with closing(ChaosRig.start(tmp_path)) as rig:
        rig.sandbox.switch(latency={"seconds": 0.2}, faults=dict.fromkeys(FAULTS, 0.1 / len(FAULTS)), hang=1)
        rig.start_worker(SLOTS, "--processes", "2", env={"TOKCRAWL_API_TIMEOUT": "4"})
        crawl = rig.seed("hashtag", HASHTAG)
        in_flight = 0
        for pages in (40, 80, 120):
            rig.wait_done(crawl, pages)
            in_flight += kill_a_worker(rig)
        rig.wait_done(crawl, 180)
        in_flight += rig.leased()
        rig.redis.flushall()
        rig.wait_done(crawl, 240)
        in_flight += SLOTS
        rig.kill_server("mongo")
        time.sleep(5)
        rig.start_server()
        assert rig.status(crawl)["state"] == "running"  # all of it happened while the crawl was going on
        assert rig.watch_and_retry(crawl) == 0
        rig.check_stored(rig.sandbox.truth("hashtag", HASHTAG))
        told, stats = rig.check_money(crawl), rig.sandbox.stats()
        assert told["pages"]["failed"] == 0
        say(in_flight=in_flight, repeated=rig.repeated(), faults=stats["faults"], calls=stats["calls"], **told["units"])
        assert sum(stats["faults"].values()) > 0.05 * stats["calls"]
        assert rig.repeated() <= in_flight
