"""Parses the named SQL files for the checks: statements, tokens, and the tables that a statement writes.

Understands only as much SQL as the checks need; whether a statement is valid is decided by the database.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from tests.tidy.source import Source

_HEADER = re.compile(r"^--[ \t]*(name|columns):[ \t]*(\S+)[ \t]*$", re.MULTILINE)
_BLANKED = re.compile(r"'(?:[^']|'')*'|--[^\n]*|/\*.*?\*/", re.DOTALL)
_TOKEN = re.compile(r'%\(\w+\)[sbt]|%s|\{\w+\.\w+\}|"[^"]+"|\w+|\S')
_PARAMETER = re.compile(r"%\((\w+)\)[sbt]")
_NOT_A_WRITE = {"FOR", "KEY", "DO", "ON", "OR", "OF", "BEFORE", "AFTER", "INSTEAD"}


class Statement(NamedTuple):
    source: Source
    name: str
    line: int
    text: str
    """With comments and string literals blanked, so that only SQL is left."""
    written: str = ""
    """The text in the file, including its header."""

    @property
    def parameters(self) -> list[str]:
        return sorted(set(_PARAMETER.findall(self.text)))

    @property
    def line_count(self) -> int:
        return sum(1 for line in self.text.splitlines() if line.strip())


class Token(NamedTuple):
    line: int
    text: str

    @property
    def word(self) -> str:
        return self.text.upper()


class Write(NamedTuple):
    line: int
    verb: str
    table: str


def is_migration(source: Source) -> bool:
    return "/migrations/" in source.path


def blanked(text: str) -> str:
    """Returns the text with comments and string literals replaced by spaces; line numbers do not change."""
    return _BLANKED.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)


def statements(source: Source) -> list[Statement]:
    """Returns the statements under `-- name:` headers; text before the first header has the name ''."""
    return [block for kind, block in _blocks(source) if kind == "name"]


def column_lists(source: Source) -> list[Statement]:
    """Returns the lists under `-- columns:` headers, which statements of the file refer to in braces."""
    return [block for kind, block in _blocks(source) if kind == "columns"]


def _blocks(source: Source) -> Iterator[tuple[str, Statement]]:
    headers = list(_HEADER.finditer(source.text))
    read = blanked(source.text)
    starts = [("name", "", 0), *((found[1], found[2], found.start()) for found in headers)]
    ends = [found.start() for found in headers] + [len(read)]
    for (kind, name, start), end in zip(starts, ends, strict=True):
        if name or read[start:end].strip():
            line = source.text.count("\n", 0, start) + 1
            yield kind, Statement(source, name, line, read[start:end], source.text[start:end])


def tokens(text: str, first_line: int = 1) -> list[Token]:
    """Returns the words and signs of a blanked text."""
    found, line, seen = [], first_line, 0
    for match in _TOKEN.finditer(text):
        line += text.count("\n", seen, match.start())
        seen = match.start()
        found.append(Token(line, match[0]))
    return found


def writes(text: str, first_line: int = 1) -> Iterator[Write]:
    """Yields each INSERT, UPDATE, DELETE, MERGE, TRUNCATE and COPY ... FROM, with the table that it changes."""
    read = tokens(text, first_line)
    for at, token in enumerate(read):
        before = read[at - 1].word if at else ""
        after = [later.word for later in read[at + 1 : at + 3]]
        table_at = _table_index(token.word, before, after)
        if table_at is None:
            continue
        name, past = _table_name(read, at + table_at)
        if not name or (token.word == "COPY" and not _copies_in(read, past)):
            continue
        yield Write(token.line, token.word, name)


def _table_index(verb: str, before: str, after: list[str]) -> int | None:
    # `FOR UPDATE`, `DO UPDATE SET` and `BEFORE UPDATE ON` do not write to a table.
    if verb in {"INSERT", "MERGE"} and after[:1] == ["INTO"]:
        return 2
    if verb == "DELETE" and after[:1] == ["FROM"]:
        return 3 if after[1:] == ["ONLY"] else 2
    if (verb == "UPDATE" and before not in _NOT_A_WRITE) or (
        verb in {"COPY", "TRUNCATE"} and before in {"", ";", "("}
    ):
        return 2 if after[:1] in (["ONLY"], ["TABLE"]) else 1
    return None


def _table_name(read: list[Token], at: int) -> tuple[str, int]:
    while at + 2 < len(read) and read[at + 1].text == ".":
        at += 2
    name = read[at].text.strip('"').lower() if at < len(read) else ""
    return (name if name.isidentifier() else ""), at + 1


def _copies_in(read: list[Token], at: int) -> bool:
    direction = next((token.word for token in read[at:] if token.word in {"FROM", "TO"}), "")
    return direction == "FROM"


def temporary_tables(text: str) -> set[str]:
    """Returns the temporary tables; several slices may use the same name for one."""
    pattern = r"CREATE\s+TEMP(?:ORARY)?\s+TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?\"?(\w+)"
    return {name.lower() for name in re.findall(pattern, text, re.IGNORECASE)}


_TABLE_FUNCTION = re.compile(r"RETURNS SETOF \w+\b.*?\$\$;", re.DOTALL)


def lines_of_table_functions(text: str) -> set[int]:
    """The lines of functions that return rows of a table, whichever columns it has."""
    return {
        number
        for found in _TABLE_FUNCTION.finditer(text)
        for number in range(text.count("\n", 0, found.start()) + 1, text.count("\n", 0, found.end()) + 2)
    }
