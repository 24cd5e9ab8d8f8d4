"""Owns one entry of the lists of what no law checks. Pure."""

from dataclasses import dataclass

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
