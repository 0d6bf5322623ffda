"""Shows how long a command takes to answer, from its start to its end, beside servers that are idle."""

import argparse
import subprocess
import sys
from statistics import median
from time import monotonic

from benchmarks.environment import ROOT, api, cold
from benchmarks.scenarios.results import Row, write

_COMMANDS = (
    ("--help",),
    ("seed", "--help"),
    ("seed", "hashtag", "cats", "--max-units", "5"),
    ("status",),
    ("status", "--json"),
    ("pause", "no-such-crawl"),
    ("endpoints",),
    ("ps",),
)


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks startup", description=__doc__)
    parser.add_argument("--times", type=int, default=9)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args(argv)
    with api(None) as (_, pid, url), cold(url, pid) as environment:
        variables = environment.variables()
        rows = [_timed(command, variables, 2 if options.quick else options.times) for command in _COMMANDS]
    write("startup", rows, quick=options.quick)
    return 0


def _timed(command: tuple[str, ...], variables: dict[str, str], times: int) -> Row:
    took = []
    for _ in range(times):
        started = monotonic()
        subprocess.run(
            [sys.executable, "-m", "producers.cli", *command],
            cwd=ROOT, env=variables, capture_output=True, check=False,
        )  # fmt: skip
        took.append(monotonic() - started)
    return {"command": " ".join(command), "median_ms": 1000 * median(took), "most_ms": 1000 * max(took)}
