"""Statements that share a list of columns; values as their parameters."""

from dataclasses import dataclass

from jobmeter.database.statements import load_statements, vars_of


@dataclass(frozen=True, slots=True)
class Amount:
    micros: int
    currency: str


@dataclass(frozen=True, slots=True)
class Charge:
    job_id: int
    amount: Amount


def test_a_slotted_value_becomes_its_fields_by_name_and_a_nested_one_stays_a_value():
    amount = Amount(5, "EUR")
    assert vars_of(Charge(7, amount)) == {"job_id": 7, "amount": amount}


def test_statements_name_a_list_of_columns_in_braces(tmp_path, monkeypatch):
    package = tmp_path / "slice_of_columns"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "queries.sql").write_text(
        "-- columns: job\nid,\ntitle\n\n-- name: find\nSELECT {job}\n\n-- name: lock\nSELECT {job}, '{}' FOR UPDATE\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    assert load_statements(package.name) == {
        "find": "SELECT id,\ntitle",
        "lock": "SELECT id,\ntitle, '{}' FOR UPDATE",
    }
