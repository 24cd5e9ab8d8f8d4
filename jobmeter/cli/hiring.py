"""Owns the commands ``jobmeter hiring-contract ...``: create, show, grant, top up, adjust and end, on a running server.

Does not own the contracts: every command is one call of the operator's endpoints.
"""

import json
import os
from pathlib import Path
from typing import Annotated, Any, Literal

import platformdirs
from cyclopts import App, Parameter

from jobmeter.sandbox.seed import read_credentials
from jobmeter.sandbox.traffic.player import Sandbox, SandboxRefusedError

CREDENTIALS = Path(platformdirs.user_data_dir("jobmeter")) / "sandbox" / "credentials.json"
ROOT = "/operator/hiringContracts"

app = App(
    name="hiring-contract", help="Looks after hiring contracts: slots of clients, credits of resellers."
)

CredentialsOption = Annotated[
    Path,
    Parameter(
        "--credentials",
        help="A sandbox's credentials file. With JOBMETER_BASE_URL and JOBMETER_OPERATOR_KEY set, any server's.",
    ),
]


@app.command
def create(
    *,
    kind: Literal["SLOTS", "CREDITS"],
    owner: str,
    currency: str,
    starts_at: str,
    ends_at: str,
    units: int = 0,
    price: str = "0",
    run_days: int = 30,
    postpaid: bool = False,
    owner_application: str | None = None,
    default_poster_email: str | None = None,
    seats: tuple[str, ...] = (),
    credentials: CredentialsOption = CREDENTIALS,
) -> None:
    """Opens a hiring contract and prints it; its number is what a job's contract-id names."""
    body = {
        "kind": kind,
        "owner": owner,
        "ownerApplication": owner_application,
        "isPostpaid": postpaid,
        "currency": currency,
        "units": units,
        "price": price,
        "runDays": run_days,
        "defaultPosterEmail": default_poster_email,
        "seats": list(seats),
        "startsAt": starts_at,
        "endsAt": ends_at,
    }
    _call_and_print(
        "POST", ROOT, credentials, {name: value for name, value in body.items() if value is not None}
    )


@app.command
def show(contract: int, *, credentials: CredentialsOption = CREDENTIALS) -> None:
    """Prints a contract with what is left of its slots or credits."""
    _call_and_print("GET", f"{ROOT}/{contract}", credentials)


@app.command
def grant(contract: int, application: str, *, credentials: CredentialsOption = CREDENTIALS) -> None:
    """Lets APPLICATION (a client id or URN) post on the contract."""
    _call_and_print("POST", f"{ROOT}/{contract}/grants", credentials, {"application": application})


@app.command
def top_up(
    contract: int, units: int, reference: str, *, credentials: CredentialsOption = CREDENTIALS
) -> None:
    """Adds UNITS slots or credits; the same REFERENCE counts once."""
    _call_and_print(
        "POST", f"{ROOT}/{contract}/topUps", credentials, {"units": units, "reference": reference}
    )


@app.command
def adjust(
    contract: int,
    units: Annotated[int, Parameter(allow_leading_hyphen=True)],
    reference: str,
    *,
    credentials: CredentialsOption = CREDENTIALS,
) -> None:
    """Corrects the slots or credits by UNITS, which may be below zero; the same REFERENCE counts once."""
    _call_and_print(
        "POST", f"{ROOT}/{contract}/adjustments", credentials, {"units": units, "reference": reference}
    )


@app.command
def end(contract: int, *, at: str | None = None, credentials: CredentialsOption = CREDENTIALS) -> None:
    """Ends the contract at a time, or now: its jobs may then be closed only."""
    _call_and_print("POST", f"{ROOT}/{contract}/end", credentials, {} if at is None else {"endsAt": at})


def _call_and_print(method: str, path: str, credentials: Path, body: dict[str, Any] | None = None) -> None:
    server = _find_server(credentials)
    content = {} if body is None else {"json": body}
    print(json.dumps(Sandbox(server).call(method, path, key=server["operator_key"], **content), indent=2))  # noqa: T201


def _find_server(credentials: Path) -> dict[str, Any]:
    base_url, key = os.environ.get("JOBMETER_BASE_URL"), os.environ.get("JOBMETER_OPERATOR_KEY")
    if base_url and key:
        return {"base_url": base_url, "operator_key": key}
    server = read_credentials(credentials)
    if server is None or "base_url" not in server:
        raise SandboxRefusedError(f"there is no credentials file of a sandbox at {credentials}")
    return server
