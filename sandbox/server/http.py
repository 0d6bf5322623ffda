"""Serves just enough HTTP/1.1 to be fast and, on demand, faulty: cut bodies, closed and hanging connections."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import parse_qsl

from sandbox.provider.api import Api
from sandbox.provider.shaping import ResponsePlan

BASE = "/apis"
ADMIN = "/_sandbox/"
_REASONS = {
    200: "OK",
    302: "Found",
    404: "Not Found",
    422: "Unprocessable Entity",
    429: "Too Many Requests",
    502: "Bad Gateway",
}
_MAX_HEAD = 1 << 20
Headers = tuple[tuple[str, str], ...]
AdminHandler = Callable[[str, str, list[tuple[str, str]], bytes], Awaitable[tuple[int, bytes]]]


class Request(NamedTuple):
    method: str
    path: str
    query: list[tuple[str, str]]
    body: bytes
    keep_alive: bool


@lru_cache(maxsize=4096)
def _head(
    status: int, charge: str, html: bool, keep_alive: bool, retry_after: float | None, headers: Headers = ()
) -> bytes:
    kind = "text/html" if html else "application/json"
    lines = [f"HTTP/1.1 {status} {_REASONS.get(status, 'Error')}", f"content-type: {kind}"]
    if charge and not html:
        lines.append(f"units_charged: {charge}")
    if retry_after is not None:
        lines.append(f"retry-after: {retry_after:g}")
    lines += [f"{name}: {value}" for name, value in headers]
    lines.append("connection: keep-alive" if keep_alive else "connection: close")
    return "\r\n".join([*lines, "content-length: "]).encode()


class Connection(asyncio.Protocol):
    """One client connection, which serves one request at a time; pipelined requests wait in the buffer."""

    def __init__(self, api: Api, admin: AdminHandler, connections: set[Connection]) -> None:
        self._api, self._admin, self._connections = api, admin, connections
        self._buffer = b""
        self._busy = False
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # asyncio's signature
        self._connections.discard(self)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self._api.request_log.in_flight -= 1

    def abort(self) -> None:
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._busy:
            self._next()

    def _next(self) -> None:
        request = self._parse()
        if request is None:
            return
        self._busy = True
        if request.path.startswith(ADMIN):
            self._task = asyncio.ensure_future(self._answer_admin(request))
            return
        path = request.path.removeprefix(BASE) if request.path.startswith(BASE + "/") else request.path
        plan = self._api.handle(path, dict(request.query))
        self._api.request_log.in_flight += 1
        self._timer = asyncio.get_running_loop().call_later(plan.delay, self._send, plan, request.keep_alive)

    def _parse(self) -> Request | None:
        """Take the next whole request off the buffer, if there is one; abort the connection if its head is too long."""
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self._buffer) > _MAX_HEAD:
                self.abort()
            return None
        line, *headers = self._buffer[:end].decode("latin-1").split("\r\n")
        method, _, rest = line.partition(" ")
        target, _, version = rest.partition(" ")
        length, keep_alive = 0, version != "HTTP/1.0"
        for header in headers:
            name, _, value = header.partition(":")
            name = name.lower()
            if name == "content-length":
                length = int(value) if value.strip().isdigit() else 0
            elif name == "connection":
                keep_alive = value.strip().lower() != "close"
        stop = end + 4 + length
        if len(self._buffer) < stop:
            return None
        body, self._buffer = self._buffer[end + 4 : stop], self._buffer[stop:]
        path, _, query = target.partition("?")
        return Request(method, path, parse_qsl(query, keep_blank_values=True), body, keep_alive)

    def _send(self, plan: ResponsePlan, keep_alive: bool) -> None:
        self._timer = None
        self._api.request_log.in_flight -= 1
        if plan.body is None:
            self.abort()
            return
        charge = str(plan.units) if plan.charge_header is None else plan.charge_header
        head = _head(plan.status, charge, plan.html, keep_alive, plan.retry_after, plan.headers)
        head += b"%d\r\n\r\n" % len(plan.body)
        if plan.cut is not None:
            self._transport.write(head + plan.body[: plan.cut])
            self._transport.close()
            return
        self._transport.write(head + plan.body)
        if plan.ok and not self._transport.is_closing():
            self._api.request_log.mark_ok(plan.entry)
        self._finish(keep_alive)

    def _finish(self, keep_alive: bool) -> None:
        self._busy = False
        if not keep_alive:
            self._transport.close()
        elif self._buffer:
            self._next()

    async def _answer_admin(self, request: Request) -> None:
        status, body = await self._admin(request.method, request.path.removeprefix(ADMIN), request.query, request.body)
        if not self._transport.is_closing():
            self._transport.write(
                _head(status, "0", False, request.keep_alive, None) + b"%d\r\n\r\n" % len(body) + body
            )
            self._finish(request.keep_alive)
