"""Owns the commands ``jobmeter billing run``, ``list``, ``show``, ``open`` and ``credit``: invoices on a running server.

Does not own invoices: each command calls the operator's endpoints.
"""

import sys
import time
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from cyclopts import Parameter

from jobmeter.base.terminal import Terminal
from jobmeter.cli.operator.calls import (
    OPERATOR,
    Operator,
    list_given,
)
from jobmeter.cli.options import BIGINT_MAX, check_month, whole_number
from jobmeter.cli.progress import make_progress

RUNS = "/operator/billing/runs"
INVOICES = "/operator/invoices"
WAIT_SECONDS = 0.1


Month = Annotated[str, Parameter(validator=check_month, help="Month to bill, such as 2026-10.")]
MonthOption = Annotated[
    str | None, Parameter(validator=check_month, help="Only documents of this month, such as 2026-10.")
]
AccountOption = Annotated[
    int | None, whole_number(least=1, most=BIGINT_MAX, meaning="Number of an account; default: all.")
]
InvoiceNumber = Annotated[
    int, whole_number(least=1, most=BIGINT_MAX, meaning="The id of the document, as in the list.")
]
LineNumber = Annotated[int, whole_number(least=1, most=2**31 - 1, meaning="Number of the line.")]
StateOption = Annotated[
    Literal["DRAFT", "ISSUED", "OPEN", "PARTLY_PAID", "PAID", "OVERDUE", "CREDITED"] | None,
    Parameter(help="Only documents in this state."),
]


def run_month(
    *,
    month: Month,
    account: AccountOption = None,
    progress: Annotated[bool, Parameter(negative="", help="Show a progress bar.")] = False,
    server: Operator = OPERATOR,
) -> None:
    """Bills a month, and those before it, as far as they are not billed; the server does so by itself too.

    Repeating it changes nothing, and continues a run that was interrupted. The exit code is 1 if accounts are held.

    Example: jobmeter billing run --month 2026-10 --progress
    """
    console = Terminal()
    body = list_given(month=month, account=account)
    billed = 0
    with make_progress(console, is_shown=progress) as bar:
        task = bar.add_task("accounts", total=None)
        while True:
            shown = server.call("POST", RUNS, body)
            billed += shown["billedNow"]
            bar.update(task, total=shown["accounts"], completed=shown["billed"])
            if not shown["hasMore"]:
                break
            if not shown["billedNow"]:
                time.sleep(WAIT_SECONDS)  # other requests are still open
    if server.json:
        server.print_record(shown | {"billedNow": billed})
    else:
        _print_run(console, shown, billed)
    if shown["held"]:
        sys.exit(1)


def list_documents(
    *,
    month: MonthOption = None,
    account: AccountOption = None,
    state: StateOption = None,
    server: Operator = OPERATOR,
) -> None:
    """Lists invoices, credit notes, statements and drafts.

    Example: jobmeter billing list --month 2026-10 --state OVERDUE
    """
    rows = server.read_all(INVOICES, month=month, account=account, state=state)
    server.print_rows(rows, ("id", "number", "account", "month", "state", "total", "open", "currencyCode"))


def show(
    invoice: InvoiceNumber,
    *,
    lines: Annotated[bool, Parameter(negative="", help="Print its lines too.")] = False,
    server: Operator = OPERATOR,
) -> None:
    """Shows a document.

    Example: jobmeter billing show 5000042 --lines
    """
    path = f"{INVOICES}/{invoice}"
    found = server.call("GET", path)
    server.print_record(found | ({"lines": server.read_all(f"{path}/lines")} if lines else {}))


def open_line(
    invoice: InvoiceNumber,
    line: LineNumber,
    *,
    clicks: Annotated[bool, Parameter(negative="", help="Print its clicks instead of its postings.")] = False,
    after: Annotated[str, Parameter(help="Continue after this posting or click.")] = "",
    server: Operator = OPERATOR,
) -> None:
    """Prints a page of the postings of LINE, or of its clicks while they are kept.

    Example: jobmeter billing open 5000042 1 --clicks
    """
    path = f"{INVOICES}/{invoice}/lines/{line}/{'clicks' if clicks else 'charges'}"
    server.show("GET", f"{path}?{urlencode({'after': after})}")


def credit(
    invoice: InvoiceNumber,
    *,
    reference: Annotated[str, Parameter(help="Your reference; a repeated one has no effect.")],
    line: Annotated[
        int | None,
        whole_number(least=1, most=2**31 - 1, meaning="Line to credit; default: what is left of the whole."),
    ] = None,
    amount: Annotated[str | None, Parameter(help="Amount to credit of the line, such as 3.00.")] = None,
    quantity: Annotated[
        int | None, whole_number(least=1, most=2**31 - 1, meaning="Quantity to credit at the line's price.")
    ] = None,
    returns_budget: Annotated[
        bool, Parameter(negative="", help="Let the contract spend the money again; of clicks only.")
    ] = False,
    note: Annotated[str, Parameter(help="A text that the credit note shows.")] = "",
    server: Operator = OPERATOR,
) -> None:
    """Credits a line of an invoice, or the whole of it, and prints the credit note.

    Example: jobmeter billing credit 5000042 --line 3 --amount 12.00 --reference R-17
    """
    body: dict[str, Any] = {"reference": reference, "returnsBudget": returns_budget, "note": note}
    if line is None:
        body["whole"] = True
    else:
        body["lines"] = [list_given(line=line, amount=amount, quantity=quantity)]
    server.show("POST", f"{INVOICES}/{invoice}/creditNotes", body)


def _print_run(console: Terminal, shown: dict[str, Any], billed: int) -> None:
    done = f"{billed:,} accounts billed now" if billed else "nothing to bill"
    console.print_line(
        f"{shown['month']}: {done}; {shown['billed']:,} of {shown['accounts']:,} accounts are billed: "
        f"{shown['invoices']:,} invoices, {shown['creditNotes']:,} credit notes, "
        f"{shown['statements']:,} statements, {shown['drafts']:,} drafts"
    )
    for hold in shown["held"]:
        console.print_line(f"  account {hold['account']} is held for {hold['month']}: {hold['reason']}")
