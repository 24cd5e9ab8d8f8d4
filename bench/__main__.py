"""Owns the command ``python -m bench``: measures the figures, prints a table, records them (``record``)."""

import argparse
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench import record
from bench.cluster import CLUSTER
from bench.figures import FIGURES, GROUPS, PEERS
from bench.machine import open_machine
from bench.measurement import LARGE, Figure, Measured, Sizes
from bench.record import MET, RESULTS, Results, Row, show, show_target
from jobmeter.base.clock import read_machine_clock


def main(arguments: list[str] | None = None, *, sizes: Sizes | None = None) -> int:
    """Runs the command. A missed target is shown in red but is not an error, because it depends on the machine."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure the named figures.")
    parser.add_argument("--large", action="store_true", help="also measure the figures that need much data")
    parser.add_argument("--peers", action="store_true", help="measure only the figures beside other programs")
    parser.add_argument(
        "--only",
        metavar="NAME",
        choices=[*(figure.name for figure in FIGURES), *GROUPS],
        help="measure one figure, or those that are measured together",
    )
    parser.add_argument("--results", type=Path, help="file to write the results to")
    options = parser.parse_args(arguments)
    wanted = choose_figures(large=options.large, peers=options.peers, only=options.only)
    console = Console()
    # The record is of one server, and does not depend on which other programs this machine has.
    path = options.results or (None if options.peers or CLUSTER in os.environ else RESULTS)
    results: Results = {}
    for found in measure(wanted, sizes or (LARGE if options.large else Sizes()), console):
        results |= found
        if path is not None:  # of a long run that is ended, what it has measured is kept
            recorded = record.save(found, on=read_machine_clock().date(), path=path)
            if path == RESULTS:
                record.write_page(recorded)
    console.print(render_table(wanted, results))
    return 0


def choose_figures(*, large: bool = False, peers: bool = False, only: str | None = None) -> list[Figure]:
    """Returns the one that is named, or its group; with ``peers`` those beside other programs, otherwise all that need no such program."""
    if only is not None:
        return [figure for figure in FIGURES if only in {figure.name, figure.group}]
    if peers:
        return [figure for figure in FIGURES if figure.is_peer]
    return [figure for figure in FIGURES if figure.group != PEERS and (large or not figure.is_large)]


def measure(wanted: list[Figure], sizes: Sizes, console: Console) -> Iterator[Results]:
    """Yields the results of each group by figure name. Each is measured on a fresh database server."""
    for group in dict.fromkeys(figure.group for figure in wanted):
        console.print(f"measuring {group} ...")
        with open_machine() as machine:
            found = GROUPS[group](machine, sizes, read_machine_clock())
        yield {
            figure.name: result_line(figure, found[figure.name]) for figure in wanted if figure.group == group
        }


def result_line(figure: Figure, measured: Measured) -> Row:
    """Returns the JSON form: ``value`` and ``limit`` are medians, ``runs`` lists the value of each run, ``note`` states a chosen size."""
    line = {
        "value": _round(measured.value),
        "unit": figure.unit,
        "limit": _round(measured.limit),
        "ratio": None if measured.ratio is None else round(measured.ratio, 4),
        "target": figure.target,
        "isMet": figure.is_met(measured),
        "runs": [_round(run) for run in measured.runs],
    }
    return line | ({"note": measured.note} if measured.note else {})


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, 1 if value >= 10 else 3)


def render_table(wanted: list[Figure], results: Results) -> Table:
    limits = "\n".join(
        f"limit of {figure.name}: {figure.limited_by}" for figure in wanted if figure.limited_by
    )
    notes = "".join(f"\n{name}: {row['note']}" for name, row in results.items() if "note" in row)
    table = Table(title="Medians, compared with the most that this machine can do", caption=limits + notes)
    for column in ("figure", "value", "unit", "limit", "ratio", "target", "met", "runs"):
        is_text = column in {"figure", "unit"}
        table.add_column(column, justify="left" if is_text else "right", no_wrap=True)
    for figure in wanted:
        row = results[figure.name]
        table.add_row(
            figure.name,
            show(row["value"]),
            figure.unit,
            show(row["limit"]),
            "" if row["ratio"] is None else f"{row['ratio']:.2f}",
            show_target(figure),
            MET[row["isMet"]],
            str(len(row["runs"])),
            style="red" if row["isMet"] is False else None,
        )
    return table


if __name__ == "__main__":
    sys.exit(main())
