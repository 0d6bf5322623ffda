"""Normalizes the name of a hashtag: one spelling for what people type and for what answers hold."""

import unicodedata

_HASHES = "#\uff03"  # the second is full-width, as in Japanese input
# Soft hyphen, Arabic letter mark, zero-width space, direction marks and isolates, word joiner, byte order mark: copied
# along unseen. Zero-width joiner and non-joiner stay, since they change how a word or an emoji reads.
INVISIBLE_MARKS = (0xAD, 0x61C, 0x200B, 0x200E, 0x200F, *range(0x202A, 0x202F), 0x2060, *range(0x2066, 0x206A), 0xFEFF)
_WITHOUT_MARKS = dict.fromkeys(INVISIBLE_MARKS)


def normalize_hashtag(text: str) -> str:
    """Return the name without `#`, marks and outer spaces, in lower case and NFC; "" where nothing is left."""
    if text.isascii():
        return text.strip().lstrip(_HASHES).strip().lower()
    name = text.translate(_WITHOUT_MARKS).strip().lstrip(_HASHES).strip()
    return unicodedata.normalize("NFC", name.lower())
