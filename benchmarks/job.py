"""Says what every peer crawls: hashtags, their posts, and each post's comments and author's profile."""

from dataclasses import dataclass

from sandbox.client import AdminClient

COLLECTIONS = ("posts", "users", "comments", "music", "hashtags")
EXPAND = "authors,comments"
DEPTH = 1


@dataclass(frozen=True)
class Job:
    """Two hashtags of the large world are about 1,350 calls."""

    hashtags: tuple[str, ...] = ("cats", "dogs")

    @property
    def seed(self) -> tuple[str, ...]:
        """What `tokcrawl seed` is given for it."""
        return ("hashtag", *self.hashtags, "--expand", EXPAND, "--depth", str(DEPTH))


def expected(control: AdminClient, job: Job) -> dict[str, set[str]]:
    """The ids that a complete crawl leaves in each collection, as the sandbox knows them."""
    truth = control.truth("hashtag", *job.hashtags, expand=EXPAND, depth=DEPTH)
    return {name: set(truth[name]) for name in COLLECTIONS}


def expected_calls(control: AdminClient, job: Job) -> int:
    """The distinct calls of a complete crawl."""
    return int(control.truth("hashtag", *job.hashtags, expand=EXPAND, depth=DEPTH)["calls"])
