"""What goes through the broker: ids and a title, whatever somebody else puts into it."""

import base64
import json
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis

from crawler.model.errors import UnreachableError
from crawler.model.pages import PageMessage, Request
from crawler.settings import Settings
from tests.servers import redis_url
from workers.app import QUEUE, TASK, make_app, register_task
from workers.publisher import Publisher

TOKEN = "SECRET-abc123"
KEY = f"tokcrawl:{QUEUE}"


def settings(url: str, **fields: Any) -> Settings:
    return Settings(broker_url=url, api_token=TOKEN, **fields)


def task_of(run: Callable[[str, str], str]) -> Any:
    """The task of a worker's app that runs pages by `run`."""
    app = make_app(settings("memory://"))
    register_task(app, run)
    return app.tasks[TASK]


def waiting(n: int, **args: Any) -> PageMessage:
    request = Request("post_comments", args or {"aweme_id": str(n)}, {"cursor": 20})
    return PageMessage(request.page_id("c"), "c", request)


@pytest.fixture
def url(servers: dict[str, str]) -> str:
    return redis_url(servers, 6)


@pytest.fixture
def queue(url: str) -> Iterator["redis.Redis"]:
    """The broker's own database, empty."""
    with redis.Redis.from_url(url) as client:
        client.flushdb()
        yield client


@pytest.fixture
def broker(url: str) -> Iterator[Publisher]:
    app = make_app(settings(url))
    yield Publisher(app, url)
    app.close()


# --- what is sent -----------------------------------------------------------------------------------------


@pytest.mark.server
def test_a_message_carries_ids_and_nothing_else(broker: Publisher, queue: "redis.Redis") -> None:
    pages = [waiting(n) for n in range(3)]
    broker.publish(pages)
    raw = queue.lrange(KEY, 0, -1)
    messages = [json.loads(one) for one in raw]
    bodies = [json.loads(base64.b64decode(message["body"])) for message in messages]
    assert [body[0] for body in bodies] == [[]] * 3
    assert sorted((body[1] for body in bodies), key=str) == sorted(
        ({"page": page.page_id, "crawl": "c"} for page in pages), key=str
    )
    assert {message["headers"]["task"] for message in messages} == {TASK}
    for message in messages:
        assert message["content-type"] == "application/json"
        assert len(json.dumps(message)) < 2000
    for key in queue.keys("*"):
        assert TOKEN.encode() not in (queue.dump(key) or b"")


@pytest.mark.server
def test_flower_is_told_what_a_person_understands(broker: Publisher, queue: "redis.Redis") -> None:
    broker.publish([waiting(7)])
    (raw,) = queue.lrange(KEY, 0, -1)
    headers = json.loads(raw)["headers"]
    assert headers["kwargsrepr"] == "post_comments 7 from 20"


@pytest.mark.server
def test_a_batch_of_a_hundred_ids_makes_no_long_message(broker: Publisher, queue: "redis.Redis") -> None:
    broker.publish([waiting(0, aweme_ids=[str(n) * 19 for n in range(100)]), waiting(0, keyword="x" * 5000)])
    for raw in queue.lrange(KEY, 0, -1):
        assert len(raw) < 2000


@pytest.mark.server
def test_many_messages_are_one_each(broker: Publisher, queue: "redis.Redis") -> None:
    broker.publish([])
    assert queue.llen(KEY) == 0
    broker.publish([waiting(n) for n in range(450)])
    assert queue.llen(KEY) == 450


@pytest.mark.server
def test_how_many_messages_wait(broker: Publisher, queue: "redis.Redis") -> None:
    assert [broker.queue_depth(), broker.queue_depth()] == [0, 0]  # before the first message there is no queue
    broker.publish([waiting(n) for n in range(7)])
    assert [broker.queue_depth(), broker.queue_depth()] == [7, 7]
    queue.lpop(KEY, 6)
    assert broker.queue_depth() == 1
    queue.lpop(KEY, 1)
    assert [broker.queue_depth(), broker.queue_depth()] == [0, 0]


@pytest.mark.server
def test_a_broker_that_answers(broker: Publisher) -> None:
    broker.ping()


