"""Renders posts: the app's aweme, and the old web format of full hashtag searches."""

from __future__ import annotations

from sandbox.render import sound as render_sound
from sandbox.render import user as render_user
from sandbox.render.media import Json, picture, video
from sandbox.world.hashing import hash_ints
from sandbox.world.keys import author, post_number, unpack_user
from sandbox.world.topics import VOCABULARY
from sandbox.world.world import World

_ODD_TEXT = (
    "half a pair: \ud83d",
    "a very large number of plays",
    "null\x00inside",
    "two\u2028lines",
    "ünï ✨",
    "plain",
)


def description(world: World, post: int) -> str:
    oddity = world.posts.text_oddity(post)
    if oddity is not None:
        return _ODD_TEXT[oddity % len(_ODD_TEXT)]
    words = VOCABULARY[hash_ints(world.seed, 78, post) % len(VOCABULARY)]
    return f"my day with {words} " + " ".join(f"#{tag}" for tag in world.posts.tags(post))


def _counts(world: World, post: int) -> dict[str, int]:
    chance = hash_ints(world.seed, 79, post)
    views = 50 + chance % 400_000 + _new_views(world, post)
    plays = 2**70 if world.posts.text_oddity(post) == 1 else views
    likes = views // 12
    return {"play": plays, "digg": likes, "share": likes // 40, "comment": world.comments.count(post)}


def _new_views(world: World, post: int) -> int:
    """Return the views that a post got in a live world; up to 200 an hour."""
    hours = min(world.age, world.now - world.posts.created(post)) // 3600
    return max(0, hours) * (1 + hash_ints(world.seed, 82, post) % 200)


def aweme(world: World, post: int, *, true_author: bool = False, int_ids: bool = False) -> Json:
    """Return a post as the app has it: `true_author` gives its author true counts, `int_ids` 64-bit integers as ids."""
    user, post_id, key = author(post), world.ids.post_id(post), _key(world, post)
    photo = world.posts.is_photo(post)
    writer = render_user.author(world, user, true_author, with_name=not photo)
    body: Json = {
        "aweme_id": int(post_id) if int_ids else post_id,
        "desc": description(world, post),
        "desc_language": "en",
        "create_time": world.posts.created(post),
        "region": world.users.region(user),
        "author": writer,
        "author_user_id": int(world.ids.uid(user)),
        "statistics": _statistics(world, post),
        "video": video(key, world.scale == "large"),
    }
    if int_ids:
        writer["uid"] = int(world.ids.uid(user))
    return body | (_photo_part(key) if photo else _video_part(world, post, int_ids))


def _key(world: World, post: int) -> int:
    return hash_ints(world.seed, 80, post)


def _statistics(world: World, post: int) -> Json:
    counts = _counts(world, post)
    return {
        "aweme_id": world.ids.post_id(post),
        "play_count": counts["play"],
        "digg_count": counts["digg"],
        "share_count": counts["share"],
        "comment_count": counts["comment"],
        "download_count": counts["share"] // 3,
        "forward_count": 0,
        "collect_count": counts["digg"] // 9,
        "repost_count": 0,
    }


def _photo_part(key: int) -> Json:
    images = [{"display_image": picture(key + n, "photo")} for n in range(3)]
    return {"image_post_info": {"images": images, "title": ""}}


def _video_part(world: World, post: int, int_ids: bool) -> Json:
    """Return what a photo post lacks."""
    user, post_id, key = author(post), world.ids.post_id(post), _key(world, post)
    tags, sound = world.posts.tags(post), world.posts.sound(post)
    assert sound is not None
    music = render_sound.embedded(world, sound)
    body: Json = {
        "aweme_type": 0,
        "group_id": post_id,
        "is_top": int(post_number(post) in world.posts.pinned(user)),
        "music": music | {"mid": int(world.ids.mid(sound))} if int_ids else music,
        "status": {"aweme_id": post_id, "is_delete": False, "allow_comment": True, "private_status": 0, "reviewed": 1},
        "text_extra": _text_extra(world, user, tags, key),
        "cha_list": _cha_list(tags) if key % 3 else None,
        "anchors": None,
        "banners": [],
        "geofencing": None,
        "share_url": f"https://www.tiktok.com/@{world.users.username(user)}/video/{post_id}",
        "user_digged": 0,
        "rate": 12,
    }
    if world.scale == "large":
        body["added_sound_music_info"] = music
        body["share_info"] = {"share_title": description(world, post), "share_desc": "Check it out", "bool_persist": 0}
    return body


def _cid(tag: str) -> str:
    return str(hash_ints(81, *tag.lower().encode()) % 10**12)


def _text_extra(world: World, user: int, tags: tuple[str, ...], key: int) -> list[Json]:
    """Return the hashtags, some posts' without the last, which is in cha_list then, and some posts' mentions."""
    shown = tags[:-1] if key % 3 and key % 5 == 0 else tags
    extra: list[Json] = [
        {"start": 12 + n, "end": 20 + n, "type": 1, "hashtag_name": tag, "hashtag_id": _cid(tag), "user_id": ""}
        for n, tag in enumerate(shown)
    ]
    if key % 7 == 0:
        extra.append(
            {"start": 0, "end": 5, "type": 0, "user_id": world.ids.uid(user), "sec_uid": world.ids.sec_uid(user)}
        )
    return extra


def _cha_list(tags: tuple[str, ...]) -> list[Json]:
    return [
        {"cid": _cid(tag), "cha_name": tag, "user_count": 0, "view_count": 0, "desc": "", "type": 1} for tag in tags
    ]


def wrapped(world: World, post: int, *, true_author: bool = False) -> Json:
    """Return a keyword hit: {type, aweme_info}."""
    return {"type": 1, "aweme_info": aweme(world, post, true_author=true_author)}


def web(world: World, post: int) -> Json:
    """Return a remapped post: ids, createTime and heartCount are strings, the other counters integers."""
    user = author(post)
    infos, stats = render_user.web_author(world, user)
    counts, tags, sound = _counts(world, post), world.posts.tags(post), world.posts.sound(post)
    body: Json = {
        "itemInfos": {
            "id": world.ids.post_id(post),
            "text": description(world, post),
            "createTime": str(world.posts.created(post)),
            "authorId": world.ids.uid(user),
            "musicId": "" if sound is None else world.ids.mid(sound),
            "diggCount": counts["digg"],
            "playCount": counts["play"],
            "shareCount": counts["share"],
            "commentCount": counts["comment"],
            "covers": [f"https://cdn1.sandbox.invalid/cover/{unpack_user(user).b}.jpeg"],
            "video": {"urls": [], "videoMeta": {"width": 576, "height": 1024, "ratio": 14, "duration": 15}},
            "secret": False,
        },
        "authorInfos": infos,
        "authorStats": stats,
        "challengeInfoList": [
            {"challengeId": _cid(tag), "challengeName": tag, "text": "", "covers": [], "isCommerce": False}
            for tag in tags
        ],
        "duetInfo": "0",
        "textExtra": [
            {"AwemeId": "", "Start": 0, "End": 5, "HashtagId": "", "HashtagName": tag, "Type": 1, "UserId": ""}
            for tag in tags
        ],
    }
    if sound is not None:
        body["musicInfos"] = render_sound.web(world, sound)
    return body
