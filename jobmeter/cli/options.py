"""Owns the options that several commands share, and the limits of their values: an error names the option.

Does not own the commands. Imports little, because every command imports it.
"""

import math
import os
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal
from uuid import UUID

from cyclopts import Parameter, Token
from cyclopts.validators import Number

from jobmeter.base.readers.times import read_day, read_moment, read_month


def find_user_folder(
    kind: Literal["config", "data"],
    system: str = sys.platform,
    variables: Mapping[str, str] = os.environ,
    home: str = os.path.expanduser("~"),  # noqa: PTH111 -- Path.expanduser() raises for a user without a home
) -> Path:
    """Returns the folder of a user's configuration or data, as the XDG specification, macOS and Windows define it.

    As that specification says, a variable whose path is not absolute is ignored. A user without a home has ``~``, unexpanded.
    """
    if system == "win32":
        return Path(variables.get("LOCALAPPDATA") or f"{home}/AppData/Local") / "jobmeter" / "jobmeter"
    named = variables.get(f"XDG_{kind.upper()}_HOME", "")
    if named.startswith("/"):
        return Path(named) / "jobmeter"
    if system == "darwin":
        return Path(home) / "Library" / "Application Support" / "jobmeter"
    return Path(home) / {"config": ".config", "data": ".local/share"}[kind] / "jobmeter"


DATA = find_user_folder("data")
SANDBOX_DATA = DATA / "sandbox"
PRODUCTION_DATA = DATA / "production"

BIGINT_MAX = 10**18 - 1
PORT_MAX = 65_535
WORKERS_MAX = 64
DAYS_MAX = 3_650
VIEWS_MAX = 10_000
_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,18}")


def read_whole_number(_: type, tokens: Sequence[Token]) -> int:
    """Raises ``ValueError``, which is reported with the option's name: int() and cyclopts accept more, such as 1.5 and ²."""
    text = tokens[0].value
    if not _WHOLE_NUMBER.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is not a whole number")
    return int(text)


def whole_number(name: str | None = None, *, least: int, most: int, meaning: str, **more: Any) -> Parameter:
    """Declares a whole number within limits; an error names the option."""
    return Parameter(
        name,
        converter=read_whole_number,
        validator=Number(gte=least, lte=most),
        help=meaning,
        **more,
    )


DATABASE_VARIABLE = "JOBMETER_DATABASE_URL"
DIRECT_VARIABLE = "JOBMETER_DIRECT_DATABASE_URL"


def read_direct_url(_: type, tokens: Sequence[Token]) -> str:
    """A variable that is set to nothing is not set."""
    given = tokens[0]
    is_empty = given.source == "env" and not given.value
    return os.environ.get(DATABASE_VARIABLE, "") if is_empty else given.value


DataOption = Annotated[
    Path,
    Parameter("--data", help="Folder of the embedded database; default: of this user.", show_default=False),
]
UrlOption = Annotated[
    str,
    Parameter(
        "--database-url",
        env_var=(DIRECT_VARIABLE, DATABASE_VARIABLE),
        converter=read_direct_url,
        help="URL of a PostgreSQL 15 or newer, instead of the embedded one.",
    ),
]
# A server may be behind a pooler; the other commands are not.
ServerUrlOption = Annotated[
    str,
    Parameter(
        "--database-url",
        env_var=DATABASE_VARIABLE,
        help="URL of a PostgreSQL 15 or newer, or of a pooler before it, instead of the embedded one.",
    ),
]
# JOBMETER_DATABASE_URL does not apply here: a sandbox must never use the database of a production server.
SandboxUrlOption = Annotated[
    str, Parameter("--database-url", help="URL of a PostgreSQL 15 or newer for the sandbox.")
]
CredentialsOption = Annotated[
    Path | None,
    Parameter("--credentials", help="Credentials file of the sandbox; default: in the data folder."),
]
HostOption = Annotated[
    str,
    Parameter("--host", help="Address to listen at: a name such as localhost, an IPv4 or an IPv6 address."),
]
PortOption = Annotated[
    int, whole_number("--port", least=0, most=PORT_MAX, meaning="Port to listen at; 0 selects a free one.")
]
WorkersOption = Annotated[
    int, whole_number("--workers", least=1, most=WORKERS_MAX, meaning="Number of server processes.")
]
JobId = Annotated[int, whole_number(least=0, most=BIGINT_MAX, meaning="Number of the job, as in its URN.")]
PostingsAfterOption = Annotated[
    int,
    whole_number(
        "--postings-after", least=0, most=BIGINT_MAX, meaning="Shows the postings after this number."
    ),
]
AfterOption = Annotated[UUID, Parameter("--after", help="Shows the clicks after this event key.")]

