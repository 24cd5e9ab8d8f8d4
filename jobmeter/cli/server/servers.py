"""Owns the commands ``jobmeter serve``, ``jobmeter worker``, ``jobmeter consume`` and ``jobmeter sandbox``: settings, credentials file, and what they print.

Does not own running the server (``serve``).
"""

import asyncio
import importlib
import os
import signal
from dataclasses import replace
from typing import Any

from jobmeter.base.clock import read_machine_clock
from jobmeter.base.settings import Settings
from jobmeter.base.terminal import Terminal
from jobmeter.cli.options import (
    PRODUCTION_DATA,
    SANDBOX_DATA,
    CredentialsOption,
    DataOption,
    HostOption,
    PortOption,
    SandboxUrlOption,
    ServerUrlOption,
    WorkersOption,
)
from jobmeter.cli.server.serve import reserve_address, run_database, run_server
from jobmeter.cli.server.settings import check_usable, read_settings
from jobmeter.consumer.addresses import FORM, read_address
from jobmeter.database.pool import Database
from jobmeter.operations.handover import take_listener
from jobmeter.sandbox import seed
from jobmeter.sandbox.traffic.client import Sandbox, read_credentials, write_credentials
from jobmeter.telemetry.logs.formats import show_log
from jobmeter.telemetry.metrics.processes import count_together

WORKER = "jobmeter.app:run_worker"
CONSUMER = "jobmeter.app:run_consumer"
SANDBOX_PORT = 8750
SERVER_PORT = 8700


def serve(
    *,
    host: HostOption = "127.0.0.1",
    port: PortOption = SERVER_PORT,
    workers: WorkersOption = 1,
    data: DataOption = PRODUCTION_DATA,
    database_url: ServerUrlOption = "",
) -> None:
    """Runs a production server. Raises ``ValueError`` if no key is set, because nobody could use the server.

    A listening socket that a service manager passes is used instead of ``host`` and ``port``.
    """
    settings = _read_usable(database_url)
    listener = take_listener(os.environ)
    address, chosen_port = (
        reserve_address(host, port) if listener is None else (listener.address, listener.port)
    )
    console = Terminal()
    with count_together(), run_database(data, database_url, settings.direct_database_url) as url:
        run_server(
            replace(settings, database_url=url, sandbox=False),
            host=host if listener is None else address,
            address=address,
            port=chosen_port,
            workers=workers,
            listener=listener,
            when_listening=lambda base_url: console.print_line(
                f"Jobmeter is listening at {base_url}; open {base_url}/ in a browser to see what is there."
            ),
        )


def worker(*, data: DataOption = PRODUCTION_DATA, database_url: ServerUrlOption = "") -> None:
    """Runs the background work until it is interrupted. Several may run, beside servers that run it or not."""
    settings = _read_usable(database_url)
    show_log(settings.log_format, has_answers=False)
    with run_database(data, database_url, settings.direct_database_url) as url:
        chosen = replace(settings, database_url=url, sandbox=False)
        asyncio.run(_run(WORKER, chosen, started="The background work is running."))


def consume(*, data: DataOption = PRODUCTION_DATA, database_url: ServerUrlOption = "") -> None:
    """Records the events of the log JOBMETER_STREAM_URL until it is interrupted. Several may run, and share its partitions."""
    settings = _of_database(read_settings(), database_url)
    if not settings.stream_url:
        raise ValueError(f"JOBMETER_STREAM_URL is not set: {FORM}")
    address = read_address(settings.stream_url)
    show_log(settings.log_format, has_answers=False)
    with run_database(data, database_url, settings.direct_database_url) as url:
        chosen = replace(settings, database_url=url, sandbox=False)
        asyncio.run(_run(CONSUMER, chosen, address, started="The log is being read."))


def _read_usable(database_url: str) -> Settings:
    """Raises ``ValueError``."""
    settings = read_settings()
    check_usable(settings)
    return _of_database(settings, database_url)


def _of_database(settings: Settings, database_url: str) -> Settings:
    """The embedded database has no pooler and no replica, whatever the settings say of another one."""
    return settings if database_url else _on_one_server(settings)


def _on_one_server(settings: Settings) -> Settings:
    return replace(settings, direct_database_url="", prepared_statements=True, replica_url="")


async def _run(place: str, *values: object, started: str) -> None:
    """Runs a program of the application until the process is to end."""
    # ``run_database`` has imported it, beside the start of the database.
    module, _, name = place.partition(":")
    program = getattr(importlib.import_module(module), name)
    is_over, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, is_over.set)
    await program(*values, is_over=is_over, when_running=lambda: Terminal().print_line(started))


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
    settings, console = _on_one_server(read_settings()), Terminal()
    address, chosen_port = reserve_address(host, port)
    with count_together(), run_database(data, database_url) as url:
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
