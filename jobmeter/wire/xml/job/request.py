"""Owns the parsing of a ``<job>`` tree into a job document: checks every field and collects all flaws with their paths.

Does not own rules that depend on a contract (poster, pixel), the clock or other jobs.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import Enum
from typing import Any, NamedTuple

from jobmeter.base.readers.countries import read_country
from jobmeter.base.readers.email_address import check_email
from jobmeter.base.readers.web_url import check_url
from jobmeter.wire.xml.html import clean_markup
from jobmeter.wire.xml.job.fields import (
    ALIASES,
    FIELDS,
    PASSED_OVER,
    READ_ONLY,
    RENEWALS,
    REPEATED,
    Field,
    Flaw,
    JobContent,
    JobDocument,
    Kind,
    refuse_flaws,
)
from jobmeter.wire.xml.reader import Node
from jobmeter.wire.xml.validators import check_characters, read_number

NEAR_SPELLING = 0.85
_SHAPES = {Kind.EMAIL: check_email, Kind.URL: check_url}
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


class DocumentKind(Enum):
    POST = "post"
    EDIT = "edit"


class _Leaf(NamedTuple):
    """An element with a value; ``shown`` is its path in errors."""

    path: str
    shown: str
    text: str


@dataclass(frozen=True, slots=True)
class _Reading:
    """The state of parsing: the collections grow while the tree is walked."""

    leaves: dict[str, list[_Leaf]] = field(default_factory=dict)
    cleared: set[str] = field(default_factory=set)
    flaws: list[Flaw] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)


_COMPANY = frozenset({"company_id", "company_name"})
_PATHS = {row.path: row.name for row in FIELDS} | ALIASES
_GROUPS = frozenset(
    "/".join(steps[:count]) for path in _PATHS for steps in [path.split("/")] for count in range(len(steps))
)


def read_job(root: Node, purpose: DocumentKind, *, fields: Sequence[Field] = FIELDS) -> JobDocument:
    """Parses a ``<job>``, with its elements in any order (xml spec 6, 16 #3, #4, #21, #23).

    A post needs all mandatory fields. An edit may omit any field, and clear fields that are not mandatory with an
    empty element. Elements that a job does not have are ignored, read-only ones too. Raises ``Refused(JOB_DOCUMENT_INVALID)`` that lists all flaws.
    """
    reading = _Reading()
    renewal = any(child.name in RENEWALS and child.text != "false" for child in root.children)
    if root.name == "job":
        _walk(root, "", "job", reading)
    else:
        reading.flaws.append(Flaw(root.name[:100], "the document must be a job"))
    given = {row.name: value for row in fields if (value := _read_field(row, reading)) is not None}
    cleared = reading.cleared - given.keys()
    reported = {flaw.path for flaw in reading.flaws}
    missing = (
        _find_uncleared(fields, cleared)
        if purpose is DocumentKind.EDIT
        else _find_missing(fields, given, reading.ignored)
    )
    refuse_flaws([*reading.flaws, *(flaw for flaw in missing if not _is_reported(flaw.path, reported))])
    is_post = purpose is DocumentKind.POST
    return JobDocument(
        content=JobContent(**given),
        cleared=frozenset() if is_post else frozenset(cleared),
        renewal=renewal and not is_post,
        ignored=tuple(dict.fromkeys(reading.ignored)),
    )


def _walk(node: Node, path: str, shown: str, reading: _Reading) -> None:
    """Collects the leaves below a group by field. ``path`` excludes positions and the root."""
    if node.text:
        reading.flaws.append(Flaw(shown, "text is not allowed between its elements"))
    seen: set[str] = set()
    for child, inner, inner_shown in _steps(node, path, shown):
        if inner in READ_ONLY or inner in RENEWALS or child.name in PASSED_OVER:
            continue
        if inner not in _PATHS and inner not in _GROUPS:
            reading.ignored.append(inner_shown)
        elif child.name in seen and inner not in REPEATED:
            reading.flaws.append(Flaw(inner_shown, "occurs more than once"))
        elif inner in _PATHS:
            _add_leaf(child, inner, inner_shown, reading)
        elif child.children or child.text:
            _walk(child, inner, inner_shown, reading)
        elif inner in REPEATED:
            reading.flaws.append(Flaw(f"{inner_shown}/code", "is missing"))
        else:
            reading.cleared.update(name for leaf, name in _PATHS.items() if leaf.startswith(f"{inner}/"))
        seen.add(child.name)


def _steps(node: Node, path: str, shown: str) -> Iterator[tuple[Node, str, str]]:
    for position, child in enumerate(node.children, start=1):
        inner = f"{path}/{child.name}" if path else child.name
        name = child.name[:100]
        yield child, inner, f"{shown}/{name}[{position}]" if inner in REPEATED else f"{shown}/{name}"


def _add_leaf(node: Node, path: str, shown: str, reading: _Reading) -> None:
    if node.children:
        reading.flaws.append(Flaw(shown, "must be text, with markup in a CDATA section"))
        return
    reading.leaves.setdefault(_PATHS[path], []).append(_Leaf(path=path, shown=shown, text=node.text))


def _read_field(row: Field, reading: _Reading) -> Any:
    """Returns the value of a field, or ``None`` if it is absent, cleared or invalid."""
    leaves = reading.leaves.get(row.name, [])
    if row.kind is Kind.CODES:
        return _read_codes(row, leaves, reading) if leaves else None
    if len(leaves) > 1:
        reading.flaws.append(Flaw(leaves[1].shown, f"repeats {leaves[0].shown}"))
    if not leaves:
        return None
    if not leaves[0].text:
        reading.cleared.add(row.name)
        return None
    value, why = _read_value(row, leaves[0].text)
    if why:
        reading.flaws.append(Flaw(leaves[0].shown, why))
    return value


def _read_value(row: Field, text: str) -> tuple[Any, str | None]:
    """Returns the value, and why it is refused or ``None``."""
    if row.kind is Kind.NUMBER:
        number = read_number(text)
        return number, None if number else f"{text[:40]!r} is not a positive integer"
    if row.kind is Kind.TRUTH:
        boolean = _BOOLEANS.get(text.lower())
        return boolean, "must be true or false" if boolean is None else None
    if row.kind is Kind.CODE:
        return _read_code(row, text)
    value = clean_markup(text) if row.kind is Kind.MARKUP else text
    why = check_characters(value, row.size)
    if row.kind in _SHAPES:
        why = why or _SHAPES[row.kind](value)
    return value, why


def _read_code(row: Field, text: str) -> tuple[str | None, str | None]:
    assert row.table is not None
    # Countries have lower case here and upper case elsewhere (xml spec 7.6), so both are read.
    code = read_country(text).lower() if row.name == "country_code" else text
    if code not in row.table:
        return None, f"{text[:40]!r} is not a valid {row.table.what} code"
    return code, None


def _read_codes(row: Field, leaves: list[_Leaf], reading: _Reading) -> tuple[str, ...]:
    codes: list[str] = []
    for leaf in leaves:
        code, why = _read_code(row, leaf.text)
        if why:
            reading.flaws.append(Flaw(leaf.shown, why))
        elif code and code not in codes:
            codes.append(code)
    _, most = row.size
    if len(codes) > most:
        group = leaves[0].shown.rpartition("[")[0].rpartition("/")[0]
        reading.flaws.append(Flaw(group, f"has {len(codes)} codes, at most {most} are allowed"))
    return tuple(codes)


def _find_missing(fields: Sequence[Field], given: dict[str, Any], ignored: Sequence[str]) -> Iterator[Flaw]:
    for row in fields:
        if row.needed and row.name not in given:
            near = get_close_matches(f"job/{row.path}", ignored, n=1, cutoff=NEAR_SPELLING)
            why = f"is required; {near[0]} was ignored: is it misspelt?" if near else "is required"
            yield Flaw(f"job/{row.path}", why)
    if not _COMPANY & given.keys():
        yield Flaw("job/company", "an id or a name is required")


def _find_uncleared(fields: Sequence[Field], cleared: set[str]) -> Iterator[Flaw]:
    for row in fields:
        if row.needed and row.name in cleared:
            yield Flaw(f"job/{row.path}", "cannot be cleared")
    if cleared >= _COMPANY:
        yield Flaw("job/company", "id and name cannot both be cleared")


def _is_reported(path: str, reported: set[str]) -> bool:
    """Returns whether a flaw is reported for the field or a part of it, so that it is not reported as missing too."""
    return any(flaw == path or flaw.startswith(f"{path}/") for flaw in reported)
