"""The core of the suite with RabbitMQ as the broker; skipped where Debian's `rabbitmq-server` is not installed."""

import os
import random
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.client import free_port
from tests.chaos.rig import ChaosRig, say

SERVER = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")

pytestmark = [
    pytest.mark.chaos,
    pytest.mark.timeout(400),
    pytest.mark.skipif(not SERVER.exists(), reason="rabbitmq-server is not installed"),
]


class Rabbit:
    """A RabbitMQ of its own on a free port, with data that can be thrown away."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.port = free_port()
        self.url = f"amqp://guest:guest@127.0.0.1:{self.port}//"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        env = {
            **os.environ,
            "HOME": str(self.home),
            "RABBITMQ_NODENAME": f"tokcrawl{self.port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_MNESIA_BASE": str(self.home / "data"),
            "RABBITMQ_LOG_BASE": str(self.home / "log"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.home / "plugins"),
        }
        with (self.home / "out").open("ab") as out:
            self._process = subprocess.Popen([SERVER], env=env, stdout=out, stderr=out, start_new_session=True)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                probe.settimeout(1)
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    probe.sendall(b"AMQP\x00\x00\x09\x01")
                    if probe.recv(7):
                        return
            time.sleep(0.3)
        raise AssertionError((self.home / "out").read_text()[-2000:])

    def kill(self, *, forget: bool = False) -> None:
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        if forget:
            shutil.rmtree(self.home / "data", ignore_errors=True)


@pytest.fixture
def rabbit(tmp_path: Path) -> Iterator[Rabbit]:
    home = tmp_path / "rabbit"
    home.mkdir()
    server = Rabbit(home)
    server.start()
    try:
        yield server
    finally:
        server.kill()


def test_the_core_over_amqp(rig: ChaosRig, rabbit: Rabbit) -> None:
    """Workers killed, the broker killed and started empty, faults of every kind: truth and money hold."""
    rig.env["TOKCRAWL_BROKER_URL"] = rabbit.url
    rig.sandbox.switch(latency={"seconds": 0.1, "jitter": 0.1},
                       faults=dict.fromkeys(("500", "429", "drop", "lost", "cut"), 0.02))  # fmt: skip
    rig.start_worker(24, "--processes", "3")
    rig.wait_ready(3)
    crawl = rig.seed("hashtag", "big-1000")
    rig.wait_done(crawl, 100)
    in_flight = 0
    for _ in range(5):
        in_flight += rig.leased()
        random.choice(rig.worker_processes()).send_signal(signal.SIGKILL)
        time.sleep(2)
    in_flight += rig.leased()
    rabbit.kill(forget=True)
    time.sleep(5)
    rabbit.start()
    before, started = rig.done(crawl), time.monotonic()
    rig.until(lambda: rig.done(crawl) > before + 60, 60)
    gap = round(time.monotonic() - started, 1)
    assert rig.watch_and_retry(crawl, 240) == 0
    rig.check_stored(rig.sandbox.truth("hashtag", "big-1000"))
    say(in_flight=in_flight, repeated=rig.repeated(), seconds_to_go_on=gap)
    assert rig.repeated() <= in_flight
    rig.check_money(crawl)


def test_a_budget_and_a_pause_over_amqp(rig: ChaosRig, rabbit: Rabbit) -> None:
    rig.env["TOKCRAWL_BROKER_URL"] = rabbit.url
    rig.sandbox.switch(latency={"seconds": 0.4})
    rig.start_worker(64, "--processes", "2")
    crawl = rig.seed("hashtag", "big-400", "--max-units", "200")
    assert rig.watch(crawl, 120) == 5
    assert rig.sandbox.stats()["units"] == 200
    assert rig.cli("resume", crawl, "--max-units", "5000").returncode == 0
    rig.wait_done(crawl, 280)
    assert rig.cli("pause", crawl).returncode == 0
    time.sleep(2)
    calls = rig.sandbox.stats()["calls"]
    time.sleep(2)
    assert rig.sandbox.stats()["calls"] == calls
    assert rig.cli("resume", crawl).returncode == 0
    assert rig.watch(crawl, 120) == 0
    rig.check_paid_once(rig.status(crawl))
    rig.check_stored(rig.sandbox.truth("hashtag", "big-400"))
