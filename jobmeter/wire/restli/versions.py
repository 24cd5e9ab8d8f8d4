"""Owns the `LinkedIn-Version` header: its three spellings, and whether the requested version is active.

Does not own the status and text of an error (`base.faults` does).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final, TypeAlias

from jobmeter.base.lists import list_parts
from jobmeter.base.readers.times import read_day

_SPELLING = re.compile(r"([0-9]{6})(?:\.?([0-9]{2}))?")

# The versions that LinkedIn has published for the talent APIs, and those that real clients send (spec 12.1).
ACTIVE_VERSIONS: Final = (
    "202311",
    "202407",
    "202501",
    "202502",
    "202503",
    "202504",
    "202505",
    "202506",
    "202507",
    "202508",
    "202508.02",
    "202510",
    "202511",
    "202512",
    "202602",
    "202603",
    "202604",
)

# Published versions are supported for at least two years; clients in use send versions that are nearly three years old.
SUPPORT_MONTHS: Final = 48
NEVER: Final = "never"


@dataclass(frozen=True, slots=True, order=True)
class Version:
    """An API version as eight digits, `20250401` for 202504, so that versions compare in chronological order."""

    expanded: str


@dataclass(frozen=True, slots=True)
class VersionMissing:
    """The header is absent or blank."""


@dataclass(frozen=True, slots=True)
class VersionNonexistent:
    """A version that is not active; `expanded` is its spelling in the error."""

    expanded: str


Outcome: TypeAlias = Version | VersionMissing | VersionNonexistent


def expand_version(text: str) -> str:
    """Returns `20250401` for each of its spellings `202504`, `202504.01` and `20250401`; other text is unchanged."""
    spelling = _SPELLING.fullmatch(text)
    return text if spelling is None else spelling[1] + (spelling[2] or "01")


def find_sunset(version: str) -> date:
    """Returns the day from which a version is no longer served, unless a setting names another one."""
    if _SPELLING.fullmatch(version) is None:
        return date.max
    months = int(version[4:6]) - 1 + SUPPORT_MONTHS
    return date(int(version[:4]) + months // 12, months % 12 + 1, 1)


def read_sunsets(setting: str) -> dict[str, date]:
    """Parses ``202311=2027-06-01, 202504=never``; the keys are expanded. Raises ``ValueError`` with a message."""
    found = {}
    for part in list_parts(setting):
        version, _, text = (piece.strip() for piece in part.partition("="))
        day = date.max if text == NEVER else read_day(text)
        if _SPELLING.fullmatch(version) is None or day is None:
            raise ValueError(
                f"{part!r} is not a version and the day of its sunset, such as 202504=2029-04-01"
            )
        found[expand_version(version)] = day
    return found


def check_version(
    header: str | None,
    active: tuple[str, ...] = ACTIVE_VERSIONS,
    *,
    today: date = date.min,
    sunsets: Mapping[str, date] | None = None,
) -> Outcome:
    """Returns the version that applies to a request, or why there is none (spec 12.1)."""
    text = (header or "").strip()
    if not text:
        return VersionMissing()
    expanded = expand_version(text)
    if expanded not in _expand_all(active):
        return VersionNonexistent(expanded)
    is_over = today >= ((sunsets or {}).get(expanded) or find_sunset(expanded))
    return VersionNonexistent(expanded) if is_over else Version(expanded)


@lru_cache(maxsize=8)
def _expand_all(active: tuple[str, ...]) -> frozenset[str]:
    return frozenset(map(expand_version, active))
