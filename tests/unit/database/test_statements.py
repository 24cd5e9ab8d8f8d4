"""Statements that share a list of columns; values as the parameters of statements."""

from dataclasses import dataclass

from jobmeter.database.statements import arrays_of, load_statements, vars_of


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


@dataclass(frozen=True, slots=True)
class Tags:
    names: tuple[str, ...]


def test_a_tuple_is_sent_as_an_array():
    assert vars_of(Tags(("a", "b"))) == {"names": ["a", "b"]}


def test_a_value_inside_another_is_given_under_its_name_there():
    assert vars_of(Amount(5, "EUR"), prefix="amount_") == {"amount_micros": 5, "amount_currency": "EUR"}


def test_many_values_are_sent_as_an_array_for_each_field():
    values = (Amount(5, "EUR"), Amount(6, "USD"))
    assert arrays_of(Amount, values) == {"micros": [5, 6], "currency": ["EUR", "USD"]}
    assert arrays_of(Amount, []) == {"micros": [], "currency": []}
