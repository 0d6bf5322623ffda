"""Every error of the crawler, named by what to do about it.

    CrawlError
    ├── UsageError                 bad input: print one line, exit 2
    ├── UnreachableError           a server is down: workers wait, commands print one line and exit 7
    └── ApiCallError               one call to the API failed
        ├── TransientError         5xx, HTML instead of JSON: retry with a growing pause
        │   └── TransportError     no connection, cut or timed out: the same
        ├── RateLimitedError       429: retry without using up an attempt
        ├── NotAvailableError      private, missing, restricted: an answer; the list ends
        ├── BadRequestError        the request itself is wrong: park the page, never repeat it
        ├── MalformedAnswerError   paid for, but of an unknown shape: keep the body
        ├── AccountError           token, e-mail or subscription: close the gate for every worker
        └── QuotaExhaustedError    the provider's daily units are used up: close the gate until 00:00 UTC

Only crawler/api/client.py raises an ApiCallError and only crawler/engine/retry.py decides what follows from it.
All take plain positional arguments: an exception that does not survive pickling kills a Celery worker.
"""

from crawler.model.enums import EndReason


class CrawlError(Exception):
    """The base class of all errors of this project."""


class UsageError(CrawlError):
    """Bad input; the text says what to do."""


class UnreachableError(CrawlError):
    """MongoDB, Redis or the broker cannot be reached; the text names which and where, without passwords."""


class ApiCallError(CrawlError):
    """A call that returned no page.

    detail: the provider's text or ours, without the token.
    status: the HTTP status; None where there was no answer.
    units: what the call was charged; None where it was sent and the charge is unknown.
    outage: whether the failure concerns the server rather than the page.
    kind: the failure's name in the ledger, in `status` and for `retry --class`.
    body: the answer as received, without the token, where it was one that is kept.
    """

    kind = "error"
    outage = False
    body = b""

    def __init__(self, detail: str, status: int | None = None, units: int | None = 0) -> None:
        super().__init__(detail, status, units)
        self.detail = detail
        self.status = status
        self.units = units

    def __str__(self) -> str:
        return f"{self.status or 'no answer'}: {self.detail}"


class TransientError(ApiCallError):
    """A failure of the server that may pass (provider.md T18, T21)."""

    kind = "server"
    outage = True


class TransportError(TransientError):
    """The connection could not be made, was closed or timed out."""

    kind = "transport"


class RateLimitedError(ApiCallError):
    """Too many calls (provider.md T20); `after` is the Retry-After in seconds, None where there is none."""

    kind = "rate"

    def __init__(
        self, detail: str, status: int | None = 429, units: int | None = 0, after: float | None = None
    ) -> None:
        super().__init__(detail, status, units)
        self.args = (detail, status, units, after)
        self.after = after


class NotAvailableError(ApiCallError):
    """The object is missing, private or withheld (provider.md T15 to T17); `end` is its list's end reason."""

    kind = "nothing"

    def __init__(self, detail: str, status: int | None, units: int | None, end: EndReason, body: bytes = b"") -> None:
        super().__init__(detail, status, units)
        self.args = (detail, status, units, end, body)
        self.end = end
        self.body = body


class BadRequestError(ApiCallError):
    """A mistake in the request that no repetition heals (provider.md T19)."""

    kind = "mistake"


class MalformedAnswerError(ApiCallError):
    """A success that is not JSON or has no `data` (provider.md T7, T8), or whose data cannot be read."""

    kind = "unreadable"

    def __init__(self, detail: str, status: int | None = 200, units: int | None = 0, body: bytes = b"") -> None:
        super().__init__(detail, status, units)
        self.args = (detail, status, units, body)
        self.body = body


class MismatchError(MalformedAnswerError):
    """A success about another object than the one asked for."""

    kind = "mismatch"


class AccountError(ApiCallError):
    """The token, e-mail address or subscription is not accepted (provider.md T12)."""

    kind = "account"


class QuotaExhaustedError(ApiCallError):
    """The account's daily units are used up, until 00:00 UTC (provider.md T14)."""

    kind = "units"
