"""Lists the 20 TikTok endpoints: path, parameters and the function that responds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from sandbox.lists.searches import PERIODS
from sandbox.provider import post_endpoints as posts
from sandbox.provider import user_endpoints as users
from sandbox.provider.params import Field, Params, parse_params
from sandbox.provider.response import Response
from sandbox.world.errors import ApiError
from sandbox.world.world import World

_TEXT = Field(required=True)
_COUNT = Field("int", required=True)
_INT = Field("int")
_FLAG = Field("bool")
_MEDIA = {"new_version": _FLAG, "download_video": _FLAG}
_PERIOD = Field(required=True, choices=PERIODS)
_SORTING = Field(choices=("0", "1"))
_OPTIONS = {"period": _PERIOD, "sorting": _SORTING, "country": Field(), "match_exactly": _FLAG}
_POSTS = {"depth": _COUNT, "start_cursor": _INT, "oldest_createtime": _INT, **_MEDIA}
_FOLLOW = {"id": _TEXT, "secUid": _TEXT, "cursor": _INT, "page_token": Field()}


class Endpoint(NamedTuple):
    fields: Mapping[str, Field]
    respond: Callable[[World, Params], Response]


ENDPOINTS: dict[str, Endpoint] = {
    "/tt/hashtag/posts": Endpoint({"name": _TEXT, "cursor": _INT}, posts.hashtag),
    "/tt/hashtag/recent-posts": Endpoint(
        {"name": _TEXT, "days": _COUNT, "remap_output": _FLAG, "max_cursor": _INT}, posts.full_hashtag
    ),
    "/tt/keyword/search": Endpoint(
        {"name": _TEXT, "cursor": _INT, "get_author_stats": _FLAG, **_OPTIONS}, posts.keyword
    ),
    "/tt/keyword/full-search": Endpoint({"name": _TEXT, **_OPTIONS}, posts.full_keyword),
    "/tt/user/posts": Endpoint({"username": _TEXT, **_POSTS}, users.posts_by_name),
    "/tt/user/posts-from-secuid": Endpoint({"secUid": _TEXT, **_POSTS}, users.posts_by_sec_uid),
    "/tt/user/info": Endpoint({"username": _TEXT}, users.info_by_name),
    "/tt/user/info-from-secuid": Endpoint({"secUid": _TEXT, "alternative_method": _FLAG}, users.info_by_sec_uid),
    "/tt/user/search": Endpoint({"keyword": _TEXT, "cursor": _INT}, users.search),
    "/tt/post/info": Endpoint({"url": _TEXT, **_MEDIA}, posts.post_info),
    "/tt/post/multi-info": Endpoint({"ids": _TEXT, **_MEDIA}, posts.multi_info),
    "/tt/post/comments": Endpoint({"aweme_id": _TEXT, "cursor": _INT}, posts.comments),
    "/tt/post/comments-replies": Endpoint({"aweme_id": _TEXT, "comment_id": _TEXT, "cursor": _INT}, posts.replies),
    "/tt/music/info": Endpoint(
        {
            "name": _TEXT,
            "cursor": _INT,
            "sorting": Field(choices=("0", "1", "2", "3", "4")),
            "filter_by": Field(choices=("0", "1", "2")),
        },
        posts.music_search,
    ),
    "/tt/music/posts": Endpoint({"music_id": _TEXT, "cursor": _INT}, posts.music_posts),
    "/tt/music/details": Endpoint({"id": _TEXT}, posts.music_details),
    "/tt/user/followers": Endpoint(_FOLLOW, users.followers),
    "/tt/user/followings": Endpoint(_FOLLOW, users.followings),
    "/tt/user/liked-posts": Endpoint({"secUid": _TEXT, "cursor": _INT}, users.liked),
    "/tt/live/search": Endpoint({"keyword": _TEXT, "cursor": _INT, "country": Field()}, users.lives),
}


def respond(world: World, path: str, query: Mapping[str, str]) -> Response:
    """Respond to one authorized call; the same call always gets the same response."""
    endpoint = ENDPOINTS.get(path)
    try:
        if endpoint is None:
            raise ApiError(404, "Not Found")
        return endpoint.respond(world, parse_params(endpoint.fields, query))
    except ApiError as error:
        return Response(error.status, error.body, error.units if endpoint else 0)
