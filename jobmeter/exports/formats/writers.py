"""Owns the writers of files: Excel and Parquet, each in constant memory, and the same bytes for the same rows every time.

Does not own where the file is. In Excel, text is always text: no cell is a formula or a link.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

from jobmeter.base.money import minor_digits
from jobmeter.exports.formats import parts
from jobmeter.exports.model import CURRENCY, Column, ColumnType, ExportFormat, Table
from jobmeter.wire.workbooks import OPTIONS, TEXT_CHARACTERS_MAX

SHEET_ROWS_MAX = 1_048_576  # with the header
GROUP_ROWS = 50_000
PRECISION, SCALE = 24, 6  # of a decimal in Parquet: every amount of micros fits
WIDTHS = {ColumnType.TEXT: 28, ColumnType.TIME: 20}
NARROW = 14
DAY_FORMAT, TIME_FORMAT = "yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss"
# A file without a time of its own would have the time at which it was made, and other bytes each time.
CREATED = datetime(2000, 1, 1)  # noqa: DTZ001 -- Excel knows no time zones


class FileWriter(Protocol):
    """Writes tables to a file, which is complete after ``finish``."""

    def add(self, table: Table) -> None: ...

    def finish(self) -> None: ...

    def close(self) -> None:
        """Ends a file that is not finished; does nothing after ``finish``."""
        ...


def open_writer(
    file_format: ExportFormat, target: Path, columns: Sequence[Column], zone: tzinfo
) -> FileWriter:
    """Raises ``Refused(EXTRA_MISSING)``."""
    if file_format is ExportFormat.EXCEL:
        return ExcelWriter(target, columns, zone)
    return ParquetWriter(target, columns, zone)


class ExcelWriter:
    """Sheets with a header that stays in view; days, times and amounts are those of Excel. Times are in ``zone``."""

    ROWS_MAX = SHEET_ROWS_MAX

    def __init__(self, target: Path, columns: Sequence[Column], zone: tzinfo) -> None:
        self._columns, self._zone = columns, zone
        options = {**OPTIONS, "tmpdir": str(target.parent)}
        self._book = parts.load_xlsxwriter().Workbook(str(target), options)
        self._book.set_properties({"created": CREATED})
        self._bold = self._book.add_format({"bold": True})
        self._day = self._book.add_format({"num_format": DAY_FORMAT})
        self._time = self._book.add_format({"num_format": TIME_FORMAT})
        self._money: dict[str, Any] = {}
        self._sheets, self._row = 0, 0
        self._sheet: Any = None
        self._open_sheet()

    def add(self, table: Table) -> None:
        currencies = table.columns[self._find_currency()] if self._has_amounts() else [None] * len(table)
        for values, currency in zip(zip(*table.columns, strict=True), currencies, strict=True):
            if self._row == self.ROWS_MAX:
                self._open_sheet()
            for place, (column, value) in enumerate(zip(self._columns, values, strict=True)):
                if value is not None:
                    self._write(place, column.type, value, currency)
            self._row += 1

    def finish(self) -> None:
        self._book.close()

    def close(self) -> None:
        """Deletes the rows that wait on the disk: the library does so only when it completes a file."""
        for sheet in self._book.worksheets():
            sheet.row_data_fh.close()
            Path(sheet.row_data_filename).unlink(missing_ok=True)

    def _has_amounts(self) -> bool:
        return any(column.type is ColumnType.AMOUNT for column in self._columns)

    def _find_currency(self) -> int:
        return [column.name for column in self._columns].index(CURRENCY)

    def _open_sheet(self) -> None:
        self._sheets += 1
        self._sheet = self._book.add_worksheet("Rows" if self._sheets == 1 else f"Rows {self._sheets}")
        self._sheet.freeze_panes(1, 0)
        for place, column in enumerate(self._columns):
            self._sheet.set_column(place, place, WIDTHS.get(column.type, NARROW))
            self._sheet.write_string(0, place, column.name, self._bold)
        self._row = 1

    def _write(self, place: int, kind: ColumnType, value: Any, currency: str | None) -> None:
        if kind is ColumnType.TEXT:
            self._sheet.write_string(self._row, place, value[:TEXT_CHARACTERS_MAX])
        elif kind is ColumnType.NUMBER:
            self._sheet.write_number(self._row, place, value)
        elif kind is ColumnType.AMOUNT:
            self._sheet.write_number(
                self._row, place, Decimal(value).scaleb(-SCALE), self._choose_money(currency or "")
            )
        elif kind is ColumnType.DAY:
            self._sheet.write_datetime(self._row, place, value, self._day)
        elif kind is ColumnType.TIME:
            local = value.astimezone(self._zone).replace(tzinfo=None)
            self._sheet.write_datetime(self._row, place, local, self._time)
        else:
            self._sheet.write_boolean(self._row, place, value)

    def _choose_money(self, currency: str) -> Any:
        if currency not in self._money:
            digits = minor_digits(currency)
            number = f"#,##0.{'0' * digits}" if digits else "#,##0"
            self._money[currency] = self._book.add_format({"num_format": number})
        return self._money[currency]


class ParquetWriter:
    """Row groups of one size, wherever the tables end: the bytes depend on the rows alone."""

    def __init__(self, target: Path, columns: Sequence[Column], zone: tzinfo) -> None:
        self._arrow = parts.load_arrow()
        self._types = _choose_types(self._arrow, zone)
        fields = [(column.name, self._types[column.type]) for column in columns]
        self._schema, self._columns = self._arrow.schema(fields), columns
        self._file = parts.load_parquet().ParquetWriter(str(target), self._schema, compression="zstd")
        self._waiting: list[Any] = []
        self._rows = 0

    def add(self, table: Table) -> None:
        arrays = [
            self._arrow.array(_CONVERTERS.get(column.type, _keep)(values), type=self._types[column.type])
            for column, values in zip(self._columns, table.columns, strict=True)
        ]
        self._waiting.append(self._arrow.Table.from_arrays(arrays, schema=self._schema))
        self._rows += len(table)
        while self._rows >= GROUP_ROWS:
            self._write_group()

    def finish(self) -> None:
        if self._rows:
            self._write_group()
        self._file.close()

    def close(self) -> None:
        self._file.close()

    def _write_group(self) -> None:
        rows = self._arrow.concat_tables(self._waiting)
        self._file.write_table(rows.slice(0, GROUP_ROWS).combine_chunks(), row_group_size=GROUP_ROWS)
        left = rows.slice(GROUP_ROWS)
        self._waiting, self._rows = [left], left.num_rows


def _choose_types(arrow: Any, zone: tzinfo) -> dict[ColumnType, Any]:
    return {
        ColumnType.TEXT: arrow.string(),
        ColumnType.NUMBER: arrow.int64(),
        ColumnType.AMOUNT: arrow.decimal128(PRECISION, SCALE),
        ColumnType.DAY: arrow.date32(),
        ColumnType.TIME: arrow.timestamp("us", tz="UTC" if zone is UTC else str(zone)),
        ColumnType.FLAG: arrow.bool_(),
    }


def _keep(values: list[Any]) -> list[Any]:
    return values


def _convert_amounts(values: list[int | None]) -> list[Decimal | None]:
    known = {value: None if value is None else Decimal(value).scaleb(-SCALE) for value in set(values)}
    return [known[value] for value in values]


def _convert_texts(values: list[str | None]) -> list[str | None]:
    """Half of a character outside the basic plane cannot be written."""
    known = {
        value: None if value is None else value.encode("utf-8", "replace").decode() for value in set(values)
    }
    return [known[value] for value in values]


_CONVERTERS: dict[ColumnType, Callable[[list[Any]], list[Any]]] = {
    ColumnType.AMOUNT: _convert_amounts,
    ColumnType.TEXT: _convert_texts,
}
