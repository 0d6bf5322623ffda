"""Every error on its way between processes."""

import pickle
from collections.abc import Iterator
from typing import Any

import pytest

from crawler.model.enums import EndReason
from crawler.model.errors import (
    AccountError,
    ApiCallError,
    BadRequestError,
    CrawlError,
    MalformedAnswerError,
    MismatchError,
    NotAvailableError,
    QuotaExhaustedError,
    RateLimitedError,
    TransientError,
    TransportError,
    UnreachableError,
    UsageError,
)
from producers.seeds.problems import InputProblem, InvalidSeedsError

CALL_ERRORS: list[ApiCallError] = [
    ApiCallError("odd", 418, None),
    TransientError("down", 503, 2),
    TransportError("closed", None, None),
    RateLimitedError("slowly", 429, 1, 2.5),
    RateLimitedError("slowly"),
    NotAvailableError("private", 472, 1, EndReason.PRIVATE),
    BadRequestError("no such country", 466, 0),
    MalformedAnswerError("no data", 200, 3, b"<html>"),
    MismatchError("another post", 200, 1, b"{}"),
    AccountError("no token", 491, 0),
    QuotaExhaustedError("enough for today", 495, 0),
]


def below(kind: type[Exception]) -> Iterator[type[Exception]]:
    for sub in kind.__subclasses__():
        yield sub
        yield from below(sub)


def test_every_call_error_is_in_the_table() -> None:
    assert {type(error) for error in CALL_ERRORS} == {ApiCallError, *below(ApiCallError)}


@pytest.mark.parametrize("error", CALL_ERRORS, ids=repr)
def test_a_call_error_survives_pickling(error: ApiCallError) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert vars(again) == vars(error)
    assert (str(again), repr(again), again.args) == (str(error), repr(error), error.args)


@pytest.mark.parametrize(
    "error",
    [
        CrawlError("a"),
        UsageError("b"),
        UnreachableError("c"),
        InvalidSeedsError([InputProblem("line 3", "x", "is nothing")]),
    ],
    ids=repr,
)
def test_the_other_errors_survive_pickling(error: CrawlError) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert str(again) == str(error)


def test_each_class_has_a_kind_of_its_own() -> None:
    kinds: dict[str, Any] = {error.kind: type(error) for error in CALL_ERRORS}
    assert len(kinds) == len({type(error) for error in CALL_ERRORS})
    assert all(kinds)


def test_only_transient_errors_count_towards_an_outage() -> None:
    assert {type(error) for error in CALL_ERRORS if error.outage} == {TransientError, TransportError}


def test_the_text_names_the_status_or_its_absence() -> None:
    assert str(TransientError("down", 503)) == "503: down"
    assert str(TransportError("closed", None, None)) == "no answer: closed"
