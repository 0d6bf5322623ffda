"""Lists as people have them: text, tables, JSON, TikTok's data export, and those that cannot be read."""

import io
from pathlib import Path

import pytest

from producers.seeds.lists import read_list
from producers.seeds.problems import InvalidSeedsError


def read(data: bytes) -> list[tuple[int, str]]:
    return read_list("-", io.BytesIO(data))


@pytest.mark.parametrize(
    ("data", "values"),
    [
        (b"a\nb\n", [(1, "a"), (2, "b")]),
        (b"\xef\xbb\xbfa\r\n\r\n  b  \r\n", [(1, "a"), (3, "b")]),
        (b"a\rb", [(1, "a"), (2, "b")]),
        (b"# a comment\n#\n##\n#cats\n", [(4, "#cats")]),
        ("x\u2028y\n猫".encode(), [(1, "x\u2028y"), (2, "猫")]),
    ],
)
def test_lists(data: bytes, values: list[tuple[int, str]]) -> None:
    assert read(data) == values


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "standard input: contains no values"),
        (b"\n# only this\n", "standard input: contains no values"),
        (b"ok\nm\xfcnchen\n", r"standard input: is not UTF-8 \(line 2\)"),
        ("a\n".encode("utf-16"), "is UTF-16; save it as UTF-8"),
    ],
)
def test_lists_that_cannot_be_read(data: bytes, why: str) -> None:
    with pytest.raises(InvalidSeedsError, match=why):
        read(data)


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "users.txt"
    path.write_text("alice\n\n@bob\n")
    assert read_list(path, io.BytesIO()) == [(1, "alice"), (3, "@bob")]
    with pytest.raises(InvalidSeedsError, match=r"none\.txt: cannot be read: No such file"):
        read_list(tmp_path / "none.txt", io.BytesIO())
    with pytest.raises(InvalidSeedsError, match="cannot be read: Is a directory"):
        read_list(tmp_path, io.BytesIO())
