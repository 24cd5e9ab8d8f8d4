"""Owns where commands connect to, and with which credentials: options above the environment above a file of named profiles.

A secret has no option, because every user of a machine can read the arguments of a command: it is in the file, in a file
that the profile names, in the environment, or is typed. A profile's secrets are sent to the profile's own server only.
"""

import getpass
import os
import sys
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jobmeter.base.faults import CommandFailed
from jobmeter.base.lists import list_parts
from jobmeter.base.readers.web_url import check_url
from jobmeter.cli.options import SANDBOX_DATA, ServerOptions, find_user_folder
from jobmeter.sandbox.traffic.client import open_sandbox, read_credentials

CONFIGURATION = find_user_folder("config") / "config.toml"
SANDBOX_CREDENTIALS = SANDBOX_DATA / "credentials.json"
LINKEDIN_NAME = "linkedin"  # instead of an address
PROFILE_NAMES = {"url", "operator_key", "operator_key_file", "parent", "applications"}
APPLICATION_NAMES = {"client_id", "client_secret", "client_secret_file"}


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret, or the file that contains it, which is read only if the secret is used."""

    text: str = field(default="", repr=False)
    file: Path | None = None

    def __bool__(self) -> bool:
        return bool(self.text or self.file)

    def read(self) -> str:
        """Raises ``CommandFailed`` if the file cannot be read or is empty."""
        if self.file is None:
            return self.text
        try:
            text = self.file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not text"
            raise CommandFailed(f"the secret in {self.file} cannot be read: {reason}") from error
        if not text:
            raise CommandFailed(f"the file of a secret {self.file} is empty")
        return text


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """An application, as it signs in."""

    client_id: str
    client_secret: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A server and who its user is there: the operator, a parent application, applications of customers by name."""

    name: str = ""
    url: str = ""
    operator_key: Secret = Secret()
    parent: Credentials | None = None
    applications: Mapping[str, Credentials] = field(default_factory=dict)


def find_profile(
    options: ServerOptions,
    environment: Mapping[str, str] = os.environ,
    *,
    sandbox: Path = SANDBOX_CREDENTIALS,
) -> Profile:
    """Returns the profile with what options and the environment set above it. Raises ``CommandFailed``.

    A profile that an option chose is above the environment. Without any, it is the ``sandbox`` of this user.
    """
    if options.profile and options.credentials:
        raise CommandFailed("choose a server by --profile or by --credentials, not by both")
    kept = _choose(options, environment, sandbox)
    is_chosen = bool(options.profile or options.credentials)
    given = Profile() if is_chosen else _read_environment(environment)
    url = options.url or given.url or kept.url
    if url.rstrip("/") != kept.url.rstrip("/"):
        kept = Profile(name=kept.name)  # its secrets belong to another server
    return Profile(
        name=kept.name,
        url=url,
        operator_key=given.operator_key or kept.operator_key,
        parent=given.parent or kept.parent,
        applications=given.applications or kept.applications,
    )


def prompt_at_terminal(question: str) -> str:
    """Returns a secret that a person types; empty if there is no terminal."""
    return getpass.getpass(question) if sys.stdin.isatty() and sys.stderr.isatty() else ""


def require_operator(profile: Profile, ask: Callable[[str], str] = prompt_at_terminal) -> tuple[str, str]:
    """Returns the address and the operator's key, which a person is asked for. Raises ``CommandFailed``."""
    url = _require_url(profile)
    key = profile.operator_key.read() or ask(f"Operator key for {url}: ").strip()
    if not key:
        raise CommandFailed(
            f"there is no operator key for {url}: set JOBMETER_OPERATOR_KEY, or operator_key_file of a profile in"
            f" {find_file()}"
        )
    return url, key


def require_application(
    profile: Profile,
    name: str = "",
    *,
    is_parent: bool = False,
    ask: Callable[[str], str] = prompt_at_terminal,
) -> tuple[str, str, str]:
    """Returns the address, the client id and the client secret of an application.

    ``name`` is that of the profile, or a client id; it may be empty if there is one. Raises ``CommandFailed``.
    """
    url = _require_url(profile)
    found = profile.parent if is_parent else _find_application(profile, name)
    if found is None:
        kind, variables = ("parent", "PARENT") if is_parent else ("application", "CLIENT")
        raise CommandFailed(
            f"there is no {kind} to sign in with at {url}: set JOBMETER_{variables}_ID and JOBMETER_{variables}_SECRET,"
            f" or add one to a profile in {find_file()}"
        )
    secret = found.client_secret.read() or ask(f"Client secret of {found.client_id}: ").strip()
    if not secret:
        raise CommandFailed(
            f"there is no client secret of {found.client_id} in the profile or the environment"
        )
    return url, found.client_id, secret


def find_file(environment: Mapping[str, str] = os.environ) -> Path:
    """Returns where the configuration is, or would be."""
    return Path(environment.get("JOBMETER_CONFIG") or CONFIGURATION).expanduser()


def read_profiles(file: Path) -> tuple[str, dict[str, Profile]]:
    """Returns the name of the default profile, and all profiles by their names. Raises ``CommandFailed``."""
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return "", {}
    except (OSError, ValueError) as error:
        raise CommandFailed(f"{file} cannot be read: {error}") from error
    _check_names(content, {"default", "profiles"}, file, "the file")
    tables = _check_table(content.get("profiles", {}), file, "profiles")
    default = content.get("default") or (next(iter(tables)) if len(tables) == 1 else "")
    return str(default), {name: _read_profile(name, table, file) for name, table in tables.items()}


