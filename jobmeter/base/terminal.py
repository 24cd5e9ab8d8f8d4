"""Owns what reaches a terminal: text is printed as it is stored, and nothing in it can control the terminal.

Does not own the columns of tables or messages (the commands do).
"""

import re
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from io import TextIOWrapper
from typing import Any

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

PIPE_COLUMNS = 220
GAP = 2  # between two columns
WORD_COLUMNS_MAX = 40  # an id, a URN; longer words are folded

# Control characters, marks of direction and other invisible formatting, line separators, halves of surrogate pairs.
_SHOWN_AS_CODES = frozenset({"Cc", "Cf", "Zl", "Zp", "Cs"})
_NUMBER = re.compile(r"(-?[0-9][0-9,]*(\.[0-9]+)?(%| [A-Z]{3})?)?|-")
_JOINERS = (
    "\u200c\u200d\u00ad"  # part of the spelling of Persian words and of emoji; a soft hyphen is harmless
)


def to_printable(text: str, *, kept: str = "") -> str:
    """Returns the text with every character that is invisible or that controls a terminal written as its code.

    ``kept`` lists characters that are left as they are, such as line breaks.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        character
        if character in kept
        or character in _JOINERS
        or unicodedata.category(character) not in _SHOWN_AS_CODES
        else _write_code(character)
        for character in text
    )


def _write_code(character: str) -> str:
    number = ord(character)
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


class Terminal(Console):
    """A console for which every text is plain: no markup, no emoji codes, no highlighting, no control characters.

    A line break within a text is written as its code, so that nobody can forge a second line. A style is an argument of ``print``, never part of the text. Into a pipe, which has no width, a row is one line.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(markup=False, emoji=False, highlight=False, **options)
        if not self.is_terminal:
            self.width = max(self.width, PIPE_COLUMNS)

    def render_str(self, text: str, **options: Any) -> Text:
        """Every text that rich renders passes here, the cells, titles and captions of tables included."""
        return super().render_str(to_printable(text), **options | {"markup": False, "emoji": False})

    def print_line(self, text: str, *, style: str | None = None) -> None:
        """Prints one line, which the terminal may wrap."""
        self.print(text, style=style, soft_wrap=True)

    def print_table(
        self, columns: Sequence[str], rows: Iterable[Sequence[object]], *, title: str | None = None
    ) -> None:
        """Prints rows under their columns; a table without rows is not printed. It fits the terminal: long cells fold.

        Columns of numbers are aligned right. A word, such as an id, is not folded: if even the words do not fit, each
        row is printed one value a line.
        """
        cells = [[to_printable(str(cell)) for cell in row] for row in rows]
        if not cells:
            return
        widths = choose_widths([columns, *cells], self.width - GAP * (len(columns) - 1))
        if widths is None:
            self._print_expanded(columns, cells, title or "row")
            return
        table = Table(
            title=title,
            title_justify="left",
            title_style="bold",
            box=box.SIMPLE_HEAD,
            show_edge=False,
            pad_edge=False,
            padding=(0, 1, 0, 0),
        )
        for name, width, values in zip(columns, widths, zip(*cells, strict=True), strict=True):
            is_number = any(values) and all(map(_NUMBER.fullmatch, values))
            table.add_column(name, justify="right" if is_number else "left", overflow="fold", width=width)
        for row in cells:
            table.add_row(*row)
        self.print(table)

    def _print_expanded(self, columns: Sequence[str], cells: Sequence[Sequence[str]], title: str) -> None:
        for number, row in enumerate(cells, start=1):
            self.print_line(f"{title} {number} of {len(cells)}", style="bold")
            self.print_values(list(zip(columns, row, strict=True)))

    def print_values(self, values: Sequence[tuple[str, str]]) -> None:
        """Prints names and values, one a line, which the terminal may wrap: a value can be copied as a whole."""
        width = max((len(name) for name, _ in values), default=0)
        for name, value in values:
            self.print_line(f"{name:<{width}}  {value}".rstrip())


def choose_widths(rows: Sequence[Sequence[str]], columns_max: int) -> list[int] | None:
    """Returns a width for each column of a table; ``None`` if not even its words fit.

    A column has at least the width of its longest word, and a share of the rest according to what its cells would need.
    """
    wanted = [max(map(cell_len, cells)) for cells in zip(*rows, strict=True)]
    if sum(wanted) <= columns_max:
        return wanted
    words = [max(map(_measure_words, cells)) for cells in zip(*rows, strict=True)]
    rest, lacking = columns_max - sum(words), sum(wanted) - sum(words)
    if rest < 0:
        return None
    return [word + rest * (full - word) // lacking for word, full in zip(words, wanted, strict=True)]


def _measure_words(text: str) -> int:
    return min(max(map(cell_len, text.split()), default=0), WORD_COLUMNS_MAX)


def accept_every_character() -> None:
    """Lets the streams write codes for characters that their encoding lacks, as in a terminal without UTF-8."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
