"""Server URLs of any form: accepted, or an error of the user. MUTATIONS sets how many (default 200)."""

import os
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.api.client import ApiClient
from crawler.model.errors import UsageError
from crawler.rate_limit.limiter import RateLimiter
from crawler.settings import load
from crawler.store import Store
from workers.app import make_app

EXAMPLES = int(os.environ.get("MUTATIONS", "200"))
URLS = [
    "redis://:SECRET@127.0.0.1:1/0", "rediss://user:SECRET@h:1/1?ssl_cert_reqs=none", "unix:///tmp/none.sock?db=1",
    "amqp://user:SECRET@h:5672//", "sentinel://:SECRET@h:1/0;sentinel://:SECRET@i:2/0?master_name=m",
    "https://user:SECRET@ensembledata.com:443/apis", "mongodb://user:SECRET@h:1,i:2/db?replicaSet=x&journal=false",
]  # fmt: skip
ODD = [
    "\0",
    "\udc80",
    "%",
    "%zz",
    "@",
    "/",
    "//",
    ":",
    "?",
    "#",
    ";",
    "[",
    "]",
    " ",
    "=",
    "&",
    "é",
    "99999999",
    "-1",
    "",
]


@st.composite
def broken_urls(draw: Any) -> str:
    """Draw a URL with pieces put in, cut out or doubled."""
    text: str = draw(st.sampled_from(URLS))
    for _ in range(draw(st.integers(0, 3))):
        begin, end = sorted((draw(st.integers(0, len(text))), draw(st.integers(0, len(text)))))
        piece = draw(st.sampled_from((*ODD, text[begin:end] * 2)))
        text = text[:begin] + piece + text[end if draw(st.booleans()) else begin :]
    return text


@pytest.mark.filterwarnings("ignore::UserWarning")  # of pymongo, about options
@settings(max_examples=EXAMPLES, deadline=None, database=None, derandomize=True)
@given(broken_urls(), st.sampled_from(["broker_url", "redis_url", "mongo_url", "api_url"]))
def test_a_server_url_of_any_form_is_accepted_or_named(url: str, name: str) -> None:
    try:
        loaded = load(**{name: url})
        if name == "broker_url":
            make_app(loaded)
        elif name == "redis_url":
            RateLimiter(loaded.redis_url)
        elif name == "api_url":
            ApiClient(loaded.api_url, "sandbox-token", 1).close()
        else:
            Store.connect(loaded.mongo_url, "x").close()
    except UsageError as error:
        shown = str(error)
    else:
        shown = f"TOKCRAWL_{name.upper()}"
    assert f"TOKCRAWL_{name.upper()}" in shown
    assert "SECRET" not in shown
