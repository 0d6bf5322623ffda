"""The facts about the provider: each marked and sourced, each citation leads to one, paths as the SDK calls them."""

import inspect
import re
from pathlib import Path
from typing import Any

import pytest
from ensembledata.api._client import CustomerEndpoints, TiktokEndpoints

from crawler.api.endpoints import ENDPOINTS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reference" / "provider.md").read_text("utf-8")
LINES = [line for line in PAGE.splitlines() if re.match(r"- \*\*[A-Z]\d+\*\*", line)]
FACTS = {match[1]: line for line in LINES if (match := re.match(r"- \*\*([A-Z]\d+)\*\*", line))}
CITED = re.compile(r"provider\.md`? ((?:(?:, | and |, and )?[A-Z]\d+)+)")


def test_no_fact_is_numbered_twice() -> None:
    assert len(FACTS) == len(LINES) > 80


@pytest.mark.parametrize("fact", FACTS)
def test_every_fact_has_a_mark_and_a_source(fact: str) -> None:
    assert re.match(rf"- \*\*{fact}\*\* \*(seen|documented|inferred|unverified)\*: .+ Source: \S.+", FACTS[fact])


def test_every_id_that_a_fact_refers_to_exists() -> None:
    assert set(re.findall(r"\b([TPEOU]\d{1,2})\b", PAGE)) <= FACTS.keys()


def test_every_citation_leads_to_a_fact() -> None:
    folders = ("crawler", "workers", "producers", "sandbox", "tests", "docs")
    files = [file for folder in folders for file in (ROOT / folder).rglob("*") if file.suffix in {".py", ".md", ".lua"}]
    cited = {
        (str(file.relative_to(ROOT)), fact)
        for file in files
        for ids in CITED.findall(file.read_text("utf-8"))
        for fact in re.findall(r"[A-Z]\d+", ids)
    }
    assert ("docs/reference/provider.md", "P4") in cited  # the example of how to cite
    assert {(file, fact) for file, fact in cited if fact not in FACTS} == set()


class _Recorder:
    """Takes the place of the SDK's requester and keeps the path of the last call."""

    path = ""

    def get(self, url: str, params: dict[str, Any], **_: Any) -> None:
        self.path = url


@pytest.mark.parametrize("name", ENDPOINTS)
def test_every_endpoint_is_described_under_the_path_that_the_sdk_calls(name: str) -> None:
    recorder = _Recorder()
    group: Any = (CustomerEndpoints if hasattr(CustomerEndpoints, name) else TiktokEndpoints)(recorder)  # type: ignore[arg-type]  # a fake
    method = getattr(group, name)
    wanted = [p.name for p in inspect.signature(method).parameters.values() if p.default is inspect.Parameter.empty]
    method(**dict.fromkeys(wanted, "1"))
    (fact,) = (line for line in FACTS.values() if re.match(rf"- \*\*E\d+\*\* \*\w+\*: `{name}`", line))
    assert f"`{name}`, GET `{recorder.path}`:" in fact
