"""The way to the API through a proxy, and the certificates that are trusted: a real proxy, a real TLS server."""

import base64
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from pathlib import Path

import pytest

from crawler.api.client import ApiClient, ApiResponse
from crawler.api.endpoints import ENDPOINTS
from crawler.model.errors import TransportError, UsageError

TOKEN = "SECRET-abc123"
NAMES = (
    "HTTPS_PROXY",
    "https_proxy",
    "HTTP_PROXY",
    "http_proxy",
    "NO_PROXY",
    "no_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
)


class Api(BaseHTTPRequestHandler):
    """An API that has no posts."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("units_charged", "1")
        self.end_headers()
        self.wfile.write(b'{"data": {"data": []}}')

    def log_message(self, *_: object) -> None:
        """Log nothing."""


class Proxy(BaseHTTPRequestHandler):
    """A proxy that tunnels, and asks for a password if its server has one."""

    def do_CONNECT(self) -> None:
        server = self.server
        assert isinstance(server, ProxyServer)
        server.asked.append(self.path)
        if server.password and self.headers.get("Proxy-Authorization") != server.password:
            self.send_error(407)
            return
        host, _, port = self.path.partition(":")
        with socket.create_connection((host, int(port))) as other:
            self.send_response(200)
            self.end_headers()
            back = threading.Thread(target=copy, args=(other, self.connection))
            back.start()
            copy(self.connection, other)
            back.join()

    def log_message(self, *_: object) -> None:
        """Log nothing."""


class ProxyServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Proxy)
        self.asked: list[str] = []
        self.password = ""


def copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy and no certificates but those of the test."""
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a certificate for localhost that nobody trusts, and its key."""
    if not (openssl := shutil.which("openssl")):
        pytest.skip("no openssl to make a certificate with")
    path = Path(tmp_path_factory.mktemp("tls")) / "localhost.pem"
    key = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
    command = [openssl, *key.split(), "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    subprocess.run([*command, "-keyout", path, "-out", path.with_suffix(".crt")], check=True, capture_output=True)
    path.write_text(path.read_text() + path.with_suffix(".crt").read_text())
    return path


def served(server: HTTPServer) -> Iterator[HTTPServer]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def api(certificate: Path) -> Iterator[HTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Api)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    yield from served(server)


@pytest.fixture
def proxy() -> Iterator[HTTPServer]:
    yield from served(ProxyServer())


def fetch(port: int, host: str = "localhost", scheme: str = "https") -> ApiResponse:
    client = ApiClient(f"{scheme}://{host}:{port}/apis", TOKEN, timeout=5)
    try:
        return client.fetch(ENDPOINTS["hashtag_search"], {"hashtag": "cats"}, {})
    finally:
        client.close()


def test_a_certificate_of_ones_own_is_trusted_where_it_is_named(
    api: HTTPServer, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(TransportError, match="localhost is not trusted: ") as caught:
        fetch(api.server_port)
    assert caught.value.units == 0
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    assert fetch(api.server_port).units == 1


@pytest.mark.parametrize("text", [None, "no certificate"])
def test_a_file_without_certificates_is_an_error_of_the_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str | None
) -> None:
    path = tmp_path / "ca.pem"
    if text is not None:
        path.write_text(text)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    with pytest.raises(UsageError, match=r"^SSL_CERT_FILE: '.*ca.pem' is not a readable file of certificates \(PEM\)$"):
        fetch(1)


@pytest.mark.parametrize("login", ["", "user:p%40ss@"])
def test_calls_go_through_the_proxy_that_is_named(
    api: HTTPServer, proxy: ProxyServer, certificate: Path, monkeypatch: pytest.MonkeyPatch, login: str
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    monkeypatch.setenv("HTTPS_PROXY", f"http://{login}127.0.0.1:{proxy.server_port}")
    proxy.password = f"Basic {base64.b64encode(b'user:p@ss').decode()}" if login else ""
    assert fetch(api.server_port).units == 1
    assert proxy.asked == [f"localhost:{api.server_port}"]


@pytest.mark.parametrize("no_proxy", ["localhost", "example.org, localhost", "*", "localhost:PORT"])
def test_hosts_that_are_excepted_are_called_directly(
    api: HTTPServer, proxy: ProxyServer, certificate: Path, monkeypatch: pytest.MonkeyPatch, no_proxy: str
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.server_port}")
    monkeypatch.setenv("NO_PROXY", no_proxy.replace("PORT", str(api.server_port)))
    assert fetch(api.server_port).units == 1
    assert proxy.asked == []


def test_a_proxy_that_refuses_or_is_away_is_named_without_its_password(
    api: HTTPServer, proxy: ProxyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy.password = "Basic other"
    for port, why in ((proxy.server_port, "Tunnel connection failed: 407"), (1, "it cannot be reached")):
        monkeypatch.setenv("HTTPS_PROXY", f"http://user:PASSWORD@127.0.0.1:{port}")
        with pytest.raises(TransportError, match=rf"proxy 127\.0\.0\.1:{port} \(HTTPS_PROXY\): {why}") as caught:
            fetch(api.server_port)
        assert "PASSWORD" not in str(caught.value)
        assert caught.value.units == 0  # nothing was sent


@pytest.mark.parametrize(
    "url", ["socks5://user:PASSWORD@h:1", "http://", "http://user:PASSWORD@[::1", "ftp://PASSWORD"]
)
def test_a_proxy_that_cannot_be_used_is_an_error_of_the_user(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("HTTPS_PROXY", url)
    with pytest.raises(UsageError, match=r"^HTTPS_PROXY ") as caught:
        fetch(1)
    assert "PASSWORD" not in str(caught.value)


def test_an_api_over_plain_http_is_called_directly(proxy: ProxyServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "HTTP_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.server_port}")
    for server in served(ThreadingHTTPServer(("127.0.0.1", 0), Api)):
        assert fetch(server.server_port, "127.0.0.1", "http").units == 1
    assert proxy.asked == []
