"""Makes a frontier wide from the start, and reads from the sandbox's log how fast it is worked off."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from time import monotonic, sleep
from typing import NamedTuple

from benchmarks.fleet import Fleet
from sandbox.client import Control
from sandbox.world import World

_BIGGEST = 60_000  # posts under one made-up hashtag


def post_ids(scale: str = "small") -> Iterator[str]:
    """Ids of distinct posts, twelve million of them; the comments of each are a list of their own."""
    world = World(scale=scale)
    for replica in range(200):
        tag = world.topics.tag(f"big-{_BIGGEST}" + (f"-{replica}" if replica else ""))
        assert tag is not None
        for place in range(tag.posts):
            yield world.ids.post_id(world.posts.under(tag, place))


def seeds(path: Path, count: int) -> Path:
    """A file of post ids for `seed comments --input`."""
    path.write_text("\n".join(islice(post_ids(), count)) + "\n")
    return path


class Pace(NamedTuple):
    """Requests a second in a window of the log, and the window's length in seconds."""

    per_s: float
    seconds: float


def pace(control: Control, skip: float, tail: float) -> Pace:
    """How many requests came a second, without the first `skip` seconds and the last `tail`."""
    at = [entry["at"] for entry in control.log()]
    first, last = min(at) + skip, max(at) - tail
    if last - first < 1:
        raise RuntimeError(f"only {max(at) - min(at):.1f} s were logged: ask for more pages")
    return Pace(sum(first <= moment < last for moment in at) / (last - first), last - first)


def wait_for_calls(control: Control, fleet: Fleet, calls: int, timeout: float) -> float:
    """Wait until the sandbox answered that many; gives the seconds it took."""
    started = monotonic()
    while control.stats()["ok"] < calls:
        if monotonic() - started > timeout:
            raise RuntimeError(f"{calls} calls were not answered within {timeout:.0f} s:\n{fleet.log()}")
        sleep(0.25)
    return monotonic() - started
