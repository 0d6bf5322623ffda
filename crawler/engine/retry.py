"""Decides what follows from an error: `react` for a failed call, `insist` for a server that is away."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from time import sleep
from typing import Literal, ParamSpec, TypeVar

from crawler.model.enums import EndReason, PauseCause
from crawler.model.errors import (
    AccountError,
    CallError,
    NotAvailableError,
    QuotaExhaustedError,
    RateLimitedError,
    TransientError,
    Unreachable,
    Unreadable,
)

log = logging.getLogger(__name__)
P = ParamSpec("P")
T = TypeVar("T")

UNREADABLE_TRIES = 4  # of a page whose answers are unreadable: each of them is paid for
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 120.0  # seconds between tries of a page


@dataclass(frozen=True, slots=True)
class RetryDecision:
    """What to do with the page, and with everybody.

    again: try it again after `after` seconds, having used up a try or not (`attempt`).
    ended: an answer; the list ends with `end`.      failed: keep it with its error.
    gate: close it for every worker.
    """

    do: Literal["again", "ended", "failed"]
    after: float = 0.0
    attempt: bool = False
    end: EndReason = EndReason.ERROR
    gate: PauseCause | None = None


def react(
    error: CallError, attempts: int, most: int, outage: bool, chance: Callable[[], float], unreadable: int = 0
) -> RetryDecision:
    """What follows from `error` on a page that used up `attempts` of `most` tries, `unreadable` of them unreadable.

    During an outage nothing that speaks of the server uses up a try. `chance` gives a number from 0 to 1 (jitter).
    """
    if isinstance(error, RateLimitedError):
        return RetryDecision("again", after=(error.after or 0.2) * (1 + chance()))
    if isinstance(error, NotAvailableError):
        return RetryDecision("ended", end=error.end)
    if isinstance(error, AccountError):
        return RetryDecision("again", gate=PauseCause.ACCOUNT)
    if isinstance(error, QuotaExhaustedError):
        return RetryDecision("again", gate=PauseCause.UNITS)
    if isinstance(error, TransientError):
        if outage:
            return RetryDecision("again", after=FIRST_PAUSE * (1 + chance()))
        return _once_more(attempts, most, chance)
    if isinstance(error, Unreadable):
        if unreadable + 1 >= UNREADABLE_TRIES:
            return RetryDecision("failed")
        return _once_more(attempts, most, chance)
    return RetryDecision("failed")


def _once_more(attempts: int, most: int, chance: Callable[[], float]) -> RetryDecision:
    if attempts + 1 >= most:
        return RetryDecision("failed")
    pause = min(FIRST_PAUSE * 2.0**attempts, LONGEST_PAUSE)
    return RetryDecision("again", after=pause * (0.5 + chance()), attempt=True)


def insist(do: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Do it, however long the database is away: what was paid for is not let go."""
    while True:
        try:
            return do(*args, **kwargs)
        except Unreachable as error:
            log.warning("%s; waiting", error)
            sleep(1.0)
