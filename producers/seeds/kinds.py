"""Parse one value of each seed kind: the names, ids and links that people paste.

- Names and hashtags are lower-cased, as the platform ignores their case; a `sec_uid` and the code of a short
  link are case-sensitive and kept.
- A name in another script is taken where `@` or a link shows that it is one.
- An id whose time is impossible is refused.
"""

import re
import unicodedata
from collections.abc import Callable
from string import punctuation
from urllib.parse import SplitResult

from crawler.model.enums import SeedKind
from crawler.model.hashtags import normalize_hashtag
from producers.seeds.columns import is_column_name
from producers.seeds.forms import MAX_TEXT, unexpected
from producers.seeds.ids import impossible_time, scientific
from producers.seeds.links import hashtag_of, music_id_of, owner_of, parse_link, post_of, refuse_short, short_url
from producers.seeds.problems import BadValueError
from producers.seeds.quoting import trim, unquote
from producers.seeds.seed_value import SeedValue

_USERNAME = re.compile(r"[a-z0-9_.]{2,30}")
_SEC_UID = re.compile(r"MS4wLjAB[A-Za-z0-9_=-]{16,120}")  # 76 characters in the wild; a cut one is refused
_POST_ID = re.compile(r"[0-9]{15,20}")
_MUSIC_ID = re.compile(r"[1-9][0-9]{4,19}")  # sounds of the musical.ly years have short ids
_AT = ("@", "\uff20")  # the second is full-width
_HASH = ("#", "\uff03")
# Quotes, brackets, punctuation: their other forms are found by Unicode's categories and its compatibility forms.
_NOT_IN_HASHTAG = frozenset(punctuation) - {"_", "-"} | {"\u3001", "\u3002", "\ufffd"}


def parse_value(kind: SeedKind, text: str) -> SeedValue:
    """Return the seed; raise BadValueError with what is wrong."""
    return _PARSERS[kind](kind, text)


def is_valid(kind: SeedKind, text: str) -> bool:
    """Whether the text is a value of the kind."""
    try:
        parse_value(kind, unquote_value(kind, text))
    except BadValueError:
        return False
    return True


def unquote_value(kind: SeedKind, text: str) -> str:
    """Return the text without what stands around a value; a search is kept as typed, a hashtag has its own rules."""
    return trim(text) if kind in SEARCHES or kind is SeedKind.HASHTAG else unquote(text)


def _user(kind: SeedKind, text: str) -> SeedValue:
    link = parse_link(text)
    if link is not None:
        return _user_by_link(kind, link)
    if text.upper().startswith("MS4WLJAB"):
        return SeedValue(kind, sec_uid=_sec_uid(text))
    if _POST_ID.fullmatch(text):
        raise BadValueError(
            "looks like an id; the API finds users only by name, sec_uid or profile link"
            f" (if it is a name, write @{text})"
        )
    if is_column_name(text):
        raise BadValueError(f"is a column's name (if it is a user, write @{text})")
    if name := _username(text[1:] if text.startswith(_AT) else text):
        if name.isascii() or text.startswith(_AT):
            return SeedValue(kind, username=name)
        raise BadValueError(f"has letters that few names have (if it is a name, write @{text})")
    raise BadValueError(scientific(text) or unexpected(kind))


def _user_by_link(kind: SeedKind, link: SplitResult) -> SeedValue:
    """Parse a profile link, or a post's link, which names its author."""
    owner = owner_of(link) or ""
    if owner.upper().startswith("MS4WLJAB"):
        return SeedValue(kind, sec_uid=_sec_uid(owner))
    if name := _username(owner):
        return SeedValue(kind, username=name)
    refuse_short(link, "no name")
    raise BadValueError(unexpected(kind))


def _username(text: str) -> str | None:
    """Return the name, without the full stop of a sentence: no name ends in one. None if it is no name."""
    name = unicodedata.normalize("NFC", text.rstrip(".").lower())
    if name.isascii():
        return name if _USERNAME.fullmatch(name) else None
    letters = all(one in "_." or one.isalnum() or unicodedata.category(one)[0] == "M" for one in name)
    return name if letters and 2 <= len(name) <= 30 else None


def _sec_uid(text: str) -> str:
    if not _SEC_UID.fullmatch(text):
        raise BadValueError(
            "is not a complete sec_uid: it starts with MS4wLjAB, is case-sensitive and usually has 76 characters"
        )
    return text


def _post(kind: SeedKind, text: str) -> SeedValue:
    link = parse_link(text)
    if link is not None and (url := short_url(link)):
        return SeedValue(kind, url=url)
    return SeedValue(kind, post_id=_post_id(kind, text), url=_post_url(link))


def _post_url(link: SplitResult | None) -> str | None:
    """Return the link in the form the API documents; None if it has no name, so that the id is used."""
    post = post_of(link) if link is not None else None
    if post is None or not _USERNAME.fullmatch(owner := post.owner.lower()):
        return None
    return f"https://www.tiktok.com/@{owner}/{post.form}/{post.post_id}"


