"""Readers: one pure function per kind of list item, from the platform's many dialects to entities."""

from crawler.api.parsers.comments import read_comment
from crawler.api.parsers.hashtags import read_hashtag
from crawler.api.parsers.lives import read_live
from crawler.api.parsers.music import read_music
from crawler.api.parsers.posts import read_post
from crawler.api.parsers.users import read_user
from crawler.model.items import BOUGHT, LISTED, THIN, Item, NotAnItem, ParsedEntity, Unreadable

__all__ = [
    "BOUGHT",
    "LISTED",
    "THIN",
    "Item",
    "NotAnItem",
    "ParsedEntity",
    "Unreadable",
    "read_comment",
    "read_hashtag",
    "read_live",
    "read_music",
    "read_post",
    "read_user",
]
