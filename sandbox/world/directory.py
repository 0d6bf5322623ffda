"""Lists the ids of the special cases, and describes any user, post or hashtag, for tests that need ids to paste."""

from __future__ import annotations

from sandbox.world import lookup
from sandbox.world.keys import SPECIAL, Comment, author, post_key, user_key
from sandbox.world.special_cases import SPECIAL_HASHTAGS, SPECIAL_POSTS, SPECIAL_USERS
from sandbox.world.world import World


def special_cases(world: World) -> dict[str, object]:
    """Return {"users": {NAME: description}, "posts": {NAME: …}, "hashtags": {NAME: why}, "unknown": {…}, …}."""
    many = world.posts.by_name("many_replies")
    return {
        "users": {
            special.name: describe_user(world, user_key(SPECIAL, n)) | {"why": special.why}
            for n, special in enumerate(SPECIAL_USERS)
        },
        "posts": {
            special.name: describe_post(world, world.posts.by_name(special.name)) | {"why": special.why}
            for special in SPECIAL_POSTS
        },
        "hashtags": {special.name: special.why for special in SPECIAL_HASHTAGS},
        "comment_with_66_replies": f"{world.ids.post_id(many)}:{world.ids.cid(Comment(many, 0))}",
        "unknown": unknown_ids(),
    }


def unknown_ids() -> dict[str, object]:
    """Return ids and names that nobody has. To the three `posts`, post_info answers [null], 404 and []."""
    return {
        "posts": [str(7_099_123_456_789_012_001 + n) for n in (0, 1, 2)],
        "more_posts": [str(7_099_123_456_789_012_101 + n) for n in range(20)],
        "user": "nobody_here",
        "mistyped_user": "mistyped.",
        "sec_uid": lookup.SEC_UID_PREFIX + "A" * 64,
        "mid": "6499999999999999999",
        "hashtag": "nosuchhashtag",
    }


def describe_user(world: World, user: int, posts: int = 10) -> dict[str, object]:
    """Return the user's name, ids, state, counts and newest posts."""
    ids, count = world.ids, world.posts.count(user)
    return {
        "username": world.users.username(user),
        "uid": ids.uid(user),
        "sec_uid": ids.sec_uid(user),
        "state": world.users.state(user),
        "followers": world.follow_graph.followers(user).size,
        "followings": world.follow_graph.followings(user).size,
        "post_count": count,
        "posts": [ids.post_id(post_key(user, n)) for n in range(count - 1, max(-1, count - 1 - posts), -1)],
    }


def describe_post(world: World, post: int) -> dict[str, object]:
    """Return the post's id, URL, sound and hashtags, its number of comments, and up to five that have replies."""
    ids, sound, count = world.ids, world.posts.sound(post), world.comments.count(post)
    first = [Comment(post, n) for n in range(min(count, 100))]
    return {
        "id": ids.post_id(post),
        "url": f"https://www.tiktok.com/@{world.users.username(author(post))}/video/{ids.post_id(post)}",
        "mid": None if sound is None else ids.mid(sound),
        "hashtags": [tag.lower() for tag in world.posts.tags(post)],
        "comments": count,
        "replied": [f"{ids.post_id(post)}:{ids.cid(item)}" for item in first if world.comments.reply_count(item)][:5],
    }


def describe(world: World, kind: str, value: str, count: int) -> dict[str, object]:
    """Describe a `user` (NAME), a `post` (ID) or a `hashtag` (NAME), with up to `count` posts."""
    if kind == "user":
        return describe_user(world, lookup.user(world, value), count)
    if kind == "post":
        return describe_post(world, lookup.post(world, value))
    hashtag = world.topics.hashtag(value)
    posts = [world.posts.of_hashtag(hashtag, n) for n in range(min(count, hashtag.posts))] if hashtag else []
    return {"name": value, "posts": [world.ids.post_id(post) for post in posts]}
