"""Parses query parameters as FastAPI does: what is missing or of the wrong type is reported in a 422."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from sandbox.world.errors import ApiError, validation_detail

Kind = Literal["str", "int", "bool"]
_WRONG_TYPE = {
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
    """The parsed parameters of one request; an absent one is None, an absent flag False."""

    def __init__(self, values: Mapping[str, str | int | bool]) -> None:
        self._values = values

    def text(self, name: str) -> str:
        return str(self._values[name])

    def optional_text(self, name: str) -> str | None:
        value = self._values.get(name)
        return None if value is None else str(value)

    def integer(self, name: str) -> int:
        return int(self._values[name])

    def optional_integer(self, name: str) -> int | None:
        value = self._values.get(name)
        return None if value is None else int(value)

    def flag(self, name: str) -> bool:
        return bool(self._values.get(name, False))


def parse_params(fields: Mapping[str, Field], query: Mapping[str, str]) -> Params:
    """Raise ApiError(422, [{type, loc, msg, input}, …]) for wrong parameters; ignore unknown ones."""
    values: dict[str, str | int | bool] = {}
    wrong: list[dict[str, object]] = []
    for name, field in fields.items():
        raw = query.get(name)
        if raw is None:
            if field.required:
                wrong.append(validation_detail(name, "missing", "Field required", None))
            continue
        try:
            values[name] = _parse(field, raw)
        except (ValueError, KeyError):
            wrong.append(validation_detail(name, f"{field.kind}_parsing", _WRONG_TYPE[field.kind], raw))
            continue
        if field.choices and raw not in field.choices:
            message = f"Input should be {' or '.join(field.choices)}"
            wrong.append(validation_detail(name, "literal_error", message, raw))
    if wrong:
        raise ApiError(422, wrong)
    return Params(values)


def _parse(field: Field, raw: str) -> str | int | bool:
    if field.kind == "int":
        if not raw.strip().lstrip("-").isdecimal():
            raise ValueError(raw)
        return int(raw)
    return _BOOLS[raw.lower()] if field.kind == "bool" else raw
