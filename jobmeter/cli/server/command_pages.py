"""Owns the reference of the command line: a page that lists the commands, and pictures of what they print.

Does not own the commands or their help.
"""

import re
from collections.abc import Callable, Iterator
from functools import partial

from cyclopts import App, CycloptsError

from jobmeter.base.faults import Fault
from jobmeter.base.terminal import Terminal
from jobmeter.cli.faults import COLUMNS as FAULT_COLUMNS
from jobmeter.cli.faults import describe
from jobmeter.cli.main import COMMANDS, make_app, write_failure
from jobmeter.cli.output import write_cell
from jobmeter.cli.progress import make_progress
from jobmeter.cli.server.pictures import render_svg

FOLDER = "commands"
NARROW = 60
_EXAMPLE = re.compile(r"\n\s*Example: (jobmeter\b.+?)(?:\n\s*\n|\s*\Z)", re.DOTALL)
WRONG = ("jobs", "list", "--state", "open")
TABLE_STATUS = 402


def print_commands() -> str:
    lines = [
        "# Commands",
        "",
        "This page is generated from the commands: `make docs`.",
        "[How to use them](../how-to/use-the-command-line.md): servers, keys, JSON, completion.",
        "",
        f"![jobmeter --help]({FOLDER}/jobmeter.svg)",
        "",
        "A table, an error and a progress bar, at 60 columns:",
        "",
        *(f"![{name}]({FOLDER}/{name}.svg)" for name in ("a-table", "an-error", "a-progress-bar")),
        "",
    ]
    app = make_app()
    for name, *_ in COMMANDS:
        lines += [f"## jobmeter {name}", "", "| command | what it does | example |", "| --- | --- | --- |"]
        lines += [_print_row(words, inner) for words, inner in list_commands(app[name], (name,))]
        lines += ["", f"![jobmeter {name} --help]({FOLDER}/{name}.svg)", ""]
    return "\n".join(lines)


def list_commands(app: App, words: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], App]]:
    """Yields the commands that run something, the app itself included."""
    if app.default_command is not None:
        yield words, app
    for name in app:
        if not name.startswith("-"):
            yield from list_commands(app[name], (*words, name))


def list_pictures() -> dict[str, Callable[[], str]]:
    """Returns what renders each picture, by the name of its file."""
    pictures: dict[str, Callable[[], str]] = {
        "jobmeter.svg": partial(render_svg, _print_overview, title="jobmeter --help"),
        "a-table.svg": partial(render_svg, _print_table, title="A table", columns=NARROW),
        "an-error.svg": partial(render_svg, _print_error, title="An error", columns=NARROW),
        "a-progress-bar.svg": partial(render_svg, _print_progress, title="A progress bar", columns=NARROW),
    }
    for name, *_ in COMMANDS:
        print_help = partial(_print_help, name)
        pictures[f"{name}.svg"] = partial(render_svg, print_help, title=f"The help of jobmeter {name}")
    return pictures


def _print_row(words: tuple[str, ...], app: App) -> str:
    text = " ".join(app.help.split("\n\n")[0].split()).replace("|", "\\|")
    example = _EXAMPLE.search(app.help)
    assert example is not None, "a test demands an example"
    return f"| `{' '.join(words)}` | {text} | `{' '.join(example[1].split())}` |"


def _print_prompt(console: Terminal, *words: str) -> None:
    console.print_line(f"$ jobmeter {' '.join(words)}", style="bold green")


def _print_overview(console: Terminal) -> None:
    _print_prompt(console, "--help")
    make_app().help_print([], console=console)


def _print_help(name: str, console: Terminal) -> None:
    app = make_app()
    commands = [words for words, _ in list_commands(app[name], (name,))]
    if (name,) not in commands:
        commands.insert(0, (name,))
    for words in commands:
        _print_prompt(console, *words, "--help")
        app.help_print(list(words), console=console)
        console.print()


def _print_table(console: Terminal) -> None:
    """Those that mean that money or inventory is missing."""
    _print_prompt(console, "faults", str(TABLE_STATUS))
    rows = [describe(fault) for fault in Fault if fault.row.status == TABLE_STATUS]
    cells = [[write_cell(row[name]) for name in FAULT_COLUMNS] for row in rows]
    console.print_table(FAULT_COLUMNS, cells)


def _print_error(console: Terminal) -> None:
    _print_prompt(console, *WRONG)
    try:
        make_app()(WRONG)
    except CycloptsError as error:
        console.print(write_failure(error))


def _print_progress(console: Terminal) -> None:
    _print_prompt(console, "billing", "run", "--month", "2026-10", "--progress")
    bar = make_progress(console)
    bar.add_task("accounts", total=250, completed=180)
    console.print(bar.get_renderable())
