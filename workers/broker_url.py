"""Read what Celery needs to know of the broker from its URL alone; errors show no part of the password."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

from kombu.connection import Connection
from kombu.transport import get_transport_cls

from crawler.model.errors import UsageError

_SETTING = "TOKCRAWL_BROKER_URL"
_OPTIONS = ("master_name", "min_other_sentinels", "sentinel_username", "sentinel_password")


def check_transport(url: str) -> None:
    """Raise UsageError where Celery has no transport for the URL's scheme."""
    try:
        get_transport_cls(Connection(url).transport_cls)  # type: ignore[no-untyped-call]
    except ImportError as error:
        raise UsageError(f"{_SETTING} needs a library that is not installed: {error}") from None
    except Exception:  # kombu raises what its parsers raise, with parts of the URL in the text
        raise UsageError(
            f"{_SETTING} is no broker that Celery supports; use redis://, rediss://, sentinel:// or amqp://"
        ) from None


def split_sentinel_options(url: str) -> tuple[str, dict[str, Any]]:
    """Return a sentinel URL without its query, and the query as transport options: Celery takes them apart only.

    `sentinel://:PASSWORD@host:26379/0;sentinel://host2:26379/0?master_name=NAME`. Any other URL is returned as it is.
    """
    if not url.startswith("sentinel://"):
        return url, {}
    query: dict[str, str] = {}
    for one in url.split(";"):
        query |= {name: values[-1] for name, values in parse_qs(urlsplit(one).query).items()}
    if unknown := sorted(query.keys() - set(_OPTIONS)):
        raise UsageError(f"{_SETTING}: unknown option {', '.join(unknown)}; known are {', '.join(_OPTIONS)}")
    if "master_name" not in query:
        raise UsageError(
            f"{_SETTING}: sentinel:// needs the name of the group: sentinel://host:26379/0?master_name=NAME"
        )
    return ";".join(one.partition("?")[0] for one in url.split(";")), _transport_options(query)


def _transport_options(query: dict[str, str]) -> dict[str, Any]:
    options: dict[str, Any] = {"master_name": query["master_name"]}
    if others := query.get("min_other_sentinels"):
        if not others.isdecimal():
            raise UsageError(f"{_SETTING}: min_other_sentinels takes a number")
        options["min_other_sentinels"] = int(others)
    login = {name: query[f"sentinel_{name}"] for name in ("username", "password") if f"sentinel_{name}" in query}
    return options | ({"sentinel_kwargs": login} if login else {})
