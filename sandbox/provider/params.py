"""Reads a request's parameters as FastAPI would: missing or badly typed ones are a 422 with a list of details."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from sandbox.world.errors import Refused

Kind = Literal["str", "int", "bool"]
_UNREADABLE = {
    "str": "Input should be a valid string",
    "int": "Input should be a valid integer, unable to parse string as an integer",
    "bool": "Input should be a valid boolean, unable to interpret input",
}
_BOOLS = {"true": True, "1": True, "on": True, "yes": True, "false": False, "0": False, "off": False, "no": False}


@dataclass(frozen=True)
class Field:
    kind: Kind = "str"
    required: bool = False
    choices: tuple[str, ...] = ()


class Params:
    """The checked parameters of one request; absent ones read as None (False for a flag)."""

    def __init__(self, values: Mapping[str, str | int | bool]) -> None:
        self._values = values

    def text(self, name: str) -> str:
        return str(self._values[name])

    def maybe(self, name: str) -> str | None:
        value = self._values.get(name)
        return None if value is None else str(value)

    def number(self, name: str) -> int | None:
        value = self._values.get(name)
        return None if value is None else int(value)

    def flag(self, name: str) -> bool:
        return bool(self._values.get(name, False))


def check(fields: Mapping[str, Field], given: Mapping[str, str]) -> Params:
    """Raises Refused(422, [{type, loc, msg, input}…]); parameters nobody asked for are let through unseen."""
    values: dict[str, str | int | bool] = {}
    wrong: list[dict[str, object]] = []
    for name, field in fields.items():
        raw = given.get(name)
        if raw is None:
            if field.required:
                wrong.append(_detail("missing", name, "Field required", None))
            continue
        try:
            values[name] = _read(field, raw)
        except (ValueError, KeyError):
            wrong.append(_detail(f"{field.kind}_parsing", name, _UNREADABLE[field.kind], raw))
            continue
        if field.choices and raw not in field.choices:
            wrong.append(_detail("literal_error", name, f"Input should be {' or '.join(field.choices)}", raw))
    if wrong:
        raise Refused(422, wrong)
    return Params(values)


def _read(field: Field, raw: str) -> str | int | bool:
    if field.kind == "int":
        if not raw.strip().lstrip("-").isdecimal():
            raise ValueError(raw)
        return int(raw)
    return _BOOLS[raw.lower()] if field.kind == "bool" else raw


def _detail(kind: str, name: str, message: str, value: str | None) -> dict[str, object]:
    return {"type": kind, "loc": ["query", name], "msg": message, "input": value}
