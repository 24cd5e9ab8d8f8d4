"""Owns verifying a base backup by its manifest: every file is there, none is there besides, and each has its size and digest.

As ``pg_verifybackup`` does, which the embedded PostgreSQL's package contains in a form that does not run. The log in a backup has no
digests; it is verified by being replayed (``restoring``). Does not own making the backup.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from jobmeter.base.faults import CommandFailed

NAME = "backup_manifest"
ALGORITHM = "SHA256"
LOG_FOLDER = "pg_wal"
_LAST_FIELD = b'"Manifest-Checksum"'


def verify_backup(backup: Path) -> int:
    """Returns the number of files. Raises ``CommandFailed`` with the first difference."""
    listed = {file["path"]: file for file in _read_files(backup)}
    found = {path.relative_to(backup).as_posix(): path for path in _list_files(backup)}
    for name in sorted(listed.keys() ^ found.keys()):
        raise CommandFailed(f"{backup}: {name} is {'missing' if name in listed else 'not in the manifest'}")
    for name, path in sorted(found.items()):
        if path.stat().st_size != listed[name]["size"] or _digest(path) != listed[name]["digest"]:
            raise CommandFailed(f"{backup}: {name} is not as it was copied")
    return len(found)


def _read_files(backup: Path) -> Iterator[dict[str, Any]]:
    path = backup / NAME
    try:
        text = path.read_bytes()
        manifest = msgspec.json.decode(text)
        # The digest is over everything before it.
        if hashlib.sha256(text[: text.rindex(_LAST_FIELD)]).hexdigest() != manifest["Manifest-Checksum"]:
            raise ValueError("its digest is another")
        for file in manifest["Files"]:
            name = file.get("Path") or bytes.fromhex(file["Encoded-Path"]).decode(errors="surrogateescape")
            if file["Checksum-Algorithm"] != ALGORITHM:
                raise ValueError(f"{name} has no digest of {ALGORITHM}")
            yield {"path": name, "size": file["Size"], "digest": file["Checksum"]}
    except (OSError, ValueError, KeyError, msgspec.DecodeError) as error:
        raise CommandFailed(f"{path} cannot be used: {error}") from error


def _list_files(backup: Path) -> Iterator[Path]:
    for path in backup.rglob("*"):
        inside = path.relative_to(backup)
        if path.is_file() and inside.parts[0] != LOG_FOLDER and inside.as_posix() != NAME:
            yield path


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, ALGORITHM.lower()).hexdigest()
