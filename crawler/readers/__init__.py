"""Readers: one pure function per kind of list item, from the platform's many dialects to entities."""

from crawler.readers.comments import read_comment
from crawler.readers.hashtags import read_hashtag
from crawler.readers.item import BOUGHT, LISTED, THIN, Found, Item, NotAnItem, Unreadable
from crawler.readers.lives import read_live
from crawler.readers.music import read_music
from crawler.readers.posts import read_post
from crawler.readers.users import read_user

__all__ = [
    "BOUGHT",
    "LISTED",
    "THIN",
    "Found",
    "Item",
    "NotAnItem",
    "Unreadable",
    "read_comment",
    "read_hashtag",
    "read_live",
    "read_music",
    "read_post",
    "read_user",
]
