"""How much of the frontier the broker holds at a time, and how crawls share it. Pure."""

from collections.abc import Sequence

from crawler.model.crawls import Crawl

_MIN_WINDOW = 32  # messages; a floor, so that a small fleet of fast calls never starves between dispatch rounds
_MESSAGES_PER_SLOT = 2
_MAX_SLOW = 2  # slow calls a worker process makes at a time: the answer of each may take some hundred megabytes


def dispatch_window(slots: int) -> int:
    """Return how many messages may be on their way to a fleet that makes `slots` calls at a time."""
    return max(_MIN_WINDOW, _MESSAGES_PER_SLOT * slots)


def thread_count(slots: int) -> int:
    """Return the threads of a worker process with `slots` calls in flight: while some commit, others call."""
    return slots + max(2, slots // 4)


def max_slow_calls(slots: int) -> int:
    """Return how many of its `slots` a worker process gives to calls that take minutes."""
    return max(1, min(_MAX_SLOW, slots // 8))


def fair_shares(crawls: Sequence[Crawl], room: int) -> list[tuple[Crawl, int]]:
    """Return each crawl with its weighted fair share of the room, at least one message, the heaviest first."""
    total = sum(crawl.share_weight for crawl in crawls)
    ordered = sorted(crawls, key=lambda crawl: -crawl.share_weight)
    return [(crawl, max(1, round(room * crawl.share_weight / total))) for crawl in ordered]
