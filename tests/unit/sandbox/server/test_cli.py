"""The command line sets what `/_sandbox/switches` can change later, and refuses what makes no sense."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.provider.behaviour import FAULTS, Behaviour, Latency, Rule
from sandbox.provider.deviations import DEVIATIONS
from sandbox.server.cli import Config, parse


def test_every_option_is_read() -> None:
    line = (
        "--host ::1 --port 0 --seed 8 --scale large --state file --latency 0.5 --jitter 0.1 --rate 5 --burst 9 "
        "--retry-after 2 --quota 100 --hang 1 --fault 500=0.1 --fault lost=0.2 --tokens a,b"
    )
    behaviour = Behaviour(
        Latency(0.5, 0.1), 5.0, 9, 2.0, {"500": 0.1, "lost": 0.2}, hang=1.0, quota=100, tokens=("a", "b")
    )
    assert parse(line.split()) == Config("::1", 0, 8, "large", Path("file"), behaviour)


def test_a_live_world_has_a_speed_and_deviations_have_rules() -> None:
    config = parse(["--live", "--speed", "3600", "--deviate", "gzip", "--deviate", "price-4@post/comments:2"])
    assert (config.live, config.speed) == (True, 3600.0)
    assert config.behaviour.deviate == (Rule("gzip"), Rule("price-4", "/tt/post/comments", 2))


@pytest.mark.parametrize("line", ["--deviate list", "--deviate=list", "--help"])
def test_every_deviation_is_named_with_what_it_does(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(line.split())
    lines = [shown.split() for shown in capsys.readouterr().out.splitlines()]
    assert ended.value.code == 0
    assert all([kind, *each.why.split()] in lines for kind, each in DEVIATIONS.items())


def test_by_default_nothing_is_limited_and_nothing_fails() -> None:
    assert parse([]).behaviour == Behaviour()


def test_the_help_explains_every_fault(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(["--help"])
    lines = capsys.readouterr().out.splitlines()
    assert all(any(line.split() == [kind, *meaning.split()] for line in lines) for kind, meaning in FAULTS.items())


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("--port 99999", "--port 99999: expected 0 to 65535"),
        ("--fault often", "--fault often: expected KIND=PROBABILITY, such as 500=0.1"),
        ("--fault fire=0.1", "faults: unknown fault 'fire'"),
        ("--deviate cheap", "deviate: unknown deviation 'cheap'; known: no-charge-header, "),
        ("--speed 5", "--speed needs --live"),
        ("--live --speed -1", "--speed -1: expected 0 to 10000000"),
        ("--scale huge", "argument --scale: invalid choice: 'huge'"),
    ],
)
def test_an_invalid_option_ends_with_status_2_and_the_reason(
    line: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(line.split())
    assert ended.value.code == 2
    assert message in capsys.readouterr().err
