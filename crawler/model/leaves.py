"""Measures how much a decoded object holds."""

from typing import Any


def count_leaves(raw: Any) -> int:
    """Return how many values an object or list holds at any depth; null, "" and what is empty hold nothing."""
    count = 0
    pending = [raw]
    while pending:
        value = pending.pop()
        for entry in value.values() if type(value) is dict else value:
            kind = type(entry)
            if kind is str:
                if entry:
                    count += 1
            elif kind is dict or kind is list:
                if entry:
                    pending.append(entry)
            elif entry is not None:
                count += 1
    return count
