"""Owns which characters around a text do not belong to it: a text of only such characters is empty. Pure."""

# Without width, so that a title of them alone shows nothing; `str.strip` without an argument keeps them.
_WITHOUT_WIDTH = "\u200b\u200c\u200d\u2060\ufeff"
BLANKS = "".join(filter(str.isspace, map(chr, range(0x3001)))) + _WITHOUT_WIDTH  # U+3000 is the last blank


def trim_text(text: str) -> str:
    """The text without blanks at both ends, those without width among them."""
    return text.strip(BLANKS)
