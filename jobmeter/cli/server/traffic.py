"""Owns the commands ``jobmeter traffic``: plays traffic into a running sandbox, scores the filters on it.

Does not own the traffic (``sandbox.traffic``) or the figures.
"""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter
from rich.progress import BarColumn, Progress, TextColumn

from jobmeter.base.terminal import Terminal
from jobmeter.cli.options import (
    BIGINT_MAX,
    DAYS_MAX,
    SANDBOX_DATA,
    CredentialsOption,
    DataOption,
    JsonOption,
    SandboxUrlOption,
    check_share,
    whole_number,
)
from jobmeter.cli.output import print_json
from jobmeter.cli.server.serve import open_database
from jobmeter.database.pool import Database
from jobmeter.sandbox.demo import tables
from jobmeter.sandbox.traffic.client import open_sandbox
from jobmeter.sandbox.traffic.ground_truth import Label, read_labels, write_truth
from jobmeter.sandbox.traffic.plan import BOARD_PLAN
from jobmeter.sandbox.traffic.player import TAIL_DAYS, play_traffic
from jobmeter.sandbox.traffic.score import EvaluatedClick, evaluate_traffic, score

app = App(name="traffic")


@app.default
def play(
    *,
    days: Annotated[int, whole_number(least=1, most=DAYS_MAX, meaning="Days of traffic.")] = 7,
    seed: Annotated[
        int,
        whole_number(least=0, most=BIGINT_MAX, meaning="The same seed produces the same traffic."),
    ] = 1,
    views_per_job_day: Annotated[
        float, Parameter(validator=check_share, help="Average number of views of a job in a day.")
    ] = 20,
    truth: Annotated[Path | None, Parameter(help="Writes the ground truth to this file.")] = None,
    credentials: CredentialsOption = None,
    json: JsonOption = False,
) -> None:
    """Plays traffic for the live jobs of a running sandbox while moving its clock; writes the ground truth to --truth."""
    if truth is not None:
        check_writable(truth)
    running = open_sandbox(credentials or SANDBOX_DATA / "credentials.json")
    plan = replace(BOARD_PLAN, seed=seed, views_per_job_day=views_per_job_day)
    console = Terminal(stderr=json)
    bar = Progress(TextColumn("{task.fields[day]}"), BarColumn(), console=console)
    with bar:
        task = bar.add_task("play", total=(days + TAIL_DAYS) * 24, day="")
        playback = play_traffic(
            running,
            plan,
            days=days,
            when_moved=lambda now: bar.update(task, advance=1, day=f"{now:%d %b %H:%M}"),
        )
        bar.update(task, completed=(days + TAIL_DAYS) * 24)
    if json:
        figures = ("sent", "accepted", "duplicate", "rejected")
        print_json({name: getattr(playback, name) for name in figures})
    else:
        tables.show_playback(console, playback)
    if truth is not None:
        write_truth(truth, playback.truth)
        console.print_line(f"Wrote the ground truth to {truth}")


def check_writable(path: Path) -> None:
    """Raises ``OSError`` that names the option if a file cannot be written there, before hours of traffic are played."""
    try:
        existed = path.exists()
        path.open("ab").close()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise OSError(f"--truth {path} cannot be written: {reason}") from error
    if not existed:
        path.unlink()


@app.command(name="score")
def score_traffic(
    truth: Annotated[Path, Parameter(help="File that --truth has written.")],
    /,
    *,
    data: DataOption = SANDBOX_DATA,
    database_url: SandboxUrlOption = "",
    json: JsonOption = False,
) -> None:
    """Prints the precision and recall of each filter and settlement rule, given the ground truth in the file TRUTH.

    Example: jobmeter traffic score truth.jsonl
    """
    labels = read_labels(truth)
    with open_database(data, database_url, must_exist=True) as url:
        scores = score(asyncio.run(_evaluate(url, labels)))
    if json:
        figures = ("name", "taken", "rightly", "real", "precision", "recall")
        print_json([{name: getattr(one, name) for name in figures} for one in scores])
    else:
        tables.show_scores(Terminal(), scores)


async def _evaluate(url: str, labels: dict[str, Label]) -> list[EvaluatedClick]:
    async with Database.opened(url, connections_max=1) as opened, opened.connection() as connection:
        return await evaluate_traffic(connection, labels)
