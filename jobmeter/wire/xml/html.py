"""Owns the HTML of descriptions: which tags are kept, how others are removed, and the conversion to plain text.

Does not own lengths (``job.fields``).
"""

import html
import re
from collections import Counter
from typing import Final

JOB_TAGS: Final = frozenset({"b", "strong", "u", "i", "br", "p", "ul", "ol", "li"})
"""The tags allowed in a description of the API (xml spec 16 #6)."""
FEED_TAGS: Final = JOB_TAGS - {"ol"}
"""The tags allowed in a description of a feed (xml spec 13)."""

_BLOCKS = frozenset({"br", "p", "ul", "ol", "li", "div", "h1", "h2", "h3", "h4", "h5", "h6", "tr"})
_HIDDEN = frozenset({"script", "style"})
# All quantifiers are possessive, and no match extends past the next opening of its kind, so the time is linear for any text.
_TOKEN = re.compile(
    r"(<!--(?:[^-<]|-(?!->)|<(?!!--))*+-->"
    r"|</?[A-Za-z][^<>\"']*+(?:\"[^\"<]*+\"[^<>\"']*+|'[^'<]*+'[^<>\"']*+)*+>"
    r"|<[/!?A-Za-z][^<>]*+>)"
)
# Most tags have exactly this form, and a look-up is much cheaper than matching. Without the opening bracket.
_PLAIN_TAGS = {f"{end}{name}>": (end == "/", name) for name in JOB_TAGS for end in ("", "/")}
_NO_TAG = (False, "")
_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9]*)")


def clean_markup(text: str, *, tags: frozenset[str] = JOB_TAGS) -> str:
    """Returns the text with only the allowed tags, without attributes, and all of them closed.

    Other tags are removed and their text is kept, except for scripts and styles. A ``<`` that does not open a tag
    is escaped, so cleaning twice changes nothing.
    """
    if is_clean(text, tags=tags):
        return text.strip()
    kept: list[str] = []
    stack: list[str] = []
    # Counted separately from the stack, so that a stray end tag costs the same at any depth.
    open_tags: Counter[str] = Counter()
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
            open_tags[name] += 1
            kept.append(f"<{name}>")
        elif open_tags[name]:
            kept += _close_until(name, stack, open_tags)
    kept += [f"</{name}>" for name in reversed(stack)]
    return "".join(kept).strip()


def is_clean(text: str, *, tags: frozenset[str] = JOB_TAGS) -> bool:
    """Whether all tags are plain, allowed and closed in their order, so that cleaning removes nothing but blanks at the ends.

    Much cheaper than cleaning. ``False`` does not mean that cleaning changes something.
    """
    stack: list[str] = []
    for piece in text.split("<")[1:]:
        end, name = _PLAIN_TAGS.get(piece[: piece.find(">") + 1], _NO_TAG)
        if name not in tags or (end and name == "br"):
            return False
        if end:
            if not stack or stack.pop() != name:
                return False
        elif name != "br":
            stack.append(name)
    return not stack


def _close_until(name: str, stack: list[str], open_tags: Counter[str]) -> list[str]:
    closed = []
    while True:
        innermost = stack.pop()
        open_tags[innermost] -= 1
        closed.append(f"</{innermost}>")
        if innermost == name:
            return closed


def _visible_pieces(text: str) -> list[str]:
    """Returns text and tags alternating; the text within a hidden element is empty."""
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
    plain = _PLAIN_TAGS.get(piece[1:])
    if plain:
        return plain
    found = _TAG.match(piece)
    return (found[1] == "/", found[2].lower()) if found else _NO_TAG


def plain_text(markup: str) -> str:
    """Returns the text as a reader sees it: without tags, with entities resolved, each block on a new line."""
    pieces = _visible_pieces(markup)
    shown = [
        piece if index % 2 == 0 else "\n" if _read_tag(piece)[1] in _BLOCKS else ""
        for index, piece in enumerate(pieces)
    ]
    lines = (line.strip() for line in html.unescape("".join(shown)).split("\n"))
    return "\n".join(line for line in lines if line)
