"""What is printed is plain text: nothing that others sent can style it, forge a line or control the terminal."""

import io

import pytest
from rich.table import Table

from jobmeter.base.terminal import Terminal, to_printable

# Each text, and what a terminal shows of it.
TEXTS = {
    "Fitter": "Fitter",
    "Dev [/b] nights": "Dev [/b] nights",
    "[red]Dev[/red]": "[red]Dev[/red]",
    "[link=https://evil.example]Dev[/link] :smile: 42": "[link=https://evil.example]Dev[/link] :smile: 42",
    "\\[b] \\": "\\[b] \\",
    "a\x1b[31mb\x1b]0;owned\x07": "a\\x1b[31mb\\x1b]0;owned\\x07",
    "a\nJob 1: paid\r\tb\x00\x7f\x85\u2028\u2029": "a\\x0aJob 1: paid\\x0d\\x09b\\x00\\x7f\\x85\\u2028\\u2029",
    "\u202egpj.exe\u202c \u2066a\u2069 \u200f\u200e\u061c": "\\u202egpj.exe\\u202c \\u2066a\\u2069 \\u200f\\u200e\\u061c",
    "\u200b\ufeff\u2060\U000e0041": "\\u200b\\ufeff\\u2060\\U000e0041",
    "\ud800": "\\ud800",
    "مهندس برمجيات": "مهندس برمجيات",
    "نمی\u200cروم 👩\u200d🔧 Möbel\u00adpacker 職人": "نمی\u200cروم 👩\u200d🔧 Möbel\u00adpacker 職人",
}
LONG = "Donaudampfschifffahrtsgesellschaftskapitän " * 9 + "Ende"


def make_terminal(**options) -> tuple[Terminal, io.StringIO]:
    file = io.StringIO()
    return Terminal(file=file, **options), file


@pytest.mark.parametrize("text", TEXTS, ids=ascii)
def test_a_text_is_printed_as_it_is_stored(text: str) -> None:
    assert to_printable(text) == TEXTS[text]
    terminal, file = make_terminal()
    terminal.print_line(f"Job 7: {text}")
    assert file.getvalue() == f"Job 7: {TEXTS[text]}\n"


@pytest.mark.parametrize("text", TEXTS, ids=ascii)
def test_a_text_is_printed_in_every_part_of_a_table(text: str) -> None:
    terminal, file = make_terminal(width=400)
    table = Table(title=text, caption=text)
    table.add_column(text)
    table.add_row(text)
    terminal.print(table)
    assert file.getvalue().count(TEXTS[text]) == 4
    assert len(file.getvalue().splitlines()) == 7


def test_a_long_text_is_one_line_of_a_pipe_and_complete_in_a_narrow_terminal() -> None:
    terminal, file = make_terminal()
    terminal.print_line(LONG)
    assert file.getvalue() == f"{LONG}\n"
    narrow, file = make_terminal(width=40, force_terminal=True, color_system=None)
    table = Table()
    table.add_column("title", overflow="fold")
    table.add_row(LONG.replace(" ", "_"))
    narrow.print(table)
    shown = "".join(line.strip("│┃ ") for line in file.getvalue().splitlines() if line.startswith("│"))
    assert shown == LONG.replace(" ", "_")


def test_a_style_is_an_argument_and_never_part_of_the_text() -> None:
    terminal, file = make_terminal(force_terminal=True, color_system="standard")
    terminal.print_line("[bold]BROKEN", style="red")
    assert file.getvalue() == "\x1b[31m[bold]BROKEN\x1b[0m\n"
