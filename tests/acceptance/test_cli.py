"""The command line when things are not as they should be: one line that says what is wrong, and the exit code."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import redis

from tests.acceptance.rig import Rig, stop

pytestmark = pytest.mark.acceptance

CLOSED = "127.0.0.1:9"  # a port that nothing listens on
SECRET = "SECRET-abc123"

COMMANDS = [
    *([word, "x"] for word in ("status", "watch", "pause", "resume", "cancel", "retry")),
    ["status"],
    ["usage"],
    ["seed", "hashtag", "cats"],
]


def test_an_unreachable_database(rig: Rig) -> None:
    def run(command: list[str]) -> tuple[list[str], Any, float]:
        started = time.monotonic()
        done = rig.cli(*command, env={"TOKCRAWL_MONGO_URL": f"mongodb://user:pw@{CLOSED}"})
        return command, done, time.monotonic() - started

    with ThreadPoolExecutor(3) as pool:  # each of them mostly waits
        for command, done, took in pool.map(run, COMMANDS):
            assert done.returncode == 7, (command, done.stderr)
            assert took < 15, command
            assert "MongoDB" in done.stderr, command
            assert "Traceback" not in done.stderr, command
            assert done.stderr.count("\n") == 1, (command, done.stderr)
            assert "pw" not in done.stderr, command


@pytest.mark.parametrize("setting", ["TOKCRAWL_REDIS_URL", "TOKCRAWL_BROKER_URL"])
def test_an_unreachable_redis(rig: Rig, setting: str) -> None:
    started = time.monotonic()
    done = rig.cli("seed", "hashtag", "cats", env={setting: f"redis://:pw@{CLOSED}/0"})
    assert done.returncode == 7, done.stderr
    assert time.monotonic() - started < 15
    assert done.stderr.count("\n") == 1
    assert rig.db["pages"].count_documents({}) == 0


@pytest.mark.parametrize(
    ("command", "env", "code", "says"),
    [
        (["usage"], {"TOKCRAWL_API_URL": f"http://{CLOSED}/apis"}, 6, "cannot be reached"),
        (["seed", "hashtag", "a b"], {}, 2, "a b"),
        (["seed", "hashtag", "cats", "--expand", "nonsense"], {}, 2, "nonsense"),
        (["seed", "hashtag", "cats", "--limit", "followers=x"], {}, 2, "--limit"),
        (["seed", "nothing", "cats"], {}, 2, "nothing"),
        (["seed", "hashtag"], {}, 2, "--input"),
        (["seed", "hashtag", "--input", "/no/such/file"], {}, 2, "/no/such/file"),
        (["status", "no-such-crawl"], {}, 2, "no-such-crawl"),
        (["status"], {"TOKCRAWL_RATES": "5"}, 2, "TOKCRAWL_RATES"),
        (["status"], {"TOKCRAWL_RATE": "fast"}, 2, "TOKCRAWL_RATE"),
        (["worker"], {"TOKCRAWL_API_TOKEN": ""}, 2, "TOKCRAWL_API_TOKEN"),
        (["nonsense"], {}, 2, "nonsense"),
    ],
)
def test_one_line_and_a_code(rig: Rig, command: list[str], env: dict[str, str], code: int, says: str) -> None:
    done = rig.cli(*command, env=env)
    assert done.returncode == code, done.stderr
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert rig.db["pages"].count_documents({}) == 0


def test_a_wrong_token(rig: Rig) -> None:
    rig.sandbox.switch(tokens=["right"])
    done = rig.cli("usage")
    assert done.returncode == 3
    assert done.stderr.count("\n") == 1
    with rig.worker(4):
        crawl = rig.seed("hashtag", "cats")
        assert rig.watch(crawl) == 3
        assert rig.sandbox.stats()["calls"] <= 5
        rig.sandbox.switch(tokens=None)
        assert rig.cli("resume", crawl).returncode == 0
        assert rig.watch(crawl) == 0


def test_a_list_names_its_bad_lines_and_starts_nothing(rig: Rig) -> None:
    done = rig.cli("seed", "comments", "-", stdin="7231905550809459536\nnot a post\n\n# a remark\n12\n")
    assert done.returncode == 2
    assert "line 2" in done.stderr
    assert "line 5" in done.stderr
    assert rig.db["crawls"].count_documents({}) == 0


def test_watch_runs_out_of_time(rig: Rig) -> None:
    crawl = rig.seed("hashtag", "cats", "--name", "mine", "--attr", "team=a")
    started = time.monotonic()
    done = rig.cli("watch", "mine", "--timeout", "2")
    assert done.returncode == 9
    assert time.monotonic() - started < 8
    assert "no worker is running" in done.stderr
    assert rig.cli("pause", crawl).returncode == 0
    assert rig.watch(crawl) == 8
    assert rig.cli("pause", crawl).returncode == 2
    assert rig.cli("cancel", crawl).returncode == 0
    assert rig.watch(crawl) == 8
    assert rig.cli("resume", crawl).returncode == 2


def test_a_worker_waits_for_its_servers(rig: Rig) -> None:
    worker = rig.start_worker(4, env={"TOKCRAWL_MONGO_URL": f"mongodb://{CLOSED}"})
    rig.until(lambda: "waiting for MongoDB" in rig.worker_log(), 20)
    assert worker.poll() is None
    stop(worker)
    assert worker.returncode == 0


def test_the_token_is_nowhere(rig: Rig) -> None:
    faults = dict.fromkeys(("500", "503", "429", "html502", "drop", "cut", "bad-json", "no-data", "lost"), 0.02)
    rig.env["TOKCRAWL_API_TOKEN"] = SECRET
    said = ""
    with rig.worker(16, "-l", "debug"):
        crawl = rig.seed("hashtag", "cats", "no-posts", "restricted-topic", "nosuchhashtag", "--depth", "1")
        rig.until(lambda: rig.db["pages"].count_documents({"end": "restricted"}))
        rig.sandbox.switch(faults=faults)
        rig.until(lambda: rig.db["pages"].count_documents({"state": "done"}) > 20)
        queued = b""
        for url in (rig.env["TOKCRAWL_BROKER_URL"], rig.env["TOKCRAWL_REDIS_URL"]):
            with redis.Redis.from_url(url) as client:
                queued += b"".join(client.dump(key) or b"" for key in client.scan_iter())
        assert queued
        rig.watch(crawl, 90)
        rig.sandbox.switch(force={"code": 491})
        other = rig.seed("user", "pinned_user")
        assert rig.watch(other) == 3
        for command in (["status", crawl], ["status", crawl, "--json"], ["usage"], ["endpoints"]):
            done = rig.cli(*command)
            said += done.stdout + done.stderr
    for name in rig.db.list_collection_names():
        for document in rig.db[name].find():
            assert SECRET not in str(document), name
    assert SECRET.encode() not in queued
    assert SECRET not in said
    log = rig.worker_log()
    assert "hashtag_search cats" in log
    for path in rig.home.rglob("*"):
        if path.is_file():
            assert SECRET.encode() not in path.read_bytes(), path


def test_a_resumed_crawl_goes_on_at_once_in_every_process(rig: Rig) -> None:
    """A message may reach a process before the news that its crawl runs again; it must not be lost to that."""
    with rig.worker(32, "--processes", "4"):
        rig.wait_ready(4)
        crawl = rig.seed("hashtag", "cats", "--max-units", "100")
        assert rig.watch(crawl) == 5
        assert rig.cli("resume", crawl, "--max-units", "500").returncode == 0
        started = time.monotonic()
        assert rig.watch(crawl) == 0
        assert time.monotonic() - started < 10
