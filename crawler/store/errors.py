"""Translate the driver's errors, once, into the errors this project acts on."""

import logging
from collections.abc import Callable
from functools import wraps
from time import sleep
from typing import Concatenate, ParamSpec, Protocol, TypeVar

import pymongo
from pymongo.errors import (
    BulkWriteError,
    ConnectionFailure,
    ExecutionTimeout,
    NotPrimaryError,
    OperationFailure,
    WriteConcernError,
)

from crawler.model.errors import UnreachableError

log = logging.getLogger(__name__)
P = ParamSpec("P")
R = TypeVar("R")

_RETRY_PAUSE = 1.0  # seconds between tries of a persistent repository
_LONG = 3600.0  # seconds that an operation over a whole crawl may take
_DUPLICATE_KEY = 11000
_REFUSED = {13, 18, 91, 11600, 11602}  # not allowed, wrong password, shutting down


class _Repository(Protocol):
    @property
    def persistent(self) -> bool: ...


S = TypeVar("S", bound=_Repository)


def unreachable(error: Exception) -> UnreachableError | None:
    """Return our error where MongoDB does not answer or refuses; None for any other error."""
    if isinstance(error, ConnectionFailure | ExecutionTimeout | NotPrimaryError):
        return UnreachableError(f"MongoDB does not answer: {str(error).split(',')[0]}")
    if isinstance(error, WriteConcernError) or _is_write_concern_only(error):
        # Written, but not on as many members as asked for: repeated until it is.
        return UnreachableError(f"MongoDB does not confirm writes: {str(error).split(',')[0]}")
    if isinstance(error, OperationFailure) and error.code in _REFUSED:
        return UnreachableError(f"MongoDB refuses: {error.details and error.details.get('errmsg')}")
    return None


def are_duplicates(error: BulkWriteError) -> bool:
    """Whether all that failed of a bulk is that the documents are there already."""
    failures = error.details["writeErrors"]
    return bool(failures) and all(failure["code"] == _DUPLICATE_KEY for failure in failures)


def _is_write_concern_only(error: Exception) -> bool:
    details = error.details if isinstance(error, BulkWriteError) else {}
    return bool(details.get("writeConcernErrors")) and not details.get("writeErrors")


def translate_errors(method: Callable[Concatenate[S, P], R]) -> Callable[Concatenate[S, P], R]:
    """Raise UnreachableError where MongoDB does not answer; a persistent repository waits and tries again instead.

    A method may therefore run more than once with the same arguments: it must be safe to repeat, and no argument may be
    an iterator that the first run uses up.
    """

    @wraps(method)
    def wrapped(self: S, *args: P.args, **kwargs: P.kwargs) -> R:
        while True:
            try:
                return method(self, *args, **kwargs)
            except Exception as error:
                if (translated := unreachable(error)) is None:
                    raise
            if not self.persistent:
                raise translated from None
            log.warning("%s; waiting", translated)
            sleep(_RETRY_PAUSE)

    return wrapped  # type: ignore[return-value]  # a method all the same


def retry_until_reachable(call: Callable[[], R]) -> R:
    """Repeat `call` for as long as its server cannot be reached."""
    while True:
        try:
            return call()
        except UnreachableError as error:
            log.warning("%s; waiting", error)
            sleep(_RETRY_PAUSE)


def long_running(method: Callable[P, R]) -> Callable[P, R]:
    """Allow an hour, where other operations have a minute: for what reads or writes a whole crawl."""

    @wraps(method)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        with pymongo.timeout(_LONG):
            return method(*args, **kwargs)

    return wrapped
