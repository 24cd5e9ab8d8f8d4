"""Owns who may connect to the embedded server: its socket's folder, and PostgreSQL's files of trusted users.

Does not own the database's own users: there is one, and the operating system vouches for who connects as it.
"""

import hashlib
import os
import re
import stat
import tempfile
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from jobmeter.database.postmaster.owner import ROOT, Owner, name_of

DATABASE_USER = "postgres"
SOCKET = ".s.PGSQL.5432"
SOCKET_PATH_BYTES_MAX = 103  # of the shortest limit of an operating system
FOLDER_MODE = 0o700

MAP = "jobmeter"
TRUSTED = f"""\
# Written by Jobmeter. Only the user who runs the server and root may connect (pg_ident.conf), and only on this machine.
# TYPE  DATABASE     USER  METHOD
local   all          all   peer map={MAP}
local   replication  all   peer map={MAP}
"""
_TRUSTS_ANYBODY = re.compile(r"^[^#\n]*\btrust\b", re.MULTILINE)


def restrict_access(data: Path, owner: Owner) -> None:
    """Before each start. A folder of an earlier release, which trusted every local user, is changed too."""
    hosts, identities = data / "pg_hba.conf", data / "pg_ident.conf"
    rows = _read(hosts)
    if _TRUSTS_ANYBODY.search(rows) or f"map={MAP}" not in rows:
        owner.replace_file(hosts, TRUSTED)
    known = _read(identities)
    users = [_map_user(number) for number in sorted({ROOT, os.geteuid(), owner.user})]
    missing = [row for row in users if row and row not in known]
    if missing:
        owner.replace_file(identities, known + "\n" + "\n".join(missing) + "\n")


def _map_user(number: int) -> str:
    name = name_of(number)
    return "" if name is None else f'{MAP} "{name}" {DATABASE_USER}'


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="surrogateescape") if path.exists() else ""


def find_socket_folder(data: Path, owner: Owner, *, parents: Sequence[Path] = ()) -> Path:
    """Returns the data folder itself, or a folder of ours with a shorter path.

    Both belong to the server's user and cannot be entered by others. A folder that anybody else has made under our name
    is not used.
    """
    if fits(data):
        return data
    digest = hashlib.sha256(os.fsencode(data)).hexdigest()[:12]
    for parent in parents or (Path(tempfile.gettempdir()), Path("/tmp")):  # noqa: S108 -- the folder is our own
        if not fits(parent / f"jobmeter-{digest}-12345678"):
            continue
        folder = parent / f"jobmeter-{digest}"
        if not _make_folder(folder, owner):
            folder = Path(tempfile.mkdtemp(prefix=f"jobmeter-{digest}-", dir=parent))
            owner.hand_over(folder)
        return folder
    raise OSError(f"the path {data} is too long for a socket, and so is that of the temporary folder")


def fits(folder: Path) -> bool:
    """Whether a socket in the folder can be named in a URL: a comma there separates hosts."""
    is_short = len(os.fsencode(folder / SOCKET)) <= SOCKET_PATH_BYTES_MAX
    return is_short and str(folder).isprintable() and "," not in str(folder)


def _make_folder(folder: Path, owner: Owner) -> bool:
    """Whether the folder is ours: new, or made by an earlier start."""
    try:
        folder.mkdir(mode=FOLDER_MODE)
    except FileExistsError:
        found = folder.lstat()
        return stat.S_ISDIR(found.st_mode) and (found.st_uid, found.st_mode & 0o777) == (
            owner.user,
            FOLDER_MODE,
        )
    owner.hand_over(folder)
    return True


def make_url(folder: Path) -> str:
    """Returns the URL that connects through the socket in ``folder``, whichever characters its path has."""
    return f"postgresql://{DATABASE_USER}:@/postgres?host={quote(str(folder), safe='/')}"


def drop_client_settings() -> None:
    """Removes PostgreSQL's variables from this process and its children.

    They are meant for another database: a port, a service or options given there would break connections to ours.
    """
    for name in [name for name in os.environ if name.startswith("PG")]:
        del os.environ[name]
