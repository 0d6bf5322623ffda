"""Reads the sandbox's command line."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.provider.behaviour import FAULTS, BadSwitch, Switches
from sandbox.world.world import SCALES


@dataclass(frozen=True)
class Config:
    """How a sandbox is started; `port` 0 takes any free one; `state` keeps log and charges over a kill."""

    host: str = "127.0.0.1"
    port: int = 0
    seed: int = 7
    scale: str = "small"
    state: Path | None = None
    switches: Switches = field(default_factory=Switches)


def parse(argv: Sequence[str] | None) -> Config:
    """Exits with status 2 and one line where an option makes no sense."""
    parser = argparse.ArgumentParser(
        prog="sandbox",
        description="An offline double of the EnsembleData TikTok API.",
        epilog="Faults: " + "; ".join(f"{kind}: {meaning}" for kind, meaning in FAULTS.items()),
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8765, help="0 takes any free port (default %(default)s)")
    parser.add_argument("--seed", type=int, default=7, help="number of the world (default %(default)s)")
    parser.add_argument("--scale", choices=SCALES, default="small")
    parser.add_argument("--state", type=Path, metavar="FILE", help="keep log and charges here over a kill")
    parser.add_argument("--latency", type=float, default=0.0, metavar="S", help="seconds before each answer")
    parser.add_argument("--jitter", type=float, default=0.0, metavar="S", help="random part added to it")
    parser.add_argument("--rate", type=float, metavar="N", help="calls a second before 429")
    parser.add_argument("--burst", type=int, metavar="N", help="calls at once before 429")
    parser.add_argument("--retry-after", type=float, metavar="S", help="sent with 429")
    parser.add_argument("--quota", type=int, metavar="N", help="units a UTC day before 495")
    parser.add_argument("--hang", type=float, default=5.0, metavar="S", help="how long a hanging call hangs")
    parser.add_argument("--fault", action="append", default=[], metavar="KIND=PROB", help="may be repeated")
    parser.add_argument("--tokens", metavar="A,B", help="the only tokens accepted (default: any)")
    args = parser.parse_args(argv)
    try:
        switches = Switches().changed(
            {
                "latency": {"seconds": args.latency, "jitter": args.jitter},
                "rate": args.rate,
                "burst": args.burst,
                "retry_after": args.retry_after,
                "quota": args.quota,
                "hang": args.hang,
                "faults": dict(_pair(text) for text in args.fault),
                "tokens": args.tokens.split(",") if args.tokens else None,
            }
        )
    except BadSwitch as error:
        parser.error(str(error))
    return Config(args.host, args.port, args.seed, args.scale, args.state, switches)


def _pair(text: str) -> tuple[str, float]:
    kind, _, share = text.partition("=")
    try:
        return kind, float(share)
    except ValueError:
        raise BadSwitch(f"--fault {text}: KIND=PROBABILITY") from None
