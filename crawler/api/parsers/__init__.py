"""Parsers: one pure function per kind of list item, from the platform's many formats to entities."""

from crawler.api.parsers.comments import parse_comment
from crawler.api.parsers.hashtags import parse_hashtag
from crawler.api.parsers.lives import parse_live
from crawler.api.parsers.music import parse_music
from crawler.api.parsers.posts import parse_post
from crawler.api.parsers.users import parse_user

__all__ = [
    "parse_comment",
    "parse_hashtag",
    "parse_live",
    "parse_music",
    "parse_post",
    "parse_user",
]
