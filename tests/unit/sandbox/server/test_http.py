"""A running sandbox, seen by a client: faults, settings, and a log, statistics and charges that agree."""

from __future__ import annotations

import http.client
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from sandbox.client import Sandbox, SandboxError, running
from sandbox.provider.request_log import day_of

CATS = "/tt/hashtag/posts?token=SECRET&name=cats"


def call(sandbox: Sandbox, target: str = CATS, timeout: float = 10) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", sandbox.port, timeout=timeout)
    try:
        connection.request("GET", "/apis" + target)
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    finally:
        connection.close()


def used(sandbox: Sandbox) -> int:
    body = call(sandbox, f"/customer/get-used-units?token=x&date={day_of(time.time())}")[2]
    units: int = json.loads(body)["data"]["tiktok"]
    return units


def test_an_answer_is_logged_charged_and_counted(sandbox: Sandbox) -> None:
    status, headers, body = call(sandbox)
    assert (status, headers["units_charged"]) == (200, "1")
    assert len(json.loads(body)["data"]["data"]) == 20
    (entry,) = sandbox.log()
    assert (entry["path"], entry["params"], entry["ok"]) == ("/tt/hashtag/posts", "name=cats", True)
    call(sandbox)
    call(sandbox, "/tt/hashtag/posts?token=x&name=nosuchhashtag")
    stats = sandbox.stats()
    assert (stats["calls"], stats["ok"], stats["units"], stats["in_flight"]) == (3, 2, 3, 0)
    assert stats["repeated"] == [{"path": "/tt/hashtag/posts", "params": "name=cats", "times": 2}]
    assert used(sandbox) == 3
    assert len(sandbox.log(since=2)) == 2
    assert "SECRET" not in json.dumps(sandbox.log())


def test_one_connection_serves_many_calls(sandbox: Sandbox) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", sandbox.port, timeout=10)
    for _ in range(3):
        connection.request("GET", "/apis" + CATS)
        assert len(connection.getresponse().read()) > 10_000
    connection.close()
    assert sandbox.stats()["ok"] == 3


@pytest.mark.parametrize(("kind", "error", "charged"), [
    ("drop", http.client.RemoteDisconnected, 0),
    ("lost", http.client.RemoteDisconnected, 1),
    ("hang", http.client.RemoteDisconnected, 0),
    ("cut", http.client.IncompleteRead, 1),
])  # fmt: skip
def test_faults_that_break_the_connection(sandbox: Sandbox, kind: str, error: type[Exception], charged: int) -> None:
    sandbox.switch(faults={kind: 1}, hang=0.2)
    with pytest.raises((error, ConnectionResetError)):
        call(sandbox)
    (entry,) = sandbox.log()
    assert (entry["fault"], entry["ok"], entry["units"]) == (kind, False, charged)
    assert (entry["status"] is None) == (kind != "cut")
    assert used(sandbox) == charged


@pytest.mark.parametrize(
    ("kind", "status", "charged"),
    [("500", 500, 0), ("503", 503, 0), ("429", 429, 0), ("html502", 502, 0), ("bad-json", 200, 1), ("no-data", 200, 1)],
)
def test_faults_that_answer(sandbox: Sandbox, kind: str, status: int, charged: int) -> None:
    sandbox.switch(faults={kind: 1})
    got, headers, body = call(sandbox)
    assert (got, int(headers.get("units_charged", 0))) == (status, charged)
    if kind in ("html502", "bad-json"):
        with pytest.raises(json.JSONDecodeError):
            json.loads(body)
    else:
        assert "data" not in json.loads(body)
    assert sandbox.log()[0]["ok"] is False
    assert used(sandbox) == charged


