"""Owns the form in which a law says what it does not check, and the reasons that many columns share. Pure."""

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


CREDENTIAL = "a credential or its use: a changed one is refused at the door, and no amount is derived from it"
SETTING = (
    "a setting of the operator, in force from then on; what was decided by it is stored where it was decided"
)
LOG = "a record for reading; nothing is decided or summed from it"
RETRY = "work in progress: what is lost or changed here is done again"
OWN_NAME = "a name that nothing else in the database repeats"
ONLY_COPY = "the partner's own text, of which there is no other copy; no amount depends on it"
STORY = "when something happened, shown and never compared"
GONE = "events of the day were dropped after their retention, and nothing is left to compare with"
