"""How much of the frontier the broker holds at a time, and how crawls share it. Pure."""

from collections.abc import Sequence

from crawler.model.crawls import Crawl

_LEAST = 32  # messages, so that few slots with quick calls do not run dry between two rounds
_ROUNDS = 2  # messages per slot
_SLOW = 2  # slow calls that a worker process makes at a time: the answers of each may take some hundred megabytes


def window(slots: int) -> int:
    """Messages that may be on the way for a fleet that makes `slots` calls at a time."""
    return max(_LEAST, _ROUNDS * slots)


def threads(slots: int) -> int:
    """Threads of a worker process that makes `slots` calls at a time: while some keep what was bought, others call."""
    return slots + max(2, slots // 4)


def slow_calls(slots: int) -> int:
    """How many of its `slots` a worker process gives to calls that take minutes."""
    return max(1, min(_SLOW, slots // 8))


def shares(crawls: Sequence[Crawl], room: int) -> list[tuple[Crawl, int]]:
    """Each crawl with its part of the room by weight, at least one message each, the weightiest first."""
    total = sum(crawl.weight for crawl in crawls)
    ordered = sorted(crawls, key=lambda crawl: -crawl.weight)
    return [(crawl, max(1, round(room * crawl.weight / total))) for crawl in ordered]
