"""Owns the values of exports: kinds, formats, typed columns, tables of rows, and what is exported of whom."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum, StrEnum
from typing import Any

from jobmeter.contracts.partner.model import PartnerContract
from jobmeter.partners.model import Application

CURRENCY = "currencyCode"


class ExportKind(StrEnum):
    """The last part of the path."""

    JOB_REPORTS = "jobReports"
    BUDGET = "budget"
    CHARGES = "charges"
    CLICKS_NOT_CHARGED = "clicksNotCharged"
    INVOICES = "invoices"
    EVENTS = "events"


class ExportFormat(Enum):
    """``extension`` is also the value of the parameter ``format``."""

    CSV = "csv", "text/csv"
    JSON_LINES = "jsonl", "application/x-ndjson"
    EXCEL = "xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    PARQUET = "parquet", "application/vnd.apache.parquet"

    @property
    def extension(self) -> str:
        extension, _ = self.value
        return extension

    @property
    def media_type(self) -> str:
        _, media_type = self.value
        return media_type


class ColumnType(Enum):
    """The values of a column in a table; each may be ``None``.

    An amount is a whole number of micros; its currency is in the column ``currencyCode`` of the same row.
    """

    TEXT = "text"
    NUMBER = "whole number"
    AMOUNT = "decimal amount"
    DAY = "day"
    TIME = "time"
    FLAG = "true or false"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a kind. All formats and the reference page are made of it."""

    name: str
    type: ColumnType
    meaning: str


@dataclass(frozen=True, slots=True)
class Table:
    """Some rows, as a list of values for each column of the kind, in their order. ``cursors`` continue after each row."""

    columns: tuple[list[Any], ...]
    cursors: list[str]

    def __len__(self) -> int:
        return len(self.cursors)

    def find_values(self, columns: Sequence[Column], name: str) -> list[Any]:
        """Returns the values of the column with this name."""
        (found,) = (
            values for column, values in zip(columns, self.columns, strict=True) if column.name == name
        )
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportQuery:
    """What a caller asks for. ``after`` is the cursor of the last row that it has; ``as_of`` an earlier moment of job reports."""

    kind: ExportKind
    caller: Application
    first: date
    last: date
    contract_id: int | None = None
    application_id: int | None = None
    external_ids: tuple[str, ...] = ()
    after: str = ""
    now: datetime
    as_of: datetime | None = None


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose rows are exported: applications in the order of their ids, contracts of their partner, jobs if some are named."""

    applications: tuple[Application, ...]
    contracts: tuple[PartnerContract, ...]
    job_ids: tuple[int, ...] | None