def test_faults_strike_with_their_probability(sandbox: Sandbox) -> None:
    sandbox.switch(faults={"500": 0.2, "lost": 0.1})

    def one(_: int) -> int:
        try:
            return call(sandbox, "/tt/user/info?token=x&username=cats_00")[0]
        except (http.client.HTTPException, OSError):
            return 0

    with ThreadPoolExecutor(8) as pool:
        seen = list(pool.map(one, range(400)))
    assert 50 < seen.count(500) < 115
    assert 20 < seen.count(0) < 65
    assert sandbox.stats()["units"] == 400 - seen.count(500)


def test_rate_limit(sandbox: Sandbox) -> None:
    sandbox.switch(rate=5, burst=5, retry_after=2)
    answers = [call(sandbox) for _ in range(12)]
    limited = [headers for status, headers, _ in answers if status == 429]
    assert 4 <= len(limited) <= 7
    assert limited[0]["retry-after"] == "2"
    assert sum(second[1] for second in sandbox.stats()["seconds"].values()) == len(limited)


def test_quota_and_a_new_day(sandbox: Sandbox) -> None:
    sandbox.switch(quota=2)
    assert [call(sandbox)[0] for _ in range(4)] == [200, 200, 495, 495]
    sandbox.new_day()
    assert [call(sandbox)[0] for _ in range(3)] == [200, 200, 495]
    assert used(sandbox) == 4


def test_forced_codes_and_tokens(sandbox: Sandbox) -> None:
    sandbox.switch(force={"code": 493, "after": 2, "every": 2})
    assert [call(sandbox)[0] for _ in range(6)] == [200, 200, 493, 200, 493, 200]
    sandbox.switch(force=None, tokens=["good"])
    assert call(sandbox)[0] == 491
    assert call(sandbox, "/tt/hashtag/posts?token=good&name=cats")[0] == 200
    assert sandbox.stats()["units"] == 5


def test_latency_holds_calls_in_flight(sandbox: Sandbox) -> None:
    sandbox.switch(latency={"seconds": 0.4, "paths": {"/tt/user/info": 0}})
    begun = time.monotonic()
    call(sandbox, "/tt/user/info?token=x&username=cats_00")
    assert time.monotonic() - begun < 0.3
    with ThreadPoolExecutor(20) as pool:
        flying = [pool.submit(call, sandbox) for _ in range(20)]
        time.sleep(0.2)
        assert sandbox.stats()["in_flight"] == 20
        assert {each.result()[0] for each in flying} == {200}
    assert time.monotonic() - begun < 2


