"""Real servers for tests: a Redis and a MongoDB of our own, on loopback and free ports."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from producers import stack


@contextmanager
def running(home: Path) -> Iterator[dict[str, str]]:
    """The URLs of servers that answer, by the names of the environment; stopped when the block is left."""
    try:
        yield dict(stack.up(home).urls)
    finally:
        stack.down(home)


def redis_url(urls: dict[str, str], number: int) -> str:
    """The same Redis, another of its numbered databases."""
    return f"{urls['TOKCRAWL_REDIS_URL'].rpartition('/')[0]}/{number}"
