"""Owns the command ``jobmeter env``: the address, keys, tokens and contracts of a running sandbox as shell variables.

Does not own them: it reads the credentials file and asks the sandbox. The commands in the documents use its variables.
"""

import shlex
from datetime import timedelta
from typing import Annotated, Any

from cyclopts import Parameter

from jobmeter.base.clock import to_ms
from jobmeter.base.days import day_of
from jobmeter.cli.options import SANDBOX_DATA, CredentialsOption, JsonOption
from jobmeter.cli.output import print_json
from jobmeter.sandbox.traffic.client import Sandbox, open_sandbox


def env(
    *,
    credentials: CredentialsOption = None,
    http: Annotated[
        bool,
        Parameter(
            negative=(), help="Prints variables for an .http file instead: docs/reference/requests.http."
        ),
    ] = False,
    json: JsonOption = False,
) -> None:
    """Prints shell commands that set BASE, the keys and tokens, the contracts, and JOB, the newest live job."""
    sandbox = open_sandbox(credentials or SANDBOX_DATA / "credentials.json")
    variables = read_variables(sandbox)
    if json:
        print_json({name: str(value) for name, value in variables.items()})
        return
    for name, value in variables.items():
        line = f"@{name} = {value}" if http else f"export {name}={shlex.quote(str(value))}"
        print(line)  # noqa: T201 -- quoted for a shell


def read_variables(sandbox: Sandbox) -> dict[str, Any]:
    content, now = sandbox.credentials, sandbox.read_clock()
    slots, credit_contract = (contract["id"] for contract in content["hiring_contracts"])
    jobs = sandbox.call("GET", "/sandbox/jobs", key=content["operator_key"])["jobs"]
    yesterday = day_of(now) - timedelta(days=1)
    day = f"(year:{yesterday.year},month:{yesterday.month},day:{yesterday.day})"
    return {
        "BASE": content["base_url"],
        "OPERATOR_KEY": content["operator_key"],
        "EVENTS_KEY": content["events_key"],
        "CLIENT_ID": content["child"]["client_id"],
        "CLIENT_SECRET": content["child"]["client_secret"],
        "PARENT_ID": content["parent"]["client_id"],
        "PARENT_SECRET": content["parent"]["client_secret"],
        "CHILD": make_token(sandbox, content["child"]),
        "PARENT": make_token(sandbox, content["parent"]),
        "APPLICATION": content["child"]["urn"].rsplit(":", 1)[-1],
        "PARTNER": content["parent"]["urn"].rsplit(":", 1)[-1],
        "CONTRACT": content["customer_contract_id"],
        "PARTNER_CONTRACT": content["partner_contract_id"],
        "SLOTS": slots,
        "CREDITS": credit_contract,
        "JOB": jobs[-1]["job"] if jobs else "",
        "NOW": to_ms(now),
        "YESTERDAY": yesterday,
        "RANGE": f"(start:{day},end:{day})",
    }


def make_token(sandbox: Sandbox, keys: dict[str, Any]) -> str:
    form = {"grant_type": "client_credentials"} | {
        name: keys[name] for name in ("client_id", "client_secret")
    }
    return str(sandbox.request("POST", "/oauth/v2/accessToken", data=form)["access_token"])
