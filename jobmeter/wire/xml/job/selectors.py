"""Owns field selectors, ``:(a,b:(c))``: reads them and cuts a tree down to them, in the order asked.

Does not own which fields a job shows (``response``).
"""

import re
from collections.abc import Mapping
from typing import Final, TypeAlias

from jobmeter.base.faults import Fault, Refused
from jobmeter.base.limits import SELECTOR_CHARACTERS_MAX, SELECTOR_DEPTH_MAX
from jobmeter.wire.xml.tree import Items, Leaf, Tree

Selector: TypeAlias = dict[str, "Selector | None"]
"""Field name to the selector within it; ``None`` asks for the whole of it."""

_LEXEME = re.compile(r"[a-z](?:-?[a-z0-9])*|:\(|[,)]")
_OPEN: Final = ":("
_DEPTH = {_OPEN: 1, ")": -1}
_MARKS = frozenset({"", _OPEN, ",", ")"})
_FOLLOWERS = {"": {_OPEN}, _OPEN: {"name"}, "name": {_OPEN, ",", ")"}, ",": {"name"}, ")": {",", ")"}}


def parse_selector(text: str) -> Selector:
    """The selector in ``:(a,b:(c))``, in one pass. Raises ``Refused(JOB_SELECTOR_INVALID)``."""
    if len(text) > SELECTOR_CHARACTERS_MAX:
        raise _invalid(f"it may have {SELECTOR_CHARACTERS_MAX} characters")
    root: Selector = {}
    levels: list[Selector] = []
    before = ""
    for lexeme in _split(text):
        if lexeme == _OPEN:
            below: Selector = {} if levels else root
            if levels:
                levels[-1][before] = below
            levels.append(below)
            if len(levels) > SELECTOR_DEPTH_MAX:
                raise _invalid(f"it may be nested {SELECTOR_DEPTH_MAX} deep")
        elif lexeme == ")":
            levels.pop()
        elif lexeme != ",":
            levels[-1].setdefault(lexeme, None)
        before = lexeme
    return root


def _split(text: str) -> list[str]:
    """The lexemes, known to stand in an order that the grammar has and with their brackets in pairs."""
    lexemes, end, depth, before = [], 0, 0, ""
    for found in _LEXEME.finditer(text):
        lexeme = found[0]
        depth += _DEPTH.get(lexeme, 0)
        goes_on = depth > 0 or found.end() == len(text)
        if found.start() != end or not goes_on or _kind(lexeme) not in _FOLLOWERS[_kind(before)]:
            break
        lexemes.append(lexeme)
        end, before = found.end(), lexeme
    if end != len(text):
        raise _invalid(f"{text[end]!r} is not expected at character {end + 1}")
    if depth or not lexemes:
        raise _invalid("it ends before its last bracket")
    return lexemes


def _kind(lexeme: str) -> str:
    return lexeme if lexeme in _MARKS else "name"


def _invalid(why: str) -> Refused:
    return Refused(Fault.JOB_SELECTOR_INVALID, why=why)


def check_selector(selector: Selector, known: Selector, *, place: str = "") -> None:
    """Raises ``Refused(JOB_SELECTOR_UNKNOWN)`` for the first name that is not in ``known``.

    A list may be asked for with the name of its rows or directly: ``industries:(industry:(code))``,
    ``industries:(code)``.
    """
    for name, inner in selector.items():
        path = f"{place}{name}"
        if name not in known:
            raise Refused(Fault.JOB_SELECTOR_UNKNOWN, name=path)
        below = known[name]
        if inner is None:
            continue
        if below is None:
            raise Refused(Fault.JOB_SELECTOR_UNKNOWN, name=f"{path}/{next(iter(inner))}")
        row = next(iter(below.values())) if len(below) == 1 else None
        direct = row is not None and not inner.keys() & below.keys()
        check_selector(inner, row if direct and row is not None else below, place=f"{path}/")


def apply_selector(selector: Selector, tree: Tree) -> Tree:
    """What is asked for and there, in the order asked; a part of which nothing is left goes."""
    chosen: dict[str, Leaf | Tree | Items] = {}
    for name, inner in selector.items():
        value = tree.get(name)
        if value is None:
            continue
        if inner is not None and isinstance(value, Items):
            within = inner.get(value.name, None) if value.name in inner else inner
            rows = value.rows if within is None else tuple(apply_selector(within, row) for row in value.rows)
            value = Items(value.name, rows)
        elif inner is not None and isinstance(value, Mapping):
            value = apply_selector(inner, value)
            if not value:
                continue
        chosen[name] = value
    return chosen
