"""The API door: the SDK's endpoint methods over a transport of our own; the only importer of urllib3.

One attempt per call over pooled keep-alive connections (the SDK's own requester opens a client per call, sends up to
three times by itself and returns a 4xx as success when it has `data`: reference §1). Every failure leaves as one of
our errors, and the token leaves in nothing but the request: whatever comes back is searched for it first.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import urllib3
from ensembledata.api._client import CustomerEndpoints, TiktokEndpoints
from ensembledata.api._version import version

from crawler.api.endpoints import ENDPOINTS, Endpoint, check_against_sdk
from crawler.model.enums import EndReason
from crawler.model.errors import (
    AccountError,
    ApiCallError,
    BadRequestError,
    MalformedAnswerError,
    NotAvailableError,
    QuotaExhaustedError,
    RateLimitedError,
    TransientError,
    TransportError,
)
from crawler.model.sanitize import decode_json

# At DEBUG urllib3 logs each request's path and query, and the query holds the token.
logging.getLogger("urllib3").setLevel(logging.WARNING)

CONNECT_TIMEOUT = 10.0  # seconds
LONGEST_WAIT = 86_400.0  # seconds that a Retry-After can ask for ("inf" is a number too)
KEPT_BODY = 200_000  # characters of an unreadable body that the ledger keeps

# Reference §4: what each code means, by what follows from it.
_ENDS = {
    404: EndReason.MISSING,
    463: EndReason.MISSING,
    473: EndReason.MISSING,
    472: EndReason.PRIVATE,
    469: EndReason.RESTRICTED,
    471: EndReason.RESTRICTED,
    474: EndReason.RESTRICTED,
    520: EndReason.RESTRICTED,
}
_ACCOUNT = (491, 492, 493)
_LATER = (408, 425)


for _entry in ENDPOINTS.values():
    check_against_sdk(_entry)


@dataclass(frozen=True, slots=True)
class ApiResponse:
    """A paid answer: the data as the SDK hands it out, and the units charged."""

    data: Any
    units: int


class ApiClient:
    """Calls endpoints of the table at one base URL with one token; safe to share between threads."""

    def __init__(self, url: str, token: str, timeout: float, connections: int = 32) -> None:
        self._base = urllib3.util.parse_url(url)
        self._token = token
        self._pool = urllib3.connection_from_url(
            url,
            maxsize=connections,
            retries=False,
            timeout=urllib3.Timeout(connect=CONNECT_TIMEOUT, read=timeout),
            headers={
                "User-Agent": f"ensembledata-python/{version}",
                "Accept-Encoding": "gzip",
            },
        )
        self._tiktok = TiktokEndpoints(self)  # type: ignore[arg-type]  # any object with a `get` serves
        self._customer = CustomerEndpoints(self)  # type: ignore[arg-type]
        self._secrets = tuple(
            {form.encode() for form in (token, quote(token, safe=""), urlencode({"": token})[1:]) if form}
        )

    def __repr__(self) -> str:
        return f"Api({self._base.host})"

    def fetch(self, endpoint: Endpoint, args: Mapping[str, Any], cursor: Mapping[str, Any]) -> ApiResponse:
        """One call, one attempt; a ApiCallError says what went wrong and what it was charged."""
        group = self._customer if endpoint.account_endpoint else self._tiktok
        answer: ApiResponse = getattr(group, endpoint.name)(**args, **cursor)
        return answer

    def get(
        self,
        url: str,
        params: Mapping[str, Any],
        *,
        timeout: float | None = None,
        return_top_level_data: bool = False,
    ) -> ApiResponse:
        """What the SDK's endpoint methods call in place of their own requester."""
        status, headers, body, cut = self._send(f"{self._base.path or ''}{url}?{self._query(params)}")
        charged = _units(headers)
        if cut:
            raise TransportError("the body was cut short", status, charged)
        try:
            payload = decode_json(body)
        except ValueError:
            raise self._error_for_non_json(status, headers, body, charged) from None
        if status >= 400:
            raise _error_for_status(status, payload, headers, charged)
        if not isinstance(payload, dict) or "data" not in payload:
            raise MalformedAnswerError("the answer has no data", status, charged or 0, _decode_lossy(body))
        data = payload if return_top_level_data else payload["data"]
        return ApiResponse(data, charged or 0)

    def close(self) -> None:
        self._pool.close()

    def _query(self, params: Mapping[str, Any]) -> str:
        wire = {k: ("true" if v else "false") if isinstance(v, bool) else v for k, v in params.items()}
        return urlencode({"token": self._token, **wire})

    def _send(self, path: str) -> tuple[int, Mapping[str, str], bytes, bool]:
        """Status, headers, body without the token, and whether the body was cut short."""
        try:
            response = self._pool.request("GET", path, preload_content=False)
        except (urllib3.exceptions.ConnectTimeoutError, urllib3.exceptions.NewConnectionError):
            raise TransportError(f"{self._base.host}:{self._pool.port} cannot be reached", None, 0) from None
        except urllib3.exceptions.HTTPError as error:
            # Its text would hold the whole URL. Sent, no answer: nobody can say what it was charged.
            raise TransportError(_no_answer(error), None, None) from None
        try:
            body, cut = response.read(), False
        except urllib3.exceptions.HTTPError:
            body, cut = b"", True
        finally:
            response.release_conn()
        for secret in self._secrets:
            if secret in body:
                body = body.replace(secret, b"***")
        return response.status, response.headers, body, cut

    def _error_for_non_json(
        self, status: int, headers: Mapping[str, str], body: bytes, charged: int | None
    ) -> ApiCallError:
        if status == 429:
            return RateLimitedError("too many requests", status, charged or 0, _retry_after(headers))
        if status >= 400:  # a gateway answered in HTML; whether the call was charged behind it is not known
            return TransientError(f"HTTP {status} without JSON", status, charged)
        return MalformedAnswerError("the answer is not JSON", status, charged, _decode_lossy(body))


def _error_for_status(status: int, payload: Any, headers: Mapping[str, str], charged: int | None) -> ApiCallError:
    """The error for a JSON answer of status 400 and above, whether or not it holds `data` (reference §1)."""
    detail = str(payload.get("detail") if isinstance(payload, dict) else payload)[:2000]
    units = charged or 0
    if status in _ENDS:
        return NotAvailableError(detail, status, units, _ENDS[status])
    if status == 429:
        return RateLimitedError(detail, status, units, _retry_after(headers))
    if status in _ACCOUNT:
        return AccountError(detail, status, units)
    if status == 495:
        return QuotaExhaustedError(detail, status, units)
    if status >= 500 or status in _LATER:
        return TransientError(detail, status, charged)
    return BadRequestError(detail, status, units)


def _units(headers: Mapping[str, str]) -> int | None:
    """`units_charged` as an integer; None where the header is absent or no number."""
    try:
        return int(headers["units_charged"])
    except (KeyError, ValueError):
        return None


def _retry_after(headers: Mapping[str, str]) -> float | None:
    try:
        return min(max(0.0, float(headers["Retry-After"])), LONGEST_WAIT)
    except (KeyError, ValueError):
        return None


def _no_answer(error: Exception) -> str:
    if isinstance(error, urllib3.exceptions.TimeoutError):
        return "no answer within the time-out"
    if isinstance(error, urllib3.exceptions.SSLError):
        return "the TLS connection failed"
    return "the connection was closed without an answer"


def _decode_lossy(body: bytes) -> str:
    return body[:KEPT_BODY].decode("utf-8", "replace")
