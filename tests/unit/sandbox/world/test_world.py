"""The world is the same in every process, its ids can be converted back, and follows agree from both ends."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from sandbox.world.keys import Comment, author, user_key
from sandbox.world.topics import VOCABULARY
from sandbox.world.world import World

PROBE = """
from hashlib import blake2b
from sandbox.provider.endpoints import respond
from sandbox.provider.shaping import encode
from sandbox.world.directory import special_cases
from sandbox.world.world import World
import json
world = World(7)
digest = blake2b(json.dumps(special_cases(world), sort_keys=True).encode())
for path, query in (
    ("/tt/hashtag/posts", {"name": "cats"}), ("/tt/user/info", {"username": "dogs_03"}),
    ("/tt/user/posts", {"username": "posts_40", "depth": "2"}),
    ("/tt/music/info", {"name": "x"}), ("/tt/keyword/search", {"name": "zebra", "period": "180"}),
):
    digest.update(encode(respond(world, path, query).payload))
print(digest.hexdigest())
"""


def _probe(hash_seed: str) -> str:
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    return subprocess.run(
        [sys.executable, "-c", PROBE], env=environment, capture_output=True, text=True, check=True
    ).stdout


def test_two_processes_hold_the_same_world() -> None:
    assert _probe("1") == _probe("2")


def test_another_seed_is_another_world(world: World) -> None:
    user = user_key(1, 0, 3)
    assert World(8).ids.uid(user) != world.ids.uid(user)


def test_ids_can_be_converted_back(world: World) -> None:
    tag = world.topics.hashtag("cats")
    assert tag is not None
    owners: dict[str, int] = {}
    for place in range(tag.posts):
        post = world.posts.of_hashtag(tag, place)
        user = author(post)
        assert world.ids.post_from_id(world.ids.post_id(post)) == post
        assert owners.setdefault(world.ids.uid(user), user) == user
        assert world.ids.user_from_sec_uid(world.ids.sec_uid(user)) == user
        assert world.users.by_username(world.users.username(user)) == user
        sound = world.posts.sound(post)
        if sound is not None:
            assert world.ids.sound_from_mid(world.ids.mid(sound)) == sound
            assert post in world.sounds.posts_using(sound)


def test_ids_look_real(world: World) -> None:
    user = user_key(1, 0, 3)
    for number in (world.ids.uid(user), world.ids.post_id(user << 16), world.ids.mid(5), world.ids.cid(Comment(1, 2))):
        assert len(number) == 19
        assert 2**53 < int(number) < 2**63
    assert len(world.ids.sec_uid(user)) == 76


def test_ids_carry_a_time_that_has_been(world: World) -> None:
    for n in range(2000):
        for number in (world.ids.post_id(n), world.ids.mid(n), world.ids.cid(Comment(n, n))):
            assert 1_388_534_400 < int(number) >> 32 < 1_735_689_600  # 2014 to 2024


def test_twins_differ_only_in_case(world: World) -> None:
    a, b = (world.users.by_username(name) for name in ("twin_a", "twin_b"))
    first, second = world.ids.sec_uid(a), world.ids.sec_uid(b)
    assert first != second
    assert first.lower() == second.lower()
    assert (world.ids.user_from_sec_uid(first), world.ids.user_from_sec_uid(second)) == (a, b)


@pytest.mark.parametrize(
    "name", ["cats_00", "cats_05", "dogs_0a", "celebrity7000", "follows130", "fan_c0_1", "idol_d9_3"]
)
def test_follows_agree_from_both_ends(world: World, name: str) -> None:
    user = world.users.by_username(name)
    followings, followers = world.follow_graph.followings(user), world.follow_graph.followers(user)
    for place in range(min(200, followings.size)):
        back = world.follow_graph.followers(followings.user(place))
        assert user in {back.user(n) for n in range(back.size)}
    for place in range(min(200, followers.size)):
        back = world.follow_graph.followings(followers.user(place))
        assert user in {back.user(n) for n in range(back.size)}


def test_a_user_list_holds_each_post_once_pinned_first(world: World) -> None:
    user = world.users.by_username("pinned_user")
    posts = [world.posts.of_user(user, place) for place in range(35)]
    assert len(set(posts)) == 35
    times = [world.posts.created(post) for post in posts]
    assert times[3:] == sorted(times[3:], reverse=True)
    assert max(times[:3]) < min(times[3:])


def test_three_hashtags_share_posts(world: World) -> None:
    sets = []
    for name in ("cats", "catsdaily", "catstok"):
        tag = world.topics.hashtag(name)
        assert tag is not None
        sets.append({world.posts.of_hashtag(tag, place) for place in range(tag.posts)})
    assert sets[1] < sets[0]
    assert sets[1] & sets[2]


def test_every_vocabulary_word_is_a_hashtag_of_demo_size(world: World) -> None:
    for word in VOCABULARY:
        tag = world.topics.hashtag(word)
        assert tag is not None
        assert 60 <= tag.posts <= 140
