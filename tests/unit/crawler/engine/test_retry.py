"""The table of what follows from a failed call."""

import pytest

from crawler.engine.retry import RetryDecision, decide
from crawler.model.enums import EndReason, PauseCause
from crawler.model.errors import (
    AccountError,
    ApiCallError,
    BadRequestError,
    MalformedAnswerError,
    MismatchError,
    NotAvailableError,
    QuotaExhaustedError,
    RateLimitedError,
    TransientError,
    TransportError,
)

MOST = 8

# error, tries used up, outage → reaction, with a chance of 0.5 (which leaves pauses of 1, 2, 4 … s as they are)
TABLE: list[tuple[ApiCallError, int, bool, RetryDecision]] = [
    (RateLimitedError("slowly", 429), 0, False, RetryDecision("retry", after=0.2 * 1.5)),
    (RateLimitedError("slowly", 429, 0, 10.0), 0, False, RetryDecision("retry", after=15.0)),
    (RateLimitedError("slowly", 429, 0, 0.0), MOST - 1, False, RetryDecision("retry", after=0.2 * 1.5)),
    (RateLimitedError("slowly", 429), MOST + 5, True, RetryDecision("retry", after=0.2 * 1.5)),
    (NotAvailableError("gone", 404, 1, EndReason.MISSING), 0, False, RetryDecision("end", end=EndReason.MISSING)),
    (NotAvailableError("closed", 472, 1, EndReason.PRIVATE), 3, True, RetryDecision("end", end=EndReason.PRIVATE)),
    (
        NotAvailableError("not here", 520, 0, EndReason.RESTRICTED),
        MOST,
        False,
        RetryDecision("end", end=EndReason.RESTRICTED),
    ),
    (AccountError("token", 491), 0, False, RetryDecision("retry", gate=PauseCause.ACCOUNT)),
    (AccountError("e-mail", 492), MOST, True, RetryDecision("retry", gate=PauseCause.ACCOUNT)),
    (QuotaExhaustedError("enough", 495), 0, False, RetryDecision("retry", gate=PauseCause.UNITS)),
    (QuotaExhaustedError("enough", 495), MOST, True, RetryDecision("retry", gate=PauseCause.UNITS)),
    (TransientError("broken", 500), 0, False, RetryDecision("retry", after=1.0, attempt=True)),
    (TransientError("broken", 500), 1, False, RetryDecision("retry", after=2.0, attempt=True)),
    (TransientError("broken", 500), MOST - 2, False, RetryDecision("retry", after=64.0, attempt=True)),
    (TransientError("broken", 500), MOST - 1, False, RetryDecision("fail")),
    (TransportError("closed", None, None), 0, False, RetryDecision("retry", after=1.0, attempt=True)),
    (TransportError("closed", None, None), MOST - 1, False, RetryDecision("fail")),
    (TransportError("cut", 200, 1), 2, False, RetryDecision("retry", after=4.0, attempt=True)),
    # an outage is not a page's fault
    (TransportError("closed", None, None), 0, True, RetryDecision("retry", after=1.5)),
    (TransportError("closed", None, None), MOST - 1, True, RetryDecision("retry", after=1.5)),
    (TransportError("cut", 200, 1), MOST + 5, True, RetryDecision("retry", after=1.5)),
    (TransientError("broken", 500), 0, True, RetryDecision("retry", after=1.5)),
    (TransientError("broken", 503), MOST - 1, True, RetryDecision("retry", after=1.5)),
    # an unreadable answer is the page's own, outage or not
    (MalformedAnswerError("odd"), 0, False, RetryDecision("fail")),
    (MalformedAnswerError("odd"), 1, True, RetryDecision("fail")),
    (MismatchError("another"), 0, False, RetryDecision("fail")),
    (MismatchError("another"), MOST - 1, True, RetryDecision("fail")),
    (BadRequestError("no such country", 466), 0, False, RetryDecision("fail")),
    (BadRequestError("no such country", 466), 0, True, RetryDecision("fail")),
    (BadRequestError("wrong argument", 422), 0, False, RetryDecision("halve")),
    (BadRequestError("wrong argument", 422), MOST, True, RetryDecision("halve")),
    (ApiCallError("unheard of", 418), 0, False, RetryDecision("fail")),
]


@pytest.mark.parametrize(("error", "attempts", "outage", "expected"), TABLE, ids=lambda one: repr(one)[:60])
def test_what_follows(error: ApiCallError, attempts: int, outage: bool, expected: RetryDecision) -> None:
    assert decide(error, attempts, MOST, outage, lambda: 0.5) == expected


def test_every_class_is_in_the_table() -> None:
    def below(kind: type[Exception]) -> set[type[Exception]]:
        return {kind}.union(*(below(sub) for sub in kind.__subclasses__()))

    assert {type(error) for error, *_ in TABLE} == below(ApiCallError)


def test_pauses_grow_and_have_an_end() -> None:
    pauses = [decide(TransientError("broken", 500), n, 100, False, lambda: 0.5).after for n in range(20)]
    assert pauses == sorted(pauses)
    assert pauses[:4] == [1.0, 2.0, 4.0, 8.0]
    assert pauses[-1] == 120.0


@pytest.mark.parametrize(
    "error", [TransientError("broken", 500), RateLimitedError("slowly"), TransportError("closed", None, None)]
)
def test_pauses_are_spread_by_chance_and_never_nothing(error: ApiCallError) -> None:
    low, high = (decide(error, 3, MOST, False, lambda c=c: c).after for c in (0.0, 1.0))  # type: ignore[misc]  # a default binds it
    assert 0 < low < high


def test_one_try_is_one_try() -> None:
    assert decide(TransientError("broken", 500), 0, 1, False, lambda: 0.5) == RetryDecision("fail")
    assert decide(TransientError("broken", 500), 0, 2, False, lambda: 0.5).action == "retry"
    assert decide(TransientError("broken", 500), 1, 2, False, lambda: 0.5).action == "fail"
