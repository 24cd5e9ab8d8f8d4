"""Owns the command ``jobmeter billing download``, on a running server.

Does not own the files: the server makes and keeps them.
"""

import hashlib
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from jobmeter.base.faults import CommandFailed
from jobmeter.cli.operator.calls import OPERATOR, Operator, write_file
from jobmeter.cli.options import InvoiceId

Format = Literal["pdf", "xml", "ubl", "csv", "json", "xlsx"]


def download(
    invoice: InvoiceId,
    *,
    file_format: Annotated[
        Format, Parameter("--format", help="Format: xml is EN 16931 as CII, ubl as UBL 2.1.")
    ] = "pdf",
    output: Annotated[
        Path | None, Parameter(("--output", "-o"), help="File to write; default: the document's own name.")
    ] = None,
    server: Operator = OPERATOR,
) -> None:
    """Downloads a file of an invoice, credit note or statement, and checks its hash.

    Example: jobmeter billing download 5000042 --format pdf -o invoice.pdf
    """
    path = f"/operator/invoices/{invoice}/files/{file_format}"
    name, tag, content = server.fetch_file(path)
    if hashlib.sha256(content).hexdigest() != tag:
        raise CommandFailed(f"what the server sent of {path} is not the file of its hash {tag}")
    target = output or Path(name)
    write_file(target, content)
    server.print_record({"file": str(target), "bytes": len(content), "sha256": tag})
