"""Parses the sandbox's command line."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from sandbox.provider.behaviour import FAULTS, Behaviour, InvalidSettingError
from sandbox.provider.deviations import DEVIATIONS
from sandbox.world.world import SCALES

_MAX_SPEED = 10_000_000
DEVIATIONS_HELP = "deviations:\n" + "\n".join(f"  {kind:<20}{each.why}" for kind, each in DEVIATIONS.items())


@dataclass(frozen=True)
class Config:
    """How to start a sandbox: `port` 0 takes any free port, the file `state` keeps log and charges across restarts.

    In a `live` world `speed` seconds pass per second.
    """

    host: str = "127.0.0.1"
    port: int = 0
    seed: int = 7
    scale: str = "small"
    state: Path | None = None
    behaviour: Behaviour = field(default_factory=Behaviour)
    live: bool = False
    speed: float = 1.0


def parse(argv: Sequence[str] | None) -> Config:
    """Exit with status 2 and an error message for an invalid option."""
    parser = _parser()
    if "list" in _values_of("--deviate", sys.argv[1:] if argv is None else argv):
        sys.stdout.write(DEVIATIONS_HELP + "\n")
        parser.exit()
    args = parser.parse_args(argv)
    if not 0 <= args.port <= 65_535:
        parser.error(f"--port {args.port}: expected 0 to 65535")
    if not 0 <= args.speed <= _MAX_SPEED:
        parser.error(f"--speed {args.speed:g}: expected 0 to {_MAX_SPEED}")
    if args.speed != 1 and not args.live:
        parser.error("--speed needs --live")
    try:
        behaviour = Behaviour().with_changes(
            {
                "latency": {"seconds": args.latency, "jitter": args.jitter},
                "rate": args.rate,
                "burst": args.burst,
                "retry_after": args.retry_after,
                "quota": args.quota,
                "hang": args.hang,
                "deviate": args.deviate,
                "faults": dict(_parse_fault(text) for text in args.fault),
                "tokens": args.tokens.split(",") if args.tokens else None,
            }
        )
    except InvalidSettingError as error:
        parser.error(str(error))
    return Config(args.host, args.port, args.seed, args.scale, args.state, behaviour, args.live, args.speed)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="sandbox",
        usage="%(prog)s [options]",
        description="Serve an offline double of the EnsembleData TikTok API. See docs/sandbox.md.",
        epilog="faults:\n"
        + "\n".join(f"  {kind:<10}{meaning}" for kind, meaning in FAULTS.items())
        + f"\n\n{DEVIATIONS_HELP}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="address to listen on (default %(default)s)")
    add("--port", type=int, default=8765, help="port to listen on, 0 for any free one (default %(default)s)")
    add("--seed", type=int, default=7, help="number that the world is generated from (default %(default)s)")
    add("--scale", choices=SCALES, default="small", help="size of hashtags and objects (default %(default)s)")
    add("--state", type=Path, metavar="FILE", help="file that keeps log and charges across restarts")
    add("--latency", type=float, default=0.0, metavar="S", help="seconds before each answer (default %(default)s)")
    add("--jitter", type=float, default=0.0, metavar="S", help="up to so many seconds more, at random")
    add("--rate", type=float, metavar="N", help="calls per second before 429 (default: no limit)")
    add("--burst", type=int, metavar="N", help="calls at once before 429 (default: RATE / 5, at least 5)")
    add("--retry-after", type=float, metavar="S", help="Retry-After header of a 429 (default: none)")
    add("--quota", type=int, metavar="N", help="units per UTC day before 495 (default: no limit)")
    add("--hang", type=float, default=5.0, metavar="S", help="seconds that a hanging call hangs (default %(default)s)")
    add("--fault", action="append", default=[], metavar="KIND=PROBABILITY", help="inject a fault; may be repeated")
    deviate = "answer otherwise than documented, `list` names the kinds; may be repeated"
    add("--deviate", action="append", default=[], metavar="KIND[@ENDPOINT][:N]", help=deviate)
    add("--live", action="store_true", help="let the world grow on a clock of its own")
    add("--speed", type=float, default=1.0, metavar="N", help="world seconds per second of a live world (default 1)")
    add("--tokens", metavar="A,B", help="the only tokens accepted (default: any)")
    return parser


def _values_of(option: str, argv: Sequence[str]) -> set[str]:
    return {value for name, value in pairwise(argv) if name == option} | {
        text.removeprefix(f"{option}=") for text in argv if text.startswith(f"{option}=")
    }


def _parse_fault(text: str) -> tuple[str, float]:
    kind, _, probability = text.partition("=")
    try:
        return kind, float(probability)
    except ValueError:
        raise InvalidSettingError(f"--fault {text}: expected KIND=PROBABILITY, such as 500=0.1") from None
