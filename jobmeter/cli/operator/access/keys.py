"""Owns the commands ``jobmeter keys ...``: named keys are created, listed, rotated and revoked, on a running server.

Does not own the keys: each command calls one of the operator's endpoints.
"""

from typing import Annotated, Literal
from urllib.parse import quote

from cyclopts import App, Parameter

from jobmeter.cli.operator.calls import OPERATOR, Operator

ROOT = "/operator/keys"

app = App(name="keys")

KeyName = Annotated[str, Parameter(help="Name of the key: letters, digits, dots, dashes, underscores.")]


@app.command
def create(
    name: KeyName,
    *,
    role: Annotated[
        Literal["READER", "OPERATOR", "EVENTS"],
        Parameter(
            help="READER reads and changes nothing, OPERATOR may do everything, EVENTS is the job board's."
        ),
    ] = "READER",
    server: Operator = OPERATOR,
) -> None:
    """Creates a key and prints it with its secret, which is never shown again.

    Example: jobmeter keys create accounting --role READER
    """
    server.show("POST", ROOT, {"name": name, "role": role})


@app.command(name="list")
def list_keys(*, server: Operator = OPERATOR) -> None:
    """Lists all keys, revoked ones included; secrets are never shown.

    Example: jobmeter keys list
    """
    server.print_rows(server.read_all(ROOT), ("name", "role", "createdAt", "revokedAt", "liveSecrets"))


@app.command
def show(name: KeyName, *, server: Operator = OPERATOR) -> None:
    """Shows a key, without its secrets.

    Example: jobmeter keys show accounting
    """
    server.show("GET", _path_of(name))


@app.command
def rotate(
    name: KeyName,
    *,
    retire_older: Annotated[
        bool, Parameter(negative="", help="Whether the older of two secrets is removed first.")
    ] = False,
    server: Operator = OPERATOR,
) -> None:
    """Prints a further secret of a key; the one before it stays valid until `jobmeter keys retire`.

    Example: jobmeter keys rotate board
    """
    server.show("POST", f"{_path_of(name)}/secrets", {"retiresOlder": retire_older})


@app.command
def retire(name: KeyName, *, server: Operator = OPERATOR) -> None:
    """Ends a rotation: removes the older of two secrets.

    Example: jobmeter keys retire board
    """
    server.show("POST", f"{_path_of(name)}/retirements")


@app.command
def revoke(name: KeyName, *, server: Operator = OPERATOR) -> None:
    """Ends a key with all its secrets, at once.

    Example: jobmeter keys revoke accounting
    """
    server.show("DELETE", _path_of(name))


def _path_of(name: str) -> str:
    return f"{ROOT}/{quote(name, safe='')}"
