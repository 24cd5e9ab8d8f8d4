"""Owns the `LinkedIn-Version` header: its three spellings, and whether the requested version is active.

Does not own the status and text of an error (`base.faults` does).
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeAlias

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


def check_version(header: str | None, active: tuple[str, ...] = ACTIVE_VERSIONS) -> Outcome:
    """Returns the version that applies to a request, or why there is none (spec 12.1)."""
    text = (header or "").strip()
    if not text:
        return VersionMissing()
    expanded = expand_version(text)
    if expanded in _expand_all(active):
        return Version(expanded)
    return VersionNonexistent(expanded)


@lru_cache(maxsize=8)
def _expand_all(active: tuple[str, ...]) -> frozenset[str]:
    return frozenset(map(expand_version, active))
