"""Owns the destinations of tests, each read with a library of its own, and the figures that a server reports.

Does not own any expectation.
"""

import csv
import json
import sqlite3
from contextlib import closing
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import psycopg
from pyarrow import parquet

from jobmeter.client import LINKEDIN, Client, Money, Server, jobmeter_at, list_days
from jobmeter.pull.reading.configuration import Application
from jobmeter.pull.reading.reader import Wanted
from jobmeter.pull.reading.streams import STREAMS, Caller
from jobmeter.pull.run import OpenClient, Outcome, Pull
from tests.client.doubles import URL

KINDS = ("csv", "jsonl", "parquet", "sqlite", "duckdb", "postgresql")
Rows = list[dict[str, Any]]


class Watched:
    """Counts the days that are planned and those that are done."""

    def __init__(self) -> None:
        self.planned, self.done = 0, 0

    def plan(self, days: int) -> None:
        self.planned += days

    def advance(self, days: int) -> None:
        self.done += days


def make_address(kind: str, folder: Path, database_url: str) -> str:
    return database_url if kind == "postgresql" else f"{kind}:{folder / f'numbers-{kind}'}"


def make_application(
    name: str, *, caller: Caller = Caller.CUSTOMER, server: Server | None = None, **changed: Any
) -> Application:
    chosen = server or jobmeter_at(URL)
    streams = [
        stream
        for stream in STREAMS.values()
        if caller in stream.callers and (stream.has_linkedin or chosen is not LINKEDIN)
    ]
    return Application(
        **{
            "name": name,
            "server": chosen,
            "final_after_days": 3,
            "caller": caller,
            "client_id": "cid",
            "client_id_variable": "",
            "secret_variable": "",
            "secret_file": None,
            "contracts": (),
            "streams": tuple(streams),
        }
        | changed
    )


def run_pull(
    destination: Any,
    open_client: OpenClient,
    *applications: Application,
    today: date,
    first: date | None = None,
) -> list[Outcome]:
    wanted = [Wanted(application=one, first=first, today=today) for one in applications]
    watched = Watched()
    outcomes = list(Pull(destination, open_client, watched).run(wanted, threads=2))
    assert watched.planned == watched.done == sum(one.days for one in outcomes)
    return outcomes


def read_rows(address: str, stream: str) -> Rows:
    """Returns the rows of a stream with days as ISO texts."""
    kind, _, place = address.partition(":")
    read = {"csv": _read_csv, "jsonl": _read_jsonl, "parquet": _read_parquet}.get(kind)
    if read is not None:
        return [_plain(row) for path in Path(place).glob(f"{stream}/*/*.{kind}") for row in read(path)]
    connect = {"sqlite": sqlite3.connect, "duckdb": duckdb.connect}.get(kind)
    table = stream if connect else f"jobmeter.{stream}"
    with closing(connect(place) if connect else psycopg.connect(address)) as opened:
        found = opened.execute(f"SELECT * FROM {table}")
        names = [column[0] for column in found.description or ()]
        return [_plain(dict(zip(names, row, strict=True))) for row in found.fetchall()]


def _read_csv(path: Path) -> Rows:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def _read_jsonl(path: Path) -> Rows:
    return [json.loads(line) for line in path.read_text().splitlines()]


def _read_parquet(path: Path) -> Rows:
    return parquet.read_table(path).to_pylist()


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """CSV has texts only."""
    return {
        name: value.isoformat()
        if isinstance(value, date | datetime)
        else int(value)
        if isinstance(value, str) and STREAM_KINDS.get(name) == "whole number" and value
        else value
        for name, value in row.items()
    }


STREAM_KINDS = {name: kind for stream in STREAMS.values() for name, kind in stream.columns.items()}

Figures = dict[tuple[str, str], tuple[int, int, int]]


def read_stored(address: str, application: str) -> Figures:
    """The figures of a destination by job and day. No job and day is there twice."""
    rows = [row for row in read_rows(address, "job_days") if row["application"] == application]
    found = {
        (row["external_id"], row["day"]): (row["views"], row["apply_clicks"], row["charge_micros"])
        for row in rows
    }
    assert len(found) == len(rows)
    return found


def read_reported(client: Client, first: date, last: date) -> Figures:
    """The figures that the server reports at this moment."""

    def micros(charge: Money | None) -> int:
        return charge.amount_micros if charge else 0

    return {
        (row.external_id, row.day.isoformat()): (row.views, row.apply_clicks, micros(row.charge))
        for row in list_days(client.reports.by_days(first, last))
    }
