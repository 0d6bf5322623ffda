"""Names the ways in which the platform's lists misbehave: how they end, and malformed items in them."""

from __future__ import annotations

from typing import Literal

# How the last page of a list ends it: `absent` sends no nextCursor, `null` sends null, `trailing` sends a cursor to one
# more, empty page without a cursor, `lying` the same, but the cursor of the empty page is -1 (provider.md).
ListEnding = Literal["absent", "null", "trailing", "lying"]


class MalformedItem(str):
    """Stands in a list where an item should be; the value names what is sent instead (`sandbox.render.malformed`)."""

    __slots__ = ()
