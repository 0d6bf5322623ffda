"""Checks the URL of a server before a library reads it, whose errors may show a part of the password."""

import re
from collections.abc import Collection
from urllib.parse import urlsplit

_ESCAPE = "write / ? # @ ; and % of a user or password as %2F %3F %23 %40 %3B and %25"


def check_server_url(url: str, schemes: Collection[str] = ()) -> None:
    """Raise ValueError with what is wrong, without any part of the URL; several are separated by `;`."""
    for one in url.split(";"):
        scheme, separator, rest = one.partition("://")
        if not separator or (schemes and scheme not in schemes):
            raise ValueError("must start with " + " or ".join(f"{known}://" for known in schemes or ("redis", "amqp")))
        authority = re.split("[/?#]", rest, maxsplit=1)[0]
        if "@" in rest[len(authority) :] or not url.isprintable():
            raise ValueError(f"cannot be read: {_ESCAPE}")
        if not scheme.startswith("mongodb"):  # several hosts there, which the driver checks
            _check_address(one)


def _check_address(url: str) -> None:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError(f"has no valid host and port (or {_ESCAPE})") from None
    if port == 0:
        raise ValueError("has port 0, which no server listens on")
    if parts.scheme in ("redis", "rediss") and not re.fullmatch("/?[0-9]{0,6}/?", parts.path):
        raise ValueError("must end with the number of a database, like /0")


def host_of(url: str) -> str:
    """Return host and port of a URL, without user or password."""
    return urlsplit(url).netloc.rpartition("@")[2]
