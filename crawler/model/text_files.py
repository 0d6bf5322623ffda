"""Decode the bytes of a text file that people wrote or exported."""


def decode_text(data: bytes) -> str:
    """Return UTF-8 text without a byte order mark; ValueError says what it is instead, and shows none of it."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise ValueError("is UTF-16; save it as UTF-8")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ValueError(f"is not UTF-8 (line {line}); save it as UTF-8") from None
