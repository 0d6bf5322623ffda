"""Works a frontier off in a thread pool: each call once, what it leads to as soon as it is known."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Lock

from benchmarks.peers.reading import Call


class Pool:
    """`work` makes one call, stores what it brings and gives what it leads to."""

    def __init__(self, threads: int, work: Callable[[Call], list[Call]]) -> None:
        self._work = work
        self._executor = ThreadPoolExecutor(threads)
        self._seen: set[Call] = set()
        self._open = 0
        self._lock = Lock()
        self._done = Event()
        self._error: BaseException | None = None

    def run(self, first: Iterable[Call]) -> int:
        """Returns the number of calls."""
        self._add(first)
        self._done.wait()
        self._executor.shutdown(cancel_futures=True)
        if self._error:
            raise self._error
        return len(self._seen)

    def _add(self, calls: Iterable[Call]) -> None:
        with self._lock:
            new = [call for call in dict.fromkeys(calls) if call not in self._seen]
            self._seen.update(new)
            self._open += len(new)
        for call in new:
            self._executor.submit(self._one, call)

    def _one(self, call: Call) -> None:
        try:
            self._add(self._work(call))
        except BaseException as error:
            self._error = self._error or error
            self._done.set()
            raise
        with self._lock:
            self._open -= 1
            if not self._open:
                self._done.set()
