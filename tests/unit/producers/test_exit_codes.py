"""Exit codes of errors and of crawls."""

import pytest

from crawler.model.enums import CrawlState, EndReason, PauseCause
from crawler.model.errors import (
    AccountError,
    ApiCallError,
    BadRequestError,
    CrawlError,
    MalformedAnswerError,
    NotAvailableError,
    QuotaExhaustedError,
    RateLimitedError,
    TransientError,
    TransportError,
    UnreachableError,
    UsageError,
)
from producers.exit_codes import ExitCode, exit_code_of_crawl, exit_code_of_error
from producers.seeds.problems import InputProblem, InvalidSeedsError
from producers.stack import StackError


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UsageError("no such kind"), 2),
        (InvalidSeedsError([InputProblem("line 1", "x", "is nothing")]), 2),
        (AccountError("token", 491), 3),
        (QuotaExhaustedError("enough", 495), 6),
        (TransientError("broken", 500), 6),
        (TransportError("closed", None, None), 6),
        (UnreachableError("MongoDB does not answer"), 7),
        (RateLimitedError("slowly"), 1),
        (NotAvailableError("gone", 404, 0, EndReason.MISSING), 1),
        (BadRequestError("wrong", 422), 1),
        (MalformedAnswerError("odd"), 1),
        (ApiCallError("odd", 418), 1),
        (StackError("no mongod found"), 1),
        (CrawlError("odd"), 1),
        (ValueError("a bug"), None),
        (KeyError("a bug"), None),
    ],
    ids=repr,
)
def test_each_error_has_its_code(error: Exception, code: int | None) -> None:
    assert exit_code_of_error(error) == code


@pytest.mark.parametrize(
    ("state", "cause", "code"),
    [
        (CrawlState.SEEDING, None, None),
        (CrawlState.RUNNING, None, None),
        (CrawlState.COMPLETE, None, 0),
        (CrawlState.FAILED, None, 4),
        (CrawlState.CANCELLED, None, 8),
        (CrawlState.PAUSED, PauseCause.ACCOUNT, 3),
        (CrawlState.PAUSED, PauseCause.BUDGET, 5),
        (CrawlState.PAUSED, PauseCause.UNITS, 6),
        (CrawlState.PAUSED, PauseCause.OUTAGE, 6),
        (CrawlState.PAUSED, PauseCause.USER, 8),
    ],
)
def test_each_state_and_cause_has_its_code(state: str, cause: str | None, code: int | None) -> None:
    assert exit_code_of_crawl(state, cause) == code


def test_the_codes_are_those_that_scripts_rely_on() -> None:
    assert sorted(ExitCode) == [*range(10), 130]
