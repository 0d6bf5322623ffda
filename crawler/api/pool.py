"""Opens the connections to the API: directly, or through the proxy that the environment names for its host.

`HTTPS_PROXY`, `NO_PROXY` and `SSL_CERT_FILE` mean what they mean to other programs; OpenSSL itself reads the last.
"""

import os
import ssl
from collections.abc import Mapping
from urllib.parse import unquote
from urllib.request import getproxies_environment, proxy_bypass

import urllib3

from crawler.model.errors import UsageError


def parse_base(url: str) -> urllib3.util.Url:
    """Return the parts of the API's URL."""
    try:
        base = urllib3.util.parse_url(url)
    except urllib3.exceptions.LocationParseError:
        base = urllib3.util.Url()
    if not base.host:
        raise UsageError("TOKCRAWL_API_URL is not the address of an API, like https://ensembledata.com/apis")
    return base


def open_pool(
    url: str, *, connections: int, timeout: urllib3.Timeout, headers: Mapping[str, str]
) -> urllib3.HTTPConnectionPool:
    """Return a pool of up to `connections` to the host of a URL; nothing is sent yet."""
    _check_certificates(os.environ.get("SSL_CERT_FILE"))
    proxy = _proxy_for(urllib3.util.parse_url(url))
    if proxy is None:
        return urllib3.connection_from_url(url, maxsize=connections, retries=False, timeout=timeout, headers=headers)
    manager = urllib3.ProxyManager(
        proxy.url,
        proxy_headers=urllib3.make_headers(proxy_basic_auth=unquote(proxy.auth)) if proxy.auth else None,
        maxsize=connections,
        retries=False,
        timeout=timeout,
        headers=headers,
    )
    return manager.connection_from_url(url)


def _proxy_for(base: urllib3.util.Url) -> urllib3.util.Url | None:
    """Return the proxy to use; an API over plain http, such as the sandbox, is always called directly."""
    text = getproxies_environment().get("https", "")
    if not text or base.scheme != "https" or proxy_bypass(base.netloc or ""):
        return None
    try:
        proxy = urllib3.util.parse_url(text if "://" in text else f"http://{text}")
    except urllib3.exceptions.LocationParseError:
        raise UsageError("HTTPS_PROXY is not the URL of a proxy, like http://proxy:3128") from None
    if proxy.scheme not in ("http", "https") or not proxy.host:
        raise UsageError("HTTPS_PROXY must name an HTTP proxy, like http://proxy:3128")
    return proxy


def _check_certificates(path: str | None) -> None:
    """Raise UsageError where OpenSSL would silently trust nobody."""
    if path:
        try:
            ssl.create_default_context(cafile=path)
        except (OSError, ValueError):  # SSLError is an OSError
            raise UsageError(f"SSL_CERT_FILE: {path!r} is not a readable file of certificates (PEM)") from None
