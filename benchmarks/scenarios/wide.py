"""Makes a frontier wide from the start, and reads from the sandbox's log how fast it is worked off."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from time import monotonic, sleep
from typing import NamedTuple

from benchmarks.cluster import Cluster
from sandbox.client import AdminClient
from sandbox.world.world import World

FIRST = 0.7  # of the calls, about, that ask for a list's first page
_BIGGEST = 60_000  # posts under one made-up hashtag


def post_ids(scale: str = "small") -> Iterator[str]:
    """Ids of distinct posts, twelve million of them; the comments of each are a list of their own."""
    world = World(scale=scale)
    for replica in range(200):
        tag = world.topics.hashtag(f"big-{_BIGGEST}" + (f"-{replica}" if replica else ""))
        assert tag is not None
        for place in range(tag.posts):
            yield world.ids.post_id(world.posts.of_hashtag(tag, place))


def seeds(path: Path, count: int) -> Path:
    """A file of post ids for `seed comments --input`."""
    path.write_text("\n".join(islice(post_ids(), count)) + "\n")
    return path


class Throughput(NamedTuple):
    """Requests a second in a window of the log, and the window's length in seconds."""

    per_s: float
    seconds: float


def throughput(control: AdminClient, skip: float) -> Throughput:
    """How many requests came a second while the frontier was wide, without the first `skip` seconds.

    It is wide as long as first pages of lists are asked for; what comes after are the later pages of the longest.
    """
    entries = control.log()
    first = min(entry["at"] for entry in entries) + skip
    last = max(entry["at"] for entry in entries if "cursor=" not in entry["params"])
    if last - first < 1:
        raise RuntimeError(f"the frontier was wide for {last - first + skip:.1f} s only: ask for more pages")
    return Throughput(sum(first <= entry["at"] < last for entry in entries) / (last - first), last - first)


def wait_while_wide(control: AdminClient, cluster: Cluster, lists: int, timeout: float) -> None:
    """Wait until the first page of every list was asked for."""
    started, read, asked = monotonic(), 0, 0
    while asked < lists:
        if monotonic() - started > timeout:
            raise RuntimeError(f"only {asked} of {lists} lists were begun within {timeout:.0f} s:\n{cluster.log()}")
        sleep(0.5)
        entries = control.log(read)
        read += len(entries)
        asked += sum("cursor=" not in entry["params"] for entry in entries)


def wait_for_calls(control: AdminClient, cluster: Cluster, calls: int, timeout: float) -> float:
    """Wait until the sandbox answered that many; gives the seconds it took."""
    started = monotonic()
    while control.stats()["ok"] < calls:
        if monotonic() - started > timeout:
            raise RuntimeError(f"{calls} calls were not answered within {timeout:.0f} s:\n{cluster.log()}")
        sleep(0.25)
    return monotonic() - started
