"""Says what the sandbox alone can serve, by asking for a crawl's own pages from one process that does not read them."""

import selectors
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from benchmarks.meter import cpu
from sandbox.client import AdminClient

_CONNECTIONS = 16


@dataclass(frozen=True)
class Capacity:
    """`ms` is the sandbox's CPU a page; its one thread can serve 1000 / ms."""

    pages: int
    pages_per_s: float
    ms: float
    kb: float


class _Line:
    """One connection, asking its share of the pages one after another."""

    def __init__(self, address: tuple[str, int], requests: Sequence[bytes]) -> None:
        self.socket = socket.create_connection(address)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._requests = iter(requests)
        self._left = 0
        self.got = 0

    def ask(self) -> bool:
        request = next(self._requests, None)
        if request is None:
            return False
        self.socket.sendall(request)
        return True

    def hear(self, buffer: bytearray) -> bool:
        """Take in what came; whether the answer is whole."""
        size = self.socket.recv_into(buffer)
        if not size:
            raise ConnectionError("the sandbox closed a connection")
        self.got += size
        if not self._left:
            head = bytes(buffer[: min(size, 1024)])
            body = head.index(b"\r\n\r\n") + 4
            length = head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0]
            self._left = body + int(length)
        self._left -= size
        return not self._left


def capacity(control: AdminClient, sandbox: int | None, rounds: int = 3) -> Capacity:
    """Ask again for every page in the sandbox's log; the best of `rounds` passes counts."""
    parts = urlsplit(control.api_url)
    requests = [
        f"GET {parts.path}{entry['path']}?{urlencode([('token', 'bench'), *_pairs(entry['params'])])} HTTP/1.1\r\n"
        f"Host: {parts.netloc}\r\n\r\n".encode()
        for entry in control.log()
        if entry["ok"]
    ]
    best = None
    for _ in range(rounds):
        before, started = cpu([sandbox] if sandbox else []), time.perf_counter()
        size = _ask((parts.hostname or "", parts.port or 80), requests)
        took, used = time.perf_counter() - started, cpu([sandbox] if sandbox else []) - before
        found = Capacity(len(requests), len(requests) / took, used * 1000 / len(requests), size / len(requests) / 1000)
        best = found if best is None or found.pages_per_s > best.pages_per_s else best
    assert best is not None
    return best


def _pairs(params: str) -> list[tuple[str, str]]:
    return [(name, value) for name, _, value in (pair.partition("=") for pair in params.split("&") if pair)]


def _ask(address: tuple[str, int], requests: Sequence[bytes]) -> int:
    """All requests over some connections; the bytes that came."""
    buffer = bytearray(1 << 20)
    lines = [_Line(address, requests[n::_CONNECTIONS]) for n in range(_CONNECTIONS)]
    with selectors.DefaultSelector() as selector:
        for line in lines:
            if line.ask():
                selector.register(line.socket, selectors.EVENT_READ, line)
        while selector.get_map():
            for key, _ in selector.select():
                line = key.data
                if line.hear(buffer) and not line.ask():
                    selector.unregister(line.socket)
    for line in lines:
        line.socket.close()
    return sum(line.got for line in lines)
