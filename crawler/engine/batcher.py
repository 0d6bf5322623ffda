"""Lets the threads of a process do together what each would do alone: one round trip carries several pages."""

from collections.abc import Callable, Sequence
from threading import Lock
from time import sleep
from typing import Generic, TypeVar

from crawler.model.errors import Unreachable

A = TypeVar("A")
R = TypeVar("R")

_MOST = 32  # done in one go
_GLANCE = 0.001  # seconds between looks whether more are coming


class _Part(Generic[A, R]):
    """What one thread brought, and what came of it."""

    __slots__ = ("called", "error", "over", "result", "what")

    def __init__(self, what: A) -> None:
        self.what = what
        self.over = False
        self.result: R | None = None
        self.error: BaseException | None = None
        self.called = Lock()
        self.called.acquire()


class Batcher(Generic[A, R]):
    """Calls `do` with what several threads brought; each gets its own result.

    The first thread to come leads: it takes along who comes while others keep coming, does it for all, and hands the
    lead to the first of those who came meanwhile. There is no thread of its own, and nobody waits for a full group.
    """

    def __init__(self, do: Callable[[Sequence[A]], Sequence[R]]) -> None:
        self._do = do
        self._waiting: list[_Part[A, R]] = []
        self._led = False
        self._lock = Lock()

    def __call__(self, what: A) -> R:
        mine: _Part[A, R] = _Part(what)
        with self._lock:
            self._waiting.append(mine)
            follows, self._led = self._led, True
        if follows:
            mine.called.acquire()
        if not mine.over:
            self._lead()
        if mine.error is not None:
            raise mine.error
        return mine.result  # type: ignore[return-value]  # over without an error: there is a result

    def _lead(self) -> None:
        coming = 0
        while coming < len(self._waiting) < _MOST:
            coming = len(self._waiting)
            sleep(_GLANCE)
        with self._lock:
            group, self._waiting = self._waiting[:_MOST], self._waiting[_MOST:]
        self._carry(group)
        with self._lock:
            self._led = bool(self._waiting)
            if self._waiting:
                self._waiting[0].called.release()
        for part in group[1:]:
            part.called.release()

    def _carry(self, group: Sequence[_Part[A, R]]) -> None:
        try:
            for part, result in zip(group, self._do([part.what for part in group]), strict=True):
                part.result = result
        except BaseException as error:
            if len(group) > 1 and not isinstance(error, Unreachable):
                # One of them is at fault; the others must not suffer for it.
                for part in group:
                    self._carry([part])
                return
            for part in group:
                part.error = error
        for part in group:
            part.over = True
