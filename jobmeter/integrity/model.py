"""Owns the values of the check: the result of one law, and what no law checks."""

from dataclasses import dataclass

from jobmeter.integrity.findings.model import Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class LawCheck(Finding):
    """One law, in words, and the result of its check."""

    law: str


ALL = "*"
ADDED, REMOVED = "(rows added)", "(rows removed)"


@dataclass(frozen=True, slots=True)
class Unchecked:
    """Columns of a table, by name; ``ALL`` of them, and rows ``ADDED`` or ``REMOVED``.

    ``rows`` is a condition in SQL: only these rows are unchecked.
    """

    table: str
    columns: tuple[str, ...]
    why: str
    rows: str = "true"
