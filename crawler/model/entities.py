"""What is known about a post, user, comment, sound, hashtag or live, in the project's own words.

The platform's words (`aweme_id`, `secUid`, `digg_count`) stop at the readers that build these values.
Times are whole seconds since 1970, UTC. `None` means "not told".
"""

from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict


class Entity(BaseModel):
    """One thing of the platform under the platform's own id."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    kind: ClassVar[str]
    """The collection it is stored in."""
    key: ClassVar[str]
    """The field that holds its id."""
    meaningful_false: ClassVar[frozenset[str]] = frozenset()
    """The fields in which False is an answer; in any other it only fills a gap."""

    @property
    def id(self) -> str:
        return str(self.__dict__[self.key])

    def known_fields(self) -> dict[str, Any]:
        """The fields that may overwrite stored ones: without the id, and without what only fills a gap.

        None, "", 0 and [] are what TikTok puts where it does not tell (reference §6: counters inside lists
        are 0 placeholders), so a 0 is never knowledge. False is one only in the fields named by `meaningful_false`.
        """
        meaningful_false = self.meaningful_false
        known = {
            name: value
            for name, value in self.__dict__.items()
            if value or (value is False and name in meaningful_false)
        }
        del known[self.key]
        return known


class Post(Entity):
    """A video or a photo carousel. `pinned` is told only where a profile lists it: its False is no answer."""

    kind = "posts"
    key = "post_id"
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
    image_count: int | None = None
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
    """An account; `user_id` stays when the name changes.

    `verified` is the web profile's own flag. The app's three marks contradict each other (reference §6), so
    they are kept as they came and no judgement is made from them.
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
    """A comment or a reply; `parent_id` is None at top level, `reply_to_id` names the reply it answers."""

    kind = "comments"
    key = "comment_id"

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
    mentions: list[str] = []
    author_liked: bool | None = None
    author_pinned: bool | None = None


class Music(Entity):
    """A sound; `original` says that it was recorded with a post, not taken from a catalogue."""

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
    """A hashtag, by its name in lower case without the `#`."""

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
    """A live broadcast. No sample of one exists (reference §3), so nothing but an id is read from it."""

    kind = "lives"
    key = "live_id"

    live_id: str


_MODELS: dict[str, type[Entity]] = {model.kind: model for model in (Post, User, Comment, Music, Hashtag, Live)}


def entity_from_document(kind: str, document: dict[str, Any]) -> Entity:
    """Return the entity that a stored document of the collection `kind` holds; unknown fields are left out."""
    model = _MODELS[kind]
    fields = {name: value for name, value in document.items() if name in model.model_fields}
    return model.model_validate({**fields, model.key: document["_id"]})
