"""Any table of typed columns is the same in CSV, JSON Lines, Excel and Parquet, whatever its texts contain."""

import tempfile
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobmeter.base.money import format_amount
from jobmeter.exports.formats.text import write_csv, write_csv_header, write_json_lines
from jobmeter.exports.formats.writers import ExcelWriter, open_writer
from jobmeter.exports.model import CURRENCY, Column, ColumnType, ExportFormat, Table
from jobmeter.wire.csv_cells import guard_cell
from tests.properties.exports.readers import from_excel, read_csv, read_json_lines, read_sheets

COLUMNS = (
    Column("title", ColumnType.TEXT, ""),
    Column("count", ColumnType.NUMBER, ""),
    Column("charge", ColumnType.AMOUNT, ""),
    Column(CURRENCY, ColumnType.TEXT, ""),
    Column("date", ColumnType.DAY, ""),
    Column("at", ColumnType.TIME, ""),
    Column("isFinal", ColumnType.FLAG, ""),
)
AWKWARD = (
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\tx",
    "\rx",
    'a"b',
    "a,b",
    "a\r\nb",
    "\n",
    "'",
    "",
    " x ",
    "é\u2028🙂",
    "1e5",
    "007",
)
texts = st.sampled_from(AWKWARD) | st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=12)
times = st.datetimes(datetime(1970, 1, 2), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
rows = st.tuples(
    st.none() | texts,
    st.none() | st.integers(0, 2**31),
    st.none() | st.integers(-(10**12), 10**12),
    st.sampled_from(["USD", "JPY", "KWD"]),
    st.dates(date(1970, 1, 1), date(2100, 1, 1)),
    st.none() | times.map(lambda at: at.replace(microsecond=at.microsecond // 1_000 * 1_000)),
    st.booleans(),
)


def make_table(values):
    columns = tuple(map(list, zip(*values, strict=True))) if values else tuple([] for _ in COLUMNS)
    return Table(columns, [f"1-{number}" for number in range(len(values))])


def as_texts(row):
    """What CSV and JSON say of a row; ``None`` for nothing."""
    title, count, micros, currency, day, at, is_final = row
    return [
        title,
        None if count is None else str(count),
        None if micros is None else format_amount(micros, currency),
        currency,
        day.isoformat(),
        None if at is None else at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "true" if is_final else "false",
    ]


def write_file(file_format, tables, zone=UTC):
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "file"
        writer = open_writer(file_format, target, COLUMNS, zone)
        for table in tables:
            writer.add(table)
        writer.finish()
        return target.read_bytes()


@given(st.lists(rows, min_size=1, max_size=5))
def test_csv_and_json_lines_say_the_same(values):
    table = make_table(values)
    lines = read_csv(write_csv_header(COLUMNS) + write_csv(COLUMNS, table, zone=UTC))
    assert lines[0] == [*(column.name for column in COLUMNS), "cursor"]
    objects = read_json_lines(write_json_lines(COLUMNS, table, zone=UTC))
    assert len(lines) - 1 == len(objects) == len(values)
    for line, found, row, cursor in zip(lines[1:], objects, values, table.cursors, strict=True):
        expected = as_texts(row)
        assert line[:-1] == [guard_cell(expected[0] or ""), *(text or "" for text in expected[1:])]
        assert line[-1] == found.pop("cursor") == cursor
        assert found["count"] == row[1]
        assert found["isFinal"] is row[6]
        names = [column.name for column in COLUMNS]
        shown = [found[name] for name in names if name not in {"count", "isFinal"}]
        assert shown == [
            text for name, text in zip(names, expected, strict=True) if name not in {"count", "isFinal"}
        ]


@given(texts)
def test_no_cell_of_csv_begins_a_formula(text):
    table = make_table([(text, 1, -5_000_000, "USD", date(2026, 3, 2), None, True)])
    (line,) = read_csv(write_csv(COLUMNS, table, zone=UTC))
    assert not line[0].startswith(("=", "+", "-", "@", "\t", "\r"))
    assert line[2] == "-5.00"  # a number is not touched


@given(st.lists(rows, max_size=3))
def test_excel_has_the_same_values_as_text_numbers_and_days(values):
    (sheet,) = read_sheets(write_file(ExportFormat.EXCEL, [make_table(values)] if values else []))
    assert sheet[0] == [column.name for column in COLUMNS]
    for found, row in zip(sheet[1:], values, strict=True):
        title, count, micros, currency, day, at, is_final = row
        cells = [*found, *[None] * (len(COLUMNS) - len(found))]
        assert (cells[0] or "") == (title or "")
        assert cells[1] == (None if count is None else str(count))
        assert (cells[2] is None) == (micros is None)
        if micros is not None:
            assert Decimal(cells[2]) == Decimal(micros).scaleb(-6)
        assert cells[3] == currency
        assert from_excel(cells[4]).date() == day
        assert (cells[5] is None) == (at is None)
        if at is not None:
            assert from_excel(cells[5]) == at.replace(tzinfo=None)
        assert cells[6] is is_final


@given(st.lists(st.lists(rows, min_size=1, max_size=3), max_size=3))
def test_parquet_has_the_same_values_with_their_types(tables):
    values = [row for table in tables for row in table]
    content = write_file(ExportFormat.PARQUET, [make_table(table) for table in tables])
    found = pyarrow.parquet.read_table(pyarrow.BufferReader(content))
    assert [str(field.type) for field in found.schema] == [
        *("string", "int64", "decimal128(24, 6)", "string", "date32[day]", "timestamp[us, tz=UTC]", "bool"),
    ]
    for shown, row in zip(found.to_pylist(), values, strict=True):
        micros = row[2]
        expected = [*row[:2], None if micros is None else Decimal(micros).scaleb(-6), *row[3:]]
        assert list(shown.values()) == expected


@pytest.mark.parametrize("file_format", [ExportFormat.EXCEL, ExportFormat.PARQUET])
def test_the_bytes_depend_on_the_rows_alone(file_format):
    at = datetime(2026, 3, 2, 9, tzinfo=UTC)
    values = [(f"job {n}", n, n * 1_000, "EUR", date(2026, 3, 2), at, True) for n in range(10)]
    whole = write_file(file_format, [make_table(values)])
    assert write_file(file_format, [make_table(values[:3]), make_table(values[3:])]) == whole
    assert write_file(file_format, [make_table(values[:9])]) != whole


class SmallSheets(ExcelWriter):
    ROWS_MAX = 4


def test_rows_beyond_a_sheet_continue_on_the_next(tmp_path):
    values = [(f"job {n}", n, None, "EUR", date(2026, 3, 2), None, True) for n in range(7)]
    writer = SmallSheets(tmp_path / "file", COLUMNS, UTC)
    writer.add(make_table(values))
    writer.finish()
    sheets = read_sheets((tmp_path / "file").read_bytes())
    header = [column.name for column in COLUMNS]
    assert [sheet[0] for sheet in sheets] == [header] * 3
    assert [row[0] for sheet in sheets for row in sheet[1:]] == [f"job {n}" for n in range(7)]


def test_times_are_written_in_the_chosen_zone():
    at = datetime(2026, 7, 2, 22, 30, tzinfo=UTC)
    table, zone = (
        make_table([("a", 1, None, "EUR", date(2026, 7, 2), at, True)]),
        ZoneInfo("Europe/Amsterdam"),
    )
    assert read_csv(write_csv(COLUMNS, table, zone=zone))[0][5] == "2026-07-03T00:30:00.000+02:00"
    assert (
        read_json_lines(write_json_lines(COLUMNS, table, zone=zone))[0]["at"]
        == "2026-07-03T00:30:00.000+02:00"
    )
    (sheet,) = read_sheets(write_file(ExportFormat.EXCEL, [table], zone))
    assert from_excel(sheet[1][5]) == datetime(2026, 7, 3, 0, 30)  # noqa: DTZ001 -- Excel knows no zones
    found = pyarrow.parquet.read_table(pyarrow.BufferReader(write_file(ExportFormat.PARQUET, [table], zone)))
    assert str(found.schema.field("at").type) == "timestamp[us, tz=Europe/Amsterdam]"
    assert found["at"].to_pylist() == [at]


def test_finer_times_keep_their_digits():
    at = datetime(2026, 7, 2, 22, 30, 0, 123_456, tzinfo=UTC)
    table = make_table([("a", 1, None, "EUR", date(2026, 7, 2), at, True)])
    assert read_csv(write_csv(COLUMNS, table, zone=UTC))[0][5] == "2026-07-02T22:30:00.123456Z"
