"""Calls the EnsembleData API: the SDK's endpoint methods over a transport of our own; the only importer of urllib3.

One attempt per call over pooled keep-alive connections. The SDK's own requester opens a connection per call, sends up
to three times (provider.md T5) and returns a 4xx as a success when it has `data` (provider.md T6). Every failure is
raised as an `ApiCallError`. The token goes into the request only; it is removed from whatever is shown or stored as
text, never from a body before it is decoded.
"""

import logging
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import orjson
import urllib3
from ensembledata.api._client import CustomerEndpoints, TiktokEndpoints
from ensembledata.api._version import version

from crawler.api.endpoints import Endpoint
from crawler.api.pool import open_pool, parse_base
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

log = logging.getLogger(__name__)

# At DEBUG urllib3 logs each request's path and query, and the query holds the token.
logging.getLogger("urllib3").setLevel(logging.WARNING)

CONNECT_TIMEOUT = 10.0  # seconds
LONGEST_WAIT = 86_400.0  # seconds; a longer Retry-After is cut to this ("inf" parses as a number too)

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
_ACCOUNT_HTTP = (401, 402, 403)  # by their meaning in HTTP
_ACCOUNT = (*_ACCOUNT_HTTP, 491, 492, 493)  # provider.md T12
# Refused before any work was done: these cost nothing unless the answer says otherwise.
_REFUSED_AT_THE_DOOR = (*_ACCOUNT, 422, 429, 495)
_MAX_UNITS = 100_000  # a higher charge is not believed, and counts as unknown
_LATER = (408, 425)  # provider.md T21
# TikTok's own status inside a success (provider.md T22).
_PLATFORM_ENDS = {2065: EndReason.MISSING, 2096: EndReason.PRIVATE, 10222: EndReason.PRIVATE}


@dataclass(frozen=True, slots=True)
class ApiResponse:
    """A paid answer: `data` as the SDK returns it, the units charged (None: not reported), and the body as received."""

    data: Any
    units: int | None
    status: int = 200
    body: bytes = b""


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
        self._base = parse_base(url)
        self._token = token
        self._pool = open_pool(
            url,
            connections=connections,
            timeout=urllib3.Timeout(connect=CONNECT_TIMEOUT, read=timeout),
            headers={
                "User-Agent": f"ensembledata-python/{version}",
                "Accept-Encoding": "gzip",
            },
        )
        forms = (token, quote(token, safe=""), urlencode({"": token})[1:], orjson.dumps(token).decode()[1:-1])
        self._secrets = tuple({form for form in forms if form})
        self._charges_are_reported = True

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
        if 300 <= status < 400:  # not followed: the token would travel with it
            raise TransientError(f"redirected to {_host_of(headers)}; check TOKCRAWL_API_URL", status, charged)
        try:
            payload = decode_json(body)
        except ValueError:
            raise self._error_for_non_json(status, headers, body, charged) from None
        if self._holds_token(body):
            payload, body = self._scrub_value(payload), self._scrub_body(body)
        if status >= 400:
            raise self._error_for_status(status, payload, headers, charged, body)
        response = read_payload(payload, charged, status, body, whole=return_top_level_data)
        if charged is None:
            self._warn_of_unreported_charge(url)
        return response

    def close(self) -> None:
        self._pool.close()

    def _query(self, params: Mapping[str, Any]) -> str:
        wire = {k: ("true" if v else "false") if isinstance(v, bool) else v for k, v in params.items()}
        return urlencode({"token": self._token, **wire})

    def _send(self, path: str) -> tuple[int, Mapping[str, str], bytes, bool]:
        """Return status, headers, body, and whether the body was cut short."""
        try:
            response = self._pool.request("GET", path, preload_content=False)
        except (urllib3.exceptions.ConnectTimeoutError, urllib3.exceptions.NewConnectionError):
            raise TransportError(f"{self._base.host}:{self._pool.port} cannot be reached", None, 0) from None
        except urllib3.exceptions.ProxyError as error:  # no tunnel, so nothing was sent to the API
            raise TransportError(_proxy_refused(self._pool.proxy, error), None, 0) from None
        except urllib3.exceptions.HTTPError as error:
            if isinstance(cause := next(iter(error.args), None), ssl.SSLCertVerificationError):
                # Found during the handshake, before anything is sent.
                detail = f"{self._base.host} is not trusted: {cause.verify_message or cause.reason}"
                raise TransportError(detail, None, 0) from None
            # Its text would hold the whole URL. Sent, no answer: what it was charged is unknown (provider.md T11).
            raise TransportError(_no_answer(error), None, None) from None
        try:
            body, cut = response.read(), False
        except (urllib3.exceptions.HTTPError, OSError, ValueError, OverflowError, MemoryError):
            body, cut = b"", True  # urllib3 lets through what odd chunk sizes and lengths raise
        finally:
            response.release_conn()
        return response.status, response.headers, body, cut

    def _scrub(self, text: str) -> str:
        """Return a text that may be shown or stored: without the token."""
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text

    def _holds_token(self, body: bytes) -> bool:
        return any(secret.encode() in body for secret in self._secrets)

    def _scrub_value(self, value: Any) -> Any:
        """Return a decoded value without the token in its texts; ids and numbers are never touched."""
        if isinstance(value, str):
            return self._scrub(value)
        if isinstance(value, dict):
            return {self._scrub(key): self._scrub_value(entry) for key, entry in value.items()}
        return [self._scrub_value(entry) for entry in value] if isinstance(value, list) else value

    def _scrub_body(self, body: bytes) -> bytes:
        for secret in self._secrets:
            body = body.replace(secret.encode(), b"***")
        return body

    def _warn_of_unreported_charge(self, url: str) -> None:
        if self._charges_are_reported:
            self._charges_are_reported = False
            log.warning("the answer of %s does not say what it cost; such calls count as spent at the held price", url)

    def _error_for_non_json(
        self, status: int, headers: Mapping[str, str], body: bytes, charged: int | None
    ) -> ApiCallError:
        if status == 429:
            return RateLimitedError("too many requests", status, _refused(status, charged), _retry_after(headers))
        if status in _ACCOUNT_HTTP:
            return AccountError(f"HTTP {status} without JSON", status, _refused(status, charged))
        if status >= 400:  # a gateway answered in HTML (provider.md T18); the charge is unknown
            return TransientError(f"HTTP {status} without JSON", status, charged)
        if body.lstrip()[:1] == b"<":  # a challenge page or a portal, not the API (provider.md T18)
            return TransientError("HTML in place of an answer", status, charged)
        return MalformedAnswerError("the answer is not JSON", status, charged, self._scrub_body(body))

    def _error_for_status(
        self, status: int, payload: Any, headers: Mapping[str, str], charged: int | None, body: bytes
    ) -> ApiCallError:
        """Return the error for a JSON answer of status 400 and above, with or without `data` (provider.md T6)."""
        charged = _refused(status, charged)
        raw = payload.get("detail") if isinstance(payload, dict) else payload
        detail = self._scrub(str(raw)[:2000])
        if status == 404 and (charged is None or raw == "Not Found"):
            # A router's own answer: it knows no such path, and says nothing about the object asked for.
            return TransientError(f"{detail}: no such path at {self.host}; check TOKCRAWL_API_URL", status, charged)
        if status in _ENDS:
            return NotAvailableError(detail, status, charged, _ENDS[status], body)
        if status == 429:
            return RateLimitedError(detail, status, charged, _retry_after(headers))
        if status in _ACCOUNT or (status == 422 and _names_token(raw)):
            return AccountError(detail, status, charged)
        if status == 495:
            return QuotaExhaustedError(detail, status, charged)
        if status >= 500 or status in _LATER:
            return TransientError(detail, status, charged)
        return BadRequestError(detail, status, charged)


