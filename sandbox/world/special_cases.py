"""Lists the special cases of the world: users, posts and hashtags that each show one oddity of the API, by name.

`why` says what a case is for; `GET /_sandbox/cast` and docs/sandbox.md show it.
"""

from __future__ import annotations

from typing import NamedTuple

from sandbox.world.list_quirks import ListEnding


class SpecialUser(NamedTuple):
    """Counts are what the user's lists hold; `claimed_total` is the `total` that a page of followers states."""

    name: str
    state: str = "ok"
    posts: int = 6
    pinned: int = 0
    followers: int = 3
    followings: int = 3
    likes: int = 0
    likes_visibility: str = "private"  # public | private (472) | hidden (an empty list)
    followers_end: ListEnding = "absent"
    overlap: int = 0  # items of the page before that each followers page repeats, as if new followers had come in
    claimed_total: int | None = None
    quirk: str = ""
    why: str = ""


SPECIAL_USERS = (
    SpecialUser(
        "celebrity7000", followers=7000, followers_end="lying", why="more followers than can be fetched (5,000)"
    ),
    SpecialUser(
        "celebrity_shift",
        followers=6200,
        followers_end="lying",
        overlap=1,
        claimed_total=4_511_327,
        why="over the cap, and each page repeats an item of the previous one",
    ),
    SpecialUser(
        "fans250",
        followers=250,
        followers_end="lying",
        claimed_total=4_511_327,
        why="the last page of followers is empty: cursor -1, a token, a total in the millions",
    ),
    SpecialUser("fans230", followers=230, why="followers end with an absent nextCursor"),
    SpecialUser("follows130", followings=130, why="two pages of followings; the second needs cursor and page token"),
    SpecialUser(
        "private_user",
        state="private",
        posts=12,
        followers=40,
        followings=30,
        why="472 for lists, not for the profile",
    ),
    SpecialUser("gone_user", state="missing", why="473: user not found"),
    SpecialUser("restricted_user", state="restricted", why="471: user is restricted"),
    SpecialUser("unavailable_user", state="unavailable", why="474: profile unavailable"),
    SpecialUser("likes_public", likes=45, likes_visibility="public", why="two pages of liked posts"),
    SpecialUser("likes_private", likes=45, why="472 for liked posts only"),
    SpecialUser("likes_hidden", likes=45, likes_visibility="hidden", why="liked posts are an empty list"),
    SpecialUser("twin_a", why="its sec_uid differs from twin_b's only in case"),
    SpecialUser("twin_b", why="its sec_uid differs from twin_a's only in case"),
    SpecialUser("pinned_user", posts=35, pinned=3, why="three old pinned posts head the list"),
    SpecialUser(
        "odd_text", posts=6, quirk="text", why="a lone surrogate, an integer beyond 64 bits, NUL and U+2028 in one body"
    ),
    SpecialUser("odd_posts", posts=13, why="author of the special posts"),
    SpecialUser("no_posts", posts=0, followers=0, followings=0, why="every list is empty"),
    SpecialUser("data_in_error", quirk="data-in-error", why="the profile is a 404 that still carries `data`"),
    SpecialUser("no_data", quirk="no-data", why="the profile is always a 200 without `data`"),
    SpecialUser("followers_null", followers=0, quirk="followers-null", why="`followers: null`"),
    SpecialUser("total_liar", followers=120, claimed_total=300, why="the list ends below the total it states"),
)
SPECIAL_USER_INDEX = {special.name: place for place, special in enumerate(SPECIAL_USERS)}
TWINS = (SPECIAL_USER_INDEX["twin_a"], SPECIAL_USER_INDEX["twin_b"])
ODD_POSTS = SPECIAL_USER_INDEX["odd_posts"]
ODD_TEXT = SPECIAL_USER_INDEX["odd_text"]


class SpecialPost(NamedTuple):
    """Entry n of the table is post number n of the user `odd_posts`."""

    name: str
    comments: int
    claimed_total: int | None = None
    why: str = ""


SPECIAL_POSTS = (
    SpecialPost("comments_null_first", 0, why="the first page is `comments: null` without total or cursor"),
    SpecialPost("comments_null_last", 70, why="the last page is `comments: null`"),
    SpecialPost("comments_below_total", 40, 500, why="ends after 40 comments although total says 500"),
    SpecialPost("comments_none", 0, why="an empty list"),
    SpecialPost("comments_overlap", 65, why="each page repeats two comments of the previous one"),
    SpecialPost("restricted_post", 10, why="520 with a JSON body; multi-info omits it"),
    SpecialPost("photo_post", 8, why="a carousel: no music, no author.unique_id, no text_extra"),
    SpecialPost("comments_data_in_error", 5, why="comments are a 404 that still carries `data`"),
    SpecialPost("comments_no_data", 5, why="comments are always a 200 without `data`"),
    SpecialPost("many_replies", 12, why="its first comment has 66 replies: three pages"),
    SpecialPost("comments_300", 300, why="ten pages of comments"),
    SpecialPost("comments_odd_items", 25, why="a null, a string and a comment without cid among the comments"),
    SpecialPost("plain_post", 12, why="nothing special"),
)
SPECIAL_POST_INDEX = {special.name: n for n, special in enumerate(SPECIAL_POSTS)}


class SpecialHashtag(NamedTuple):
    """A hashtag; as a keyword, its name finds the posts of the hashtag."""

    name: str
    posts: int
    quirk: str
    why: str


SPECIAL_HASHTAGS = (
    SpecialHashtag("cursor-repeats", 60, "cursor-repeats", "the third page's nextCursor is its own cursor"),
    SpecialHashtag("only-seen", 40, "only-seen", "the cursor advances to 5,000; only two pages hold anything new"),
    SpecialHashtag("empty-1", 80, "empty-1", "one empty page in the middle while the cursor advances"),
    SpecialHashtag("empty-2", 80, "empty-2", "two empty pages in a row in the middle"),
    SpecialHashtag("empty-3", 80, "empty-3", "three empty pages in a row in the middle"),
    SpecialHashtag("empty-forever", 20, "empty-forever", "one full page, then empty ones while the cursor advances"),
    SpecialHashtag("odd-item", 45, "odd-item", "the second page has one malformed item, a string"),
    SpecialHashtag("odd-items", 45, "odd-items", "malformed items: null, a number, a list, objects without a valid id"),
    SpecialHashtag("int-ids", 25, "int-ids", "aweme_id, author.uid and music.mid come as 64-bit integers"),
    SpecialHashtag("overlapping", 70, "overlapping", "each page repeats three posts of the previous one"),
    SpecialHashtag("no-posts", 0, "", "exists, with an empty list"),
    SpecialHashtag("null-posts", 0, "null", "exists, with `data: null`"),
    SpecialHashtag("restricted-topic", 0, "restricted", "469 as a hashtag and as a keyword"),
    SpecialHashtag(
        "full-raw",
        50,
        "full-raw",
        "full searches return their list under `data`, as raw awemes for the hashtag",
    ),
    SpecialHashtag("with-ads", 50, "ads", "keyword pages contain cards without aweme_info"),
    SpecialHashtag("bare", 30, "bare", "keyword items are awemes without the aweme_info wrapper"),
)
FIRST_SPECIAL_TOPIC = 512  # topic number of the first special hashtag
