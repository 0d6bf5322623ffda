"""`python -m benchmarks`: the comparison, or with a name after it one of the scenarios."""

import argparse
import os
import sys

from benchmarks.compare import compare
from benchmarks.job import Job
from benchmarks.peers.running import peers
from benchmarks.report import markdown, write

SCENARIOS = ("latency", "scaling", "deep", "memory", "huge", "sizes", "pools", "startup", "bounded")


def main(argv: list[str]) -> int:
    if argv and argv[0] in SCENARIOS:
        from importlib import import_module

        return int(import_module(f"benchmarks.scenarios.{argv[0]}").main(argv[1:]))
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peers", default="", metavar="A,B", help="default: all")
    parser.add_argument("--latency", type=float, default=0.0, metavar="S", help="of each answer")
    parser.add_argument("--in-flight", type=int, metavar="N", help="calls at a time of every peer but sdk-loop")
    parser.add_argument("--api", default=os.environ.get("TOKCRAWL_API_URL"), metavar="URL", help="default: a sandbox")
    parser.add_argument("--hashtags", default="", metavar="A,B", help="what is crawled (default: cats,dogs)")
    parser.add_argument("--quick", action="store_true", help="a small world, one round; proves, does not measure")
    parser.add_argument("--name", help="of the files in benchmarks/results/")
    options = parser.parse_args(argv)
    names = [name for name in options.peers.split(",") if name]
    tags = tuple(tag for tag in options.hashtags.split(",") if tag) or (
        ("big-30",) if options.quick else Job().hashtags
    )
    found = compare(
        peers(names, options.in_flight), Job(tags), 1 if options.quick else options.rounds, options.latency, options.api
    )
    name = options.name or ("quick" if options.quick else f"comparison-{options.latency:g}s")
    print(markdown(write(found, name)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
