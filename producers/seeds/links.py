"""Read TikTok links of all the forms that people paste: what they lead to, and where in a text they stand."""

import re
from typing import NamedTuple
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from producers.seeds.problems import BadValueError

_HOSTS = ("tiktok.com", "tiktokv.com")  # tiktokv.com is in the lists of TikTok's own data export
_SHORT_HOSTS = ("vm.tiktok.com", "vt.tiktok.com", "v.tiktok.com")
_LINK = re.compile(r"(?:https?://|(?:[a-z0-9-]+\.)*tiktokv?\.com(?:[/?#:]|$))", re.IGNORECASE)
_IN_TEXT = re.compile(
    r"""(?:https?://|(?<![\w@./-])(?:[a-z0-9-]+\.)*tiktokv?\.com/)(?:(?!https?://)[^\s<>"“”«»])+""", re.IGNORECASE
)
_AFTER_A_LINK = ".,;:!?)]}…'"  # punctuation of the text it stands in
_POST_PATHS = (
    re.compile(r"/@(?P<owner>[^/]*)/(?P<form>video|photo)/(?P<id>[0-9]{15,20})(?:/.*)?"),
    # mobile, embedded, exported: the id without the name
    re.compile(
        r"/(?:(?:i18n/)?(?:share/|embed/)?(?P<form>video|photo|v|v2|v3)|embed|player/v1)"
        r"/(?P<id>[0-9]{15,20})(?:\.html)?/?(?P<owner>)"
    ),
)
_SHORT_PATH, _SHORT_PATH_OF_OTHERS = re.compile(r"[A-Za-z0-9_-]+"), re.compile(r"t/[A-Za-z0-9_-]+")
_POST_QUERIES = ("item_id", "share_item_id", "aweme_id")


class PostLink(NamedTuple):
    """What a link to a post holds; `owner` is empty where it names none."""

    post_id: str
    owner: str
    form: str


def find_links(text: str) -> list[str]:
    """Return the TikTok links in a text, without the punctuation after them."""
    found = (match[0].rstrip(_AFTER_A_LINK) for match in _IN_TEXT.finditer(text))
    return [link for link in found if _is_tiktok(link)]


def parse_link(text: str) -> SplitResult | None:
    """Return the TikTok link that the text is; None if it is no link."""
    if not _LINK.match(text):
        return None
    try:
        link, host = _split(text)
    except ValueError:
        raise BadValueError("is not a valid link") from None
    if not _is_known(host):
        raise BadValueError("is not a tiktok.com link")
    return link


def post_of(link: SplitResult) -> PostLink | None:
    """Return the post that a link leads to, by its path, by what follows its `#`, or by its query."""
    for path in (link.path, link.fragment):
        plain = unquote(path).partition("&")[0]
        for pattern in _POST_PATHS:
            if match := pattern.fullmatch(plain):
                return PostLink(match["id"], match["owner"], match["form"] or "")
    query = parse_qs(link.query)
    ids = [one for name in _POST_QUERIES for one in query.get(name, []) if re.fullmatch(r"[0-9]{15,20}", one)]
    return PostLink(ids[0], "", "") if ids else None


def owner_of(link: SplitResult) -> str | None:
    """Return the name or sec_uid of the user whose profile, or whose post, a link leads to."""
    for path in (link.path, link.fragment):
        if (first := _steps(path)[0].partition("&")[0]).startswith("@"):
            return first[1:]
    query = parse_qs(link.query)
    return next(iter(query.get("sec_uid", []) + query.get("secUid", [])), None)


def hashtag_of(link: SplitResult) -> str | None:
    match = re.fullmatch(r"/tag/([^/&]+)(?:&.*)?/?", unquote(link.path))
    return match[1] if match else None


def music_id_of(link: SplitResult) -> str | None:
    match = re.fullmatch(r"/music/(?:.*-)?([0-9]{5,20})(?:&.*)?/?", unquote(link.path))
    return match[1] if match else None


def short_url(link: SplitResult) -> str | None:
    """Return a short link as the API takes it; None for a link of another form."""
    path = link.path.strip("/")
    is_short = (_SHORT_PATH if link.hostname in _SHORT_HOSTS else _SHORT_PATH_OF_OTHERS).fullmatch(path)
    return f"https://{link.hostname}/{path}/" if is_short else None


def refuse_short(link: SplitResult, lacks: str) -> None:
    """Raise BadValueError for a short link, which holds a code instead of what is needed."""
    if short_url(link) is not None:
        raise BadValueError(f"is a short link and contains {lacks}: open it in a browser and paste the full link")


def _is_tiktok(text: str) -> bool:
    try:
        return _is_known(_split(text)[1])
    except ValueError:
        return False


def _split(text: str) -> tuple[SplitResult, str]:
    link = urlsplit(text if text[:8].lower().startswith(("http://", "https://")) else f"https://{text}")
    return link, link.hostname or ""


def _is_known(host: str) -> bool:
    return any(host == known or host.endswith(f".{known}") for known in _HOSTS)


def _steps(path: str) -> list[str]:
    return unquote(path).strip("/").split("/")
