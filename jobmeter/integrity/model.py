"""Owns the value of the check: the result of one law."""

from dataclasses import dataclass

from jobmeter.integrity.findings.model import Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class LawCheck(Finding):
    """One law, in words, and the result of its check.

    ``is_undecided`` if a database that is distributed showed a breach while others wrote, and they never paused for a second look: it
    counts as none, and ``example`` is what was seen.
    """

    law: str
    is_undecided: bool = False
