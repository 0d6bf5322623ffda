"""What is known about a post, user, comment, sound, hashtag or live, in the project's own names.

The platform's names (`aweme_id`, `secUid`, `digg_count`) end at the parsers that build these values.
Fields ending in `_at` are whole seconds since 1970, UTC; `_ms` and `_s` are milliseconds and seconds; `_count` and
`_total` are numbers as TikTok shows them, rounded in web profiles (provider.md O14). `None` means "not known".
"""

from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict

_COUNTS = ("_count", "_total")  # endings of the fields that count something


class Entity(BaseModel):
    """One object of the platform, identified by the platform's own id."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    kind: ClassVar[str]
    """The collection it is stored in."""
    key: ClassVar[str]
    """The field that holds its id."""
    meaningful_false: ClassVar[frozenset[str]] = frozenset()
    """The fields in which False may overwrite a stored value; in any other it only fills a gap."""
    real_zeros: ClassVar[bool] = False
    """Whether a count of 0 is real wherever the object is met, and not only where it was requested by itself."""

    @property
    def id(self) -> str:
        return str(self.__dict__[self.key])

    def known_fields(self, *, zeros: bool = False) -> dict[str, Any]:
        """Return the fields that may overwrite stored ones: not the id, and no empty values.

        None, "", [] and 0 are TikTok's placeholders for what an answer leaves out, such as counters inside lists
        (provider.md O7), so they never overwrite; with `zeros`, a count of 0 is real. False overwrites only in the
        fields of `meaningful_false`.
        """
        meaningful_false = self.meaningful_false
        known = {
            name: value
            for name, value in self.__dict__.items()
            if value
            or (value is False and name in meaningful_false)
            or (zeros and value == 0 and value is not False and name.endswith(_COUNTS))
        }
        del known[self.key]
        return known


class Post(Entity):
    """A video or a photo carousel.

    `pinned` is marked only in the author's own list, so its False says nothing (provider.md O11). `hashtags` are names,
    `mentions` user ids. Addresses of files (`_url`) expire.
    """

    kind = "posts"
    key = "post_id"
    real_zeros = True
    meaningful_false = frozenset({"ad", "paid_partnership", "ai_generated", "comments_open"})

    post_id: str
    author_id: str | None = None
    author_sec_uid: str | None = None
    author_username: str | None = None
    text: str | None = None
    title: str | None = None
    created_at: int | None = None
    region: str | None = None
    language: str | None = None
    duration_ms: int | None = None
    view_count: int | None = None
    like_count: int | None = None
    comment_count: int | None = None
    share_count: int | None = None
    save_count: int | None = None
    download_count: int | None = None
    repost_count: int | None = None
    forward_count: int | None = None
    image_count: int | None = None
    video_url: str | None = None
    cover_url: str | None = None
    music_id: str | None = None
    hashtags: list[str] = []
    mentions: list[str] = []
    pinned: bool | None = None
    media: Literal["video", "photo"] | None = None
    ad: bool | None = None
    paid_partnership: bool | None = None
    ai_generated: bool | None = None
    comments_open: bool | None = None


class User(Entity):
    """An account; `user_id` stays the same when `username` changes (provider.md O12).

    `verified` is the flag of the web profile. The app's marks (`custom_verify`, `enterprise_verify_reason`,
    `verification_type`) contradict each other (provider.md O8), so they are stored as received.
    """

    kind = "users"
    key = "user_id"
    meaningful_false = frozenset({"private", "verified"})

    user_id: str
    sec_uid: str | None = None
    username: str | None = None
    nickname: str | None = None
    signature: str | None = None
    link: str | None = None
    avatar_url: str | None = None
    category: str | None = None
    region: str | None = None
    language: str | None = None
    private: bool | None = None
    verified: bool | None = None
    custom_verify: str | None = None
    enterprise_verify_reason: str | None = None
    verification_type: int | None = None
    follower_count: int | None = None
    following_count: int | None = None
    friend_count: int | None = None
    post_count: int | None = None
    like_count: int | None = None
    """Likes received (hearts)."""
    liked_count: int | None = None
    """Posts this user has liked."""
    created_at: int | None = None


class Comment(Entity):
    """A comment or a reply.

    `parent_id` is None at top level; `reply_to_id` is the reply that this one answers; `reply_total` is None on replies
    (provider.md O13).
    """

    kind = "comments"
    key = "comment_id"
    real_zeros = True

    comment_id: str
    post_id: str | None = None
    user_id: str | None = None
    user_sec_uid: str | None = None
    username: str | None = None
    parent_id: str | None = None
    reply_to_id: str | None = None
    text: str | None = None
    created_at: int | None = None
    language: str | None = None
    like_count: int | None = None
    reply_total: int | None = None
    image_count: int | None = None
    mentions: list[str] = []
    author_liked: bool | None = None
    author_pinned: bool | None = None


class Music(Entity):
    """A sound; `original` means recorded with a post, not taken from a catalogue. `post_count`: posts that use it."""

    kind = "music"
    key = "music_id"
    meaningful_false = frozenset({"original", "commercial"})

    music_id: str
    title: str | None = None
    author: str | None = None
    album: str | None = None
    duration_s: int | None = None
    post_count: int | None = None
    owner_id: str | None = None
    owner_sec_uid: str | None = None
    owner_username: str | None = None
    original: bool | None = None
    commercial: bool | None = None
    created_at: int | None = None


class Hashtag(Entity):
    """A hashtag, identified by its normalized name (crawler/model/hashtags.py)."""

    kind = "hashtags"
    key = "name"
    meaningful_false = frozenset({"commercial"})

    name: str
    hashtag_id: str | None = None
    description: str | None = None
    view_count: int | None = None
    post_count: int | None = None
    commercial: bool | None = None


class Live(Entity):
    """A live broadcast. Its format is unknown (provider.md E26), so only an id is read from it."""

    kind = "lives"
    key = "live_id"

    live_id: str


_MODELS: dict[str, type[Entity]] = {model.kind: model for model in (Post, User, Comment, Music, Hashtag, Live)}


def entity_from_document(kind: str, document: dict[str, Any]) -> Entity:
    """Return the entity that a stored document of the collection `kind` holds; unknown fields are left out."""
    model = _MODELS[kind]
    fields = {name: value for name, value in document.items() if name in model.model_fields}
    return model.model_validate({**fields, model.key: document["_id"]})
