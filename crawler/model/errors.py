"""Every error the crawl knows, named by what to do about it.

    CrawlError
    ├── UsageError             say it in a line, exit 2
    ├── UnreachableError           a server is down: wait (worker) or say it in a line, exit 7 (commands)
    └── ApiCallError             one call to the API went wrong
        ├── TransientError          transport, 5xx, HTML, cut bodies: again, with a growing pause
        ├── RateLimitedError              429: again, without using up an attempt
        ├── NotAvailableError      private, missing, restricted: an answer, the list ends with it
        ├── BadRequestError        the request itself is wrong: park it, never repeat it
        ├── MalformedAnswerError        paid for, but not the shape we know: keep the body
        ├── AccountError           token, e-mail or subscription: close the gate for every worker
        └── QuotaExhaustedError       the provider's day is used up: close the gate until 00:00 UTC

Only crawler/api/client.py raises a ApiCallError and only crawler/engine/retry.py decides what follows from it.
All take plain positional arguments: an exception that does not survive pickling kills a Celery worker.
"""

from crawler.model.enums import EndReason


class CrawlError(Exception):
    """The root of all errors of this project."""


class UsageError(CrawlError):
    """Bad input; the text says what to do."""


class UnreachableError(CrawlError):
    """MongoDB, Redis or the broker cannot be reached; the text names which and where, without passwords."""


class ApiCallError(CrawlError):
    """A call that brought no page.

    `units` is what it was charged; None when it was sent and nobody can say.
    `outage` is true when the failure speaks of the server and not of the page.
    `kind` names the failure in the ledger, in `status` and for `retry --class`.
    """

    kind = "error"
    outage = False

    def __init__(self, detail: str, status: int | None = None, units: int | None = 0) -> None:
        super().__init__(detail, status, units)
        self.detail = detail
        self.status = status
        self.units = units

    def __str__(self) -> str:
        return f"{self.status or 'no answer'}: {self.detail}"


class TransientError(ApiCallError):
    kind = "server"
    outage = True


class TransportError(TransientError):
    """The connection could not be made, was closed or timed out."""

    kind = "transport"


class RateLimitedError(ApiCallError):
    kind = "rate"

    def __init__(
        self, detail: str, status: int | None = 429, units: int | None = 0, after: float | None = None
    ) -> None:
        super().__init__(detail, status, units)
        self.args = (detail, status, units, after)
        self.after = after


class NotAvailableError(ApiCallError):
    kind = "nothing"

    def __init__(self, detail: str, status: int | None, units: int | None, end: EndReason) -> None:
        super().__init__(detail, status, units)
        self.args = (detail, status, units, end)
        self.end = end


class BadRequestError(ApiCallError):
    kind = "mistake"


class MalformedAnswerError(ApiCallError):
    kind = "unreadable"

    def __init__(self, detail: str, status: int | None = 200, units: int | None = 0, body: str = "") -> None:
        super().__init__(detail, status, units)
        self.args = (detail, status, units, body)
        self.body = body


class AccountError(ApiCallError):
    kind = "account"


class QuotaExhaustedError(ApiCallError):
    kind = "units"
