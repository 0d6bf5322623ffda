"""Names the special cases of the world: the users, hashtags, posts and keywords that tests ask for by name."""

from __future__ import annotations

from typing import NamedTuple

from sandbox.lists.pagination import End


class Role(NamedTuple):
    """A user of the cast. Counts are what the lists hold; `claimed` is the total the followers page states."""

    name: str
    state: str = "ok"
    posts: int = 6
    pinned: int = 0
    followers: int = 3
    followings: int = 3
    likes: int = 0
    likes_shown: str = "private"  # public | private (472) | hidden (an empty list)
    followers_end: End = "absent"  # how the followers list ends: see Window.end
    shift: int = 0  # items that each followers page repeats, as a window shifted by new followers does
    claimed: int | None = None
    quirk: str = ""
    why: str = ""


ROLES = (
    Role("celebrity7000", followers=7000, followers_end="lying", why="more followers than the 5,000 obtainable"),
    Role(
        "celebrity_shift",
        followers=6200,
        followers_end="lying",
        shift=1,
        claimed=4_511_327,
        why="over the cap, and each page repeats an item of the one before",
    ),
    Role(
        "fans250",
        followers=250,
        followers_end="lying",
        claimed=4_511_327,
        why="last followers page is empty, cursor -1, token set, total in the millions",
    ),
    Role("fans230", followers=230, why="followers end by an absent nextCursor"),
    Role("follows130", followings=130, why="two pages of followings, both cursors needed"),
    Role("private_user", state="private", posts=12, followers=40, followings=30, why="472 on lists, profile answers"),
    Role("gone_user", state="missing", why="473"),
    Role("restricted_user", state="restricted", why="471"),
    Role("unavailable_user", state="unavailable", why="474"),
    Role("likes_public", likes=45, likes_shown="public", why="two pages of liked posts"),
    Role("likes_private", likes=45, why="472 on liked posts only"),
    Role("likes_hidden", likes=45, likes_shown="hidden", why="liked posts: an empty list"),
    Role("twin_a", why="its sec_uid differs from twin_b's only by case"),
    Role("twin_b", why="its sec_uid differs from twin_a's only by case"),
    Role("pinned_user", posts=35, pinned=3, why="three old pinned posts come first"),
    Role("odd_text", posts=6, quirk="text", why="lone surrogate, integer beyond 64 bits, NUL, U+2028 in one body"),
    Role("odd_posts", posts=13, why="owner of the special posts"),
    Role("no_posts", posts=0, followers=0, followings=0, why="every list empty"),
    Role("data_in_error", quirk="data-in-error", why="profile answers 404 and still carries `data`"),
    Role("no_data", quirk="no-data", why="profile answers 200 without `data`, for ever"),
    Role("followers_null", followers=0, quirk="followers-null", why="`followers: null`"),
    Role("total_liar", followers=120, claimed=300, why="the list ends below its claimed total"),
)
BY_NAME = {role.name: place for place, role in enumerate(ROLES)}
TWINS = (BY_NAME["twin_a"], BY_NAME["twin_b"])
ODD_POSTS = BY_NAME["odd_posts"]
ODD_TEXT = BY_NAME["odd_text"]


class PostRole(NamedTuple):
    """A post of `odd_posts`: the n-th entry is the user's n-th post."""

    name: str
    comments: int
    claimed: int | None = None
    why: str = ""


POST_ROLES = (
    PostRole("comments_null_first", 0, why="first page is `comments: null` without total or cursor"),
    PostRole("comments_null_last", 70, why="a cursor leads to a last page of `comments: null`"),
    PostRole("comments_below_total", 40, 500, why="ends at 40 although total says 500"),
    PostRole("comments_none", 0, why="an empty list"),
    PostRole("comments_overlap", 65, why="each page repeats two comments of the one before"),
    PostRole("restricted_post", 10, why="520 with a JSON body; multi-info leaves it out"),
    PostRole("photo_post", 8, why="carousel: no music, no author.unique_id, no text_extra"),
    PostRole("comments_data_in_error", 5, why="comments answer 404 and still carry `data`"),
    PostRole("comments_no_data", 5, why="comments answer 200 without `data`, for ever"),
    PostRole("many_replies", 12, why="its first comment has 66 replies: three pages"),
    PostRole("comments_300", 300, why="ten pages of comments"),
    PostRole("comments_odd_items", 25, why="a null, a string and a comment without cid among the comments"),
    PostRole("plain_post", 12, why="nothing special"),
)
BY_POST_NAME = {role.name: n for n, role in enumerate(POST_ROLES)}


class TagRole(NamedTuple):
    """A hashtag of the cast."""

    name: str
    posts: int
    quirk: str
    why: str


TAG_ROLES = (
    TagRole("cursor-repeats", 60, "cursor-repeats", "the third page gives its own cursor again"),
    TagRole("only-seen", 40, "only-seen", "the cursor advances to 5,000 but page 3 and later hold nothing new"),
    TagRole("empty-1", 80, "empty-1", "one empty page in the middle, cursor advancing"),
    TagRole("empty-2", 80, "empty-2", "two empty pages in a row in the middle"),
    TagRole("empty-3", 80, "empty-3", "three empty pages in a row in the middle"),
    TagRole("empty-forever", 20, "empty-forever", "one full page, then empty pages while the cursor advances"),
    TagRole("odd-item", 45, "odd-item", "the second page has one unreadable item (a string)"),
    TagRole("odd-items", 45, "odd-items", "null items, a number, a list, objects without aweme_id"),
    TagRole("int-ids", 25, "int-ids", "aweme_id, author.uid and music.mid come as 64-bit integers"),
    TagRole("overlapping", 70, "overlapping", "each page repeats three posts of the one before"),
    TagRole("no-posts", 0, "", "exists, empty list"),
    TagRole("null-posts", 0, "null", "exists, `data: null`"),
    TagRole("restricted-topic", 0, "restricted", "469, as a hashtag and as a keyword"),
    TagRole("full-raw", 50, "full-raw", "full_hashtag_search gives raw awemes under `data`; full keyword D['data']"),
    TagRole("with-ads", 50, "ads", "keyword pages hold cards without aweme_info"),
    TagRole("bare", 30, "bare", "keyword items are awemes without the aweme_info wrapper"),
)
FIRST_TAG_ROLE = 512  # topic number of the first of them
