"""A seed in its canonical form, with what was typed."""

from dataclasses import dataclass, field

from crawler.model.enums import SeedKind


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

    A value of a `links` crawl has the kind that its form tells. `given` is what was typed, in `line` of a list.
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
    given: str = field(default="", compare=False)
    line: int | None = field(default=None, compare=False)

    @property
    def label(self) -> str:
        """Return the value as a user would write it."""
        if self.comment_id:
            return f"{self.post_id}:{self.comment_id}"
        name = f"@{self.username}" if self.username else None
        tag = f"#{self.hashtag}" if self.hashtag else None
        return name or tag or self.sec_uid or self.url or self.post_id or self.music_id or self.text or ""
