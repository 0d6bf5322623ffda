"""One rate for all workers, a found rate, fair shares, and a person's word that acts at once."""

import time
from collections import Counter

import pytest

from tests.chaos.rig import ChaosRig, say

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(400)]


def seconds(rig: ChaosRig) -> list[tuple[int, int]]:
    """(calls, calls answered 429) of each second, oldest first, quiet ones between included."""
    told = {int(second): counts for second, counts in rig.sandbox.stats()["seconds"].items()}
    return [tuple(told.get(second, (0, 0))) for second in range(min(told), max(told) + 1)]


def test_the_set_rate_is_the_fleets_rate(rig: ChaosRig) -> None:
    rig.sandbox.switch(latency={"seconds": 0.2})
    env = {"TOKCRAWL_RATE": "50"}
    for _ in range(2):
        rig.start_worker(32, "--processes", "2", env=env)
    rig.wait_ready(4)
    crawl = rig.seed("hashtag", "big-1000")
    time.sleep(28)
    rig.cli("cancel", crawl)
    calls = [count for count, _ in seconds(rig)]
    steady = calls[5:-3]
    mean = sum(steady) / len(steady)
    say(calls_per_second=round(mean, 2), most=max(calls), least=min(steady))
    assert 47 <= mean <= 50.5
    assert max(calls) <= 55


def test_the_providers_rate_is_found(rig: ChaosRig) -> None:
    rig.sandbox.switch(latency={"seconds": 0.2}, rate=50)
    rig.start_worker(64, "--processes", "2")
    crawl = rig.seed("hashtag", "big-2000")
    time.sleep(55)
    rig.cli("cancel", crawl)
    later = seconds(rig)[15:-3]
    calls, refused = sum(c for c, _ in later), sum(r for _, r in later)
    say(attained=round((calls - refused) / len(later), 2), refused=f"{refused / calls:.2%}")
    assert (calls - refused) / len(later) >= 45
    assert refused / calls <= 0.03


def test_a_small_crawl_is_not_stuck_behind_a_large_one(rig: ChaosRig) -> None:
    """13,664 pages and 268: the small crawl ends as if it had half the rate, an urgent one as if it had most of it."""
    rig.sandbox.switch(latency={"seconds": 0.2})
    rig.start_worker(32, "--processes", "2", env={"TOKCRAWL_RATE": "40"})
    large = rig.seed("hashtag", "big-5000")
    rig.wait_done(large, 300)
    for name, options, share in (("dogs", [], 1 / 2), ("birds", ["--priority", "3"], 8 / 9)):
        crawl = rig.seed("hashtag", name, *options)
        assert rig.watch(crawl, 120) == 0
        document = rig.db["crawls"].find_one({"_id": crawl})
        assert document is not None
        took, calls = (document["ended_at"] - document["started_at"]).total_seconds(), rig.status(crawl)["calls"]
        fair = calls / (40 * share)
        say(crawl=name, calls=calls, seconds=round(took, 1), at_its_share=round(fair, 1))
        assert took <= 1.25 * fair + 3
    rig.cli("cancel", large)


@pytest.mark.parametrize("word", ["cancel", "pause"])
def test_a_word_acts_within_seconds(rig: ChaosRig, word: str) -> None:
    rig.sandbox.switch(latency={"seconds": 0.1})
    posts = rig.sandbox.find("hashtag", "big-5000", count=5000)["posts"]
    posts += [str(7000000000000000000 + n) for n in range(15_500)]
    crawl = rig.seed("comments", "-", "--name", "many", stdin="\n".join(posts))
    assert rig.status(crawl)["pages"]["planned"] >= 20_000
    rig.start_worker(32, "--processes", "2")
    rig.wait_done(crawl, 500)
    assert rig.cli(word, crawl).returncode == 0
    said = time.time()
    time.sleep(6)
    late = [entry["at"] - said for entry in rig.sandbox.log(since=400) if entry["at"] > said]
    say(word=word, last_call_after=round(max(late, default=0), 2))
    assert max(late, default=0) <= 3
    if word == "cancel":
        rig.until(lambda: rig.status(crawl)["pages"]["planned"] == 0, 30)
        assert rig.watch(crawl, 5) == 8
        ends = Counter(rig.status(crawl)["ends"])
        assert ends["cancelled"] >= 19_000
        return
    assert rig.watch(crawl, 5) == 8
    assert rig.cli("resume", crawl).returncode == 0
    assert rig.watch(crawl, 240) == 0
    rig.check_paid_once(rig.status(crawl))
    rig.check_stored(rig.sandbox.truth("comments", *posts[:5000]))