JsonOption = Annotated[
    bool, Parameter("--json", negative="", help="Print JSON instead of tables and lines.", show_default=False)
]


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class ServerOptions:
    """Which server a command talks to, and how it prints what the server responds."""

    profile: Annotated[
        str,
        Parameter(help="Profile of the configuration file, with its address and keys.", show_default=False),
    ] = ""
    url: Annotated[
        str, Parameter(help="Address of the server; default: that of the profile.", show_default=False)
    ] = ""
    credentials: Annotated[
        Path | None, Parameter(help="Credentials file of a sandbox, instead of a profile.")
    ] = None
    json: JsonOption = False


UNITS_MAX = 1_000_000_000
InvoiceId = Annotated[int, whole_number(least=0, most=BIGINT_MAX, meaning="Id of the invoice.")]
AccountNumber = Annotated[int, whole_number(least=0, most=BIGINT_MAX, meaning="Number of the account.")]
PartnerContractNumber = Annotated[
    int, whole_number(least=0, most=BIGINT_MAX, meaning="Number of the partner contract.")
]
PartnerNumber = Annotated[
    int, whole_number(least=0, most=BIGINT_MAX, meaning="Number of the partner's parent application.")
]
PartnerOption = Annotated[
    int | None,
    whole_number("--partner", least=0, most=BIGINT_MAX, meaning="Only what belongs to this partner."),
]
ApplicationOption = Annotated[
    int | None,
    whole_number("--application", least=0, most=BIGINT_MAX, meaning="Only what belongs to this application."),
]
PartnerReference = Annotated[
    str | None, Parameter("--reference", help="Your own name of the partner, such as a customer number.")
]
SearchOption = Annotated[
    str | None, Parameter("--search", help="Only rows with this text in their name or title.")
]
ContractNumber = Annotated[
    int, whole_number(least=0, most=BIGINT_MAX, meaning="Number of the hiring contract.")
]


def check_time(_: type, value: Any) -> None:
    """Raises ``ValueError`` for a text that is not a time."""
    if value is not None and read_moment(value) is None:
        raise ValueError("Must be a time such as 2026-11-28T09:00:00Z, or milliseconds since 1970.")


def convert_day(_: type, tokens: Sequence[Token]) -> date:
    """Raises ``ValueError``, which is reported with the option's name."""
    found = read_day(tokens[0].value)
    if found is None:
        raise ValueError(f"{tokens[0].value[:40]!r} is not a day written as 2026-03-02")
    return found


def convert_month(_: type, tokens: Sequence[Token]) -> date:
    """Returns the first day of the month. Raises ``ValueError``."""
    found = read_month(tokens[0].value)
    if found is None:
        raise ValueError(f"{tokens[0].value[:40]!r} is not a month written as 2026-03")
    return found


def check_month(_: type, value: Any) -> None:
    """Raises ``ValueError`` for a text that is not a month."""
    if value is not None and read_month(value) is None:
        raise ValueError("Must be a month such as 2026-11.")


def check_day(_: type, value: Any) -> None:
    """Raises ``ValueError`` for a text that is not a day."""
    if value is not None and read_day(value) is None:
        raise ValueError("Must be a day such as 2026-11-28.")


FromOption = Annotated[
    str | None, Parameter("--from", validator=check_day, help="First day, such as 2026-11-01.")
]
ToOption = Annotated[str | None, Parameter("--to", validator=check_day, help="Last day, such as 2026-11-30.")]


def check_share(_: type, value: Any) -> None:
    """Raises ``ValueError`` for anything but a number above zero; comparing NaN would not find it."""
    if not (math.isfinite(value) and 0 < value <= VIEWS_MAX):
        raise ValueError(f"Must be above 0 and at most {VIEWS_MAX:,}.")
