"""Owns the configuration of a pull: a TOML file that names servers, applications and the destination.

Secrets are never in it: it says in which environment variable or file each one is.
"""

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

import msgspec

from jobmeter.base.faults import CommandFailed
from jobmeter.client.client import Client
from jobmeter.client.http.transport import LINKEDIN, Server, jobmeter_at
from jobmeter.pull.reading.streams import STREAMS, Caller, Stream

NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,63}")
FINAL_AFTER_DAYS = 3
LINKEDIN_FINAL_AFTER_DAYS = 4  # amounts settle within 48 hours, a job appears within 24
DAYS_MAX = 400


class _Service(msgspec.Struct, forbid_unknown_fields=True):
    url: str
    final_after_days: int | None = None


class _Application(msgspec.Struct, forbid_unknown_fields=True):
    service: str = ""
    kind: Literal["customer", "partner"] = "customer"
    client_id: str = ""
    client_id_env: str = ""
    client_secret_env: str = ""
    client_secret_file: str = ""
    contracts: tuple[int, ...] = ()
    streams: tuple[str, ...] | None = None


class _File(msgspec.Struct, forbid_unknown_fields=True):
    services: dict[str, _Service]
    applications: dict[str, _Application]
    to: str = ""
    first: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """An application at a server. ``contracts`` are those of the partner; without any, reports are about all of them."""

    name: str
    server: Server
    final_after_days: int
    caller: Caller
    client_id: str
    client_id_variable: str
    secret_variable: str
    secret_file: Path | None
    contracts: tuple[int, ...]
    streams: tuple[Stream, ...]

    @property
    def is_linkedin(self) -> bool:
        return self.server is LINKEDIN

    def open_client(self) -> Client:
        """Raises ``CommandFailed`` if a credential is missing."""
        client_id = self.client_id or _read_variable(self.client_id_variable, self.name)
        if self.secret_file is None:
            secret = _read_variable(self.secret_variable, self.name)
        else:
            secret = _read_secret_file(self.secret_file, self.name)
        return Client(self.server, client_id=client_id, client_secret=secret)


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    applications: tuple[Application, ...]
    to: str
    first: date | None


def read_configuration(path: Path) -> Configuration:
    """Raises ``CommandFailed`` that names what is wrong in the file."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        _refuse_secrets(content)
        file = msgspec.convert(content, _File)
        applications = [_make(name, one, file, path.parent) for name, one in file.applications.items()]
    except FileNotFoundError as error:
        raise CommandFailed(f"there is no configuration file {path}; name one with --config") from error
    except (ValueError, UnicodeDecodeError) as error:  # of TOML and of msgspec
        raise CommandFailed(f"{path}: {error}") from error
    if not applications:
        raise CommandFailed(f"{path} names no applications")
    return Configuration(applications=tuple(applications), to=file.to, first=file.first)


def _refuse_secrets(content: Mapping[str, Any]) -> None:
    applications = content.get("applications")
    for name, one in applications.items() if isinstance(applications, dict) else ():
        if isinstance(one, dict) and "client_secret" in one:
            raise ValueError(
                f"the secret of {name} is in the file itself; name the variable that contains it "
                "(client_secret_env) or its file (client_secret_file)"
            )


def _make(name: str, one: _Application, file: _File, folder: Path) -> Application:
    if not NAME.fullmatch(name):
        raise ValueError(f"{name!r} is not a name of an application: letters, digits, '-', '_' and '.'")
    service = _find_service(name, one.service, file)
    server = LINKEDIN if service.url == "linkedin" else jobmeter_at(service.url)
    if server is not LINKEDIN and not service.url.startswith(("http://", "https://")):
        raise ValueError(f"{service.url!r} is not a URL such as https://jobs.example.com, and not linkedin")
    if bool(one.client_id) == bool(one.client_id_env):
        raise ValueError(f"{name} needs either client_id or client_id_env")
    if bool(one.client_secret_env) == bool(one.client_secret_file):
        raise ValueError(f"{name} needs either client_secret_env or client_secret_file")
    default = LINKEDIN_FINAL_AFTER_DAYS if server is LINKEDIN else FINAL_AFTER_DAYS
    final_after_days = default if service.final_after_days is None else service.final_after_days
    if not 1 <= final_after_days <= DAYS_MAX:
        raise ValueError(f"final_after_days of {name} must be 1 to {DAYS_MAX}")
    return Application(
        name=name,
        server=server,
        final_after_days=final_after_days,
        caller=Caller(one.kind),
        client_id=one.client_id,
        client_id_variable=one.client_id_env,
        secret_variable=one.client_secret_env,
        secret_file=folder / Path(one.client_secret_file).expanduser() if one.client_secret_file else None,
        contracts=tuple(dict.fromkeys(one.contracts)),
        streams=_choose_streams(name, one, is_linkedin=server is LINKEDIN),
    )


def _find_service(name: str, wanted: str, file: _File) -> _Service:
    if not wanted and len(file.services) == 1:
        (only,) = file.services.values()
        return only
    found = file.services.get(wanted)
    if found is None:
        names = ", ".join(file.services) or "none"
        raise ValueError(f"the service {wanted!r} of {name} is not one of the services: {names}")
    return found


def _choose_streams(name: str, one: _Application, *, is_linkedin: bool) -> tuple[Stream, ...]:
    """By default a charge is pulled once: with the partner that it is invoiced to."""
    caller = Caller(one.kind)
    possible = {
        stream.name: stream
        for stream in STREAMS.values()
        if caller in stream.callers and (stream.has_linkedin or not is_linkedin)
    }
    if one.streams is None:
        return tuple(
            stream for stream in possible.values() if len(stream.callers) == 1 or caller is Caller.PARTNER
        )
    for wanted in one.streams:
        if wanted not in possible:
            raise ValueError(f"{wanted!r} is not a stream of the {one.kind} {name}: {', '.join(possible)}")
    return tuple(possible[wanted] for wanted in dict.fromkeys(one.streams))


def _read_variable(variable: str, name: str) -> str:
    value = os.environ.get(variable, "").strip()
    if not value:
        raise CommandFailed(f"the environment variable {variable}, a credential of {name}, is not set")
    return value


def _read_secret_file(path: Path, name: str) -> str:
    try:
        value = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise CommandFailed(f"the secret of {name} cannot be read from {path}: {error}") from error
    if not value:
        raise CommandFailed(f"{path}, with the secret of {name}, is empty")
    return value
