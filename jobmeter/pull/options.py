"""Owns the options that the commands of numbers share, and the day that is today for them."""

import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter, Token
from cyclopts.validators import Number

from jobmeter.base.readers.times import read_day

NUMBER_MAX = 10**18 - 1
_WHOLE_NUMBER = re.compile(r"[0-9]{1,18}")


def convert_day(_: type, tokens: Sequence[Token]) -> date:
    """Raises ``ValueError``, which cyclopts reports with the argument's name."""
    found = read_day(tokens[0].value)
    if found is None:
        raise ValueError(f"{tokens[0].value[:40]!r} is not a day written as 2026-03-02")
    return found


def convert_number(_: type, tokens: Sequence[Token]) -> int:
    """Raises ``ValueError``: int() accepts more, such as 1_0 and ²."""
    if not _WHOLE_NUMBER.fullmatch(tokens[0].value):
        raise ValueError(f"{tokens[0].value[:40]!r} is not a whole number")
    return int(tokens[0].value)


def number(name: str, *, least: int, most: int = NUMBER_MAX, meaning: str) -> Parameter:
    return Parameter(name, converter=convert_number, validator=Number(gte=least, lte=most), help=meaning)


def day(name: str, meaning: str) -> Parameter:
    return Parameter(name, converter=convert_day, help=meaning)


ConfigOption = Annotated[Path, Parameter("--config", help="TOML file that names services and applications.")]
TodayOption = Annotated[
    date | None,
    day("--today", "UTC day to count as today, for a sandbox whose clock was moved; default: the machine's."),
]
JsonOption = Annotated[bool, Parameter("--json", negative="", help="Print JSON instead of a table.")]
