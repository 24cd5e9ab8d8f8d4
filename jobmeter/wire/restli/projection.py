"""Owns the `fields` projection: parses a mask and applies it to JSON values. The grammar is the same in both protocols.

Does not own which part of an envelope a mask applies to.
"""

import re
from typing import Any, Final, TypeAlias

from jobmeter.wire.restli.syntax import DEPTH_MAX, RestliSyntaxError

Mask: TypeAlias = dict[str, "int | Mask"]
"""Field name to 1 (keep), 0 (drop) or a nested mask; `$start` and `$count` slice arrays."""

WILDCARD: Final = "$*"
_RANGES: Final = ("$start", "$count")
_LEXEME = re.compile(r"[,:()]|[^,:()]+")
_RANGE_VALUE = re.compile(r"[0-9]{1,9}")


def parse_mask(text: str, *, depth_max: int = DEPTH_MAX) -> Mask:
    """Parses the decoded value of `fields=`: `a,-b,c:(d,$*:(e))`; white space is ignored."""
    lexemes = _LEXEME.findall("".join(text.split()))
    lexemes += ["", ""]
    root: Mask = {}
    levels = [root]
    index = 0
    while lexemes[index]:
        lexeme = lexemes[index]
        if lexeme == ")":
            if len(levels) == 1:
                raise _malformed("unexpected ')' token")
            levels.pop()
            index += 1
        elif lexeme == ",":
            index += 1
        elif lexeme == "(":
            raise _malformed("unexpected '(' token")
        else:
            index = _read_field(lexemes, index, levels)
            if len(levels) > depth_max:
                raise _malformed(f"nested deeper than {depth_max} levels")
    if len(levels) > 1:
        raise _malformed("unmatched nesting")
    return root


def _read_field(lexemes: list[str], index: int, levels: list[Mask]) -> int:
    name = "" if lexemes[index] == ":" else lexemes[index]
    index += name != ""
    negative = name.startswith("-")
    name = name.removeprefix("-")
    level = levels[-1]
    if lexemes[index] != ":":
        if name:
            level[name] = 0 if negative else 1
        return index
    after = lexemes[index + 1]
    if not after:
        raise _malformed("unexpected end of buffer after ':'")
    if name in _RANGES:
        if not _RANGE_VALUE.fullmatch(after) or lexemes[index + 2] in {":", "("}:
            raise _malformed("unexpected range value")
        level[name] = int(after)
        return index + 2
    if after != "(":
        raise _malformed("expected '(' token")
    if not name:
        raise _malformed("empty parent field name")
    below: Mask = {}
    level[name] = below
    levels.append(below)
    return index + 2


def _malformed(why: str) -> RestliSyntaxError:
    return RestliSyntaxError(f"Malformed mask syntax: {why}")


def apply_mask(mask: Mask, value: Any) -> Any:
    """Returns a copy of a JSON value with only the fields that the mask keeps; unknown names in the mask are ignored.

    A mask that only drops fields keeps all others; a mask that keeps any field drops all others. A name takes
    precedence over the wildcard. The wildcard's mask, or else the mask itself, applies to each element of an array.
    """
    if isinstance(value, dict):
        return _cut_record(mask, value)
    if isinstance(value, list):
        return _cut_array(mask, value)
    return value


def _cut_record(mask: Mask, record: dict[str, Any]) -> dict[str, Any]:
    only_drops = all(rule == 0 for name, rule in mask.items() if name not in _RANGES)
    unnamed = mask.get(WILDCARD, 1 if only_drops else 0)
    kept = {}
    for name, value in record.items():
        rule = mask.get(name, unnamed)
        if rule != 0:
            kept[name] = apply_mask(rule, value) if isinstance(rule, dict) else value
    return kept


def _cut_array(mask: Mask, array: list[Any]) -> list[Any]:
    start, count = (mask.get(name) for name in _RANGES)
    first = start if isinstance(start, int) else 0
    last = first + count if isinstance(count, int) else None
    named = {name: rule for name, rule in mask.items() if name not in _RANGES}
    rule = mask.get(WILDCARD, named or 1)
    if rule == 0:
        return []
    chosen = array[first:last]
    return [apply_mask(rule, item) for item in chosen] if isinstance(rule, dict) else chosen
