"""Owns the commands ``jobmeter audit ...``: who changed what, of all partners for the operator, its own for a partner.

Does not own the log (``jobmeter.audit``), which nobody writes by hand.
"""

from itertools import islice
from typing import Annotated

from cyclopts import App, Parameter

from jobmeter.base.readers.times import read_day
from jobmeter.cli.operator.calls import OPERATOR, Operator
from jobmeter.cli.options import FromOption, PartnerOption, ToOption, whole_number
from jobmeter.cli.partner.calls import PARTNER, Partner, to_row

COLUMNS = ("at", "who.kind", "who.name", "action", "subject.id", "before", "after")
ROWS_MAX = 100_000

app = App(name="audit")

WhoOption = Annotated[
    str | None, Parameter("--who", help="Only acts of the key, application or person of this name.")
]
ActionOption = Annotated[
    str | None,
    Parameter("--action", help="Only these acts, such as contract.setPrice; contract for all on contracts."),
]
SubjectOption = Annotated[str | None, Parameter("--subject", help="Only acts on what has this id or name.")]
RowsOption = Annotated[
    int,
    whole_number("--rows-max", least=1, most=ROWS_MAX, meaning="How many are listed at most, the newest."),
]


@app.command(name="list")
def list_all(
    *,
    who: WhoOption = None,
    action: ActionOption = None,
    subject: SubjectOption = None,
    partner: PartnerOption = None,
    first: FromOption = None,
    last: ToOption = None,
    rows_max: RowsOption = 200,
    server: Operator = OPERATOR,
) -> None:
    """Lists administrative acts for the operator, the newest first: who, when, on what, and what it changed.

    Example: jobmeter audit list --action contract --from 2026-11-01
    """
    rows = server.read_first(
        "/operator/audit",
        rows_max,
        who=who,
        action=action,
        subject=subject,
        partnerId=partner,
        **{"from": first, "to": last},
    )
    server.print_rows(rows, COLUMNS)


@app.command(name="own")
def list_own(
    *,
    who: WhoOption = None,
    action: ActionOption = None,
    subject: SubjectOption = None,
    first: FromOption = None,
    last: ToOption = None,
    rows_max: RowsOption = 200,
    server: Partner = PARTNER,
) -> None:
    """Lists administrative acts for a partner, the newest first: its own, and the operator's on its contracts.

    Example: jobmeter audit own --action application
    """
    with server.open_client(as_parent=True) as client:
        found = client.audit.list(
            who=who,
            action=action,
            subject=subject,
            first=None if first is None else read_day(first),
            last=None if last is None else read_day(last),
        )
        rows = [to_row(record) for record in islice(found, rows_max)]
    server.print_rows(rows, ("at", "whoKind", "who", "action", "subjectId", "before", "after"))
