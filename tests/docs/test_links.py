"""Every relative link of every Markdown file leads to a file, and to a heading where it names one."""

import re
from itertools import pairwise
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parents[2]
FOLDERS = ("docs", "deploy", ".github", "benchmarks")
FILES = sorted([*ROOT.glob("*.md"), *(file for folder in FOLDERS for file in (ROOT / folder).rglob("*.md"))])
_ELSEWHERE = re.compile(r"[a-z]+:|//")
_MARKDOWN = MarkdownIt("commonmark").enable("table")


def inline(file: Path) -> list[Token]:
    tokens = _MARKDOWN.parse(file.read_text("utf-8"))
    return [child for token in tokens for child in token.children or ()]


def links(file: Path) -> list[str]:
    """The targets of links and pictures that are not on the network."""
    found = [str(token.attrs.get("href") or token.attrs.get("src") or "") for token in inline(file)]
    return [target for target in found if target and not _ELSEWHERE.match(target)]


def anchors(file: Path) -> set[str]:
    """The names that GitHub gives the headings of a file."""
    tokens = _MARKDOWN.parse(file.read_text("utf-8"))
    headings = [after.content for token, after in pairwise(tokens) if token.type == "heading_open"]
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def is_broken(file: Path, target: str) -> bool:
    path, _, anchor = target.partition("#")
    wanted = (file.parent / path).resolve() if path else file
    return not wanted.is_relative_to(ROOT) or not wanted.exists() or bool(anchor and anchor not in anchors(wanted))


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_every_relative_link_leads_somewhere(file: Path) -> None:
    assert [target for target in links(file) if is_broken(file, target)] == []


def test_a_broken_link_would_be_found() -> None:
    readme = ROOT / "README.md"
    assert "docs/quickstart.md" in links(readme)
    assert "docs/pictures/watch.svg" in links(readme)
    assert is_broken(readme, "docs/no-such-page.md")
    assert is_broken(readme, "docs/reference/database.md#no-such-collection")
    assert not is_broken(readme, "docs/reference/database.md#pages")


def test_the_index_leads_to_every_page_of_the_docs() -> None:
    index = ROOT / "docs" / "index.md"
    linked = {(index.parent / target).resolve() for target in links(index)}
    assert set((ROOT / "docs").rglob("*.md")) - {index} <= linked
