"""Parse what people paste (names, ids, links, lists) into seed values, or report every line that is invalid.

Rules for every kind:

- A list is UTF-8, one value per line (`posts` takes several ids per line). A line that starts with `#` and a
  space, or consists of `#` alone, is a comment; `#cats` is a value. Blank lines are skipped, but counted.
- The same seed given twice is one seed, at its first place.
- All bad values are reported together and nothing is returned, so that no crawl starts incomplete.
- Names and hashtags are lower-cased, as the platform ignores their case; a `sec_uid` and the code of a short
  link are case-sensitive and kept.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import IO, NamedTuple
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from crawler.model.enums import SeedKind
from crawler.model.errors import UsageError

Line = tuple[int | None, str]  # the line's number, or None for a command-line argument

MAX_TEXT = 200  # characters of a search

_HOSTS = ("tiktok.com", "tiktokv.com")  # tiktokv.com is in the lists of TikTok's own data export
_SHORT_HOSTS = ("vm.tiktok.com", "vt.tiktok.com")
_LINK = re.compile(r"(?:https?://|(?:[a-z0-9-]+\.)*tiktokv?\.com(?:[/?#:]|$))", re.IGNORECASE)
_USERNAME = re.compile(r"[a-z0-9_.]{2,30}")
_SEC_UID = re.compile(r"MS4wLjAB[A-Za-z0-9_=-]{16,120}")  # 76 characters in the wild; a cut one is refused
_POST_ID = re.compile(r"[0-9]{15,20}")
_MUSIC_ID = re.compile(r"[0-9]{5,20}")  # sounds of the musical.ly years have short ids
_NOT_IN_HASHTAG = re.compile(r"[\s#@,;/\\?&<>\"\ufffd]")
# Byte-order mark, zero-width spaces and joiners, direction marks: copied along unseen.
_INVISIBLE = "".join(map(chr, (0xFEFF, *range(0x200B, 0x2010), 0x2060, *range(0x202A, 0x202F), *range(0x2066, 0x206A))))


@dataclass(frozen=True)
class SeedValue:
    """One seed, canonical. Which fields are set depends on the kind:

    user, followers, followings, likes   `username` or `sec_uid`, exactly one
    post                                 `url` (fetched by post_info; with `post_id` unless the link is short), or
                                         `post_id` alone (fetched in a batch)
    posts, comments                      `post_id`
    replies                              `post_id` and `comment_id`
    music                                `music_id`
    hashtag                              `hashtag`, without `#`, lower-cased
    keyword and the searches             `text`
    """

    kind: SeedKind
    username: str | None = None
    sec_uid: str | None = None
    post_id: str | None = None
    url: str | None = None
    comment_id: str | None = None
    music_id: str | None = None
    hashtag: str | None = None
    text: str | None = None

    @property
    def label(self) -> str:
        """Return the value as a user would write it."""
        if self.comment_id:
            return f"{self.post_id}:{self.comment_id}"
        name = f"@{self.username}" if self.username else None
        tag = f"#{self.hashtag}" if self.hashtag else None
        return name or tag or self.sec_uid or self.url or self.post_id or self.music_id or self.text or ""


class InputProblem(NamedTuple):
    """One invalid value: where it was given, the value, and what is wrong with it."""

    where: str
    value: str
    why: str

    def __str__(self) -> str:
        shown = f" {_shown(self.value)}" if self.value else ""
        return f"{self.where}:{shown} {self.why}" if self.where else f"{shown} {self.why}".strip()


class InvalidSeedsError(UsageError):
    """All invalid values, in the order given; nothing was started."""

    def __init__(self, problems: Iterable[InputProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


class _BadValueError(ValueError):
    """What is wrong with one value; becomes an InputProblem once its place is known."""


# --- lists ------------------------------------------------------------------------------------------------


def read_list(path: str | Path, stdin: IO[bytes]) -> list[tuple[int, str]]:
    """Return the numbered values of a file, or of `stdin` for `-`, without comments and blank lines."""
    name = "standard input" if str(path) == "-" else str(path)
    try:
        data = stdin.read() if str(path) == "-" else Path(path).read_bytes()
    except OSError as error:
        raise _whole(name, f"cannot be read: {error.strerror or error}") from error
    lines = _decode(name, data).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    values = [(number, text) for number, line in enumerate(lines, 1) if (text := _trim(line))]
    values = [(number, text) for number, text in values if not _is_comment(text)]
    if not values:
        raise _whole(name, "contains no values; write one per line")
    return values


def _decode(name: str, data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _whole(name, "is UTF-16; save it as UTF-8")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise _whole(name, f"is not UTF-8 (line {line}); save it as UTF-8") from error


def _is_comment(text: str) -> bool:
    return text.strip("#") == "" or (text[0] == "#" and text[1].isspace())


def _whole(name: str, why: str) -> InvalidSeedsError:
    return InvalidSeedsError([InputProblem(name, "", why)])


# --- values -----------------------------------------------------------------------------------------------


def parse_values(kind: str, lines: Iterable[Line]) -> list[SeedValue]:
    """Return the distinct seeds of the lines, in order; raise InvalidSeedsError with all invalid ones."""
    try:
        seed_kind = SeedKind(kind)
    except ValueError:
        raise InvalidSeedsError([_unknown_kind(kind)]) from None
    found: dict[SeedValue, SeedValue] = {}
    problems: list[InputProblem] = []
    for where, text in _placed(lines):
        for part in _parts(seed_kind, text):
            try:
                value = _PARSERS[seed_kind](seed_kind, _trim(part))
            except _BadValueError as bad:
                problems.append(InputProblem(where, part, str(bad)))
            else:
                found.setdefault(_identity(value), value)
    if problems:
        raise InvalidSeedsError(problems)
    if not found:
        raise InvalidSeedsError([InputProblem("", "", f"no value given: {seed_kind} needs {_EXPECTED[seed_kind]}")])
    return list(found.values())


def _placed(lines: Iterable[Line]) -> Iterator[tuple[str, str]]:
    arguments = 0
    for number, text in lines:
        arguments += number is None
        yield (f"argument {arguments}" if number is None else f"line {number}"), text


def _parts(kind: SeedKind, text: str) -> list[str]:
    """Split a line of `posts` into its values; other kinds have one per line."""
    if kind is not SeedKind.POSTS:
        return [text]
    return [part for part in re.split(r"[\s,;]+", text) if part] or [text]


def _identity(value: SeedValue) -> SeedValue:
    """Return the key of a seed: a post is the same by its link and by its id."""
    return replace(value, url=None) if value.post_id else value


def _unknown_kind(kind: str) -> InputProblem:
    hint = did_you_mean(kind, SeedKind) or f"; use {', '.join(SeedKind)}"
    return InputProblem("", "", f"unknown kind {_shown(kind)}{hint}")


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return `; did you mean 'user'?` for the closest known word; empty if none is close."""
    close = get_close_matches(word.lower(), list(known), n=1)
    return f"; did you mean {str(close[0])!r}?" if close else ""


