"""What commands print: tables that fit a terminal, records whose values can be copied, and the same rows as JSON."""

import json

import pytest

from jobmeter.base.terminal import Terminal, choose_widths
from jobmeter.cli.output import find_value, print_record, print_rows, to_words, write_cell

ROWS = [
    {"id": 5, "title": "Fitter " * 12, "price": {"amount": "1.50"}, "isOn": True, "endsAt": None},
    {"id": 12345, "title": "Cook", "price": {"amount": "100.00"}, "isOn": False, "endsAt": "x"},
]
NAMES = ("id", "title", "price.amount", "isOn", "endsAt")
SECRET = "s" * 200


@pytest.mark.parametrize("columns", [20, 50, 60, 80])
def test_a_table_fits_the_terminal_and_loses_nothing(columns, capsys):
    console = Terminal(force_terminal=True, color_system=None, width=columns)
    console.print_table(("a", "b"), [])
    assert capsys.readouterr().out == ""
    rows = [("1234567", "word " * 30, "1,234.56", "2026-11-28 09:00:00Z"), ("1", "x" * 15, "1.00", "")]
    console.print_table(("id", "name", "sum", "time"), rows)
    printed = capsys.readouterr().out
    # Where not even the words fit, each value has a line, which the terminal wraps.
    assert max(map(len, printed.splitlines())) <= columns or "row 2 of 2" in printed
    assert ("row 2 of 2" in printed) == (columns == 20)
    assert (printed.count("word"), printed.count("x")) == (30, 15)
    assert all(text in printed for text in ("1234567", "1,234.56", "2026-11-28", "09:00:00Z"))


def test_widths_are_shared_by_need_and_never_below_a_word():
    rows = [("id", "title"), ("12345", "some words and more")]
    assert choose_widths(rows, 30) == [5, 19]
    assert choose_widths(rows, 20) == [5, 15]
    assert choose_widths(rows, 10) == [5, 5]
    assert choose_widths(rows, 9) is None
    assert choose_widths([("x" * 100, "y")], 60) == [59, 1]


def test_columns_of_numbers_are_aligned_right(capsys):
    print_rows(ROWS, NAMES, as_json=False)
    header, _, first, second = [line for line in capsys.readouterr().out.splitlines() if line.strip()]
    assert header.split() == ["id", "title", "price", "amount", "is", "on", "ends", "at"]
    assert first.startswith("    5 ")
    assert second.startswith("12345 ")
    assert first.index("1.50") + len("1.50") == second.index("100.00") + len("100.00")
    assert ("yes" in first, "no" in second) == (True, True)


def test_the_same_rows_are_a_json_array_with_all_their_values(capsys):
    print_rows(ROWS, ("id",), as_json=True)
    assert json.loads(capsys.readouterr().out) == ROWS
    print_rows([], ("id",), as_json=True)
    assert json.loads(capsys.readouterr().out) == []
    print_rows([], ("id",), as_json=False)
    assert capsys.readouterr().out == "There are none.\n"


def test_a_record_has_a_line_for_each_value_so_that_a_secret_is_not_folded(capsys):
    record = {
        "clientSecret": SECRET,
        "price": {"amount": "1.50", "currencyCode": "EUR"},
        "prices": [{"price": "1.50", "validFrom": "2026-11-28T09:00:00+00:00"}],
        "tags": ["a", "b"],
    }
    print_record(record, as_json=False)
    printed = capsys.readouterr().out.splitlines()
    assert printed[:4] == [
        f"client secret        {SECRET}",
        "price amount         1.50",
        "price currency code  EUR",
        "tags                 a, b",
    ]
    assert any("2026-11-28 09:00:00Z" in line for line in printed[4:])
    print_record(record, as_json=True)
    assert json.loads(capsys.readouterr().out) == record


def test_a_table_of_many_columns_that_does_not_fit_is_printed_one_value_a_line(capsys):
    console = Terminal(force_terminal=True, no_color=True, color_system=None, width=60)
    columns = [f"value {number}" for number in range(9)]
    console.print_table(columns, [[SECRET[:20]] * 9] * 2, title="lines")
    printed = capsys.readouterr().out
    assert "lines 2 of 2" in printed
    assert printed.count(f"value 8  {SECRET[:20]}") == 2
    console.print_table("abcdefghi", [["1"] * 9], title="short")
    assert len(capsys.readouterr().out.splitlines()) < 9


def test_values_are_found_by_their_names_and_written_for_people():
    row = {"a": {"b": 1}, "a.b": 2}
    assert (find_value(row, "a.b"), find_value(row, "a.c"), find_value({"a": {"b": 1}}, "a.b")) == (
        2,
        None,
        1,
    )
    assert (to_words("termEndsAt"), to_words("client_id"), to_words("urn")) == (
        "term ends at",
        "client id",
        "urn",
    )
    assert [write_cell(value) for value in (None, True, 5, {"aB": None, "c": [1, 2]})] == [
        "", "yes", "5", "a b , c 1, 2",
    ]  # fmt: skip


def test_nothing_is_coloured_when_the_output_is_no_terminal(capsys):
    print_rows(ROWS, NAMES, as_json=False, title="Jobs")
    assert "\x1b" not in capsys.readouterr().out


def test_the_lines_of_an_error_are_in_one_cell():
    assert write_cell("ERROR :: /a :: is missing\nERROR :: /b :: is missing\n") == (
        "ERROR :: /a :: is missing; ERROR :: /b :: is missing"
    )
