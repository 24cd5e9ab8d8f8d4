"""Owns the folder of temporary files: who may read it, how a file is found again, how much it may hold, and for how long.

The name of a file is made of what was asked for and of the hash of its content, so that every process finds it.
"""

import hashlib
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from jobmeter.base.faults import CommandFailed

KEPT_SECONDS = 3_600
BYTES_MAX = 10_000_000_000
PART = ".part"
CHUNK_BYTES = 1 << 20


def open_folder(chosen: str) -> Path:
    """Creates the folder for this user alone. Raises ``CommandFailed`` if it belongs to another user or others may read it."""
    folder = Path(chosen or Path(tempfile.gettempdir()) / f"jobmeter-exports-{os.geteuid()}")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.lstat()
    is_ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()
    if not is_ours or found.st_mode & 0o077:
        raise CommandFailed(f"{folder} must be a folder that only the user of the server can read")
    return folder


def find_file(folder: Path, key: str, tag: str) -> Path | None:
    """The file of this key and tag, or, without a tag, the newest of the key; it is kept for its time from now on."""
    found = sorted(_list_files(folder, f"{key}-{tag or '*'}"), key=_read_time, reverse=True)
    for path in found:
        try:
            os.utime(path)
        except FileNotFoundError:
            continue  # swept meanwhile
        return path
    return None


def keep_file(part: Path, key: str) -> Path:
    """Gives a complete file its name."""
    digest = hashlib.sha256()
    with part.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    target = part.with_name(f"{key}-{digest.hexdigest()[:32]}")
    part.replace(target)
    return target


def tag_of(path: Path) -> str:
    return path.name.rpartition("-")[2]


def sweep(folder: Path, *, now_seconds: float, bytes_max: int) -> int:
    """Removes files whose time is over and, while there are too many bytes, the oldest complete ones.

    Returns how many bytes are left, those of files in progress included.
    """
    files = sorted(_list_files(folder, "*"), key=_read_time)
    sizes = {path: _read_size(path) for path in files}
    for path in files:
        is_over = _read_time(path) < now_seconds - KEPT_SECONDS
        is_complete = "-" in path.name and path.suffix != PART
        if is_over or (is_complete and sum(sizes.values()) > bytes_max):
            path.unlink(missing_ok=True)
            del sizes[path]
    return sum(sizes.values())


def read_time(folder: Path) -> float:
    """The time by the clock of the files themselves, which may be another machine's."""
    with tempfile.NamedTemporaryFile(dir=folder, suffix=PART) as file:
        return os.fstat(file.fileno()).st_mtime


def _list_files(folder: Path, pattern: str) -> Iterator[Path]:
    return (path for path in folder.glob(pattern) if path.is_file())


def _read_time(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0


def _read_size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
