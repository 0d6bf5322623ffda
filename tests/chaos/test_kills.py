"""Everything that can die is killed while a crawl of some thousand pages runs; the end is compared with the truth."""

import os
import random
import signal
import time
from collections.abc import Mapping
from functools import partial
from typing import Any

import pytest

from tests.acceptance.rig import stop
from tests.chaos.rig import ChaosRig, say

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(400)]


def _has_done(rig: ChaosRig, crawl: str, pages: int) -> bool:
    return rig.done(crawl) > pages


def _is_reclaimed(rig: ChaosRig, page: Mapping[str, Any]) -> bool:
    return rig.db["pages"].count_documents({"_id": page["_id"], "lease.token": page["lease"]["token"]}) == 0


def test_workers_are_killed(rig: ChaosRig) -> None:
    rig.sandbox.switch(latency={"seconds": 0.15, "jitter": 0.1})
    rig.start_worker(24, "--processes", "3")
    crawl = rig.seed("hashtag", "big-2000")
    rig.wait_done(crawl, 50)
    in_flight = kills = 0
    while rig.status(crawl)["state"] == "running" and kills < 15:
        if victims := rig.worker_processes():
            in_flight += rig.leased()
            random.choice(victims).send_signal(signal.SIGKILL)
            kills += 1
        time.sleep(2.5)
    assert rig.watch(crawl, 200) == 0
    assert kills >= 10
    told = rig.check_money(crawl)
    rig.check_stored(rig.sandbox.truth("hashtag", "big-2000"))
    say(
        kills=kills, in_flight=in_flight, repeated=rig.repeated(), calls=told["calls"], unknown=told["units"]["unknown"]
    )
    assert rig.repeated() <= in_flight


def test_redis_loses_everything(rig: ChaosRig) -> None:
    rig.sandbox.switch(latency={"seconds": 0.1})
    rig.start_worker(24, "--processes", "2")
    crawl = rig.seed("hashtag", "big-1000")
    in_flight, gaps = 0, []
    for at in (200, 600):
        rig.wait_done(crawl, at)
        in_flight += rig.leased()
        rig.redis.flushall()
        before, started = rig.done(crawl), time.monotonic()
        rig.until(partial(_has_done, rig, crawl, before + 60), 40)
        gaps.append(round(time.monotonic() - started, 1))
    rig.wait_done(crawl, 1200)
    in_flight += rig.leased()
    rig.kill_server("redis")
    time.sleep(20)
    rig.start_server(empty_redis=True)
    before, started = rig.done(crawl), time.monotonic()
    rig.until(lambda: rig.done(crawl) > before + 60, 60)
    gaps.append(round(time.monotonic() - started, 1))
    assert rig.watch(crawl, 200) == 0
    rig.check_stored(rig.sandbox.truth("hashtag", "big-1000"))
    say(in_flight=in_flight, repeated=rig.repeated(), seconds_to_go_on=gaps)
    assert rig.repeated() <= in_flight
    assert max(gaps) <= 30
    rig.check_money(crawl)


def test_mongod_is_killed(rig: ChaosRig) -> None:
    rig.sandbox.switch(latency={"seconds": 0.1})
    rig.start_worker(24, "--processes", "2")
    crawl = rig.seed("hashtag", "big-1000")
    rig.wait_done(crawl, 400)
    in_flight = max(rig.leased(), 24)
    rig.kill_server("mongo")
    late = rig.start_worker(8)
    time.sleep(20)
    assert "waiting for MongoDB" in rig.worker_log()
    rig.start_server()
    before, started = rig.done(crawl), time.monotonic()
    rig.until(lambda: rig.done(crawl) > before + 60, 60)
    gap = round(time.monotonic() - started, 1)
    assert rig.watch(crawl, 200) == 0
    assert late.poll() is None
    rig.check_stored(rig.sandbox.truth("hashtag", "big-1000"))
    say(in_flight=in_flight, repeated=rig.repeated(), seconds_to_go_on=gap)
    assert rig.repeated() <= in_flight
    rig.check_money(crawl)


def test_sigterm_under_load(rig: ChaosRig) -> None:
    rig.sandbox.switch(latency={"seconds": 0.8})
    workers = [rig.start_worker(32, "--processes", "2") for _ in range(2)]
    crawl = rig.seed("hashtag", "big-400")
    rig.wait_done(crawl, 150)
    started = time.monotonic()
    for worker in workers:
        worker.send_signal(signal.SIGTERM)
    codes = [worker.wait(60) for worker in workers]
    took = time.monotonic() - started
    assert codes == [0, 0]
    stats = rig.sandbox.stats()
    assert rig.leased() == 0
    assert stats["in_flight"] == 0
    told = rig.status(crawl)
    assert told["units"] == {"spent": stats["units"], "unknown": 0, "budget": None}
    rig.start_worker(64)
    assert rig.watch(crawl, 200) == 0
    rig.check_paid_once(rig.status(crawl))
    rig.check_stored(rig.sandbox.truth("hashtag", "big-400"))
    say(seconds_to_stop=round(took, 1), repeated=rig.repeated())


def test_a_second_sigterm_and_the_whole_group_killed_lose_nothing(rig: ChaosRig) -> None:
    rig.sandbox.switch(latency={"seconds": 1.0})
    env = {"TOKCRAWL_LEASE": "6"}
    first = rig.start_worker(16, env=env)
    crawl = rig.seed("hashtag", "cats")
    rig.wait_done(crawl, 20)
    in_flight = rig.leased()
    first.send_signal(signal.SIGTERM)
    time.sleep(0.2)
    first.send_signal(signal.SIGTERM)
    assert first.wait(15) == 0
    second = rig.start_worker(16, env=env)
    rig.wait_done(crawl, 60)
    in_flight += rig.leased()
    os.killpg(second.pid, signal.SIGKILL)
    rig.until(lambda: not rig.worker_processes(), 5)
    rig.start_worker(32, env=env)
    assert rig.watch(crawl, 120) == 0
    rig.check_stored(rig.sandbox.truth("hashtag", "cats"))
    say(in_flight=in_flight, repeated=rig.repeated())
    assert rig.repeated() <= in_flight
    rig.check_money(crawl)
    stop(first)


def test_a_page_that_kills_its_workers_is_parked(rig: ChaosRig) -> None:
    """Whatever holds the page dies, as if of it; the rest of the crawl goes on and the page is kept as failed."""
    poison = rig.sandbox.cast()["posts"]["comments_300"]["id"]
    others = rig.sandbox.find("hashtag", "big-200", count=30)["posts"]
    rig.sandbox.switch(latency={"seconds": 1.0})
    rig.start_worker(8, "--processes", "2")
    crawl = rig.seed("comments", poison, *others)
    deaths = 0
    while rig.db["crawls"].find_one({"_id": crawl, "state": "running"}):
        page = rig.db["pages"].find_one({"args.aweme_id": poison, "state": "leased"})
        holder = page and rig.db["workers"].find_one({"_id": page["lease"]["worker"]})
        if page and holder:
            os.kill(holder["pid"], signal.SIGKILL)
            deaths += 1
            rig.until(partial(_is_reclaimed, rig, page))
        time.sleep(0.02)
    assert rig.watch(crawl, 5) == 4
    told = rig.status(crawl)
    assert told["pages"]["failed"] == 1
    assert told["failures"][0]["kind"] == "killed"
    say(deaths=deaths)
    assert deaths == 4
    assert rig.cli("retry", crawl, "--class", "killed").returncode == 0
    assert rig.watch(crawl, 60) == 0
    rig.check_stored(rig.sandbox.truth("comments", poison, *others))
    rig.check_money(crawl)
