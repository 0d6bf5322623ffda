"""Reads the settings that the environment and `.env` hold; any of them may be in a file that `NAME_FILE` names."""

import os
from collections.abc import Iterable, Mapping
from io import StringIO
from pathlib import Path

from dotenv import dotenv_values

from crawler.model.errors import UsageError
from crawler.model.text_files import decode_text

PREFIX = "TOKCRAWL_"
DOTENV = Path(".env")
_IN_A_FILE = "_FILE"


def from_environment(known: Iterable[str]) -> dict[str, str]:
    """Return the settings of the process's environment, by their names in the code."""
    return _settings(os.environ, known)


def from_dotenv(known: Iterable[str]) -> dict[str, str]:
    """Return the settings of `.env` in the working directory; none where there is no such file."""
    if not DOTENV.is_file():
        return {}
    return _settings(dotenv_values(stream=StringIO(_read(DOTENV, str(DOTENV)))), known)


def _settings(source: Mapping[str, str | None], known: Iterable[str]) -> dict[str, str]:
    given = {name.upper(): value for name, value in source.items() if value is not None}
    given = {name: value for name, value in given.items() if name.startswith(PREFIX)}
    names = {PREFIX + name.upper(): name for name in known}
    files = {name + _IN_A_FILE: name for name in names}
    if unknown := sorted(given.keys() - names.keys() - files.keys()):
        raise UsageError(f"unknown setting {', '.join(unknown)}; known are {', '.join(sorted(names))}")
    settings = {names[name]: value for name, value in given.items() if name in names}
    for variable, name in files.items():
        if path := given.get(variable):
            if name in given:
                raise UsageError(f"{name} and {variable} are both set; remove one")
            settings[names[name]] = _read(Path(path), variable).rstrip("\r\n")
    return settings


def _read(path: Path, name: str) -> str:
    """Return a file's text; the errors give the name of its setting, and of the text no more than a line's number."""
    try:
        data = path.read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise UsageError(f"{name} cannot be read: {getattr(error, 'strerror', None) or error}") from None
    try:
        return decode_text(data)
    except ValueError as error:
        raise UsageError(f"{name} {error}") from None
