"""Owns the commands ``jobmeter partners ...``: partners with the operator's own references, on a running server.

Does not own partners: each command calls one of the operator's endpoints.
"""

from typing import Annotated

from cyclopts import App, Parameter

from jobmeter.base.faults import CommandFailed
from jobmeter.cli.operator.calls import OPERATOR, Operator, list_given
from jobmeter.cli.options import PartnerNumber, PartnerReference, SearchOption

ROOT = "/operator/partners"
COLUMNS = ("id", "name", "reference", "clientId")

app = App(name="partners")


@app.command(name="list")
def list_partners(
    *,
    search: SearchOption = None,
    reference: PartnerReference = None,
    server: Operator = OPERATOR,
) -> None:
    """Lists partners: all, those with a part of a name, or the one with your reference.

    Example: jobmeter partners list --search harbour
    """
    server.print_rows(server.read_all(ROOT, search=search, reference=reference), COLUMNS)


@app.command
def show(partner: PartnerNumber, *, server: Operator = OPERATOR) -> None:
    """Shows a partner.

    Example: jobmeter partners show 1000001
    """
    server.show("GET", f"{ROOT}/{partner}")


@app.command
def create(
    name: Annotated[str, Parameter(help="Name of the partner, which no other has.")],
    *,
    reference: PartnerReference = None,
    server: Operator = OPERATOR,
) -> None:
    """Creates a partner with its parent application, and prints the client secret, which is never shown again.

    Repeating it with the same reference changes nothing and shows the partner without its secret.

    Example: jobmeter partners create "Harbour Jobs GmbH" --reference C-1017
    """
    server.show("POST", ROOT, {"name": name} | list_given(reference=reference))


@app.command
def update(
    partner: PartnerNumber,
    *,
    name: Annotated[str | None, Parameter(help="New name of the partner.")] = None,
    reference: PartnerReference = None,
    server: Operator = OPERATOR,
) -> None:
    """Changes the name or your reference of a partner; an empty reference removes it.

    Example: jobmeter partners update 1000001 --reference C-1018
    """
    body = list_given(name=name, reference=reference)
    if not body:
        raise CommandFailed("nothing was given to change: --name, --reference")
    server.show("PUT", f"{ROOT}/{partner}", body)
