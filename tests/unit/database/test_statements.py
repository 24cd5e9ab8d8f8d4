"""Values as the parameters of statements."""

from dataclasses import dataclass

from jobmeter.database.statements import vars_of


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
