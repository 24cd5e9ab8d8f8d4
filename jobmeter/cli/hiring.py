"""Owns the commands ``jobmeter hiring-contract ...``: create, show, grant, top up, adjust and end, on a running server.

Does not own the contracts: each command calls one of the operator's endpoints.
"""

import json
import os
from pathlib import Path
from typing import Annotated, Any, Literal

import platformdirs
from cyclopts import App, Parameter

from jobmeter.base.settings import list_texts
from jobmeter.sandbox.seed import read_credentials
from jobmeter.sandbox.traffic.player import Sandbox, SandboxRefusedError

CREDENTIALS = Path(platformdirs.user_data_dir("jobmeter")) / "sandbox" / "credentials.json"
ROOT = "/operator/hiringContracts"

app = App(name="hiring-contract", help="Manages hiring contracts: slots of clients, credits of resellers.")

CredentialsOption = Annotated[
    Path,
    Parameter(
        "--credentials",
        help="Credentials file of a sandbox. Ignored if JOBMETER_BASE_URL and JOBMETER_OPERATOR_KEY are set.",
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
    """Creates a hiring contract and prints it; jobs refer to its number as contract-id."""
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
    """Prints a contract with its unused slots or credits."""
    _call_and_print("GET", f"{ROOT}/{contract}", credentials)


@app.command
def grant(contract: int, application: str, *, credentials: CredentialsOption = CREDENTIALS) -> None:
    """Allows APPLICATION (a client id or URN) to post on the contract."""
    _call_and_print("POST", f"{ROOT}/{contract}/grants", credentials, {"application": application})


@app.command
def top_up(
    contract: int, units: int, reference: str, *, credentials: CredentialsOption = CREDENTIALS
) -> None:
    """Adds UNITS slots or credits; repeating a REFERENCE has no effect."""
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
    """Adjusts the slots or credits by UNITS, which may be negative; repeating a REFERENCE has no effect."""
    _call_and_print(
        "POST", f"{ROOT}/{contract}/adjustments", credentials, {"units": units, "reference": reference}
    )


@app.command
def end(contract: int, *, at: str | None = None, credentials: CredentialsOption = CREDENTIALS) -> None:
    """Ends the contract now or at a given time; after that its jobs can only be closed."""
    _call_and_print("POST", f"{ROOT}/{contract}/end", credentials, {} if at is None else {"endsAt": at})


def _call_and_print(method: str, path: str, credentials: Path, body: dict[str, Any] | None = None) -> None:
    server = _find_server(credentials)
    content = {} if body is None else {"json": body}
    print(json.dumps(Sandbox(server).call(method, path, key=server["operator_key"], **content), indent=2))  # noqa: T201


def _find_server(credentials: Path) -> dict[str, Any]:
    base_url, key = os.environ.get("JOBMETER_BASE_URL"), os.environ.get("JOBMETER_OPERATOR_KEY")
    if base_url and key:
        return {"base_url": base_url, "operator_key": list_texts(key)[0]}
    server = read_credentials(credentials)
    if server is None or "base_url" not in server:
        raise SandboxRefusedError(f"there is no sandbox credentials file at {credentials}")
    return server
