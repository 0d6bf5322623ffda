"""Strip what other programs put around a value: quotes, brackets, invisible marks, a spreadsheet's `="…"`."""

from crawler.model.hashtags import INVISIBLE_MARKS

_SPACES = (
    "\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
_JOINERS = "\u200c\u200d"  # change how a word or an emoji reads; names, ids and links hold none
_MARKS = "".join(map(chr, INVISIBLE_MARKS))
_BLANK = _SPACES + _MARKS
_WITHOUT_MARKS = str.maketrans("", "", _MARKS + _JOINERS)
_PAIRS = ('""', "''", "``", "\u201c\u201d", "\u201e\u201c", "\u2018\u2019", "\xab\xbb", "<>", "()", "[]")
_LEVELS = 3  # of quotes in brackets in quotes


def trim(text: str) -> str:
    """Strip spaces and the invisible marks copied along from chats and documents."""
    return text.strip(_BLANK)


def unquote(text: str) -> str:
    """Return the value without invisible marks, and without the quotes, brackets and list punctuation around it."""
    text = trim(text if text.isascii() else text.translate(_WITHOUT_MARKS))
    if text.startswith('="'):  # how spreadsheets keep a number as text
        text = text[1:]
    for _ in range(_LEVELS):
        text = text.rstrip(",;" + _BLANK)
        if len(text) > 1 and text[0] + text[-1] in _PAIRS:
            text = trim(text[1:-1])
    return text.removeprefix("'") if text[1:].isdecimal() else text  # the same, as Excel shows it
