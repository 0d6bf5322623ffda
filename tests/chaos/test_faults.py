"""The API fails in every way the sandbox knows, forged messages arrive, gates close: the money still adds up."""

import json
import time
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from crawler.settings import load
from sandbox.provider.behaviour import FAULTS
from tests.chaos.rig import ChaosRig, say
from workers.app import QUEUE, TASK, make_app

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(400)]

EVERY_FAULT = dict.fromkeys(FAULTS, 0.15 / len(FAULTS))


def test_fifteen_percent_of_calls_fail(rig: ChaosRig) -> None:
    rig.sandbox.switch(faults=EVERY_FAULT, latency={"seconds": 0.05}, hang=2)
    rig.start_worker(48, "--processes", "2", env={"TOKCRAWL_API_TIMEOUT": "5"})
    crawl = rig.seed("hashtag", "big-1000")
    assert rig.watch_and_retry(crawl, 240) == 0
    stats = rig.sandbox.stats()
    told = rig.check_money(crawl)
    rig.check_stored(rig.sandbox.truth("hashtag", "big-1000"))
    say(
        calls=stats["calls"],
        faults=sum(stats["faults"].values()),
        **told["units"],
        charged=stats["units"],
        repeated=rig.repeated(),
    )
    assert sum(stats["faults"].values()) > 0.12 * stats["calls"]
    assert rig.repeated() == 0


def test_forged_and_repeated_messages(rig: ChaosRig) -> None:
    rig.start_worker(8, "--processes", "2")
    crawl = rig.seed("hashtag", "cats")
    assert rig.watch(crawl, 60) == 0
    calls = rig.sandbox.stats()["calls"]
    app = make_app(load(broker_url=rig.env["TOKCRAWL_BROKER_URL"]))
    forge = partial(app.send_task, TASK, queue=QUEUE)
    done = [found["_id"] for found in rig.db["pages"].find().limit(20)]
    for page_id in done:
        forge(kwargs={"page": page_id, "crawl": crawl})
        forge(kwargs={"page": page_id, "crawl": crawl})
        forge(kwargs={"page": page_id, "crawl": "another"})
    forge(kwargs={"page": "no such page", "crawl": crawl})
    forge(kwargs={"page": {"$gt": ""}, "crawl": crawl})
    forge(kwargs={"page": 7, "crawl": None})
    forge(args=["a", "b", "c", "d"])
    forge(kwargs={"url": "http://evil"})
    app.send_task("no.such.task", queue=QUEUE)
    app.send_task("celery.starmap", args=[{"task": TASK}, [["x", crawl]]], queue=QUEUE)
    for _ in range(4):
        rig.redis.lpush("tokcrawl:pages", "garbage{")
        rig.redis.lpush("tokcrawl:pages", json.dumps({"body": "!!", "headers": {}, "properties": {}}))
    rig.until(lambda: "died (exit code" in rig.worker_log(), 30)
    again = rig.seed("hashtag", "dogs")
    assert rig.watch(again, 120) == 0
    stats = rig.sandbox.stats()
    assert stats["repeated_calls"] == 0
    assert stats["calls"] - calls == rig.status(again)["calls"]
    log = rig.worker_log()
    assert "is not active: message for page" in log
    assert "message without a page dropped" in log
    say(calls_by_forgery=stats["calls"] - calls - rig.status(again)["calls"])


@pytest.mark.parametrize("trouble", [False, True])
def test_a_budget_holds_whatever_the_concurrency(rig: ChaosRig, trouble: bool) -> None:
    rig.sandbox.switch(latency={"seconds": 0.2}, faults=EVERY_FAULT if trouble else None, hang=1)
    rig.start_worker(64, "--processes", "2", env={"TOKCRAWL_API_TIMEOUT": "4"})
    crawl = rig.seed("hashtag", "big-200", "--max-units", "300")
    if trouble:
        rig.wait_done(crawl, 60)
        rig.redis.flushall()
    assert rig.watch(crawl, 120) == 5
    charged = rig.sandbox.stats()["units"]
    assert charged <= 300
    told = rig.status(crawl)
    assert told["cause"] == "budget"
    assert rig.cli("resume", crawl, "--max-units", "1000").returncode == 0
    assert rig.watch_and_retry(crawl, 200) == 0
    say(
        charged_at_300=charged,
        **told["units"],
        charged_at_the_end=rig.sandbox.stats()["units"],
        repeated=rig.repeated(),
    )
    assert rig.repeated() == 0
    assert rig.sandbox.stats()["units"] <= 1000
    rig.check_stored(rig.sandbox.truth("hashtag", "big-200"))
    rig.check_money(crawl)


