"""The API client against a server that answers, refuses, lies, stops half-way and echoes the token."""

import contextlib
import gzip
import json
import logging
import pickle
import socket
import threading
import traceback
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import ensembledata.api.errors as sdk_errors
import pytest

from crawler.api.client import ApiClient, ApiResponse
from crawler.api.endpoints import ENDPOINTS, Endpoint
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

TOKEN = "SECRET-abc123/+="
CATS: tuple[Endpoint, dict[str, Any], dict[str, Any]] = (ENDPOINTS["hashtag_search"], {"hashtag": "cats"}, {})


@dataclass(frozen=True)
class Reply:
    """What the server sends; then it keeps the connection, closes it, or stays silent."""

    data: bytes
    then: str = "keep"


class Double:
    """A server of one thread per connection that sends prepared replies, the last one over and over."""

    def __init__(self) -> None:
        self.replies: deque[Reply] = deque()
        self.requests: list[str] = []
        self.headers: list[str] = []
        self.connections = 0
        self._over = threading.Event()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def close(self) -> None:
        self._over.set()
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for connection in self._open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)

    def answers(self, *replies: Reply) -> None:
        self.replies = deque(replies)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(connection)
            self._threads.append(threading.Thread(target=self._serve, args=(connection,), daemon=True))
            self._threads[-1].start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            connection.settimeout(5)
            while (head := self._head(connection)) is not None:
                line, _, headers = head.partition("\r\n")
                self.requests.append(line.split()[1])
                self.headers.append(headers)
                reply = self.replies.popleft() if len(self.replies) > 1 else self.replies[0]
                connection.sendall(reply.data.replace(b"ECHO", line.split()[1].encode()))
                if reply.then == "hang":
                    self._over.wait(5)
                if reply.then != "keep":
                    return

    @staticmethod
    def _head(connection: socket.socket) -> str | None:
        received = b""
        while b"\r\n\r\n" not in received:
            try:
                chunk = connection.recv(65536)
            except OSError:
                return None
            if not chunk:
                return None
            received += chunk
        return received.decode()


