"""Batch concurrent calls from several threads (leader/follower group commit): one round trip carries several pages."""

from collections.abc import Callable, Sequence
from threading import Lock
from time import sleep
from typing import Generic, TypeVar

from crawler.model.errors import UnreachableError

A = TypeVar("A")
R = TypeVar("R")

_MAX_BATCH = 32
_GATHER_PAUSE = 0.001  # seconds the leader waits for more requests; repeated while they keep arriving


class _Request(Generic[A, R]):
    """One thread's argument, and the outcome of its call."""

    __slots__ = ("argument", "done", "error", "ready", "result")

    def __init__(self, argument: A) -> None:
        self.argument = argument
        self.done = False
        self.result: R | None = None
        self.error: BaseException | None = None
        self.ready = Lock()
        self.ready.acquire()


class Batcher(Generic[A, R]):
    """Run `batch` for the arguments of several threads at once; each thread gets its own result.

    The first thread to arrive becomes the leader. It collects requests until none arrives for 1 ms (32 at most), runs
    the batch, and passes leadership to the first waiter. There is no thread of its own, and a lone caller waits 1 ms.
    """

    def __init__(self, batch: Callable[[Sequence[A]], Sequence[R]]) -> None:
        self._batch = batch
        self._waiting: list[_Request[A, R]] = []
        self._has_leader = False
        self._lock = Lock()

    def submit(self, argument: A) -> R:
        """Return the result for this argument, or raise the error of its call."""
        request: _Request[A, R] = _Request(argument)
        with self._lock:
            self._waiting.append(request)
            is_follower, self._has_leader = self._has_leader, True
        if is_follower:
            request.ready.acquire()
        if not request.done:
            self._lead()
        if request.error is not None:
            raise request.error
        return request.result  # type: ignore[return-value]  # done without an error: there is a result

    def _lead(self) -> None:
        gathered = 0
        while gathered < len(self._waiting) < _MAX_BATCH:
            gathered = len(self._waiting)
            sleep(_GATHER_PAUSE)
        with self._lock:
            batch, self._waiting = self._waiting[:_MAX_BATCH], self._waiting[_MAX_BATCH:]
        self._run_batch(batch)
        with self._lock:
            self._has_leader = bool(self._waiting)
            if self._waiting:
                self._waiting[0].ready.release()
        for request in batch[1:]:
            request.ready.release()

    def _run_batch(self, batch: Sequence[_Request[A, R]]) -> None:
        try:
            for request, result in zip(batch, self._batch([request.argument for request in batch]), strict=True):
                request.result = result
        except BaseException as error:
            if len(batch) > 1 and not isinstance(error, UnreachableError):
                for request in batch:  # one of them is at fault; the others must not fail with it
                    self._run_batch([request])
                return
            for request in batch:
                request.error = error
        for request in batch:
            request.done = True
