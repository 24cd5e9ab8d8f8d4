"""Owns which characters around a text do not belong to it: a text of only such characters is empty. Pure."""

# Without width, so that a title of them alone shows nothing; `str.strip` keeps them.
_WITHOUT_WIDTH = "\u200b\u200c\u200d\u2060\ufeff"


def trim_text(text: str) -> str:
    """The text without blanks at both ends, those without width among them."""
    # The first pass is enough for nearly every text; the second is for ends that mix both kinds.
    kept = text.strip()
    while kept and (kept[0] in _WITHOUT_WIDTH or kept[-1] in _WITHOUT_WIDTH):
        kept = kept.strip(_WITHOUT_WIDTH).strip()
    return kept
