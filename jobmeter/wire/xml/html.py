"""Owns the HTML of descriptions: which tags stay, what becomes of the others, and the plain text of it.

Does not own lengths (``job.fields``).
"""

import html
import re
from collections import Counter
from typing import Final

JOB_TAGS: Final = frozenset({"b", "strong", "u", "i", "br", "p", "ul", "ol", "li"})
"""What an API description may hold (xml spec 16 #6)."""
FEED_TAGS: Final = JOB_TAGS - {"ol"}
"""What a feed description may hold (xml spec 13)."""

_BLOCKS = frozenset({"br", "p", "ul", "ol", "li", "div", "h1", "h2", "h3", "h4", "h5", "h6", "tr"})
_HIDDEN = frozenset({"script", "style"})
# Possessive throughout, and nothing runs past the next one of its kind: the time is linear in the text, whatever it is.
_TOKEN = re.compile(
    r"(<!--(?:[^-<]|-(?!->)|<(?!!--))*+-->"
    r"|</?[A-Za-z][^<>\"']*+(?:\"[^\"<]*+\"[^<>\"']*+|'[^'<]*+'[^<>\"']*+)*+>"
    r"|<[/!?A-Za-z][^<>]*+>)"
)
# Most tags are written just so; looking them up is much cheaper than matching.
_PLAIN_TAGS = {f"<{end}{name}>": (end == "/", name) for name in JOB_TAGS for end in ("", "/")}
_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9]*)")


def clean_markup(text: str, *, tags: frozenset[str] = JOB_TAGS) -> str:
    """The text with the allowed tags only, without attributes and each one closed.

    Other tags go and their text stays, but for what is no text (scripts and styles). A ``<`` that opens no tag
    is escaped, so that cleaning twice changes nothing.
    """
    if "<" not in text:
        return text.strip()
    kept: list[str] = []
    stack: list[str] = []
    # Counted beside the stack, so that a stray end tag costs the same at any depth.
    standing: Counter[str] = Counter()
    for index, piece in enumerate(_visible_pieces(text)):
        if index % 2 == 0:
            kept.append(piece.replace("<", "&lt;"))
            continue
        end, name = _read_tag(piece)
        if name not in tags:
            continue
        if name == "br":
            kept.append("<br>")
        elif not end:
            stack.append(name)
            standing[name] += 1
            kept.append(f"<{name}>")
        elif standing[name]:
            kept += _close_until(name, stack, standing)
    kept += [f"</{name}>" for name in reversed(stack)]
    return "".join(kept).strip()


def _close_until(name: str, stack: list[str], standing: Counter[str]) -> list[str]:
    closed = []
    while True:
        innermost = stack.pop()
        standing[innermost] -= 1
        closed.append(f"</{innermost}>")
        if innermost == name:
            return closed


def _visible_pieces(text: str) -> list[str]:
    """Text and tag in turns; the text within a hidden element is empty."""
    pieces = _TOKEN.split(text)
    hidden = ""
    for index, piece in enumerate(pieces):
        if index % 2 == 0:
            if hidden:
                pieces[index] = ""
            continue
        end, name = _read_tag(piece)
        if hidden:
            pieces[index] = "<!>"
            hidden = "" if end and name == hidden else hidden
        elif name in _HIDDEN and not end:
            hidden = name
    return pieces


def _read_tag(piece: str) -> tuple[bool, str]:
    plain = _PLAIN_TAGS.get(piece)
    if plain:
        return plain
    found = _TAG.match(piece)
    return (found[1] == "/", found[2].lower()) if found else (False, "")


def plain_text(markup: str) -> str:
    """What a reader sees: without tags and with entities resolved; a block begins on a new line."""
    pieces = _visible_pieces(markup)
    shown = [
        piece if index % 2 == 0 else "\n" if _read_tag(piece)[1] in _BLOCKS else ""
        for index, piece in enumerate(pieces)
    ]
    lines = (line.strip() for line in html.unescape("".join(shown)).split("\n"))
    return "\n".join(line for line in lines if line)
