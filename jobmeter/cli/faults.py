"""Owns the command ``jobmeter faults``, which explains the errors of a server by their codes.

Does not own the errors (``base.faults``) or what can be done about them (``base.remedies``).
"""

import difflib
from typing import Annotated

from cyclopts import Parameter

from jobmeter.base.faults import CommandFailed, Fault
from jobmeter.base.remedies import REMEDIES
from jobmeter.cli.options import JsonOption
from jobmeter.cli.output import Row, print_record, print_rows

COLUMNS = ("code", "http", "name", "message")


def faults(
    code: Annotated[
        str,
        Parameter(help="Code or name, such as 6011 or RANGE_TWO_MONTHS; an HTTP status lists its errors."),
    ] = "",
    *,
    json: JsonOption = False,
) -> None:
    """Explains an error: what it means and what can be done about it. Without CODE, lists all errors.

    Example: jobmeter faults 6011
    """
    if not code:
        print_rows([describe(fault) for fault in Fault], COLUMNS, as_json=json)
        return
    found = find_faults(code)
    if not found:
        near = difflib.get_close_matches(code.upper(), Fault.__members__, n=1)
        hint = f"; did you mean {near[0]}?" if near else ": jobmeter faults lists all"
        raise CommandFailed(f"there is no error {code[:60]}{hint}")
    if len(found) == 1:
        print_record(describe(found[0]), as_json=json)
    else:
        print_rows([describe(fault) for fault in found], COLUMNS, as_json=json)


def find_faults(text: str) -> list[Fault]:
    """Returns the errors with this code, name, label or service error code; otherwise those with this HTTP status."""
    wanted = text.upper()
    by_name = [fault for fault in Fault if wanted in (fault.name, fault.row.label)]
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1
    by_code = [fault for fault in Fault if number in (fault.row.code, fault.row.service)]
    return by_code or by_name or [fault for fault in Fault if fault.row.status == number]


def describe(fault: Fault) -> Row:
    """Returns an error as a record; ``None`` for what its responses do not have."""
    row = fault.row
    return {
        "code": row.code,
        "name": fault.name,
        "http": row.status,
        "serviceErrorCode": row.service,
        "label": row.label,
        "message": row.message,
        "mayPass": fault.is_temporary,
        "remedy": REMEDIES[fault],
    }