def _user(kind: SeedKind, text: str) -> SeedValue:
    link = _link(text)
    if link is not None:
        return _user_by_link(kind, link)
    if text.upper().startswith("MS4WLJAB"):
        return SeedValue(kind, sec_uid=_sec_uid(text))
    if _POST_ID.fullmatch(text):
        raise _BadValueError(
            "looks like an id; the API finds users only by name, sec_uid or profile link"
            f" (if it is a name, write @{text})"
        )
    name = text.removeprefix("@").lower()
    if not _USERNAME.fullmatch(name):
        raise _unexpected(kind)
    return SeedValue(kind, username=name)


def _user_by_link(kind: SeedKind, link: SplitResult) -> SeedValue:
    """Parse a profile link, or a post's link, which names its author."""
    owner = _steps(link)[0]
    if owner.upper().startswith("@MS4WLJAB"):
        return SeedValue(kind, sec_uid=_sec_uid(owner[1:]))
    if owner.startswith("@") and _USERNAME.fullmatch(owner[1:].lower()):
        return SeedValue(kind, username=owner[1:].lower())
    query = parse_qs(link.query)
    for sec_uid in query.get("sec_uid", []) + query.get("secUid", []):
        return SeedValue(kind, sec_uid=_sec_uid(sec_uid))
    _refuse_short(link, "no name")
    raise _unexpected(kind)


def _sec_uid(text: str) -> str:
    if not _SEC_UID.fullmatch(text):
        raise _BadValueError(
            "is not a complete sec_uid: it starts with MS4wLjAB, is case-sensitive and usually has 76 characters"
        )
    return text


def _post(kind: SeedKind, text: str) -> SeedValue:
    link = _link(text)
    if link is not None and _is_short(link):
        return SeedValue(kind, url=_short_url(link))
    return SeedValue(kind, post_id=_post_id(kind, text), url=_post_url(link))


def _post_url(link: SplitResult | None) -> str | None:
    """Return the link in the form the API documents; None if it has no name, so that the id is used."""
    match = _post_path(link) if link is not None else None
    if match is None or not _USERNAME.fullmatch(owner := match["owner"].lower()):
        return None
    return f"https://www.tiktok.com/@{owner}/{match['form']}/{match['id']}"


def _post_by_id(kind: SeedKind, text: str) -> SeedValue:
    return SeedValue(kind, post_id=_post_id(kind, text))


def _post_id(kind: SeedKind, text: str) -> str:
    if _POST_ID.fullmatch(text):
        return text
    link = _link(text)
    if link is None:
        raise _unexpected(kind)
    match = _post_path(link)
    if match is None:
        _refuse_short(link, "no id")
        raise _unexpected(kind)
    return match["id"]


_POST_PATHS = (
    re.compile(r"/@(?P<owner>[^/]*)/(?P<form>video|photo)/(?P<id>[0-9]{15,20})(?:/.*)?"),
    # mobile, embedded, exported: the id without the name
    re.compile(r"/(?:share/|embed/)?(?P<form>video|v|v2|v3)/(?P<id>[0-9]{15,20})(?:\.html)?/?(?P<owner>)"),
    re.compile(r"/(?P<form>embed)/(?P<id>[0-9]{15,20})/?(?P<owner>)"),
)


