"""Owns the operator's folder of documents: each file is there under its name only when it is complete.

Does not own which files are kept, nor their hashes: the database does.
"""

import os
from pathlib import Path
from uuid import uuid4

from jobmeter.billing.formats.model import FileFormat

DOCUMENTS_PER_FOLDER = 1_000


def path_of(folder: str, document_id: int, file_format: FileFormat) -> Path:
    group = f"{document_id // DOCUMENTS_PER_FOLDER:07d}"
    return Path(folder).joinpath(group, f"{document_id}.{file_format.extension}")


def write_file(folder: str, document_id: int, file_format: FileFormat, content: bytes) -> None:
    """Writes a file that may be there already: two processes that make it write the same bytes.

    Removes what a process that was killed left of it: the caller's transaction keeps others from writing it.
    """
    path = path_of(folder, document_id, file_format)
    path.parent.mkdir(parents=True, exist_ok=True)
    for left in path.parent.glob(f".{path.name}.*"):
        left.unlink(missing_ok=True)
    part = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def read_file(folder: str, document_id: int, file_format: FileFormat) -> bytes | None:
    """The bytes of a file; ``None`` if it is not in the folder."""
    path = path_of(folder, document_id, file_format)
    return path.read_bytes() if folder and path.is_file() else None
