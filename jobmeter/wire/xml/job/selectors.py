"""Owns field selectors, ``:(a,b:(c))``: parses them and applies them to a tree, in the order of the selector.

Does not own which fields a job has (``response``).
"""

import re
from collections.abc import Mapping
from typing import Final, TypeAlias

from jobmeter.base.faults import Fault, Refused
from jobmeter.base.limits import SELECTOR_CHARACTERS_MAX, SELECTOR_DEPTH_MAX
from jobmeter.wire.xml.tree import Items, Leaf, Tree

Selector: TypeAlias = dict[str, "Selector | None"]
"""Field name to its nested selector; ``None`` selects the whole field."""

_LEXEME = re.compile(r"[a-z](?:-?[a-z0-9])*|:\(|[,)]")
_OPEN: Final = ":("
_DEPTH = {_OPEN: 1, ")": -1}
_MARKS = frozenset({"", _OPEN, ",", ")"})
_FOLLOWERS = {"": {_OPEN}, _OPEN: {"name"}, "name": {_OPEN, ",", ")"}, ",": {"name"}, ")": {",", ")"}}


def parse_selector(text: str) -> Selector:
    """Parses ``:(a,b:(c))`` in one pass. Raises ``Refused(JOB_SELECTOR_INVALID)``."""
    if len(text) > SELECTOR_CHARACTERS_MAX:
        raise _invalid(f"at most {SELECTOR_CHARACTERS_MAX} characters are allowed")
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
                raise _invalid(f"at most {SELECTOR_DEPTH_MAX} levels of nesting are allowed")
        elif lexeme == ")":
            levels.pop()
        elif lexeme != ",":
            levels[-1].setdefault(lexeme, None)
        before = lexeme
    return root


def _split(text: str) -> list[str]:
    """Returns the lexemes, after checking that their order is valid and their brackets are balanced."""
    lexemes, end, depth, before = [], 0, 0, ""
    for found in _LEXEME.finditer(text):
        lexeme = found[0]
        depth += _DEPTH.get(lexeme, 0)
        is_balanced_so_far = depth > 0 or found.end() == len(text)
        if found.start() != end or not is_balanced_so_far or _kind(lexeme) not in _FOLLOWERS[_kind(before)]:
            break
        lexemes.append(lexeme)
        end, before = found.end(), lexeme
    if end != len(text):
        raise _invalid(f"{text[end]!r} is not expected at character {end + 1}")
    if depth or not lexemes:
        raise _invalid("a closing bracket is missing")
    return lexemes


def _kind(lexeme: str) -> str:
    return lexeme if lexeme in _MARKS else "name"


def _invalid(why: str) -> Refused:
    return Refused(Fault.JOB_SELECTOR_INVALID, why=why)


def check_selector(selector: Selector, known: Selector, *, prefix: str = "") -> None:
    """Raises ``Refused(JOB_SELECTOR_UNKNOWN)`` for the first name that is not in ``known``.

    A list may be selected with the name of its rows or directly: ``industries:(industry:(code))``,
    ``industries:(code)``.
    """
    for name, inner in selector.items():
        path = f"{prefix}{name}"
        if name not in known:
            raise Refused(Fault.JOB_SELECTOR_UNKNOWN, name=path)
        below = known[name]
        if inner is None:
            continue
        if below is None:
            raise Refused(Fault.JOB_SELECTOR_UNKNOWN, name=f"{path}/{next(iter(inner))}")
        row = next(iter(below.values())) if len(below) == 1 else None
        direct = row is not None and not inner.keys() & below.keys()
        check_selector(inner, row if direct and row is not None else below, prefix=f"{path}/")


def apply_selector(selector: Selector, tree: Tree) -> Tree:
    """Returns the selected parts that exist, in the order of the selector; parts that become empty are omitted."""
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
