"""Say in words which forms the values of each seed kind have."""

from crawler.model.enums import SeedKind

MAX_TEXT = 200  # characters of a search


def expected(kind: SeedKind) -> str:
    """Return what a value of the kind looks like."""
    return _EXPECTED[kind]


def unexpected(kind: SeedKind) -> str:
    """Return what is wrong with a value that has none of the kind's forms."""
    return f"is invalid: {kind} needs {_EXPECTED[kind]}"


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
    SeedKind.LINKS: "a link to a post, profile, hashtag or sound, @name, #hashtag or a post's id",
}
