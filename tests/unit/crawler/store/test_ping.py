"""Pinging MongoDB: a server that answers, a stranger on the port, and nobody."""

import socket
import time

import pytest

from crawler.store import Store, ping


@pytest.mark.server
def test_a_running_server_answers(real_store: Store) -> None:
    host, port = real_store.db.client.address or ("", 0)
    assert ping(f"mongodb://{host}:{port}", 2.0)


def test_nobody_and_a_stranger_do_not_answer_in_time() -> None:
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", 0))
        port = stranger.getsockname()[1]
        started = time.monotonic()
        assert not ping(f"mongodb://127.0.0.1:{port}", 0.3)  # refused: nothing listens
        stranger.listen()
        assert not ping(f"mongodb://127.0.0.1:{port}", 0.3)  # accepted, and never answered
        assert time.monotonic() - started < 5
