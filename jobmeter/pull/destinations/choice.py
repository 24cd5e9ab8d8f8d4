"""Owns the choice of a destination by its address, such as ``sqlite:numbers.db``, and the message if its library is missing."""

import importlib
from collections.abc import Callable
from pathlib import Path

from jobmeter.base.faults import CommandFailed
from jobmeter.pull.destinations.protocol import Destination

# The module of each is imported only if it is chosen: some need a library that may not be installed.
PLACES = {
    "csv": ("jobmeter.pull.destinations.files:open_csv", ""),
    "jsonl": ("jobmeter.pull.destinations.files:open_jsonl", ""),
    "parquet": ("jobmeter.pull.destinations.parquet:open_parquet", "parquet"),
    "sqlite": ("jobmeter.pull.destinations.sqlite:open_sqlite", ""),
    "duckdb": ("jobmeter.pull.destinations.duckdb_file:open_duckdb", "duckdb"),
    "postgresql": ("jobmeter.pull.destinations.postgresql:open_postgresql", "postgresql"),
}


class ExtraMissingError(CommandFailed):
    """A library is not installed; the message says what to install."""


def open_destination(address: str) -> Destination:
    """Raises ``CommandFailed`` for an address that is none, ``ExtraMissingError``, or ``DestinationBusyError``."""
    kind, _, place = address.partition(":")
    if kind not in PLACES or not place:
        kinds = ", ".join(f"{name}:..." for name in PLACES)
        raise CommandFailed(f"{address.partition('@')[2] or address!r} is not a destination: {kinds}")
    opener, extra = PLACES[kind]
    module, _, function = opener.partition(":")
    try:
        loaded = importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith("jobmeter"):
            raise
        message = f"{kind} needs {error.name}, which is not installed: pip install 'jobmeter[{extra}]'"
        raise ExtraMissingError(message) from error
    open_place: Callable[[str], Destination] = getattr(loaded, function)
    return open_place(place)


def destination_exists(address: str) -> bool:
    """Whether there may be a state to read. A database server is there anyway."""
    kind, _, place = address.partition(":")
    return kind == "postgresql" or Path(place).expanduser().exists()
