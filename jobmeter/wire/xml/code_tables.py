"""Owns the code tables of the XML jobs API, read from ``data/*.csv``, and their symbols in the JSON successor.

Does not own which field uses which table (``job.fields``).
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType


@dataclass(frozen=True, slots=True, eq=False)
class CodeTable:
    """One table, of which there is a single instance.

    ``names`` maps codes to names; ``successors`` maps codes to symbols of the JSON successor, if it has them.
    """

    what: str
    names: Mapping[str, str]
    successors: Mapping[str, str]

    def __contains__(self, code: object) -> bool:
        return code in self.names

    def find_code(self, successor: str) -> str | None:
        """Returns the code whose symbol in the JSON successor is ``successor``."""
        return next((code for code, symbol in self.successors.items() if symbol == successor), None)


def _load_table(what: str, file_name: str) -> CodeTable:
    text = (files("jobmeter.wire.xml") / "data" / file_name).read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    names = {row["code"]: row["name"] for row in rows}
    assert len(names) == len(rows), f"{file_name} names a code twice"
    successors = {row["code"]: row["successor"] for row in rows if row["successor"]}
    return CodeTable(what, MappingProxyType(names), MappingProxyType(successors))


JOB_FUNCTIONS = _load_table("job function", "job_functions.csv")
JOB_TYPES = _load_table("job type", "job_types.csv")
EXPERIENCE_LEVELS = _load_table("experience level", "experience_levels.csv")
POSTER_ROLES = _load_table("poster role", "poster_roles.csv")
INDUSTRIES = _load_table("industry", "industries.csv")
COUNTRIES = _load_table("country", "countries.csv")