def test_a_call_whose_client_left_is_charged_but_not_ok(sandbox: Sandbox) -> None:
    sandbox.switch(latency=0.3)
    with socket.create_connection(("127.0.0.1", sandbox.port)) as client:
        client.sendall(f"GET /apis{CATS} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        time.sleep(0.1)
    time.sleep(0.4)
    stats = sandbox.stats()
    assert (stats["units"], stats["ok"], stats["in_flight"]) == (1, 0, 0)


def test_down_closes_connections_for_a_while(sandbox: Sandbox) -> None:
    sandbox.switch(down=0.4)
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        call(sandbox)
    assert sandbox.log()[0]["fault"] == "down"
    time.sleep(0.5)
    assert call(sandbox)[0] == 200


def test_the_admin_api_computes_truth_and_rejects_invalid_requests(sandbox: Sandbox) -> None:
    truth = sandbox.truth("hashtag", "cats", expand="authors", depth=1, limit=["hashtag=20"])
    assert (len(truth["posts"]), truth["lists"]["200"] > 1) == (20, True)
    assert sandbox.truth("user", "posts_30", since="2026-01-01")["posts"]
    assert sandbox.find("user", "posts_30")["post_count"] == 30
    assert len(sandbox.find("hashtag", "dogs", count=7)["posts"]) == 7
    assert sandbox.cast()["users"]["celebrity7000"]["followers"] == 7000
    assert sandbox.switches()["rate"] is None
    invalid: list[Callable[[], object]] = [
        lambda: sandbox.switch(speed=1),
        lambda: sandbox.switch(faults={"fire": 0.1}),
        lambda: sandbox.truth("haiku", "x"),
        lambda: sandbox.truth("hashtag", "x", expand="friends"),
        lambda: sandbox.find("user", "nobody_here"),
    ]
    for wrong in invalid:
        with pytest.raises(SandboxError):
            wrong()


def test_state_survives_a_kill(tmp_path: Path) -> None:
    sandbox = Sandbox(7, state=tmp_path / "state")
    try:
        sandbox.start()
        call(sandbox)
        sandbox.switch(faults={"lost": 1})
        with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
            call(sandbox)
        before: Any = sandbox.log()
        sandbox.stop()
        sandbox.start()
        assert sandbox.log() == before
        assert (sandbox.stats()["units"], sandbox.stats()["ok"], used(sandbox)) == (2, 1, 2)
        assert sandbox.stop(kill=False) == 0
    finally:
        sandbox.stop()


def test_a_port_in_use_is_one_line_and_status_2(process: Sandbox) -> None:
    command = [sys.executable, "-m", "sandbox", "--port", str(process.port)]
    ended = subprocess.run(command, check=False, capture_output=True, text=True, timeout=20)
    assert ended.returncode == 2
    assert len(ended.stderr.strip().splitlines()) == 1
    with pytest.raises(SandboxError), running(port=process.port):
        pass


def test_it_prints_its_url_and_exits_cleanly_on_sigint() -> None:
    command = [sys.executable, "-m", "sandbox", "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        line = process.stderr.readline()
        assert line.startswith("sandbox listening on http://127.0.0.1:")
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
        assert process.stderr.read() == ""


def test_deviations_are_switched_while_it_runs_and_reported(sandbox: Sandbox) -> None:
    sandbox.switch(deviate=["list-renamed", "no-charge-header"])
    status, headers, body = call(sandbox)
    assert (status, "units_charged" in headers, "entries" in json.loads(body)["data"]) == (200, False, True)
    switches = sandbox.switches()
    sandbox.switch(deviate=None)
    assert "data" in json.loads(call(sandbox)[2])["data"]
    assert [entry["deviations"] for entry in sandbox.log()] == ["list-renamed+no-charge-header", None]
    found = sandbox.deviations()
    assert {kind: each["units"] for kind, each in found["kinds"].items()} == {"list-renamed": 1, "no-charge-header": 1}
    assert len(found["paid"]["posts"]) == 20
    assert sandbox.switch(**switches) == switches
    sandbox.switch(deviate=["gzip"])
    assert call(sandbox)[1]["content-encoding"] == "gzip"
    sandbox.switch(deviate=["redirect"])
    status, headers, _ = call(sandbox)
    assert (status, headers["location"]) == (302, "https://elsewhere.sandbox.invalid/apis/")
    sandbox.switch(deviate=None)


def test_a_live_world_is_moved_and_asked_by_its_own_clock(sandbox: Sandbox) -> None:
    with pytest.raises(SandboxError, match="the world stands still; start the sandbox with --live"):
        sandbox.clock(advance=1)
    with running(live=True, speed=0, deviate=["gzip"]) as alive:
        start = alive.clock()["now"]
        before = alive.truth("hashtag", "cats", expand="none")["posts"]
        assert before == sandbox.truth("hashtag", "cats", expand="none")["posts"]
        assert alive.clock(advance=5 * 86_400) == {"now": start + 5 * 86_400, "speed": 0.0, "live": True}
        after = alive.truth("hashtag", "cats", expand="none")["posts"]
        assert set(before) < set(after)
        assert alive.truth("hashtag", "cats", expand="none", at=start)["posts"] == before
        assert alive.switches()["deviate"] == [{"kind": "gzip", "path": None, "start": 1}]
        assert alive.clock(speed=7200)["speed"] == 7200.0
        with pytest.raises(SandboxError, match="cannot be put back"):
            alive.clock(now=start)
        with pytest.raises(SandboxError, match="`now`, `advance` or `speed`"):
            alive.clock(hour=1)
