"""Owns exports of a Jobmeter server: any range of days as rows, or as a file; a broken one continues where it broke.

Text continues after the last complete row, by its cursor; Excel and Parquet after the last byte, if the file is still the
same. Does not own what the columns mean (``docs/reference/exports.md``).
"""

import os
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, BinaryIO, Literal
from urllib.parse import urlencode

import msgspec

from jobmeter.client.http.errors import ClientError, RefusedError, UnreadableError
from jobmeter.client.http.session import Session

Kind = Literal["jobReports", "budget", "charges", "clicksNotCharged", "invoices", "events"]
FileFormat = Literal["csv", "jsonl", "xlsx", "parquet"]
ROW_BYTES_MAX = 10_000_000
PARTIAL, NO_RANGE = 206, 416
IDENTITY = {"Accept-Encoding": "identity"}  # a range of a packed file would be another
CRLF = b"\r\n"
HEADER_END = b",cursor"
Query = list[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Which rows of a kind: of one contract, of one customer's application, of some jobs. Times are written in ``timezone``."""

    partner_contract_id: int | None = None
    application_id: int | None = None
    external_ids: tuple[str, ...] = ()
    timezone: str = "UTC"


ALL = Filters()


class Exports:
    """The rows of the application's customers, or, with the token of a customer's application, its own."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def rows(
        self,
        kind: Kind,
        first: date | None = None,
        last: date | None = None,
        *,
        filters: Filters = ALL,
        after: str = "",
    ) -> Iterator[dict[str, Any]]:
        """Yields each row by the names of its columns; ``after`` is the ``cursor`` of a row that you have.

        Raises ``ClientError``; a broken connection is opened again, and no row is missing or comes twice.
        """
        query = [*_make_query(first, last, filters), ("format", "jsonl")]
        for lines in self._follow(kind, query, JsonSplitter(after)):
            for line in lines.splitlines():
                yield msgspec.json.decode(line, type=dict[str, Any])

    def save(
        self,
        kind: Kind,
        target: Path,
        first: date | None = None,
        last: date | None = None,
        *,
        file_format: FileFormat = "csv",
        filters: Filters = ALL,
    ) -> int:
        """Writes a file, which has its name once it is complete, and returns its bytes. Raises ``ClientError``."""
        query = [*_make_query(first, last, filters), ("format", file_format)]
        part = target.with_name(f".{target.name}.part")
        try:
            with part.open("wb") as file:
                if file_format in {"xlsx", "parquet"}:
                    self._fetch(kind, query, file)
                else:
                    splitter = CsvSplitter() if file_format == "csv" else JsonSplitter()
                    for rows in self._follow(kind, query, splitter):
                        file.write(rows)
                file.flush()
                os.fsync(file.fileno())
                size = file.tell()
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
        return size

    def _follow(self, kind: Kind, query: Query, splitter: "Splitter") -> Iterator[bytes]:
        """Yields complete rows. A row that was cut off is requested again."""
        attempt, waited = 1, 0.0
        while True:
            asked = [*query, ("cursor", splitter.cursor)] if splitter.cursor else query
            try:
                with self._session.open(_locate(kind, asked), headers={}) as response:
                    for piece in response.iter_bytes():
                        if rows := splitter.split(piece):
                            attempt, waited = 1, 0.0
                            yield rows
                splitter.check_end()
            except ClientError as error:
                waited += self._wait(error, attempt, waited)
            else:
                return
            attempt += 1
            splitter.drop_rest()

    def _fetch(self, kind: Kind, query: Query, file: BinaryIO) -> None:
        """Writes a file, which continues while the server has the same one; otherwise it begins again."""
        attempt, waited, tag = 1, 0.0, ""
        while True:
            known = {"Range": f"bytes={file.tell()}-", "If-Range": tag} if tag and file.tell() else {}
            try:
                with self._session.open(_locate(kind, query), headers=IDENTITY | known) as response:
                    if response.status_code != PARTIAL:
                        file.seek(0)
                        file.truncate()
                    tag = response.headers.get("etag", "")
                    for piece in response.iter_bytes():
                        file.write(piece)
                        attempt, waited = 1, 0.0
            except ClientError as error:
                if isinstance(error, RefusedError) and error.status == NO_RANGE:
                    tag = ""  # nothing follows these bytes: the connection broke after the last one, or the file changed
                else:
                    waited += self._wait(error, attempt, waited)
            else:
                return
            attempt += 1

    def _wait(self, error: ClientError, attempt: int, waited_seconds: float) -> float:
        if not error.is_temporary:
            raise error
        return self._session.transport.wait_again(error, attempt=attempt, waited_seconds=waited_seconds)


class Splitter(ABC):
    """Cuts pieces of a response into complete rows; ``cursor`` is that of the last one."""

    def __init__(self, cursor: str = "") -> None:
        self.cursor = cursor
        self._rest = b""

    def split(self, piece: bytes) -> bytes:
        """Returns the rows that are complete now; empty if there is none."""
        self._rest += piece
        end = self._find_end(self._rest)
        if end == 0:
            if len(self._rest) > ROW_BYTES_MAX:
                raise UnreadableError(f"a row has more than {ROW_BYTES_MAX:,} bytes")
            return b""
        rows, self._rest = self._drop_header(self._rest[:end]), self._rest[end:]
        self.cursor = self._read_cursor(rows) or self.cursor
        return rows

    def check_end(self) -> None:
        """Raises ``UnreadableError`` if the response ended within a row."""
        if self._rest:
            raise UnreadableError("the response ends within a row")

    def drop_rest(self) -> None:
        self._rest = b""

    def _drop_header(self, rows: bytes) -> bytes:
        """Without a header that came before."""
        return rows

    @abstractmethod
    def _find_end(self, rows: bytes) -> int:
        """Returns the length of the complete rows; 0 if there is none."""

    @abstractmethod
    def _read_cursor(self, rows: bytes) -> str:
        """Returns the cursor of the last of these rows; empty for a header."""


class JsonSplitter(Splitter):
    """An object in each line. The cursor is its last member."""

    def _find_end(self, rows: bytes) -> int:
        return rows.rfind(b"\n") + 1

    def _read_cursor(self, rows: bytes) -> str:
        return rows.rpartition(b'"cursor":"')[2].partition(b'"')[0].decode()


class CsvSplitter(Splitter):
    """Rows of RFC 4180: a line may end within quotes. The cursor is the last cell."""

    _has_header = False

    def _drop_header(self, rows: bytes) -> bytes:
        first, _, others = rows.partition(CRLF)
        if not first.endswith(HEADER_END):
            return rows
        is_known, self._has_header = self._has_header, True
        return others if is_known else rows

    def _find_end(self, rows: bytes) -> int:
        end = rows.rfind(CRLF)
        # What begins at a row and has an even number of quotes ends outside of quotes.
        while end != -1 and rows.count(b'"', 0, end) % 2:
            end = rows.rfind(CRLF, 0, end)
        return end + len(CRLF) if end != -1 else 0

    def _read_cursor(self, rows: bytes) -> str:
        last = rows.removesuffix(CRLF)
        return "" if last.endswith(HEADER_END) else last.rpartition(b",")[2].decode()


def _make_query(first: date | None, last: date | None, filters: Filters) -> Query:
    days = [(name, day.isoformat()) for name, day in (("from", first), ("to", last)) if day is not None]
    numbers = (("partnerContractId", filters.partner_contract_id), ("applicationId", filters.application_id))
    return [
        *days,
        *((name, str(number)) for name, number in numbers if number is not None),
        *(("externalJobPostingId", one) for one in filters.external_ids),
        ("timezone", filters.timezone),
    ]


def _locate(kind: Kind, query: Query) -> str:
    return f"/partner/exports/{kind}?{urlencode(query)}"