def _choose(options: ServerOptions, environment: Mapping[str, str], sandbox: Path) -> Profile:
    if options.credentials is not None:
        return read_sandbox(options.credentials)
    file = find_file(environment)
    default, profiles = read_profiles(file)
    name = options.profile or environment.get("JOBMETER_PROFILE") or default
    if name in profiles:
        return profiles[name]
    if name:
        known = ", ".join(profiles) or "none"
        raise CommandFailed(f"there is no profile {name} in {file}; its profiles: {known}")
    return Profile() if read_credentials(sandbox) is None else read_sandbox(sandbox)


def read_sandbox(file: Path) -> Profile:
    """Returns the profile of a sandbox, from its credentials file. Raises ``SandboxRefusedError``, ``ValueError``."""
    content = open_sandbox(file).credentials
    return Profile(
        name="sandbox",
        url=content["base_url"],
        operator_key=_first_key(content, "operator_key"),
        parent=_read_sandbox_application(content, "parent"),
        applications={"child": child} if (child := _read_sandbox_application(content, "child")) else {},
    )


def _read_sandbox_application(content: Mapping[str, Any], name: str) -> Credentials | None:
    found = content.get(name)
    if not found:
        return None
    return Credentials(client_id=found["client_id"], client_secret=Secret(found["client_secret"]))


def _read_environment(environment: Mapping[str, str]) -> Profile:
    child = _read_application_variables(environment, "CLIENT")
    return Profile(
        url=environment.get("JOBMETER_BASE_URL", ""),
        operator_key=_first_key(environment, "JOBMETER_OPERATOR_KEY"),
        parent=_read_application_variables(environment, "PARENT"),
        applications={} if child is None else {"environment": child},
    )


def _read_application_variables(environment: Mapping[str, str], kind: str) -> Credentials | None:
    client_id = environment.get(f"JOBMETER_{kind}_ID", "")
    if not client_id:
        return None
    return Credentials(
        client_id=client_id, client_secret=Secret(environment.get(f"JOBMETER_{kind}_SECRET", ""))
    )


def _first_key(source: Mapping[str, Any], name: str) -> Secret:
    """While a key is replaced, the newer one is first."""
    return Secret(next(iter(list_parts(source.get(name, ""))), ""))


def _read_profile(name: str, given: Any, file: Path) -> Profile:
    where = f"profiles.{name}"
    table = _check_table(given, file, where)
    _check_names(table, PROFILE_NAMES, file, where)
    customers = _check_table(table.get("applications", {}), file, f"{where}.applications")
    parent = table.get("parent")
    return Profile(
        name=name,
        url=str(table.get("url", "")),
        operator_key=_read_secret(table, "operator_key", file),
        parent=None if parent is None else _read_application(parent, file, f"{where}.parent"),
        applications={
            customer: _read_application(one, file, f"{where}.applications.{customer}")
            for customer, one in customers.items()
        },
    )


def _read_application(given: Any, file: Path, where: str) -> Credentials:
    table = _check_table(given, file, where)
    _check_names(table, APPLICATION_NAMES, file, where)
    if not table.get("client_id"):
        raise CommandFailed(f"{file}: {where} has no client_id")
    return Credentials(
        client_id=str(table["client_id"]), client_secret=_read_secret(table, "client_secret", file)
    )


def _read_secret(table: Mapping[str, Any], name: str, file: Path) -> Secret:
    """A relative file is beside the configuration."""
    named = table.get(f"{name}_file")
    return Secret(str(table.get(name, "")), None if named is None else file.parent / Path(named).expanduser())


def _check_table(given: Any, file: Path, where: str) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise CommandFailed(f"{file}: {where} must be a table")
    return given


def _check_names(table: Mapping[str, Any], known: set[str], file: Path, where: str) -> None:
    """A misspelt name would have no effect without a word."""
    if unknown := sorted(set(table) - known):
        raise CommandFailed(
            f"{file}: {where} has an unknown {unknown[0]}; known are {', '.join(sorted(known))}"
        )


def _require_url(profile: Profile) -> str:
    if not profile.url:
        raise CommandFailed(
            f"there is no server to talk to: start a sandbox (jobmeter sandbox), set JOBMETER_BASE_URL, or add a profile"
            f" to {find_file()}"
        )
    if profile.url != LINKEDIN_NAME and (why := check_url(profile.url)):
        raise CommandFailed(f"the server's address {profile.url[:100]!r} {why}")
    return profile.url


def _find_application(profile: Profile, name: str) -> Credentials | None:
    if not name:
        if len(profile.applications) > 1:
            raise CommandFailed(f"choose one by --application: {', '.join(profile.applications)}")
        return next(iter(profile.applications.values()), None)
    by_id = {one.client_id: one for one in profile.applications.values()}
    found = profile.applications.get(name) or by_id.get(name)
    if found is None:
        known = ", ".join(profile.applications) or "none"
        raise CommandFailed(f"there is no application {name} in the profile; its applications: {known}")
    return found
