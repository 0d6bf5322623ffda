"""What a worker process does before its first page."""

import logging

import pytest

from crawler.model.errors import UnreachableError, UsageError
from tests.unit.workers.clock import FakeClock
from workers.process import configure_logging, main, wait_until_reachable


class Server:
    """A server that is away for some checks, and then answers."""

    def __init__(self, away: int) -> None:
        self._away = away
        self.checks = 0

    def check(self) -> None:
        self.checks += 1
        if self.checks <= self._away:
            raise UnreachableError("it does not answer")


@pytest.mark.parametrize("away", [0, 1, 100])
def test_a_server_is_checked_each_second_until_it_answers(away: int) -> None:
    clock, server = FakeClock(), Server(away)
    wait_until_reachable("MongoDB", server.check, clock.sleep)
    assert server.checks == away + 1
    assert clock.sleeps == [1.0] * away


def test_waiting_is_logged_once_and_so_is_its_end(caplog: pytest.LogCaptureFixture) -> None:
    wait_until_reachable("MongoDB", Server(100).check, FakeClock().sleep)
    assert caplog.messages == ["waiting for MongoDB: it does not answer", "MongoDB answers"]


def test_nothing_is_logged_where_the_server_answers_at_once(caplog: pytest.LogCaptureFixture) -> None:
    wait_until_reachable("MongoDB", Server(0).check, FakeClock().sleep)
    assert caplog.messages == []


def test_other_errors_end_the_waiting() -> None:
    def check() -> None:
        raise UsageError("a wrong URL")

    with pytest.raises(UsageError, match="a wrong URL"):
        wait_until_reachable("MongoDB", check, FakeClock().sleep)


@pytest.mark.parametrize("name", ["urllib3", "pymongo", "celery", "kombu", "redis"])
def test_libraries_that_log_secrets_or_too_much_stay_quiet(name: str) -> None:
    before = logging.getLogger(name).level
    try:
        configure_logging("DEBUG")
        assert not logging.getLogger(name).isEnabledFor(logging.INFO)
    finally:
        logging.getLogger(name).setLevel(before)


def test_the_number_of_calls_in_flight_must_be_given(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main([])
    assert caught.value.code == 2
    assert "--slots" in capsys.readouterr().err
