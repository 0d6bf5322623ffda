"""Runs one peer in a process of its own: says when it is ready, waits for the word, crawls, and tells when it was done.

Start-up and imports thus stay out of the figures, and the process lives until its figures were read.
"""

import json
import sys
import time
from dataclasses import asdict, dataclass
from importlib import import_module
from typing import Protocol


@dataclass(frozen=True)
class Order:
    """What a peer's process is told."""

    api_url: str
    mongo_url: str
    redis_url: str
    hashtags: tuple[str, ...]
    in_flight: int
    token: str = "bench"
    durable: bool = False
    threaded: bool = False

    def as_json(self) -> str:
        return json.dumps(asdict(self))


class Program(Protocol):
    """A module of a peer: `prepare` connects, the function it returns crawls and gives the calls it made."""

    def prepare(self, order: Order) -> "Crawl": ...


class Crawl(Protocol):
    def __call__(self) -> int: ...


def main(name: str, text: str) -> None:
    told = json.loads(text)
    order = Order(**{**told, "hashtags": tuple(told["hashtags"])})
    crawl = import_module(f"benchmarks.peers.{name}").prepare(order)
    print("ready", flush=True)
    sys.stdin.readline()
    calls = crawl()
    print(json.dumps({"calls": calls, "finished": time.time()}), flush=True)
    sys.stdin.readline()


if __name__ == "__main__":
    main(*sys.argv[1:])
