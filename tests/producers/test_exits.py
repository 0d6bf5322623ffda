"""Exit codes for what can go wrong in normal life."""

import pytest

from crawler.model.enums import End
from crawler.model.errors import (
    CallError,
    CrawlError,
    NoAnswer,
    NothingThere,
    OurMistake,
    StopAll,
    TryLater,
    UnitsUsedUp,
    Unreachable,
    Unreadable,
    UserError,
    Wait,
)
from producers.exit_codes import exit_code_of
from producers.seeds.values import InputErrors, InputProblem
from producers.stack import StackError


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UserError("no such kind"), 2),
        (InputErrors([InputProblem("line 1", "x", "is nothing")]), 2),
        (StopAll("token", 491), 3),
        (UnitsUsedUp("enough", 495), 6),
        (TryLater("broken", 500), 6),
        (NoAnswer("closed", None, None), 6),
        (Unreachable("MongoDB does not answer"), 7),
        (Wait("slowly"), 1),
        (NothingThere("gone", 404, 0, End.MISSING), 1),
        (OurMistake("wrong", 422), 1),
        (Unreadable("odd"), 1),
        (CallError("odd", 418), 1),
        (StackError("no mongod found"), 1),
        (CrawlError("odd"), 1),
        (ValueError("a bug"), None),
        (KeyError("a bug"), None),
    ],
    ids=repr,
)
def test_each_error_has_its_code(error: Exception, code: int | None) -> None:
    assert exit_code_of(error) == code
