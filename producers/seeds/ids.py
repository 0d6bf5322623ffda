"""Recognize ids that cannot be true: rounded by a program that took them for numbers, or of an impossible time.

The platform's 19-digit ids carry the time they were made: seconds since 1970 in the bits above the 32nd.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from time import time

EARLIEST = int(datetime(2014, 1, 1, tzinfo=UTC).timestamp())  # musical.ly, which became TikTok, was founded in 2014
_DAY = 86_400  # seconds that this machine's clock may be behind
_LONG_ID = re.compile(r"[0-9]{19}")
_SCIENTIFIC = re.compile(r"[0-9](?:[.,][0-9]+)?e\+?1[4-9]", re.IGNORECASE)
_AS_TEXT = "the true ids are lost: export them again as text"


def impossible_time(number: str) -> str | None:
    """Return why no id has this number; None where one may."""
    seconds = int(number) >> 32
    if seconds < EARLIEST:
        return "cannot be an id: ids carry the time they were made, and this one's is before 2014"
    if seconds > time() + _DAY:
        today = datetime.now(UTC).strftime("%Y-%m-%d")
        return f"cannot be an id: ids carry the time they were made, and this one's is in the future (today is {today})"
    return None


def scientific(text: str) -> str | None:
    """Return what is wrong with an id that was written like 7.2e18; None for any other text."""
    if _SCIENTIFIC.fullmatch(text):
        return f"is a rounded number: a spreadsheet or R took the id for one; {_AS_TEXT}"
    return None


def rounded_ids(values: Sequence[str]) -> dict[str, str]:
    """Return those of a list's values that a program rounded, each with the reason.

    Excel keeps 15 digits; R, JavaScript and pandas what a double holds. A true id may look the same by chance (1 in
    10,000 and 1 in 500), so what counts is the share of such ids in the list.
    """
    ids = [value for value in values if _LONG_ID.fullmatch(value)]
    zeros = [one for one in ids if one.endswith("0000")]
    if len(zeros) * 100 > len(ids):
        why = f"ends in 0000: a spreadsheet rounded it to 15 digits; {_AS_TEXT} (if it is true, give its link)"
        return dict.fromkeys(zeros, why)
    doubles = [one for one in ids if _is_double(int(one))]
    if len(ids) >= 3 and len(doubles) * 2 > len(ids):
        why = f"was rounded, as most ids of this list: a program took them for numbers; {_AS_TEXT}"
        return dict.fromkeys(doubles, why)
    return {}


def _is_double(number: int) -> bool:
    """Whether a double holds the number exactly, or is printed as this number."""
    return number in (int(float(number)), int(Decimal(repr(float(number)))))
