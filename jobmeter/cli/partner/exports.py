"""Owns the command ``jobmeter exports``: any range of days of one kind of rows, written to a file.

Does not own the rows (the server), or how a broken connection continues (``client.exports``).
"""

from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, get_args

from cyclopts import Parameter

from jobmeter.base.days import month_after
from jobmeter.base.faults import CommandFailed
from jobmeter.cli.options import BIGINT_MAX, convert_day, convert_month, whole_number
from jobmeter.cli.partner.calls import PARTNER, Partner
from jobmeter.cli.profiles import LINKEDIN_NAME, find_profile
from jobmeter.client.exports import FileFormat, Filters, Kind


def exports(
    kind: Annotated[Kind, Parameter(help="What the rows are.")],
    /,
    *,
    month: Annotated[
        date | None, Parameter(converter=convert_month, help="Month of UTC days, such as 2026-10.")
    ] = None,
    first: Annotated[
        date | None,
        Parameter("--from", converter=convert_day, help="First UTC day; default: the first that is kept."),
    ] = None,
    last: Annotated[
        date | None,
        Parameter("--to", converter=convert_day, help="Last UTC day; default: the last there is."),
    ] = None,
    output: Annotated[
        Path | None, Parameter(("--output", "-o"), help="File to write; default: KIND.FORMAT.")
    ] = None,
    file_format: Annotated[
        FileFormat | None,
        Parameter("--format", help="Format of the file; default: that of its name, otherwise csv."),
    ] = None,
    contract: Annotated[
        int | None,
        whole_number("--contract", least=0, most=BIGINT_MAX, meaning="Only rows of this contract."),
    ] = None,
    job: Annotated[
        tuple[str, ...], Parameter(help="Only rows of this external job posting id; may be repeated.")
    ] = (),
    timezone: Annotated[
        str, Parameter(help="In which times are written, such as Europe/Amsterdam; days are UTC days.")
    ] = "UTC",
    server: Partner = PARTNER,
) -> None:
    """Writes any range of days of one kind of rows to a file: of all customers, or of one chosen by --application.

    Example: jobmeter exports jobReports --month 2026-10 --output october.xlsx
    """
    days = _choose_days(month, first=first, last=last)
    chosen = file_format or _find_format(output)
    target = output or Path(f"{kind}.{chosen}")
    filters = Filters(partner_contract_id=contract, external_ids=job, timezone=timezone)
    profile = find_profile(server)
    if profile.url == LINKEDIN_NAME:
        raise CommandFailed("LinkedIn has no exports; its reports are read by: jobmeter pull")
    as_parent = not server.application and profile.parent is not None
    with server.open_client(as_parent=as_parent) as client:
        try:
            size = client.exports.save(kind, target, *days, file_format=chosen, filters=filters)
        except OSError as error:
            raise CommandFailed(f"{target} cannot be written: {error.strerror}") from error
    server.print_record({"file": str(target), "bytes": size})


def _choose_days(
    month: date | None, *, first: date | None, last: date | None
) -> tuple[date | None, date | None]:
    if month is None:
        return first, last
    if first or last:
        raise CommandFailed("choose days by --month, or by --from and --to")
    return month, month_after(month) - timedelta(days=1)


def _find_format(target: Path | None) -> FileFormat:
    suffix = "" if target is None else target.suffix.lower().removeprefix(".")
    named: tuple[FileFormat, ...] = get_args(FileFormat)
    return next((one for one in named if one == suffix), "csv")
