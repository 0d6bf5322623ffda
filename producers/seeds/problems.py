"""Collect what is wrong with the values of a list, and report it without flooding the terminal."""

from collections.abc import Iterable
from typing import NamedTuple

from crawler.model.errors import UsageError

SHOWN = 20  # problems; a list of a million wrong lines is reported by these and a count


class BadValueError(ValueError):
    """What is wrong with one value; becomes an InputProblem once its place is known."""


class InputProblem(NamedTuple):
    """One invalid value: where it was given, the value, and what is wrong with it."""

    where: str
    value: str
    why: str

    def __str__(self) -> str:
        value = f" {shown(self.value)}" if self.value else ""
        return f"{self.where}:{value} {self.why}" if self.where else f"{value} {self.why}".strip()


class InvalidSeedsError(UsageError):
    """The first invalid values in the order given, and how many there are; nothing was started."""

    def __init__(self, problems: Iterable[InputProblem], count: int | None = None) -> None:
        self.problems = tuple(problems)[:SHOWN]
        self.count = len(self.problems) if count is None else count
        super().__init__(self.problems, self.count)

    def __str__(self) -> str:
        lines = [str(problem) for problem in self.problems]
        if more := self.count - len(self.problems):
            lines.append(f"… and {more:,} more invalid {'value' if more == 1 else 'values'}")
        return "\n".join(lines)


class Problems:
    """The first problems of a list, and how many it has."""

    def __init__(self) -> None:
        self.first: list[InputProblem] = []
        self.count = 0

    def add(self, problem: InputProblem) -> None:
        self.count += 1
        if self.count <= SHOWN:
            self.first.append(problem)

    def error(self) -> InvalidSeedsError:
        return InvalidSeedsError(self.first, self.count)


def shown(value: str) -> str:
    """Return the value quoted and, where it is long, cut."""
    return repr(value if len(value) <= 80 else f"{value[:79]}…")