def read_payload(payload: Any, charged: int | None, status: int, body: bytes, *, whole: bool) -> ApiResponse:
    """Return the data of a decoded success; with `whole`, all of it (provider.md E7)."""
    if not isinstance(payload, dict) or "data" not in payload:
        raise MalformedAnswerError(_why_no_data(payload), status, charged, body)
    data = payload if whole else payload["data"]
    if (end := _end_of_platform_status(data)) is not None:
        raise NotAvailableError(_platform_detail(data), status, charged, end, body)
    return ApiResponse(data, charged, status, body)


def _units(headers: Mapping[str, str]) -> int | None:
    """Return `units_charged`; None (charge unknown) unless it is an integer from 0 to 100,000 (provider.md T10)."""
    text = headers.get("units_charged", "").strip()
    if not (text.isascii() and text.isdigit() and len(text) < 12):
        return None
    units = int(text)
    return units if units <= _MAX_UNITS else None


def _refused(status: int, charged: int | None) -> int | None:
    """Return the charge of a refused call: nothing where it was refused before any work, and no charge is reported."""
    return 0 if charged is None and status in _REFUSED_AT_THE_DOOR else charged


def _names_token(detail: Any) -> bool:
    """Whether a validation error is about the token, whose form is checked before it is looked up (provider.md T13)."""
    errors = detail if isinstance(detail, list) else []
    return any(isinstance(error, dict) and "token" in (error.get("loc") or ()) for error in errors)


def _host_of(headers: Mapping[str, str]) -> str:
    try:
        return urlsplit(headers.get("Location", "")).hostname or "nowhere"
    except ValueError:
        return "nowhere"


def _why_no_data(payload: Any) -> str:
    detail = payload.get("detail") if isinstance(payload, dict) else None
    return f"the answer has no data: {str(detail)[:2000]}" if detail else "the answer has no data"


def _platform_status(data: Any) -> object:
    return data.get("status_code", data.get("statusCode")) if isinstance(data, dict) else None


def _end_of_platform_status(data: Any) -> EndReason | None:
    """Return the end that TikTok's own status inside a success stands for; None where it stands for none."""
    status = _platform_status(data)
    return _PLATFORM_ENDS.get(status) if isinstance(status, int) else None


def _platform_detail(data: Mapping[str, Any]) -> str:
    return f"TikTok status {_platform_status(data)}: {str(data.get('status_msg', data.get('statusMsg')))[:500]}"


def _retry_after(headers: Mapping[str, str]) -> float | None:
    try:
        return min(max(0.0, float(headers["Retry-After"])), LONGEST_WAIT)
    except (KeyError, ValueError):
        return None


def _proxy_refused(proxy: urllib3.util.Url | None, error: urllib3.exceptions.ProxyError) -> str:
    """Return which proxy failed and how, without its password."""
    place = f"{proxy.host}:{proxy.port}" if proxy else "the proxy"
    cause = getattr(error, "original_error", None)
    reason = str(cause) if isinstance(cause, OSError) and "unnel" in str(cause) else "it cannot be reached"
    return f"proxy {place} (HTTPS_PROXY): {reason}"


def _no_answer(error: Exception) -> str:
    if isinstance(error, urllib3.exceptions.TimeoutError):
        return "no answer within the time-out"
    return "the connection was closed without an answer"
