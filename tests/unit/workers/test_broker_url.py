"""Broker URLs: what Celery is given of them, which are refused, and a real group behind a sentinel."""

import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from time import monotonic, sleep

import pytest
import redis.sentinel
from redis.exceptions import RedisError

from crawler.model.errors import UnreachableError, UsageError
from crawler.model.pages import PageMessage, Request
from crawler.settings import Settings
from producers.stack.servers import REDIS, find_program
from workers.app import make_app
from workers.broker_url import check_transport, split_sentinel_options
from workers.publisher import Publisher


@pytest.mark.parametrize("url", ["redis://h/0", "rediss://h:1/0", "amqp://u:p@h//", "memory://", "sentinel://h:1/0"])
def test_schemes_that_celery_supports_are_accepted(url: str) -> None:
    check_transport(url)
    if not url.startswith("sentinel"):
        assert split_sentinel_options(url) == (url, {})


@pytest.mark.parametrize("url", ["foo://user:SECRET@h", "http://user:SECRET@h", "foo+bar://SECRET"])
def test_other_schemes_name_the_setting_and_no_password(url: str) -> None:
    with pytest.raises(UsageError, match=r"^TOKCRAWL_BROKER_URL is no broker that Celery supports") as caught:
        make_app(Settings.model_construct(broker_url=url))
    assert "SECRET" not in str(caught.value)


def test_the_options_of_a_sentinel_are_taken_from_its_url() -> None:
    url = "sentinel://:p@a:1/0;sentinel://b:2/0?master_name=m&sentinel_password=s%2Fx&min_other_sentinels=1"
    assert split_sentinel_options(url) == (
        "sentinel://:p@a:1/0;sentinel://b:2/0",
        {"master_name": "m", "min_other_sentinels": 1, "sentinel_kwargs": {"password": "s/x"}},
    )
    options = make_app(Settings(broker_url=url)).conf.broker_transport_options
    assert (options["master_name"], options["global_keyprefix"]) == ("m", "tokcrawl:")


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("", r"sentinel:// needs the name of the group: sentinel://host:26379/0\?master_name=NAME"),
        ("?master=m", "unknown option master; known are master_name, "),
        ("?master_name=m&min_other_sentinels=x", "min_other_sentinels takes a number"),
    ],
)
def test_a_sentinel_that_cannot_work_is_refused(query: str, why: str) -> None:
    with pytest.raises(UsageError, match=f"^TOKCRAWL_BROKER_URL: {why}"):
        make_app(Settings(broker_url=f"sentinel://h:26379/0{query}"))


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture(scope="module")
def sentinel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a sentinel that knows one group, `here`, whose master asks for a password."""
    folder, program = Path(tmp_path_factory.mktemp("sentinel")), str(find_program(REDIS))
    master, port = free_port(), free_port()
    config = folder / "sentinel.conf"
    config.write_text(
        f"port {port}\nbind 127.0.0.1\ndir {folder}\n"
        f"sentinel monitor here 127.0.0.1 {master} 1\nsentinel auth-pass here pw\n"
    )
    commands = (
        [
            program,
            "--bind",
            "127.0.0.1",
            "--port",
            str(master),
            "--dir",
            str(folder),
            "--requirepass",
            "pw",
            "--save",
            "",
        ],
        [program, str(config), "--sentinel"],
    )
    with ExitStack() as stack:
        for command in commands:
            process = stack.enter_context(subprocess.Popen(command, stdout=subprocess.DEVNULL))
            stack.callback(process.terminate)
        wait_for_master(port)
        yield port


def wait_for_master(port: int) -> None:
    """Return once the sentinel knows its master to be up."""
    until = monotonic() + 20
    while monotonic() < until:
        with suppress(RedisError):
            redis.sentinel.Sentinel([("127.0.0.1", port)]).discover_master("here")  # type: ignore[no-untyped-call]
            return
        sleep(0.05)
    raise TimeoutError("no sentinel")


@pytest.mark.server
def test_messages_go_through_a_real_sentinel(sentinel: int) -> None:
    url = f"sentinel://:pw@127.0.0.1:{sentinel}/0?master_name=here"
    publisher = Publisher(make_app(Settings(broker_url=url)), url)
    publisher.publish([PageMessage("page", "c", Request("hashtag_search", {"hashtag": "cats"}))])
    assert publisher.queue_depth() == 1
    url = url.replace("here", "there")
    with pytest.raises(UnreachableError, match="No master found for 'there'") as caught:
        Publisher(make_app(Settings(broker_url=url)), url).ping()
    assert "pw" not in str(caught.value)
