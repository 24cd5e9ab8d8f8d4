"""Owns the command ``jobmeter billing check``, on a running server.

Electronic invoices are checked here, and not by the server: the processor of the rules needs 230 MB. Only this command
of the operator's needs libraries of the server, so it is a module of its own.
"""

from typing import Annotated

from cyclopts import Parameter

from jobmeter.base.faults import CommandFailed, Refused
from jobmeter.base.terminal import Terminal
from jobmeter.billing.formats import flow as formats
from jobmeter.billing.formats.model import FileFormat
from jobmeter.cli.failures import ServerRefusedError
from jobmeter.cli.operator.calls import OPERATOR, Operator
from jobmeter.cli.options import whole_number

SAMPLE_MAX = 100
ELECTRONIC = (FileFormat.XML, FileFormat.UBL)


def check(
    *,
    sample: Annotated[
        int, whole_number(least=1, most=SAMPLE_MAX, meaning="How many of the newest, and of all documents.")
    ] = 10,
    schematron: Annotated[
        bool, Parameter(negative="", help="Also check electronic invoices against the rules of EN 16931.")
    ] = False,
    server: Operator = OPERATOR,
) -> None:
    """Makes the files of a sample of documents again, compares hashes, and checks electronic invoices; ends with 1 if any differs.

    Example: jobmeter billing check --sample 5
    """
    found = server.call("GET", f"/operator/billing/check?sample={sample}")
    terminal = Terminal()
    problems = [
        f"{one['number'] or one['invoice']} {one['format']}: {one['why']}" for one in found["differences"]
    ]
    valid = 0
    for invoice in found["invoices"]:
        for file_format in ELECTRONIC:
            errors = _check_electronic(server, invoice, file_format, has_schematron=schematron)
            valid += errors == []
            problems += [f"{invoice} {file_format.value}: {error}" for error in errors or ()]
    if server.json:
        server.print_record(found | {"validElectronicInvoices": valid, "problems": problems})
    else:
        for problem in problems:
            terminal.print_line(problem)
        terminal.print_line(
            f"{found['checked']} files of {len(found['invoices'])} documents checked"
            f" ({found['madeByOtherVersions']} made by other versions),"
            f" {valid} electronic invoices valid, {len(problems)} problems"
        )
    if problems:
        raise SystemExit(1)


def _check_electronic(
    server: Operator, invoice: int, file_format: FileFormat, *, has_schematron: bool
) -> list[str] | None:
    """What breaks the rules; ``None`` if the document is not available in the format."""
    try:
        _, _, xml = server.fetch_file(f"/operator/invoices/{invoice}/files/{file_format.value}")
    except ServerRefusedError:
        return None
    try:
        return formats.check_electronic(xml, file_format, has_schematron=has_schematron)
    except Refused as error:
        raise CommandFailed(error.message) from error
