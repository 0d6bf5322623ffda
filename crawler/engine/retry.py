"""Decide what follows from a failed call: retry, end, fail, or close the gate. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from crawler.model.enums import EndReason, PauseCause
from crawler.model.errors import (
    AccountError,
    ApiCallError,
    BadRequestError,
    NotAvailableError,
    QuotaExhaustedError,
    RateLimitedError,
    TransientError,
)

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 120.0  # seconds between tries of a page


@dataclass(frozen=True, slots=True)
class RetryDecision:
    """What to do with the page, and with the gate.

    retry: plan it again after `after` seconds; `attempt` says whether this used up one of its tries.
    end: the error is an answer, and the list ends with `end`.      fail: keep the page with its error.
    halve: fetch the ids of a batch in two calls, as one of them was refused; fail where it is no batch.
    gate: the cause to close the gate for; None leaves it open.
    """

    action: Literal["retry", "end", "fail", "halve"]
    after: float = 0.0
    attempt: bool = False
    end: EndReason = EndReason.ERROR
    gate: PauseCause | None = None


def decide(error: ApiCallError, attempts: int, most: int, outage: bool, chance: Callable[[], float]) -> RetryDecision:
    """Return what follows from `error` on a page that used up `attempts` of `most` tries.

    An answer that cannot be read was paid for: it fails at once, and is not bought again by itself. During an outage no
    failure of the server uses up a try. `chance` gives a number from 0 to 1 (jitter).
    """
    if isinstance(error, RateLimitedError):
        return RetryDecision("retry", after=(error.after or 0.2) * (1 + chance()))
    if isinstance(error, NotAvailableError):
        return RetryDecision("end", end=error.end)
    if isinstance(error, AccountError):
        return RetryDecision("retry", gate=PauseCause.ACCOUNT)
    if isinstance(error, QuotaExhaustedError):
        return RetryDecision("retry", gate=PauseCause.UNITS)
    if isinstance(error, TransientError):
        if outage:
            return RetryDecision("retry", after=FIRST_PAUSE * (1 + chance()))
        return _retry_or_fail(attempts, most, chance)
    if isinstance(error, BadRequestError) and error.status == 422:
        return RetryDecision("halve")
    return RetryDecision("fail")


def _retry_or_fail(attempts: int, most: int, chance: Callable[[], float]) -> RetryDecision:
    if attempts + 1 >= most:
        return RetryDecision("fail")
    pause = min(FIRST_PAUSE * 2.0**attempts, LONGEST_PAUSE)
    return RetryDecision("retry", after=pause * (0.5 + chance()), attempt=True)
