"""Owns the commands ``jobmeter serve`` and ``jobmeter sandbox``: settings, credentials file, and what they print.

Does not own running the server (``serve``).
"""

import asyncio
import sys
from dataclasses import replace
from typing import Any

from jobmeter.app import check_settings
from jobmeter.base.clock import read_machine_clock
from jobmeter.base.settings import Settings, find_misspelt
from jobmeter.base.terminal import Terminal
from jobmeter.cli.options import (
    PRODUCTION_DATA,
    SANDBOX_DATA,
    CredentialsOption,
    DataOption,
    HostOption,
    PortOption,
    SandboxUrlOption,
    UrlOption,
    WorkersOption,
)
from jobmeter.cli.server.serve import open_database, reserve_address, run_server
from jobmeter.database.pool import Database
from jobmeter.sandbox import seed
from jobmeter.sandbox.traffic.client import Sandbox, read_credentials, write_credentials

SANDBOX_PORT = 8750
SERVER_PORT = 8700


def serve(
    *,
    host: HostOption = "127.0.0.1",
    port: PortOption = SERVER_PORT,
    workers: WorkersOption = 1,
    data: DataOption = PRODUCTION_DATA,
    database_url: UrlOption = "",
) -> None:
    """Runs a production server. Raises ``ValueError`` if no key is set, because nobody could use the server."""
    settings = _read_settings()
    _check_keys(settings)
    address, chosen_port = reserve_address(host, port)
    console = Terminal()
    with open_database(data, database_url, is_watched=True) as url:
        run_server(
            replace(settings, database_url=url, sandbox=False),
            host=host,
            address=address,
            port=chosen_port,
            workers=workers,
            when_listening=lambda base_url: console.print_line(
                f"Jobmeter is listening at {base_url}; open {base_url}/ in a browser to see what is there."
            ),
        )


def sandbox(
    *,
    host: HostOption = "127.0.0.1",
    port: PortOption = SANDBOX_PORT,
    workers: WorkersOption = 1,
    data: DataOption = SANDBOX_DATA,
    database_url: SandboxUrlOption = "",
    credentials: CredentialsOption = None,
) -> None:
    """Runs a sandbox and writes its credentials file once it responds."""
    partner_file, credentials_file = data / "partner.json", credentials or data / "credentials.json"
    settings, console = _read_settings(), Terminal()
    address, chosen_port = reserve_address(host, port)
    with open_database(data, database_url, is_watched=True) as url:
        content = read_credentials(partner_file)
        if content is None:
            keys = seed.make_keys()
            content = asyncio.run(_make_partner(url, keys["secret_key"])) | keys
            write_credentials(partner_file, content)
        # The folder of an older sandbox may lack a key that was added since.
        content = seed.make_keys() | content

        def hand_out_credentials(base_url: str) -> None:
            now = Sandbox(content | {"base_url": base_url}).read_clock().isoformat()
            write_credentials(credentials_file, content | {"base_url": base_url, "now": now})
            console.print_line(
                f"The sandbox is listening at {base_url}; open {base_url}/ in a browser. "
                f"Credentials: {credentials_file}"
            )

        run_server(
            replace(settings, database_url=url, sandbox=True, **{name: content[name] for name in seed.KEYS}),
            host=host,
            address=address,
            port=chosen_port,
            workers=workers,
            when_listening=hand_out_credentials,
        )


async def _make_partner(url: str, secret_key: str) -> dict[str, Any]:
    async with Database.opened(url, connections_max=2) as opened:
        return await seed.make_partner(opened, now=read_machine_clock(), secret_key=secret_key)


def _read_settings() -> Settings:
    """Reads the settings, and warns of variables that are none: a misspelt one would have no effect without a word."""
    error_console = Terminal(file=sys.stderr)
    for name, nearest in find_misspelt().items():
        hint = f"; did you mean {nearest}?" if nearest else ""
        error_console.print_line(f"jobmeter: {name} is not a setting and has no effect{hint}", style="yellow")
    settings = Settings.from_environment()
    check_settings(settings)
    return settings


def _check_keys(settings: Settings) -> None:
    keys = {
        "EVENTS_KEY": (settings.events_key, "the job board's endpoints cannot be used"),
        "OPERATOR_KEY": (settings.operator_key, "the operator's endpoints cannot be used"),
        "SECRET_KEY": (settings.secret_key, "apply links and webhooks are not available"),
    }
    if not any(key for key, _ in keys.values()):
        names = ", ".join(f"JOBMETER_{name}" for name in keys)
        raise ValueError(
            f"no key is set, so nobody could use this server: set {names}, each to a secret of its own, "
            "for example from: openssl rand -hex 32"
        )
    error_console = Terminal(file=sys.stderr)
    for name, (key, effect) in keys.items():
        if not key:
            error_console.print_line(f"jobmeter: JOBMETER_{name} is not set: {effect}", style="yellow")
