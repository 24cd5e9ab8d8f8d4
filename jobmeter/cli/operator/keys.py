"""Owns the commands ``jobmeter keys ...``: named keys are created, listed, rotated and revoked, on a running server.

Does not own the keys: each command calls one of the operator's endpoints.
"""

from typing import Annotated, Literal
from urllib.parse import quote

from cyclopts import App, Parameter

from jobmeter.cli.operator.calls import CREDENTIALS, CredentialsOption, call_and_print, print_json, read_all

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
    credentials: CredentialsOption = CREDENTIALS,
) -> None:
    """Creates a key and prints it with its secret, which is never shown again."""
    call_and_print("POST", ROOT, credentials, {"name": name, "role": role})


@app.command(name="list")
def list_keys(*, credentials: CredentialsOption = CREDENTIALS) -> None:
    """Prints all keys, revoked ones included; secrets are never shown."""
    print_json({"elements": read_all(ROOT, credentials)})


@app.command
def show(name: KeyName, *, credentials: CredentialsOption = CREDENTIALS) -> None:
    """Prints a key, without its secrets."""
    call_and_print("GET", _path_of(name), credentials)


@app.command
def rotate(
    name: KeyName,
    *,
    retire_older: Annotated[
        bool, Parameter(negative="", help="Whether the older of two secrets is removed first.")
    ] = False,
    credentials: CredentialsOption = CREDENTIALS,
) -> None:
    """Prints a further secret of a key; the one before it stays valid until `jobmeter keys retire`."""
    call_and_print("POST", f"{_path_of(name)}/secrets", credentials, {"retiresOlder": retire_older})


@app.command
def retire(name: KeyName, *, credentials: CredentialsOption = CREDENTIALS) -> None:
    """Ends a rotation: removes the older of two secrets."""
    call_and_print("POST", f"{_path_of(name)}/retirements", credentials)


@app.command
def revoke(name: KeyName, *, credentials: CredentialsOption = CREDENTIALS) -> None:
    """Ends a key with all its secrets, at once."""
    call_and_print("DELETE", _path_of(name), credentials)


def _path_of(name: str) -> str:
    return f"{ROOT}/{quote(name, safe='')}"
