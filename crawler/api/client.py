"""Calls the EnsembleData API: the SDK's endpoint methods over a transport of our own; the only importer of urllib3.

One attempt per call over pooled keep-alive connections. The SDK's own requester opens a connection per call, sends up
to three times (provider.md T5) and returns a 4xx as a success when it has `data` (provider.md T6). Every failure is
raised as an `ApiCallError`. The token goes into the request only: it is removed from every body that comes back.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import urllib3
from ensembledata.api._client import CustomerEndpoints, TiktokEndpoints
from ensembledata.api._version import version

from crawler.api.endpoints import Endpoint
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
LONGEST_WAIT = 86_400.0  # seconds; a longer Retry-After is cut to this ("inf" parses as a number too)
KEPT_BODY = 200_000  # characters of an unreadable body that the ledger keeps

# Status codes that are an answer about the object asked for (provider.md T15 to T17).
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
_ACCOUNT = (491, 492, 493)  # provider.md T12
_LATER = (408, 425)  # provider.md T21


@dataclass(frozen=True, slots=True)
class ApiResponse:
    """A paid answer: `data` as the SDK returns it, and the units charged (0 where the header is absent)."""

    data: Any
    units: int


class ApiClient:
    """Calls endpoints of the table at one base URL with one token; safe to share between threads."""

    def __init__(self, url: str, token: str, timeout: float, connections: int = 32) -> None:
        self._requester = SdkRequester(url, token, timeout, connections)
        # The SDK's endpoint methods call nothing of their requester but `get`.
        self._tiktok = TiktokEndpoints(self._requester)  # type: ignore[arg-type]
        self._customer = CustomerEndpoints(self._requester)  # type: ignore[arg-type]

    def __repr__(self) -> str:
        return f"Api({self._requester.host})"

    def fetch(self, endpoint: Endpoint, args: Mapping[str, Any], cursor: Mapping[str, Any]) -> ApiResponse:
        """Call an endpoint once. Raise an ApiCallError that holds what went wrong and the units charged."""
        group = self._customer if endpoint.account_endpoint else self._tiktok
        answer: ApiResponse = getattr(group, endpoint.name)(**args, **cursor)
        return answer

    def close(self) -> None:
        self._requester.close()


class SdkRequester:
    """Sends the requests that the SDK's endpoint methods build, in place of the SDK's own requester."""

    def __init__(self, url: str, token: str, timeout: float, connections: int) -> None:
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
        self._secrets = tuple(
            {form.encode() for form in (token, quote(token, safe=""), urlencode({"": token})[1:]) if form}
        )

    @property
    def host(self) -> str | None:
        return self._base.host

    def get(
        self,
        url: str,
        params: Mapping[str, Any],
        *,
        timeout: float | None = None,  # noqa: ARG002  # of the SDK's signature
        return_top_level_data: bool = False,
    ) -> ApiResponse:
        """Send one GET and return its data, or the whole body where the SDK asks for it (provider.md E7).

        `timeout` is part of the SDK's signature; the read time-out of the connection pool holds instead.
        """
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
        """Return status, headers, body without the token, and whether the body was cut short."""
        try:
            response = self._pool.request("GET", path, preload_content=False)
        except (urllib3.exceptions.ConnectTimeoutError, urllib3.exceptions.NewConnectionError):
            raise TransportError(f"{self._base.host}:{self._pool.port} cannot be reached", None, 0) from None
        except urllib3.exceptions.HTTPError as error:
            # Its text would hold the whole URL. Sent, no answer: what it was charged is unknown (provider.md T11).
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
        if status >= 400:  # a gateway answered in HTML (provider.md T18); the charge is unknown
            return TransientError(f"HTTP {status} without JSON", status, charged)
        return MalformedAnswerError("the answer is not JSON", status, charged, _decode_lossy(body))


def _error_for_status(status: int, payload: Any, headers: Mapping[str, str], charged: int | None) -> ApiCallError:
    """Return the error for a JSON answer of status 400 and above, with or without `data` (provider.md T6)."""
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
    """Return `units_charged`; None (charge unknown) where the header is absent or not a number (provider.md T10)."""
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
