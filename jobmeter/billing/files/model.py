"""Owns the values of files: what is kept of one, and what a check of a sample found."""

from dataclasses import dataclass
from datetime import datetime

from jobmeter.billing.formats.model import FileFormat
from jobmeter.billing.model import MailKind


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFile:
    """What is kept of a file. ``content`` is ``None`` if it is in the operator's folder, or made again when it is wanted."""

    document_id: int
    format: FileFormat
    sha256: bytes
    byte_count: int
    maker: str
    content: bytes | None
    made_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FileDifference:
    """A file of the sample that is not what it was; ``why`` in words."""

    document_id: int
    number: str
    format: FileFormat
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FileCheck:
    """``other_makers`` counts files that other versions made: their bytes cannot be made again here."""

    document_ids: tuple[int, ...]
    checked: int
    other_makers: int
    differences: tuple[FileDifference, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DueMail:
    """A mail about a document to one address. ``level`` is that of a reminder."""

    document_id: int
    email: str
    kind: MailKind
    level: int
    attempts: int
    due_at: datetime
