"""The local stack with real servers: started, recognized, partly killed, restarted and stopped."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from producers.stack import StackError, down, ps, up
from producers.stack.processes import (
    Running,
    _linux_start_time,
    _ps_start_time,
    alive,
    start,
    start_time,
    stop,
)
from producers.stack.servers import MONGO, REDIS, find_program

server = pytest.mark.server


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    home = tmp_path / "home"
    yield home
    down(home)


def record(home: Path) -> dict[str, object]:
    data: dict[str, object] = json.loads((home / "stack.json").read_text())
    return data


def say(port: int, *words: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(b"".join(word + b"\r\n" for word in words))
        return connection.recv(4096)


def gone(pid: int) -> bool:
    until = time.monotonic() + 5
    while start_time(pid) and time.monotonic() < until:
        time.sleep(0.02)
    return start_time(pid) is None


# --- for real ---------------------------------------------------------------------------------------------


@server
def test_up_ps_down_and_up_again(home: Path) -> None:
    stack = up(home)
    redis, mongo = stack.processes
    assert stack.urls == {
        "TOKCRAWL_BROKER_URL": f"redis://127.0.0.1:{redis.port}/0",
        "TOKCRAWL_REDIS_URL": f"redis://127.0.0.1:{redis.port}/1",
        "TOKCRAWL_MONGO_URL": f"mongodb://127.0.0.1:{mongo.port}",
    }
    assert record(home)["urls"] == stack.urls
    assert ps(home) == [redis, mongo]
    assert up(home) == stack  # idempotent
    assert say(redis.port, b"SET kept 1") == b"+OK\r\n"
    policy = say(redis.port, b"CONFIG GET maxmemory-policy")
    assert b"noeviction" in policy

    said = down(home)
    assert len(said) == 2
    assert all(line.endswith(" stopped") for line in said)
    assert "Now exiting" in Path(mongo.log).read_text()  # cleanly
    assert gone(redis.pid)
    assert not (home / "stack.json").exists()
    assert ps(home) == []
    assert down(home) == []

    again = up(home)
    assert [process.port for process in again.processes] == [redis.port, mongo.port]
    assert say(redis.port, b"GET kept") == b"$1\r\n1\r\n"


@server
def test_it_outlives_the_command_listens_on_loopback_only_and_has_no_secret(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = "import sys; from pathlib import Path; from producers.stack import up; up(Path(sys.argv[1]))"
    environment = {**os.environ, "TOKCRAWL_API_TOKEN": "SECRET-abc123"}
    subprocess.run([sys.executable, "-c", code, str(home)], check=True, env=environment, timeout=60)
    running = ps(home)
    assert [process.name for process in running] == ["redis", "mongo"]
    for process in running:
        assert os.getsid(process.pid) == process.pid
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("127.0.0.2", process.port), timeout=2)
        environ = Path(f"/proc/{process.pid}/environ")
        assert not environ.exists() or b"SECRET-abc123" not in environ.read_bytes()


@server
def test_one_killed_server_comes_back_and_the_other_is_left_alone(home: Path) -> None:
    redis, mongo = up(home).processes
    os.kill(mongo.pid, signal.SIGKILL)
    assert gone(mongo.pid)
    assert ps(home) == [redis]
    again = up(home)
    assert again.processes[0] == redis
    assert again.processes[1].pid != mongo.pid
    assert again.processes[1].port == mongo.port
    os.kill(redis.pid, signal.SIGKILL)
    os.kill(again.processes[1].pid, signal.SIGKILL)
    assert gone(redis.pid)
    assert gone(again.processes[1].pid)
    assert down(home) == []  # a stale record is cleaned
    assert not (home / "stack.json").exists()


@server
def test_two_ups_at_once_start_one_stack(home: Path) -> None:
    with ThreadPoolExecutor(3) as pool:
        stacks = list(pool.map(up, [home] * 3))
    assert stacks[0] == stacks[1] == stacks[2]


@server
def test_an_interrupted_up_is_finished_by_the_next(home: Path) -> None:
    stack = up(home)
    (home / "stack.json").write_text(json.dumps({"urls": {}, "processes": record(home)["processes"]}))
    assert up(home) == stack
    assert record(home)["urls"] == stack.urls


@server
def test_given_ports(home: Path) -> None:
    with socket.socket() as taken, socket.socket() as free:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        free.bind(("127.0.0.1", 0))
        port, other = taken.getsockname()[1], free.getsockname()[1]
        free.close()
        with pytest.raises(StackError, match=f"port {port} for mongo is already in use; choose another"):
            up(home, redis_port=other, mongo_port=port)
        assert ps(home) == []  # the other one was taken back
        with pytest.raises(StackError, match="in use by the other server"):
            up(home, redis_port=other, mongo_port=other)
        assert up(home, redis_port=other).processes[0].port == other
        with pytest.raises(StackError, match=rf"already running on port {other}; .*tokcrawl down"):
            up(home, redis_port=port)
        assert len(ps(home)) == 2


@server
def test_a_remembered_port_that_was_taken_is_replaced(home: Path) -> None:
    home.mkdir()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        (home / "ports.json").write_text(json.dumps({"redis": port, "mongo": "nonsense"}))
        assert up(home).processes[0].port != port


@server
def test_a_port_lost_at_the_last_moment_is_replaced(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen(16)
        home.mkdir()
        (home / "ports.json").write_text(json.dumps({"mongo": taken.getsockname()[1]}))
        monkeypatch.setattr("producers.stack.local._why_not", lambda port: None)
        redis, mongo = up(home).processes
        assert mongo.port != taken.getsockname()[1]
    assert ps(home) == [redis, mongo]


# --- with stand-ins ---------------------------------------------------------------------------------------


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An own folder as the whole PATH, and no wheels."""
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr("producers.stack.servers.find_spec", lambda name: None)
    return folder


