"""Tells the ids of the cast and of whoever else is asked for by name, for tests that must paste them."""

from __future__ import annotations

from sandbox.world import lookup as find
from sandbox.world.keys import CAST, Comment, author, post_code, user_code
from sandbox.world.special_cases import POST_ROLES, ROLES, TAG_ROLES
from sandbox.world.world import World


def cast(world: World) -> dict[str, object]:
    """{"users": {NAME: card}, "posts": {NAME: …}, "hashtags": {NAME: why}, "unknown": {…}}."""
    many = world.posts.named("many_replies")
    return {
        "users": {role.name: user_card(world, user_code(CAST, n)) | {"why": role.why} for n, role in enumerate(ROLES)},
        "posts": {role.name: post_card(world, world.posts.named(role.name)) | {"why": role.why} for role in POST_ROLES},
        "hashtags": {role.name: role.why for role in TAG_ROLES},
        "comment_with_66_replies": f"{world.ids.post_id(many)}:{world.ids.cid(Comment(many, 0))}",
        "unknown": unknown(),
    }


def unknown() -> dict[str, object]:
    """Ids and names that nobody has. The post ids are answered by post_info with [], [null] and 404, in this order."""
    return {
        "posts": [str(7_999_999_999_999_999_000 + n) for n in (0, 1, 2)],
        "more_posts": [str(7_999_999_999_999_999_100 + n) for n in range(20)],
        "user": "nobody_here",
        "mistyped_user": "mistyped.",
        "sec_uid": "MS4wLjABAAAA" + "A" * 64,
        "mid": "6499999999999999999",
        "hashtag": "nosuchhashtag",
    }


def user_card(world: World, user: int, posts: int = 10) -> dict[str, object]:
    """Username, uid, sec_uid, state, numbers, and the newest posts."""
    ids, count = world.ids, world.posts.count(user)
    return {
        "username": world.people.username(user),
        "uid": ids.uid(user),
        "sec_uid": ids.sec_uid(user),
        "state": world.people.state(user),
        "followers": world.graph.followers(user).size,
        "followings": world.graph.followings(user).size,
        "post_count": count,
        "posts": [ids.post_id(post_code(user, n)) for n in range(count - 1, max(-1, count - 1 - posts), -1)],
    }


def post_card(world: World, post: int) -> dict[str, object]:
    """Id, URL, sound, hashtags, and the first comments with those that have replies."""
    ids, sound, count = world.ids, world.posts.sound(post), world.talk.comments(post)
    first = [Comment(post, t) for t in range(min(count, 100))]
    return {
        "id": ids.post_id(post),
        "url": f"https://www.tiktok.com/@{world.people.username(author(post))}/video/{ids.post_id(post)}",
        "mid": None if sound is None else ids.mid(sound),
        "hashtags": [tag.lower() for tag in world.posts.tags(post)],
        "comments": count,
        "replied": [f"{ids.post_id(post)}:{ids.cid(item)}" for item in first if world.talk.replies(item)][:5],
    }


def found(world: World, kind: str, value: str, count: int) -> dict[str, object]:
    """`user` NAME, `post` ID or `hashtag` NAME (its first `count` posts) as cards."""
    if kind == "user":
        return user_card(world, find.user(world, value), count)
    if kind == "post":
        return post_card(world, find.post(world, value))
    tag = world.topics.tag(value)
    posts = [world.ids.post_id(world.posts.under(tag, n)) for n in range(min(count, tag.posts))] if tag else []
    return {"name": value, "posts": posts}
