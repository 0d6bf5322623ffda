"""Exit codes for what can go wrong in normal life."""

import pytest

from crawler.model.enums import EndReason
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
from producers.exit_codes import exit_code_of
from producers.seeds.values import InputErrors, InputProblem
from producers.stack import StackError


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UsageError("no such kind"), 2),
        (InputErrors([InputProblem("line 1", "x", "is nothing")]), 2),
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
    assert exit_code_of(error) == code
