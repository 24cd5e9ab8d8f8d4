"""Owns the code tables of the XML jobs API, read from ``data/*.csv``, and their symbols in the JSON successor.

Does not own which field uses which table (``job.fields``). Pure.
"""

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType

_PUNCTUATION = re.compile(r"[^\w:]+|_")
_NUMBER = re.compile(r"(?:urn:li:industry:)?([1-9][0-9]{0,4})")


@dataclass(frozen=True, slots=True, eq=False)
class CodeTable:
    """One table, of which there is a single instance.

    ``names`` maps codes to names; ``successors`` maps codes to symbols of the JSON successor, if it has them, and
    ``codes`` the other way round. A table that takes numbers has codes beyond those that it names, of up to five digits.
    """

    what: str
    names: Mapping[str, str]
    successors: Mapping[str, str]
    codes: Mapping[str, str]
    spellings: Mapping[str, str]
    takes_numbers: bool = False

    def __contains__(self, code: object) -> bool:
        if code in self.names:
            return True
        return (
            self.takes_numbers and isinstance(code, str) and code.isdigit() and bool(_NUMBER.fullmatch(code))
        )

    def find(self, text: str) -> str | None:
        """Returns the code that a text means, in any case: a code, a symbol of the successor, or a name."""
        number = _NUMBER.fullmatch(text.strip()) if self.takes_numbers else None
        return number[1] if number else self.spellings.get(_fold(text))

    def find_code(self, successor: str) -> str | None:
        """Returns the code whose symbol in the JSON successor is ``successor``."""
        return self.codes.get(successor)


def _fold(text: str) -> str:
    return _PUNCTUATION.sub("", text).lower()


def _load_table(what: str, file_name: str, *, takes_numbers: bool = False) -> CodeTable:
    text = (files("jobmeter.wire.xml") / "data" / file_name).read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    names = {row["code"]: row["name"] for row in rows}
    assert len(names) == len(rows), f"{file_name} names a code twice"
    successors = {row["code"]: row["successor"] for row in rows if row["successor"]}
    # A code takes precedence over a name that is spelled alike.
    spellings = {_fold(name): code for code, name in names.items()}
    spellings |= {_fold(symbol): code for code, symbol in successors.items()}
    spellings |= {_fold(code): code for code in names}
    return CodeTable(
        what=what,
        names=MappingProxyType(names),
        successors=MappingProxyType(successors),
        codes=MappingProxyType({symbol: code for code, symbol in successors.items()}),
        spellings=MappingProxyType(spellings),
        takes_numbers=takes_numbers,
    )


JOB_FUNCTIONS = _load_table("job function", "job_functions.csv")
JOB_TYPES = _load_table("job type", "job_types.csv")
EXPERIENCE_LEVELS = _load_table("experience level", "experience_levels.csv")
POSTER_ROLES = _load_table("poster role", "poster_roles.csv")
# The list of 2022 has more numbers than the first, whose names are in the table; jobs keep either.
INDUSTRIES = _load_table("industry", "industries.csv", takes_numbers=True)
COUNTRIES = _load_table("country", "countries.csv")
