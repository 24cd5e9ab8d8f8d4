"""Owns the commands ``jobmeter people ...``: the people who log in to the web pages, on a running server.

Does not own the people: each command calls one of the operator's endpoints.
"""

from typing import Annotated, Any, Literal

from cyclopts import App, Parameter

from jobmeter.base.faults import CommandFailed
from jobmeter.cli.operator.calls import OPERATOR, Operator, list_given
from jobmeter.cli.options import BIGINT_MAX, PartnerOption, whole_number

ROOT = "/operator/people"

app = App(name="people")

Address = Annotated[str, Parameter(help="E-mail address of the person.")]
RoleName = Literal["OPERATOR", "OPERATOR_READER", "PARTNER_MANAGER", "PARTNER_READER", "CUSTOMER"]
RoleOption = Annotated[
    RoleName,
    Parameter(
        help="OPERATOR and OPERATOR_READER see everything; PARTNER_MANAGER and PARTNER_READER one partner;"
        " CUSTOMER the jobs of one application or hiring contract."
    ),
]


PartnerOfRole = Annotated[
    int | None,
    whole_number("--partner", least=1, most=BIGINT_MAX, meaning="The partner of a partner's role."),
]
ApplicationOfRole = Annotated[
    int | None,
    whole_number("--application", least=1, most=BIGINT_MAX, meaning="The child application of a customer."),
]
ContractOfRole = Annotated[
    int | None,
    whole_number("--hiring-contract", least=1, most=BIGINT_MAX, meaning="The hiring contract of a customer."),
]
RoleId = Annotated[
    int | None,
    whole_number("--role-id", least=1, most=BIGINT_MAX, meaning="Id of one of several roles of the person."),
]


@app.command
def add(
    email: Address,
    *,
    role: RoleOption,
    partner: PartnerOfRole = None,
    application: ApplicationOfRole = None,
    hiring_contract: ContractOfRole = None,
    name: Annotated[str | None, Parameter(help="Name of a person who is new.")] = None,
    language: Annotated[
        Literal["en", "de"] | None, Parameter(help="Language of a person who is new.")
    ] = None,
    server: Operator = OPERATOR,
) -> None:
    """Gives a person a role, and mails them how to log in. Repeating it changes nothing.

    Example: jobmeter people add ada@example.com --role OPERATOR
    """
    given = list_given(
        partnerId=partner,
        applicationId=application,
        hiringContractId=hiring_contract,
        name=name,
        language=language,
    )
    server.print_record(_flatten(server.call("POST", ROOT, {"email": email, "role": role} | given)))


@app.command(name="list")
def list_people(
    *,
    search: Annotated[
        str | None, Parameter(help="Only people whose address or name begins with this text.")
    ] = None,
    partner: PartnerOption = None,
    server: Operator = OPERATOR,
) -> None:
    """Lists people: all, those whose address or name begins with a text, or those of a partner.

    Example: jobmeter people list --partner 100001
    """
    rows = server.read_all(ROOT, search=search, partnerId=partner)
    server.print_rows([_flatten(row) for row in rows], ("id", "email", "name", "roles", "lastUsedAt"))


@app.command
def change(
    email: Address,
    *,
    role: RoleOption,
    role_id: RoleId = None,
    server: Operator = OPERATOR,
) -> None:
    """Changes a role of a person, and ends their sessions.

    Example: jobmeter people change ada@example.com --role OPERATOR_READER
    """
    person = _find(server, email)
    path = f"{ROOT}/{person['id']}/roles/{_choose_role(person, role_id)}"
    server.print_record(_flatten(server.call("PUT", path, {"role": role})))


@app.command
def remove(
    email: Address,
    *,
    role_id: RoleId = None,
    server: Operator = OPERATOR,
) -> None:
    """Removes a person, or one of their roles, and ends their sessions.

    Example: jobmeter people remove ada@example.com
    """
    path = f"{ROOT}/{_find(server, email)['id']}"
    server.call("DELETE", path if role_id is None else f"{path}/roles/{role_id}")


@app.command
def sessions(email: Address, *, server: Operator = OPERATOR) -> None:
    """Lists where a person is logged in.

    Example: jobmeter people sessions ada@example.com
    """
    found = server.call("GET", f"{ROOT}/{_find(server, email)['id']}/sessions")
    server.print_rows(found["elements"], ("id", "device", "network", "beganAt", "lastUsedAt"))


@app.command
def logout(email: Address, *, server: Operator = OPERATOR) -> None:
    """Ends all sessions of a person, at once.

    Example: jobmeter people logout ada@example.com
    """
    server.show("DELETE", f"{ROOT}/{_find(server, email)['id']}/sessions")


def _find(server: Operator, email: str) -> dict[str, Any]:
    wanted = email.strip().lower()
    found = [row for row in server.read_all(ROOT, search=wanted) if row["email"] == wanted]
    if not found:
        raise CommandFailed(f"nobody has the address {wanted}")
    return dict(found[0])


def _choose_role(person: dict[str, Any], role_id: int | None) -> int:
    if role_id is not None:
        return role_id
    ids = [int(role["id"]) for role in person["roles"]]
    if len(ids) != 1:
        numbers = ", ".join(map(str, ids)) or "none"
        raise CommandFailed(f"choose the role with --role-id; {person['email']} has {numbers}")
    return ids[0]


def _flatten(person: dict[str, Any]) -> dict[str, Any]:
    """With the roles as one text; `--json` prints the same."""
    return person | {"roles": ", ".join(map(_write_role, person["roles"]))}


def _write_role(role: dict[str, Any]) -> str:
    bound = role["partnerId"] or role["applicationId"] or role["hiringContractId"]
    return f"{role['id']}: {role['role']}" + (f" of {bound}" if bound else "")