def _post_path(link: SplitResult) -> re.Match[str] | None:
    path = unquote(link.path)
    return next((match for pattern in _POST_PATHS if (match := pattern.fullmatch(path))), None)


def _reply(kind: SeedKind, text: str) -> SeedValue:
    post, colon, comment = text.rpartition(":")
    if not colon or not _POST_ID.fullmatch(comment.strip()):
        raise _unexpected(kind)
    return SeedValue(kind, post_id=_post_id(kind, post.strip()), comment_id=comment.strip())


def _music(kind: SeedKind, text: str) -> SeedValue:
    if _MUSIC_ID.fullmatch(text):
        return SeedValue(kind, music_id=text)
    link = _link(text)
    if link is None:
        raise _unexpected(kind)
    match = re.fullmatch(r"/music/(?:.*-)?([0-9]{5,20})/?", unquote(link.path))
    if match is None:
        _refuse_short(link, "no id")
        raise _unexpected(kind)
    return SeedValue(kind, music_id=match[1])


def _hashtag(kind: SeedKind, text: str) -> SeedValue:
    link = _link(text)
    name = text.removeprefix("#").removeprefix("\uff03")  # full-width in Japanese input
    if link is not None:
        match = re.fullmatch(r"/tag/([^/]+)/?", unquote(link.path))
        if match is None:
            _refuse_short(link, "no name")
            raise _unexpected(kind)
        name = match[1]
    if not name or len(name) > MAX_TEXT or _NOT_IN_HASHTAG.search(name):
        raise _unexpected(kind)
    return SeedValue(kind, hashtag=_printable(unicodedata.normalize("NFC", name.lower())))


def _search(kind: SeedKind, text: str) -> SeedValue:
    folded = " ".join(text.split())
    if not folded:
        raise _unexpected(kind)
    if len(folded) > MAX_TEXT:
        raise _BadValueError(f"has {len(folded)} characters; a search takes at most {MAX_TEXT}")
    return SeedValue(kind, text=_printable(unicodedata.normalize("NFC", folded)))


def _printable(text: str) -> str:
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in text):
        raise _BadValueError("contains a control character or half a character")
    return text


# --- links ------------------------------------------------------------------------------------------------


def _link(text: str) -> SplitResult | None:
    """Return the TikTok link in the text; None if it is not a link."""
    if not _LINK.match(text):
        return None
    try:
        link = urlsplit(text if "://" in text else f"https://{text}")
        host = link.hostname or ""
    except ValueError:
        raise _BadValueError("is not a valid link") from None
    if not any(host == known or host.endswith(f".{known}") for known in _HOSTS):
        raise _BadValueError("is not a tiktok.com link")
    return link


def _steps(link: SplitResult) -> list[str]:
    return unquote(link.path).strip("/").split("/")


def _is_short(link: SplitResult) -> bool:
    steps = _steps(link)
    if link.hostname in _SHORT_HOSTS:
        return len(steps) == 1 and steps[0] != ""
    return len(steps) == 2 and steps[0] == "t"


def _short_url(link: SplitResult) -> str:
    return f"https://{link.hostname}/{'/'.join(_steps(link))}/"


def _refuse_short(link: SplitResult, lacks: str) -> None:
    if _is_short(link):
        raise _BadValueError(f"is a short link and contains {lacks}: open it in a browser and paste the full link")


def _trim(text: str) -> str:
    """Strip spaces and the invisible marks copied along from chats and documents."""
    before = None
    while text != before:
        before, text = text, text.strip().strip(_INVISIBLE)
    return text


def _shown(value: str) -> str:
    return repr(value if len(value) <= 80 else f"{value[:79]}…")


def _unexpected(kind: SeedKind) -> _BadValueError:
    return _BadValueError(f"is invalid: {kind} needs {_EXPECTED[kind]}")


_A_USER = "a name, @name, sec_uid or profile link"
_A_SEARCH = f"a text of at most {MAX_TEXT} characters"
_A_POST = "a post's link (https://www.tiktok.com/@name/video/ID) or its id (15 to 20 digits)"

_EXPECTED = {
    SeedKind.HASHTAG: "one hashtag without spaces (cats, #cats or https://www.tiktok.com/tag/cats)",
    SeedKind.KEYWORD: _A_SEARCH,
    SeedKind.USER: _A_USER,
    SeedKind.FOLLOWERS: _A_USER,
    SeedKind.FOLLOWINGS: _A_USER,
    SeedKind.LIKES: _A_USER,
    SeedKind.POST: _A_POST,
    SeedKind.POSTS: f"ids or links separated by commas or spaces, each {_A_POST}",
    SeedKind.COMMENTS: _A_POST,
    SeedKind.REPLIES: "POST:COMMENT, two ids of 15 to 20 digits (POST may be a link)",
    SeedKind.MUSIC: "a sound's id or link (https://www.tiktok.com/music/original-sound-ID)",
    SeedKind.MUSIC_SEARCH: _A_SEARCH,
    SeedKind.USER_SEARCH: _A_SEARCH,
    SeedKind.LIVE_SEARCH: _A_SEARCH,
}

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
}
