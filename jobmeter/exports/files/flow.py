"""Owns the verbs of temporary files: make one of tables, find one again, remove old ones.

Making one takes no more memory than a table, and no more of the disk than the folder may hold.
"""

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator, Sequence
from datetime import tzinfo
from functools import partial
from pathlib import Path
from uuid import uuid4

from jobmeter.base.faults import Fault, Refused
from jobmeter.exports.files import folder as files
from jobmeter.exports.formats import flow as formats
from jobmeter.exports.model import Column, ExportFormat, ExportQuery, Table

_TAG = re.compile(r'"([0-9a-f]{32})"')


def name_content(query: ExportQuery, file_format: ExportFormat, zone: tzinfo, *, installation: str) -> str:
    """Returns the key of what was asked for: the same question of the same application to the same installation."""
    asked = (
        installation,
        query.caller.id,
        query.kind.value,
        query.first,
        query.last,
        query.contract_id,
        query.application_id,
        query.external_ids,
        query.after,
        query.as_of,
        file_format.extension,
        str(zone),
    )
    return hashlib.sha256(repr(asked).encode()).hexdigest()[:32]


async def find_file(folder: str, *, key: str, wanted: str) -> Path | None:
    """Returns a file that was made before: the one that ``If-Range`` names, or the newest; ``None`` if there is none any more."""
    opened = await asyncio.to_thread(files.open_folder, folder)
    named = _TAG.fullmatch(wanted)
    return await asyncio.to_thread(files.find_file, opened, key, named[1] if named else "")


async def make_file(
    tables: AsyncIterator[Table],
    columns: Sequence[Column],
    *,
    file_format: ExportFormat,
    zone: tzinfo,
    folder: str,
    key: str,
    bytes_max: int = files.BYTES_MAX,
) -> Path:
    """Writes the tables to a file of the folder. Raises ``Refused``: EXTRA_MISSING, EXPORT_TOO_LARGE."""
    opened = await asyncio.to_thread(files.open_folder, folder)
    part = opened / f"{uuid4().hex}{files.PART}"
    try:
        await formats.write_file(
            tables,
            columns,
            file_format=file_format,
            zone=zone,
            target=part,
            check=partial(_check_space, part, bytes_max),
        )
        kept = await asyncio.to_thread(files.keep_file, part, key)
        # What a process that ends before leaves is removed when the next file is made.
        asyncio.get_running_loop().call_later(files.KEPT_SECONDS + 1, sweep_old, opened)
        return kept
    finally:
        part.unlink(missing_ok=True)


def sweep_old(opened: Path, bytes_max: int = files.BYTES_MAX) -> int:
    """Removes the files whose time is over, and returns how many bytes are left."""
    return files.sweep(opened, now_seconds=files.read_time(opened), bytes_max=bytes_max)


def _check_space(part: Path, bytes_max: int) -> None:
    part.touch()  # it is in progress
    if sweep_old(part.parent, bytes_max) > bytes_max:
        raise Refused(Fault.EXPORT_TOO_LARGE, bytes_max=f"{bytes_max:,}")


def tag_of(path: Path) -> str:
    """Returns the entity tag of a file: the same bytes have the same one."""
    return f'"{files.tag_of(path)}"'
