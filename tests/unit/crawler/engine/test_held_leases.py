"""Which leases the heartbeat extends."""

from threading import Event, Thread

import pytest

from crawler.engine.held_leases import HeldLeases
from tests.factories import page, request


def test_a_lease_is_held_while_the_block_runs() -> None:
    leases, held = HeldLeases(), page()
    with leases.held(held):
        assert leases.tokens() == {held.id: held.lease_token}
        assert len(leases) == 1
    assert leases.tokens() == {}
    assert len(leases) == 0


def test_a_lease_is_let_go_after_an_error() -> None:
    leases = HeldLeases()
    with pytest.raises(ZeroDivisionError), leases.held(page()):
        raise ZeroDivisionError
    assert len(leases) == 0


def test_each_page_has_a_lease_of_its_own() -> None:
    leases = HeldLeases()
    first, second = page(request(1)), page(request(2))
    with leases.held(first):
        with leases.held(second):
            assert set(leases.tokens()) == {first.id, second.id}
        assert set(leases.tokens()) == {first.id}


def test_the_tokens_are_a_copy() -> None:
    leases = HeldLeases()
    with leases.held(page()):
        copy = leases.tokens()
        copy.clear()
        assert len(leases) == 1


def test_leases_of_other_threads_are_seen() -> None:
    leases, holds, done = HeldLeases(), Event(), Event()

    def hold() -> None:
        with leases.held(page()):
            holds.set()
            done.wait(10)

    thread = Thread(target=hold)
    thread.start()
    assert holds.wait(10)
    assert len(leases) == 1
    done.set()
    thread.join(10)
    assert len(leases) == 0