@pytest.mark.parametrize("ask", ["send", "depth", "check"])
def test_a_broker_that_does_not_answer(ask: str) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"redis://:hunter2@127.0.0.1:{free.getsockname()[1]}/0"
        broker = Publisher(make_app(settings(url)), url)
        with pytest.raises(UnreachableError, match=r"the broker at 127\.0\.0\.1:\d+ does not") as caught:
            {"send": lambda: broker.publish([waiting(1)]), "depth": broker.queue_depth, "check": broker.ping}[ask]()
    assert "hunter2" not in str(caught.value)


# --- what is received -------------------------------------------------------------------------------------


def test_a_message_runs_its_page() -> None:
    ran: list[tuple[str, str]] = []

    def run(page: str, crawl: str) -> str:
        ran.append((page, crawl))
        return "3 items, end"

    task = task_of(run)
    assert task(page="p", crawl="c") == "3 items, end"
    assert ran == [("p", "c")]


FORGED: list[tuple[list[Any], dict[str, Any]]] = [
    ([], {}),
    ([], {"page": "p"}),
    ([], {"crawl": "c"}),
    ([], {"page": None, "crawl": None}),
    ([], {"page": 5, "crawl": "c"}),
    ([], {"page": "p", "crawl": ["c"]}),
    ([], {"page": {"$ne": 1}, "crawl": "c"}),
    ([], {"page": b"p", "crawl": "c"}),
    ([], {"seite": "p", "crawl": "c"}),
    ([5], {}),
    ([{"$gt": ""}, "c"], {}),
    ([None, None], {"more": "x" * 10_000}),
]


@pytest.mark.parametrize(("args", "kwargs"), FORGED)
def test_a_forged_message_is_dropped_with_a_line_in_the_log(
    args: list[Any], kwargs: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    def run(page: str, crawl: str) -> str:
        raise AssertionError("nothing is to be run")

    task = task_of(run)
    assert task(*args, **kwargs) == "not a page"
    (said,) = caplog.messages
    assert "without a page" in said
    assert len(said) < 400


def test_unknown_arguments_beside_the_known_do_no_harm() -> None:
    task = task_of(lambda page, crawl: f"{page} of {crawl}")
    assert task(page="p", crawl="c", later="x") == "p of c"


def test_two_apps_of_one_process_do_not_run_each_others_task() -> None:
    tasks = [task_of(lambda page, crawl, n=n: str(n)) for n in range(2)]  # type: ignore[misc]  # a default binds it
    assert [task(page="p", crawl="c") for task in tasks] == ["0", "1"]


def test_a_producers_app_runs_nothing() -> None:
    assert TASK not in make_app(settings("memory://")).tasks


# --- how it is set up -------------------------------------------------------------------------------------


def test_only_json_is_taken_and_nothing_is_kept() -> None:
    conf = make_app(settings("memory://")).conf
    assert (conf.accept_content, conf.task_serializer, conf.result_backend) == (["json"], "json", None)
    assert (conf.task_acks_late, conf.worker_prefetch_multiplier) == (True, 1)


@pytest.mark.server
def test_redis_keeps_no_account_of_what_is_held(broker: Publisher, queue: "redis.Redis", url: str) -> None:
    """No visibility time-out: a message is gone once taken, whatever dies then, and comes back from a clean stop."""
    broker.publish([waiting(1)])
    with make_app(settings(url)).connection_for_read() as connection:
        assert connection.default_channel.basic_get(QUEUE) is not None
        assert broker.queue_depth() == 0
        assert not [key for key in queue.scan_iter() if b"unacked" in key]
    assert broker.queue_depth() == 1


def test_other_brokers_get_no_options_of_redis() -> None:
    conf = make_app(settings("amqp://guest@127.0.0.1//")).conf
    assert conf.broker_transport_options == {"confirm_publish": True}


def test_the_token_is_not_in_the_app() -> None:
    app = make_app(settings("memory://"))
    assert TOKEN not in repr(dict(app.conf))
    assert TOKEN not in str(app.conf.humanize(with_defaults=True, censored=False))