def put(folder: Path, name: str, script: str) -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def test_missing_programs_say_what_to_install(home: Path, programs: Path) -> None:
    with pytest.raises(StackError, match=r"no redis-server or valkey-server found.*tokcrawl\[local\].*brew"):
        up(home)
    put(programs, "valkey-server", "exit 1")
    with pytest.raises(StackError, match=r"no mongod found.*mongodb.*docker-compose\.yml.*TOKCRAWL_MONGO_URL"):
        up(home)
    assert not (home / "logs").exists()  # nothing was started


def test_path_comes_before_the_wheels(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(programs, "valkey-server", "")
    assert find_program(REDIS) == programs / "valkey-server"
    put(programs, "redis-server", "")
    assert find_program(REDIS) == programs / "redis-server"


def test_a_wheel_without_the_executable_bit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "fiftyone"
    program = package / "db" / "bin" / "mongod"
    program.parent.mkdir(parents=True)
    program.write_text("")
    monkeypatch.setenv("PATH", "")
    monkeypatch.syspath_prepend(str(tmp_path))
    (package / "__init__.py").write_text("raise RuntimeError('heavy packages are not imported')")
    assert find_program(MONGO) == program
    assert program.stat().st_mode & stat.S_IXUSR


def test_a_server_that_ends_shows_its_last_words(home: Path, programs: Path) -> None:
    many = "i=0; while [ $i -lt 99 ]; do i=$((i+1)); echo line $i; done; exit 3"
    put(programs, "mongod", "exec /bin/sleep 60")
    put(programs, "redis-server", many)
    with pytest.raises(StackError, match=r"redis ended .*redis\.log:\n  line 88\n") as caught:
        up(home)
    assert str(caught.value).endswith("\n  line 99")
    put(programs, "redis-server", """echo '{"s":"E", "msg":"no room"}';""" + many)
    with pytest.raises(StackError, match=r'redis\.log:\n  \{"s":"E", "msg":"no room"\}$'):
        up(home)
    assert not (home / "stack.json").exists()
    assert ps(home) == []


def test_a_server_that_never_answers(home: Path, programs: Path) -> None:
    for name in ("redis-server", "mongod"):
        put(programs, name, "echo hello; exec /bin/sleep 60")
    with pytest.raises(StackError, match=r"redis \(pid \d+\) does not answer on port \d+; .*\n  hello"):
        up(home, timeout=0.5)
    assert ps(home) == []
    assert not (home / "stack.json").exists()


def test_a_recycled_pid_is_not_ours(home: Path) -> None:
    home.mkdir()
    with subprocess.Popen(["/bin/sleep", "60"]) as stranger:
        ours = Running("redis", stranger.pid, "a time long past", 1, "")
        (home / "stack.json").write_text(json.dumps({"urls": {}, "processes": [vars(ours)]}))
        assert ps(home) == []
        assert down(home) == []
        assert stranger.poll() is None
        assert not (home / "stack.json").exists()
        stranger.kill()


def test_what_does_not_stop_is_killed(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    command = [
        sys.executable,
        "-c",
        "import signal, time; signal.signal(15, signal.SIG_IGN); print(flush=True); time.sleep(60)",
    ]
    stubborn = start("stubborn", command, tmp_path, 1)
    assert alive(stubborn)
    assert not alive(replace(stubborn, started=""))
    until = time.monotonic() + 10
    while not Path(stubborn.log).read_text() and time.monotonic() < until:
        time.sleep(0.02)
    assert stop([(stubborn, 0.1)]) == [f"stubborn (pid {stubborn.pid}, port 1) did not stop and was killed"]
    assert not alive(stubborn)


def test_start_times_on_linux_and_elsewhere() -> None:
    with subprocess.Popen(["/bin/sleep", "60"]) as child:
        for read in (_linux_start_time, _ps_start_time):
            first = read(child.pid)
            assert first
            assert read(child.pid) == first
        child.kill()
        until = time.monotonic() + 5
        while _ps_start_time(child.pid) and time.monotonic() < until:
            time.sleep(0.02)
        assert _linux_start_time(child.pid) is None  # a zombie is dead
        assert _ps_start_time(child.pid) is None
    assert _linux_start_time(child.pid) is None
    assert _ps_start_time(child.pid) is None


def test_a_home_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for home in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(StackError, match=r"cannot write to .*; set TOKCRAWL_HOME"):
            up(home)
        assert down(home) == []
        assert ps(home) == []


@pytest.mark.parametrize("text", ["{", "[]", '{"processes": [{"pid": 1}]}', '{"processes": [1]}'])
def test_a_damaged_record_is_not_guessed_at(home: Path, text: str) -> None:
    home.mkdir()
    (home / "stack.json").write_text(text)
    for command in (up, down, ps):
        with pytest.raises(StackError, match=r"stack\.json is damaged"):
            command(home)
    (home / "stack.json").unlink()


@pytest.mark.parametrize(("port", "why"), [(70000, "not a port number"), (-1, "not a port number")])
def test_impossible_ports(home: Path, programs: Path, port: int, why: str) -> None:
    for name in ("redis-server", "mongod"):
        put(programs, name, "exit 1")
    with pytest.raises(StackError, match=f"port {port} for redis is {why}"):
        up(home, redis_port=port)
