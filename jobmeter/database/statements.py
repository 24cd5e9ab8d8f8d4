"""Owns named SQL: splits a slice's ``.sql`` file at its ``-- name:`` headers. No other magic.

Does not own execution; a slice's ``store.py`` runs its statements on the caller's connection.
"""

from importlib.resources import files
from typing import LiteralString

HEADER = "-- name: "


def load_statements(package: str, file_name: str = "queries.sql") -> dict[str, LiteralString]:
    """The statements of ``package``'s file by name. The text is ours and constant, hence ``LiteralString``.

    Raises ``ValueError`` where two statements share a name.
    """
    text = files(package).joinpath(file_name).read_text(encoding="utf-8")
    found: dict[str, LiteralString] = {}
    for block in text.split(HEADER)[1:]:
        name, _, body = block.partition("\n")
        if name.strip() in found:
            raise ValueError(f"{package}/{file_name}: statement {name.strip()} stands twice")
        found[name.strip()] = body.strip()
    return found
