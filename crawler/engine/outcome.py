"""Name what can become of one message's page."""

from enum import StrEnum


class Outcome(StrEnum):
    """The result of `PageRunner.run`; the value is what Flower and the log show."""

    CRAWL_NOT_ACTIVE = "crawl not active"  # unknown, paused or over: the message is dropped
    NOT_ADMITTED = "not admitted"  # no permit within the time a message may wait; the leader dispatches it again
    NOTHING_TO_DO = "nothing to do"  # unknown, done, paused, or leased by another: a duplicate message
    RELEASED = "released"  # its crawl was paused after the page was leased
    NO_SLOW_SLOT = "no slow slot"  # the process makes as many slow calls as it may
    NO_BUDGET = "no budget"
    COMMITTED = "committed"
    DUPLICATE = "duplicate"  # fetched, but another holder had completed it: its lease had run out
    REPLANNED = "replanned"  # rediscovered at a smaller depth: follow-ups planned, nothing fetched
    RETRY = "retry"  # planned again after an error
    ENDED = "ended"  # the error is an answer: private, missing, restricted
    FAILED = "failed"
    SKIPPED = "skipped"  # never fetched: not a request that may be sent
    LEASE_LOST = "lease lost"