def _post_by_id(kind: SeedKind, text: str) -> SeedValue:
    return SeedValue(kind, post_id=_post_id(kind, text))


def _post_id(kind: SeedKind, text: str) -> str:
    if _POST_ID.fullmatch(text):
        return _possible(text)
    link = parse_link(text)
    if link is None:
        raise BadValueError(scientific(text) or unexpected(kind))
    if post := post_of(link):
        return _possible(post.post_id)
    refuse_short(link, "no id")
    raise BadValueError(unexpected(kind))


def _possible(number: str) -> str:
    if why := impossible_time(number):
        raise BadValueError(why)
    return number


def _reply(kind: SeedKind, text: str) -> SeedValue:
    post, colon, comment = text.rpartition(":")
    if not colon or not _POST_ID.fullmatch(comment := comment.strip()):
        raise BadValueError(unexpected(kind))
    return SeedValue(kind, post_id=_post_id(kind, post.strip()), comment_id=_possible(comment))


def _music(kind: SeedKind, text: str) -> SeedValue:
    link = parse_link(text)
    number = music_id_of(link) if link is not None else text
    if number is None or not _MUSIC_ID.fullmatch(number):
        if link is not None:
            refuse_short(link, "no id")
        raise BadValueError(scientific(text) or unexpected(kind))
    return SeedValue(kind, music_id=_possible(number) if len(number) >= 19 else number)


def _hashtag(kind: SeedKind, text: str) -> SeedValue:
    link = parse_link(text)
    if link is not None and hashtag_of(link) is None:
        refuse_short(link, "no name")
        raise BadValueError(unexpected(kind))
    name = normalize_hashtag(text if link is None else hashtag_of(link) or "")
    if not name or len(name) > MAX_TEXT or any(map(_is_outside_hashtag, name)):
        raise BadValueError(scientific(text) or unexpected(kind))
    return SeedValue(kind, hashtag=printable(name))


def _is_outside_hashtag(one: str) -> bool:
    """Whether no hashtag holds the character: spaces, quotes, brackets and punctuation in all their forms."""
    if one.isascii():
        return one in _NOT_IN_HASHTAG or one.isspace()
    is_mark = unicodedata.category(one) in ("Pi", "Pf", "Ps", "Pe", "Zs", "Zl", "Zp")
    return is_mark or not _NOT_IN_HASHTAG.isdisjoint({one, *unicodedata.normalize("NFKC", one)})


def _search(kind: SeedKind, text: str) -> SeedValue:
    folded = " ".join(text.split())
    if not folded:
        raise BadValueError(unexpected(kind))
    if len(folded) > MAX_TEXT:
        raise BadValueError(f"has {len(folded)} characters; a search takes at most {MAX_TEXT}")
    return SeedValue(kind, text=printable(unicodedata.normalize("NFC", folded)))


def _any_link(kind: SeedKind, text: str) -> SeedValue:
    """Parse a value whose form tells its kind: a link, @name, #hashtag, sec_uid or a post's id."""
    link = parse_link(text)
    if link is not None:
        meant = _kind_of_link(link)
    elif text.startswith(_AT) or text.upper().startswith("MS4WLJAB"):
        meant = SeedKind.USER
    elif text.startswith(_HASH):
        meant = SeedKind.HASHTAG
    elif _POST_ID.fullmatch(text):
        meant = SeedKind.POSTS
    else:
        raise BadValueError(scientific(text) or unexpected(kind))
    return _PARSERS[meant](meant, text)


def _kind_of_link(link: SplitResult) -> SeedKind:
    if post_of(link):
        return SeedKind.POSTS  # fetched in batches, which costs less than a call per link
    if short_url(link):
        return SeedKind.POST
    if hashtag_of(link):
        return SeedKind.HASHTAG
    return SeedKind.MUSIC if music_id_of(link) else SeedKind.USER


def printable(text: str) -> str:
    """Return the text; raise BadValueError where it holds what neither a terminal nor a database takes."""
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in text):
        raise BadValueError("contains a control character or half a character")
    return text


SEARCHES = frozenset({SeedKind.KEYWORD, SeedKind.MUSIC_SEARCH, SeedKind.USER_SEARCH, SeedKind.LIVE_SEARCH})

_PARSERS: dict[SeedKind, Callable[[SeedKind, str], SeedValue]] = {
    SeedKind.HASHTAG: _hashtag,
    SeedKind.KEYWORD: _search,
    SeedKind.USER: _user,
    SeedKind.FOLLOWERS: _user,
    SeedKind.FOLLOWINGS: _user,
    SeedKind.LIKES: _user,
    SeedKind.POST: _post,
    SeedKind.POSTS: _post_by_id,
    SeedKind.COMMENTS: _post_by_id,
    SeedKind.REPLIES: _reply,
    SeedKind.MUSIC: _music,
    SeedKind.MUSIC_SEARCH: _search,
    SeedKind.USER_SEARCH: _search,
    SeedKind.LIVE_SEARCH: _search,
    SeedKind.LINKS: _any_link,
}
