"""Owns running the laws of the money over a database for a command, and printing what they found.

Does not own the laws (``integrity``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from jobmeter.base.terminal import Terminal
from jobmeter.cli.output import print_json
from jobmeter.database.pool import Database
from jobmeter.integrity import flow as integrity
from jobmeter.integrity.model import LawCheck
from jobmeter.integrity.streams.model import ChainHead

SinceOption = Annotated[
    str,
    Parameter("--since", help="A head of the chain that was kept outside the database, or a file of them."),
]


@dataclass(frozen=True, slots=True)
class Checked:
    """What the laws found; no laws of a database that no law is about. ``head`` is that of the chain, if anything is sealed."""

    laws: tuple[LawCheck, ...]
    head: ChainHead | None

    def is_proof(self, heads: Sequence[ChainHead]) -> bool:
        """Whether every law was decided and holds, and there was something to compare ``heads`` with."""
        return not any(one.breaches or one.is_undecided for one in self.laws) and bool(self.laws or not heads)


def read_heads(since: str) -> list[ChainHead]:
    """The option's head, or each line of the file that it names. Raises ``ValueError``."""
    if not since:
        return []
    path = Path(since)
    lines = path.read_text(encoding="utf-8").split() if path.is_file() else [since]
    return [ChainHead.parse(line) for line in lines]


async def check_database(url: str, heads: Sequence[ChainHead]) -> Checked:
    async with Database.opened(url, connections_max=2) as opened, opened.transaction() as connection:
        if not await integrity.has_records(connection):
            return Checked((), None)
        laws = await integrity.check_laws(connection, since=heads, is_distributed=opened.is_distributed)
        return Checked(tuple(laws), await integrity.read_head(connection))


def describe_checks(checked: Checked) -> dict[str, Any]:
    """What is printed as JSON."""
    laws = [
        {
            "law": one.law,
            "checked": one.checked,
            "breaches": one.breaches,
            "first": one.example or None,
            "undecided": one.is_undecided,
        }
        for one in checked.laws
    ]
    return {"laws": laws, "head": None if checked.head is None else str(checked.head)}


def print_checks(checked: Checked, *, is_json: bool = False) -> None:
    if is_json:
        print_json(describe_checks(checked))
        return
    console = Terminal()
    if not checked.laws:
        console.print_line("There is nothing to check: no contracts, jobs, events or postings.")
    else:
        _print_laws(checked.laws)
    if checked.head is not None:
        console.print_line(f"Head of the chain: {checked.head}")


def _print_laws(laws: Sequence[LawCheck]) -> None:
    console = Terminal()
    console.print_table(
        ("law", "checked", "breaches", "first"),
        [(one.law, f"{one.checked:,}", f"{one.breaches:,}", one.example or "") for one in laws],
        title="The laws of the money",
    )
    if broken := sum(1 for found in laws if found.breaches):
        console.print_line(f"BROKEN: {broken} of {len(laws)}", style="bold red")
    elif undecided := sum(1 for found in laws if found.is_undecided):
        console.print_line(f"UNDECIDED: {undecided} of {len(laws)}", style="bold red")
        console.print_line(
            "What was seen may be what others wrote meanwhile: stop the servers, and check again."
        )
    else:
        console.print_line("All laws hold.", style="bold green")