def reply(body: Any, status: int = 200, units: str | None = "1", then: str = "keep", **headers: str) -> Reply:
    """An HTTP reply; a body that is no bytes is sent as JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    given = {"Content-Length": str(len(content)), **{k.replace("_", "-"): v for k, v in headers.items()}}
    if units is not None:
        given["units_charged"] = units
    lines = [f"HTTP/1.1 {status} Said", *(f"{name}: {value}" for name, value in given.items())]
    return Reply("\r\n".join([*lines, "", ""]).encode() + content, then)


@pytest.fixture
def double() -> Iterator[Double]:
    double = Double()
    yield double
    double.close()


@pytest.fixture
def api(double: Double) -> Iterator[ApiClient]:
    api = ApiClient(f"http://127.0.0.1:{double.port}/apis", TOKEN, timeout=5)
    yield api
    api.close()


def failure(api: ApiClient) -> ApiCallError:
    with pytest.raises(ApiCallError) as caught:
        api.fetch(*CATS)
    return caught.value


# --- answers ----------------------------------------------------------------------------------------------


def test_an_answer_is_the_data_and_the_units_charged(double: Double, api: ApiClient) -> None:
    double.answers(reply({"data": {"data": [], "nextCursor": 20}}, units="3"))
    answer = api.fetch(*CATS)
    assert (answer.data, answer.units) == ({"data": [], "nextCursor": 20}, 3)


def test_path_and_parameters_are_those_of_the_sdk(double: Double, api: ApiClient) -> None:
    double.answers(reply({"data": []}))
    args = {"keyword": "zwei Wörter & mehr", "period": "180", "match_exactly": True}
    api.fetch(ENDPOINTS["keyword_search"], args, {"cursor": 20})
    api.fetch(ENDPOINTS["full_hashtag_search"], {"hashtag": "cats", "days": 9, "remap_output": False}, {})
    wires = [urlsplit(path) for path in double.requests]
    assert [wire.path for wire in wires] == ["/apis/tt/keyword/search", "/apis/tt/hashtag/recent-posts"]
    assert [{name: values[0] for name, values in parse_qs(wire.query).items()} for wire in wires] == [
        {"token": TOKEN, "name": args["keyword"], "period": "180", "match_exactly": "true", "cursor": "20"},
        {"token": TOKEN, "name": "cats", "days": "9", "remap_output": "false"},
    ]
    assert "User-Agent: ensembledata-python/" in double.headers[0]


def test_absent_arguments_are_not_sent(double: Double, api: ApiClient) -> None:
    double.answers(reply({"data": []}))
    api.fetch(*CATS)
    assert parse_qs(urlsplit(double.requests[0]).query).keys() == {"token", "name"}


def test_two_cursors_and_a_batch_are_sent(double: Double, api: ApiClient) -> None:
    double.answers(reply({"data": []}))
    args = {"id": "1", "sec_uid": "MS4wX"}
    api.fetch(ENDPOINTS["user_followings"], args, {"cursor": 17, "page_token": "a+b="})
    api.fetch(ENDPOINTS["multi_post_info"], {"aweme_ids": ["1", "2"]}, {})
    first, second = (parse_qs(urlsplit(path).query) for path in double.requests)
    assert (first["cursor"], first["page_token"], first["secUid"]) == (["17"], ["a+b="], ["MS4wX"])
    assert second["ids"] == ["1;2"]


@pytest.mark.parametrize("name", ["user_posts_from_username", "user_posts_from_secuid"])
def test_user_posts_get_the_whole_body(double: Double, api: ApiClient, name: str) -> None:
    double.answers(reply({"data": [{"aweme_id": "1"}], "nextCursor": 5}))
    endpoint = ENDPOINTS[name]
    answer = api.fetch(endpoint, {endpoint.args[0]: "x", "depth": 1}, {})
    assert answer.data == {"data": [{"aweme_id": "1"}], "nextCursor": 5}


def test_account_endpoints_use_their_own_path(double: Double, api: ApiClient) -> None:
    double.answers(reply({"data": {"tiktok": 7}}, units="0"))
    answer = api.fetch(ENDPOINTS["get_usage"], {"date": "2026-01-31"}, {})
    assert (answer.data, answer.units) == ({"tiktok": 7}, 0)
    assert double.requests[0].startswith("/apis/customer/get-used-units?")


@pytest.mark.parametrize("base", ["", "/apis", "/a/b"])
def test_any_base_path(double: Double, base: str) -> None:
    double.answers(reply({"data": 1}))
    ApiClient(f"http://127.0.0.1:{double.port}{base}", TOKEN, 5).fetch(*CATS)
    assert urlsplit(double.requests[0]).path == f"{base}/tt/hashtag/posts"


@pytest.mark.parametrize(
    ("header", "units"), [
        ("3", 3), (" 12 ", 12), ("0", 0), ("100000", 100_000),
        (None, None), ("many", None), ("", None), ("1.5", None), ("1.0", None), ("-5", None), ("1, 1", None),
        ("100001", None), ("9" * 30, None), ("٣", None),
    ],
)  # fmt: skip
def test_a_charge_is_an_integer_that_can_be_believed_or_unknown(
    double: Double, api: ApiClient, header: str | None, units: int | None
) -> None:
    double.answers(reply({"data": []}, units=header))
    assert api.fetch(*CATS).units == units


def test_untold_charges_are_warned_of_once(double: Double, api: ApiClient, caplog: pytest.LogCaptureFixture) -> None:
    double.answers(*[reply({"data": []}, units=None)] * 3)
    for _ in range(3):
        api.fetch(*CATS)
    assert [record.levelname for record in caplog.records] == ["WARNING"]


def test_json_that_orjson_rejects_is_decoded_and_sanitized(double: Double, api: ApiClient) -> None:
    body = rb'{"data": {"text": "half \ud83d", "pair": "\ud83d\ude3a", "id": 18446744073709551616, "n": NaN}}'
    double.answers(reply(body))
    data = api.fetch(*CATS).data
    assert (data["text"], data["pair"], data["id"]) == ("half \ufffd", "😺", "18446744073709551616")


def test_large_integers_come_through(double: Double, api: ApiClient) -> None:
    double.answers(reply(b'{"data": [9223372036854775807, 18446744073709551615, 123456789012345678901234567890]}'))
    data = api.fetch(*CATS).data
    assert data == [9223372036854775807, "18446744073709551615", "123456789012345678901234567890"]


def test_gzip_is_unpacked(double: Double, api: ApiClient) -> None:
    double.answers(reply(gzip.compress(b'{"data": "packed"}'), Content_Encoding="gzip"))
    assert api.fetch(*CATS).data == "packed"


# --- connections ------------------------------------------------------------------------------------------


def test_one_connection_for_many_calls_and_refusals(double: Double, api: ApiClient) -> None:
    double.answers(reply({"data": 1}), reply({"detail": "no"}, 404), reply(b"<html>", 502), reply({"data": 1}))
    for _ in range(8):
        try:
            api.fetch(*CATS)
        except ApiCallError:
            continue
    assert (len(double.requests), double.connections) == (8, 1)


def test_a_connection_closed_while_idle_is_replaced(double: Double, api: ApiClient) -> None:
    double.answers(reply({"data": 1}, then="close"), reply({"data": 2}))
    assert api.fetch(*CATS).data == 1
    threading.Event().wait(0.1)
    assert api.fetch(*CATS).data == 2
    assert double.connections == 2


def test_calls_of_many_threads_get_their_own_answers(double: Double) -> None:
    api = ApiClient(f"http://127.0.0.1:{double.port}", TOKEN, 5, connections=8)
    double.answers(Reply(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + b'{"data": "ECHO"}', "close"))
    got: dict[int, Any] = {}

    def ask(n: int) -> None:
        got[n] = api.fetch(ENDPOINTS["hashtag_search"], {"hashtag": f"tag{n}"}, {}).data

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(f"name=tag{n}" in got[n] for n in range(16))


def test_a_refused_connection_costs_nothing() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        error = failure(ApiClient(f"http://127.0.0.1:{port}", TOKEN, 5))
    assert isinstance(error, TransportError)
    assert (error.status, error.units, error.outage) == (None, 0, True)
    assert str(port) in str(error)


def test_an_unknown_host_costs_nothing() -> None:
    error = failure(ApiClient("http://nowhere.invalid", TOKEN, 5))
    assert isinstance(error, TransportError)
    assert (error.status, error.units) == (None, 0)


def test_a_dropped_connection_has_an_unknown_charge(double: Double, api: ApiClient) -> None:
    double.answers(Reply(b"", "close"))
    error = failure(api)
    assert isinstance(error, TransportError)
    assert (error.status, error.units) == (None, None)
    assert len(double.requests) == 1  # one attempt a call


def test_a_time_out_has_an_unknown_charge(double: Double) -> None:
    double.answers(Reply(b"", "hang"))
    error = failure(ApiClient(f"http://127.0.0.1:{double.port}", TOKEN, 0.2))
    assert isinstance(error, TransportError)
    assert (error.status, error.units, error.detail) == (None, None, "no answer within the time-out")
    assert len(double.requests) == 1


def test_an_answer_that_is_not_http_has_an_unknown_charge(double: Double, api: ApiClient) -> None:
    double.answers(Reply(b"garbage\r\n\r\n", "close"))
    error = failure(api)
    assert isinstance(error, TransportError)
    assert error.units is None


@pytest.mark.parametrize("then", ["close", "hang"])
@pytest.mark.parametrize(("header", "units"), [(b"units_charged: 4\r\n", 4), (b"", None)])
def test_a_cut_body_costs_what_its_header_says(double: Double, then: str, header: bytes, units: Any) -> None:
    double.answers(Reply(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n" + header + b'\r\n{"data": [', then))
    error = failure(ApiClient(f"http://127.0.0.1:{double.port}", TOKEN, 0.2))
    assert isinstance(error, TransportError)
    assert (error.status, error.units) == (200, units)


def test_a_cut_chunked_body(double: Double, api: ApiClient) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nunits_charged: 1\r\n\r\n"
    double.answers(Reply(head + b'20\r\n{"data": [', "close"))
    error = failure(api)
    assert isinstance(error, TransportError)
    assert error.units == 1


def test_after_a_cut_body_the_next_call_is_whole(double: Double, api: ApiClient) -> None:
    cut = Reply(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"data": [', "close")
    double.answers(cut, reply({"data": "whole"}))
    failure(api)
    assert api.fetch(*CATS).data == "whole"


# --- refusals ---------------------------------------------------------------------------------------------

# status → class, end, and whether a refusal without a price in its header has an unknown one
REFUSALS: list[tuple[int, type[ApiCallError], EndReason | None, int | None]] = [
    (400, BadRequestError, None, None),
    (401, AccountError, None, 0),
    (402, AccountError, None, 0),
    (403, AccountError, None, 0),
    (408, TransientError, None, None),
    (422, BadRequestError, None, 0),
    (425, TransientError, None, None),
    (429, RateLimitedError, None, 0),
    (462, BadRequestError, None, None),
    (463, NotAvailableError, EndReason.MISSING, None),
    (464, BadRequestError, None, None),
    (465, BadRequestError, None, None),
    (466, BadRequestError, None, None),
    (469, NotAvailableError, EndReason.RESTRICTED, None),
    (471, NotAvailableError, EndReason.RESTRICTED, None),
    (472, NotAvailableError, EndReason.PRIVATE, None),
    (473, NotAvailableError, EndReason.MISSING, None),
    (474, NotAvailableError, EndReason.RESTRICTED, None),
    (491, AccountError, None, 0),
    (492, AccountError, None, 0),
    (493, AccountError, None, 0),
    (495, QuotaExhaustedError, None, 0),
    (500, TransientError, None, None),
    (502, TransientError, None, None),
    (503, TransientError, None, None),
    (504, TransientError, None, None),
    (520, NotAvailableError, EndReason.RESTRICTED, None),
]


def test_every_code_of_the_sdk_is_in_the_table() -> None:
    codes = {value for name, value in vars(sdk_errors).items() if name.startswith("STATUS_")}
    assert len(codes) == 19
    assert codes - {404} <= {status for status, *_ in REFUSALS}  # a 404 has a test of its own


@pytest.mark.parametrize(("status", "kind", "end", "unpriced"), REFUSALS)
def test_a_refusal_becomes_the_error_that_says_what_to_do(
    double: Double, api: ApiClient, status: int, kind: type[ApiCallError], end: EndReason | None, unpriced: int | None
) -> None:
    double.answers(
        reply({"detail": "why"}, status, units="2"),
        reply({"detail": "why", "data": {"data": []}}, status, units="2"),  # a 4xx with data is an error all the same
        reply({"detail": "why"}, status, units=None),
        reply({"detail": "why"}, status, units="garbage"),
    )
    for units in (2, 2, unpriced, unpriced):
        error = failure(api)
        assert type(error) is kind
        assert (error.status, error.detail, error.units) == (status, "why", units)
        assert getattr(error, "end", None) == end
        assert pickle.loads(pickle.dumps(error)).args == error.args


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ({"detail": [{"loc": ["query", "name"], "msg": "field required"}]}, "field required"),
        ({"detail": None}, "None"),
        ({}, "None"),
        ([1, 2], "[1, 2]"),
        ("text", "text"),
        ({"detail": "x" * 10_000}, "x" * 2000),
    ],
)
def test_any_detail_becomes_a_text(double: Double, api: ApiClient, body: Any, detail: str) -> None:
    double.answers(reply(body, 422))
    error = failure(api)
    assert type(error) is BadRequestError
    assert detail in error.detail
    assert len(error.detail) <= 2000


@pytest.mark.parametrize(
    ("header", "after"),
    [
        ("7", 7.0),
        ("0.5", 0.5),
        ("0", 0.0),
        ("-3", 0.0),
        (None, None),
        ("soon", None),
        ("Wed, 21 Oct 2026 07:28:00 GMT", None),
    ],
)
@pytest.mark.parametrize("body", [b'{"detail": "slowly"}', b"<html>slowly</html>"])
def test_retry_after_is_honoured_where_it_is_a_number(
    double: Double, api: ApiClient, header: str | None, after: float | None, body: bytes
) -> None:
    double.answers(reply(body, 429, **({} if header is None else {"Retry_After": header})))
    error = failure(api)
    assert isinstance(error, RateLimitedError)
    assert error.after == after


@pytest.mark.parametrize("header", ["inf", "nan", "1e300"])
def test_an_endless_retry_after_is_cut_to_a_day(double: Double, api: ApiClient, header: str) -> None:
    double.answers(reply({"detail": "slowly"}, 429, Retry_After=header))
    error = failure(api)
    assert isinstance(error, RateLimitedError)
    assert error.after is None or error.after <= 86_400


@pytest.mark.parametrize("status", [404, 491, 495, 500, 502, 503, 520])
@pytest.mark.parametrize(("header", "units"), [("1", 1), (None, None)])
def test_a_gateways_html_says_nothing_of_the_page(
    double: Double, api: ApiClient, status: int, header: str | None, units: int | None
) -> None:
    double.answers(reply(b"<html>Bad gateway</html>", status, units=header))
    error = failure(api)
    assert type(error) is TransientError
    assert (error.status, error.units) == (status, units)


@pytest.mark.parametrize("body", [{"detail": "ok"}, {}, [1], "text", 5, None])
def test_a_200_without_data_is_malformed_and_kept(double: Double, api: ApiClient, body: Any) -> None:
    double.answers(reply(body, units="2"))
    error = failure(api)
    assert isinstance(error, MalformedAnswerError)
    assert (error.status, error.units, error.body) == (200, 2, json.dumps(body).encode())


@pytest.mark.parametrize("body", [b"", b'{"data": [', b"[" * 100_000])
def test_a_200_that_is_not_json_is_malformed_and_kept(double: Double, api: ApiClient, body: bytes) -> None:
    double.answers(reply(body, units="2"))
    error = failure(api)
    assert isinstance(error, MalformedAnswerError)
    assert (error.status, error.units, error.body) == (200, 2, body)


def test_a_redirect_is_not_followed(double: Double, api: ApiClient) -> None:
    double.answers(reply(b"", 302, units=None, Location=f"http://127.0.0.1:{double.port}/elsewhere"))
    error = failure(api)
    assert type(error) is TransientError
    assert error.detail == "redirected to 127.0.0.1; check TOKCRAWL_API_URL"
    assert len(double.requests) == 1


@pytest.mark.parametrize("body", [b"<html>welcome</html>", b"\n <!doctype html>challenge"])
def test_html_in_place_of_an_answer_is_later_whatever_its_status(double: Double, api: ApiClient, body: bytes) -> None:
    double.answers(reply(body, units=None))
    error = failure(api)
    assert (type(error), error.units) == (TransientError, None)


@pytest.mark.parametrize(
    ("detail", "units", "kind"),
    [
        ("Post not found", "1", NotAvailableError),
        ("Not Found", "0", TransientError),
        ("Not Found", None, TransientError),
        ("no route", None, TransientError),
    ],
)
def test_a_404_is_an_answer_only_where_it_was_charged_and_is_no_routers(
    double: Double, api: ApiClient, detail: str, units: str | None, kind: type[ApiCallError]
) -> None:
    double.answers(reply({"detail": detail}, 404, units=units))
    assert type(failure(api)) is kind


@pytest.mark.parametrize("status", [401, 402, 403])
def test_a_refused_account_needs_no_json(double: Double, api: ApiClient, status: int) -> None:
    double.answers(reply(b"<html>no</html>", status, units=None))
    error = failure(api)
    assert (type(error), error.units) == (AccountError, 0)


def test_a_token_of_the_wrong_form_is_the_accounts_matter(double: Double, api: ApiClient) -> None:
    double.answers(reply({"detail": [{"loc": ["query", "token"], "msg": "16 characters"}]}, 422, units=None))
    assert type(failure(api)) is AccountError


@pytest.mark.parametrize(
    ("status", "end"), [(10222, EndReason.PRIVATE), (2065, EndReason.MISSING), (2096, EndReason.PRIVATE)]
)
@pytest.mark.parametrize("key", ["status_code", "statusCode"])
def test_tiktoks_own_status_inside_a_200_ends_the_list(
    double: Double, api: ApiClient, key: str, status: int, end: EndReason
) -> None:
    double.answers(reply({"data": {key: status, "statusMsg": "private", "userInfo": {}}}, units="1"))
    error = failure(api)
    assert isinstance(error, NotAvailableError)
    assert (error.end, error.units) == (end, 1)


def test_the_providers_own_words_are_kept_where_a_200_has_no_data(double: Double, api: ApiClient) -> None:
    double.answers(reply({"detail": "Your subscription has expired"}, units="0"))
    assert "Your subscription has expired" in failure(api).detail


def test_the_body_is_kept_as_received(double: Double, api: ApiClient) -> None:
    double.answers(reply(b'{"data": {"n": 1.0 }}', units="1"))
    response = api.fetch(*CATS)
    assert (response.body, response.data) == (b'{"data": {"n": 1.0 }}', {"n": 1})


@pytest.mark.parametrize("body", [b'{"data": 1, "you": "TOKEN"}', b'{"you": "TOKEN"}', b"odd \xff TOKEN"])
def test_the_token_is_cut_out_of_the_body_that_is_kept(double: Double, api: ApiClient, body: bytes) -> None:
    double.answers(reply(body.replace(b"TOKEN", TOKEN.encode()), units="1"))
    try:
        kept = api.fetch(*CATS).body
    except MalformedAnswerError as error:
        kept = error.body
    assert kept == body.replace(b"TOKEN", b"***")


# --- the token --------------------------------------------------------------------------------------------

ECHO = b"you asked for ECHO, and I know SECRET-abc123/+= and SECRET-abc123%2F%2B%3D"
TELLTALES = {
    "in data": reply({"data": TOKEN}),
    "html": reply(ECHO, 502, then="close"),
    "unreadable": Reply(b"HTTP/1.1 200 OK\r\n\r\n" + ECHO, "close"),
    "no data": Reply(b'HTTP/1.1 200 OK\r\n\r\n{"x": "' + ECHO + b'"}', "close"),
    "detail": Reply(b'HTTP/1.1 422 Wrong\r\n\r\n{"detail": [{"input": "' + ECHO + b'"}]}', "close"),
    "missing": Reply(b'HTTP/1.1 404 Gone\r\n\r\n{"detail": "' + ECHO + b'"}', "close"),
    "account": Reply(b'HTTP/1.1 491 Who\r\n\r\n{"detail": "' + ECHO + b'"}', "close"),
    "rate": Reply(b'HTTP/1.1 429 Slow\r\nRetry-After: 1\r\n\r\n{"detail": "' + ECHO + b'"}', "close"),
    "gzip": reply(gzip.compress(TOKEN.encode()), 200, Content_Encoding="gzip"),
    "cut": Reply(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n" + ECHO, "close"),
    "garbage": Reply(ECHO + b"\r\n\r\n", "close"),
    "bad header": Reply(b"HTTP/1.1 200 OK\r\nContent-Length: " + ECHO + b"\r\n\r\n", "close"),
    "bad gzip": reply(ECHO, 200, then="close", Content_Encoding="gzip"),
    "redirect": Reply(b"HTTP/1.1 302 Go\r\nLocation: http://127.0.0.1/ECHO\r\nContent-Length: 0\r\n\r\n", "close"),
    "dropped": Reply(b"", "close"),
    "silence": Reply(b"", "hang"),
}


@pytest.mark.parametrize("telltale", TELLTALES.values(), ids=TELLTALES)
def test_the_token_leaves_in_nothing_but_the_request(
    double: Double, telltale: Reply, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    double.answers(telltale)
    api = ApiClient(f"http://127.0.0.1:{double.port}", TOKEN, 0.3)
    seen: list[object] = [api, caplog.text]
    try:
        answer: ApiResponse = api.fetch(*CATS)
        seen += [answer, answer.data]
    except ApiCallError as error:
        seen += [error, str(error), error.args, vars(error), pickle.dumps(error), *traceback.format_exception(error)]
    seen.append(caplog.text)
    said = "\n".join(map(repr, seen))
    assert "token=" in double.requests[0]
    for form in (TOKEN, quote(TOKEN, safe=""), "SECRET-abc123"):
        assert form not in said


def test_the_token_is_not_in_the_error_of_a_closed_port(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        error = failure(ApiClient(f"http://127.0.0.1:{free.getsockname()[1]}", TOKEN, 1))
    assert "SECRET" not in "".join([*traceback.format_exception(error), repr(error), caplog.text])
