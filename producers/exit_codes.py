"""Map how a command or a crawl ended to the exit code of the process."""

from enum import IntEnum

from crawler.model.enums import CrawlState, PauseCause
from crawler.model.errors import (
    AccountError,
    CrawlError,
    QuotaExhaustedError,
    TransientError,
    UnreachableError,
    UsageError,
)


class ExitCode(IntEnum):
    """Exit codes of every command; scripts depend on the numbers."""

    OK = 0
    UNEXPECTED = 1
    USAGE = 2
    ACCOUNT = 3
    PAGES_FAILED = 4
    BUDGET = 5
    WAITING = 6  # resumes automatically
    UNREACHABLE = 7
    STOPPED = 8  # by a user
    TIMEOUT = 9
    INTERRUPTED = 130


OF_STATE = {
    CrawlState.COMPLETE: ExitCode.OK,
    CrawlState.FAILED: ExitCode.PAGES_FAILED,
    CrawlState.CANCELLED: ExitCode.STOPPED,
}
OF_PAUSE_CAUSE = {
    PauseCause.ACCOUNT: ExitCode.ACCOUNT,
    PauseCause.BUDGET: ExitCode.BUDGET,
    PauseCause.UNITS: ExitCode.WAITING,
    PauseCause.OUTAGE: ExitCode.WAITING,
    PauseCause.USER: ExitCode.STOPPED,
}
# The first class that matches decides; CrawlError is the base of all the others.
_OF_ERROR: tuple[tuple[type[Exception], ExitCode], ...] = (
    (UsageError, ExitCode.USAGE),
    (UnreachableError, ExitCode.UNREACHABLE),
    (AccountError, ExitCode.ACCOUNT),
    (QuotaExhaustedError, ExitCode.WAITING),
    (TransientError, ExitCode.WAITING),
    (CrawlError, ExitCode.UNEXPECTED),
)


def exit_code_of_crawl(state: str, cause: str | None) -> ExitCode | None:
    """Return the exit code of `watch` for a crawl in this state; None while it runs."""
    if state == CrawlState.PAUSED:
        return OF_PAUSE_CAUSE[PauseCause(str(cause))]
    return OF_STATE.get(CrawlState(state))


def exit_code_of_error(error: Exception) -> ExitCode | None:
    """Return the exit code of an expected error; None for a bug."""
    return next((code for kind, code in _OF_ERROR if isinstance(error, kind)), None)
