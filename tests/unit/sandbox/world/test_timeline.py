"""A live world: what is in it at each hour; what was there stays, what is new comes after."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.provider.api import Api
from sandbox.provider.behaviour import Behaviour
from sandbox.provider.endpoints import respond
from sandbox.provider.faults import FaultInjector
from sandbox.provider.request_log import RequestLog
from sandbox.truth.parse_query import parse_query
from sandbox.truth.truth import Truth
from sandbox.world.keys import MEMBER, Comment, post_key, user_key
from sandbox.world.posts import NEWEST
from sandbox.world.timeline import Timeline
from sandbox.world.world import World

DAY = 86_400
START = 5_000.0  # real time


def cats(world: World) -> list[str]:
    truth: Any = Truth(world, parse_query([("kind", "hashtag"), ("value", "cats"), ("expand", "none")])).answer()
    posts: list[str] = truth["posts"]
    return posts


def later(days: float) -> World:
    return World(7, now=NEWEST + int(days * DAY))


def test_a_world_that_stands_still_is_one_world() -> None:
    world = World(7)
    timeline = Timeline(world)
    assert timeline.world_at(0.0) is timeline.world_at(1e10) is timeline.world_when(0) is world
    assert (timeline.now(1e10), timeline.is_live) == (world.now, False)
    with pytest.raises(ValueError, match="stands still; start the sandbox with --live"):
        timeline.move(0.0, advance=1)


def test_the_clock_runs_at_its_speed_and_the_world_changes_on_the_hour() -> None:
    timeline = Timeline(World(7), 3600.0, START)
    assert [timeline.world_at(START + n).now - NEWEST for n in (0.0, 0.9, 1.0, 2.5)] == [0, 0, 3600, 7200]
    timeline.move(START + 3, speed=0)
    timeline.move(START + 10, advance=DAY)
    assert timeline.now(START + 99) == NEWEST + 3 * 3600 + DAY
    assert timeline.now(START + 2) == NEWEST + 7200  # what has been stays
    assert timeline.world_when(NEWEST + 7300) is timeline.world_at(START + 2)
    with pytest.raises(ValueError, match="cannot be put back"):
        timeline.move(START + 100, now=NEWEST)


def test_posts_appear_and_those_that_are_there_stay_as_they_are() -> None:
    young, old = later(0), later(10)
    before, after = cats(young), cats(old)
    assert set(before) < set(after)
    assert cats(later(10)) == after
    topic = old.topics.by_number(0)
    assert topic is not None
    assert len(after) == 60 + topic.new_posts
    times = {old.ids.post_id(post): old.posts.created(post) for post in _posts(old)}
    assert all(NEWEST < times[new] <= old.now for new in set(after) - set(before))
    assert {young.ids.post_id(post): young.posts.created(post) for post in _posts(young)}.items() <= times.items()


def _posts(world: World) -> list[int]:
    topic = world.topics.by_number(0)
    assert topic is not None
    return [world.posts.of_topic(topic, index) for index in range(topic.posts)]


def test_new_posts_head_their_authors_lists_in_order_of_time() -> None:
    old = later(30)
    for b in range(36):
        user = user_key(MEMBER, 0, b)
        pinned = len(old.posts.pinned(user))
        times = [old.posts.created(old.posts.of_user(user, n)) for n in range(pinned, old.posts.count(user))]
        assert times == sorted(times, reverse=True)
        assert len(set(times)) == len(times)
        assert old.posts.pinned(user) == later(0).posts.pinned(user)


def test_counters_rise_and_comments_come_at_the_end() -> None:
    worlds = [later(days) for days in (0, 1, 5, 20)]
    posts = _posts(worlds[0])
    for post in posts[:20]:
        counts = [_of_post(world, post) for world in worlds]
        assert counts == sorted(counts)
        assert counts[0][0] < counts[-1][0]
        assert _comments(worlds[0], post) == _comments(worlds[-1], post)[: worlds[0].comments.count(post)]
    assert any(_of_post(worlds[-1], post)[1] > _of_post(worlds[0], post)[1] for post in posts)
    user = user_key(MEMBER, 0, 0)
    followers = [world.follow_graph.followers(user).size for world in worlds]
    assert followers == sorted(followers)


def _of_post(world: World, post: int) -> tuple[int, int]:
    payload: Any = respond(world, "/tt/post/multi-info", {"ids": world.ids.post_id(post)}).payload
    statistics = payload["data"][0]["statistics"]
    return statistics["play_count"], statistics["comment_count"]


def _comments(world: World, post: int) -> list[tuple[str, int]]:
    found = [Comment(post, n) for n in range(world.comments.count(post))]
    assert all(world.comments.created(comment) <= world.now for comment in found)
    return [(world.ids.cid(comment), world.comments.created(comment)) for comment in found]


def test_users_vanish_and_do_not_come_back() -> None:
    members = [user_key(MEMBER, number, b) for number in range(10) for b in range(36)]
    gone = [{user for user in members if later(days).users.state(user) == "missing"} for days in (0, 10, 40)]
    assert gone[0] < gone[1] < gone[2]
    assert len(gone[2]) < len(members) / 2


def test_what_has_a_name_for_its_size_keeps_it() -> None:
    old = later(100)
    hashtag, user = old.topics.hashtag("big-200"), old.users.by_username("posts_40")
    assert hashtag is not None
    assert (hashtag.posts, old.posts.count(user)) == (200, 40)
    assert old.posts.created(post_key(user, 3)) == World(7).posts.created(post_key(user, 3))


def test_an_answer_is_that_of_its_hour() -> None:
    now = [START]
    timeline = Timeline(World(7), 3600.0, START)
    api = Api(timeline, FaultInjector(7, Behaviour()), RequestLog(), lambda: now[0])
    query = {"token": "t", "name": "cats"}
    bodies = []
    for moment in (0.0, 0.5, 24.0, 24.5):
        now[0] = START + moment
        bodies.append(api.handle("/tt/hashtag/posts", query).body)
    assert bodies[0] == bodies[1] != bodies[2] == bodies[3]
