"""What a spec keeps on its way into the database and back."""

import pytest
from pydantic import ValidationError

from crawler.model.crawls import CrawlSpec
from crawler.model.enums import CrawlState, PauseCause, Relation, SeedKind
from tests.factories import crawl


def test_a_spec_survives_storage_unchanged() -> None:
    spec = CrawlSpec(
        kind=SeedKind.USER, usernames=frozenset({"alice"}), options={"alternative_method": True},
        expand=frozenset({Relation.FOLLOWERS}), depth=3, max_pages=4, max_units=5, limits={"followers": 6},
        since=7, until=8, priority=-1, name="n", attrs={"k": "v"},
    )  # fmt: skip
    assert CrawlSpec.model_validate(spec.model_dump(mode="json")) == spec


def test_an_unknown_field_of_a_later_version_is_ignored() -> None:
    assert CrawlSpec.model_validate({"kind": "hashtag", "fresh_for": 9}).depth == 2


@pytest.mark.parametrize("wrong", [{"depth": -1}, {"max_pages": 0}, {"max_units": 0}, {"priority": 6}, {"kind": "x"}])
def test_an_impossible_value_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        CrawlSpec.model_validate({"kind": "hashtag", **wrong})


def test_each_step_of_priority_doubles_the_weight() -> None:
    assert [crawl(priority=priority).share_weight for priority in (-5, 0, 1, 5)] == [1 / 32, 1, 2, 32]


def test_either_limit_gives_a_crawl_a_budget() -> None:
    assert not crawl().has_budget
    assert crawl(max_units=5).has_budget
    assert crawl(max_pages=5).has_budget


def test_only_a_running_crawl_runs() -> None:
    assert crawl().running
    assert not crawl(state=CrawlState.PAUSED, cause=PauseCause.OUTAGE).running
    assert {state for state in CrawlState if state.ended} == {"complete", "failed", "cancelled"}
