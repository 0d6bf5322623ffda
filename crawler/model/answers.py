"""An answer as bought: who asked for it, what it cost, why it is kept, and its body, compressed."""

from dataclasses import dataclass
from datetime import datetime
from threading import local

import zstandard

_LEVEL = 3
_MOST_BYTES = 2**31  # of a body once decompressed

_of_thread = local()  # zstandard's contexts are not safe to share between threads


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one call, as it is kept.

    token: of the lease under which it was bought; a page that was bought twice has two answers.
    units: what it was charged, None where that is unknown.        size: bytes of the body as received.
    why: why it was not read whole; None where it was.        packed: the body, compressed.
    """

    page_id: str
    token: str
    crawl_id: str
    endpoint: str
    status: int | None
    units: int | None
    at: datetime
    size: int
    why: str | None
    packed: bytes

    @property
    def id(self) -> str:
        return f"{self.page_id}:{self.token}"

    @property
    def body(self) -> bytes:
        """Return the body as received, without the token; ValueError where the compressed one is damaged."""
        try:
            return zstandard.ZstdDecompressor().decompress(self.packed, max_output_size=_MOST_BYTES)
        except zstandard.ZstdError as error:
            raise ValueError(f"answer {self.id} cannot be decompressed: {error}") from None


def pack(body: bytes) -> bytes:
    """Return a body compressed; other threads run meanwhile."""
    compressor: zstandard.ZstdCompressor | None = getattr(_of_thread, "compressor", None)
    if compressor is None:
        compressor = _of_thread.compressor = zstandard.ZstdCompressor(level=_LEVEL)
    return compressor.compress(body)