def test_the_days_budget_bounds_all_crawls(rig: ChaosRig) -> None:
    rig.start_worker(32, env={"TOKCRAWL_DAY_UNITS": "200"})
    crawls = [rig.seed("hashtag", name) for name in ("cats", "dogs", "birds")]
    assert 5 in [rig.watch(crawl, 60) for crawl in crawls]
    assert rig.sandbox.stats()["units"] == 200


def test_units_used_up_until_the_next_day(rig: ChaosRig) -> None:
    rig.sandbox.switch(latency={"seconds": 0.1}, quota=150)
    rig.start_worker(32, "--processes", "2")
    crawl = rig.seed("hashtag", "dogs")
    assert rig.watch(crawl, 60) == 6
    assert rig.status(crawl)["cause"] == "units"
    log = rig.sandbox.log()
    first = next(entry for entry in log if entry["status"] == 495)
    time.sleep(3)
    later = [entry for entry in rig.sandbox.log() if entry["n"] > first["n"]]
    assert len(later) <= 32
    say(calls_after_first_495=len(later))
    rig.sandbox.switch(quota=None)
    soon = datetime.now(UTC) + timedelta(seconds=2)
    rig.db["coordination"].update_one({"_id": "gate"}, {"$set": {"until": soon}})  # the truth about gates is in MongoDB
    rig.until(lambda: rig.status(crawl)["state"] != "paused", 20)
    assert rig.watch(crawl, 60) == 0
    rig.check_stored(rig.sandbox.truth("hashtag", "dogs"))
    rig.check_paid_once(rig.status(crawl))


def test_a_bad_token_stops_everything(rig: ChaosRig) -> None:
    rig.sandbox.switch(latency={"seconds": 0.1}, force={"code": 491, "after": 60})
    rig.start_worker(32, "--processes", "2")
    crawls = [rig.seed("hashtag", name) for name in ("dogs", "cats")]
    assert [rig.watch(crawl, 60) for crawl in crawls] == [3, 3]
    first = next(entry for entry in rig.sandbox.log() if entry["status"] == 491)
    time.sleep(3)
    later = [entry for entry in rig.sandbox.log() if entry["n"] > first["n"]]
    assert len(later) <= 32
    say(calls_after_first_491=len(later))
    assert rig.watch(rig.seed("hashtag", "birds"), 20) == 3
    rig.sandbox.switch(force=None)
    for crawl in crawls:
        assert rig.cli("resume", crawl).returncode == 0
    assert [rig.watch(crawl, 60) for crawl in crawls] == [0, 0]


def test_the_api_is_gone_for_a_minute(rig: ChaosRig) -> None:
    rig.sandbox.switch(latency={"seconds": 0.1})
    rig.start_worker(32, "--processes", "2")
    crawl = rig.seed("hashtag", "big-400")
    rig.wait_done(crawl, 200)
    rig.sandbox.stop()
    rig.until(lambda: rig.status(crawl)["cause"] == "outage", 30)
    time.sleep(55)
    assert rig.status(crawl)["pages"]["failed"] == 0
    rig.sandbox.start()
    started = time.monotonic()
    rig.until(lambda: rig.status(crawl)["state"] != "paused", 60)
    say(seconds_to_go_on=round(time.monotonic() - started, 1))
    assert rig.watch(crawl, 120) == 0
    told = rig.status(crawl)
    assert told["pages"]["failed"] == 0
    assert rig.db["pages"].count_documents({"attempts": {"$gt": 1}}) == 0
    rig.check_stored(rig.sandbox.truth("hashtag", "big-400"))
    rig.check_money(crawl)


def test_failures_are_kept_and_replayed(rig: ChaosRig) -> None:
    rig.sandbox.switch(faults={"bad-json": 1.0})
    rig.start_worker(8, env={"TOKCRAWL_ATTEMPTS": "2"})
    crawl = rig.seed("hashtag", "cats")
    assert rig.watch(crawl, 60) == 4
    told = rig.status(crawl)
    assert told["failures"][0]["kind"] == "unreadable"
    page = rig.db["pages"].find_one({"state": "failed"})
    assert page is not None
    assert rig.db["answers"].find_one({"page": page["_id"]}) is not None
    assert page["end"] == "error"
    rig.sandbox.switch(faults=None)
    assert rig.cli("retry", crawl, "--class", "transport").returncode == 2
    assert rig.cli("retry", crawl, "--class", "unreadable").returncode == 0
    assert rig.watch(crawl, 60) == 0
    rig.check_stored(rig.sandbox.truth("hashtag", "cats"))
    rig.check_money(crawl)
