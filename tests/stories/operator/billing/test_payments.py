"""Payments: recorded once, paid to the right invoice, taken back, reminded of; what is left is credit."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import pytest

from jobmeter.database.pool import Database
from jobmeter.integrity.flow import check_laws
from tests.stories.operator.billing.scene import InvoicedPartner, open_invoiced_partner
from tests.support.sandbox_client import SandboxClient


@pytest.fixture
def partner(sandbox_client: SandboxClient) -> InvoicedPartner:
    return open_invoiced_partner(sandbox_client)


def find_broken(database_url: str) -> list[str]:
    return asyncio.run(list_broken(database_url))


async def list_broken(database_url: str) -> list[str]:
    async with (
        Database.opened(database_url, connections_max=1) as database,
        database.transaction() as connection,
    ):
        found = await check_laws(connection)
    return [f"{one.law}: {one.example}" for one in found if one.breaches]


def state_of(partner: InvoicedPartner, invoice: dict[str, Any]) -> tuple[str, str, str]:
    shown = partner.read_invoice(invoice)
    return shown["state"], shown["paid"], shown["open"]


@pytest.mark.long
def test_payments_pay_the_invoice_named_then_the_one_due_first_and_the_rest_is_credit(
    partner: InvoicedPartner, database_url: str
) -> None:
    partner.use_credits("a", "b", "c")
    partner.end_month()
    partner.use_credits("d", "e")
    first, second = partner.end_month()
    assert (first["total"], second["total"]) == ("300.00", "200.00")

    # a payment that names an invoice pays that one, though another is due first
    named = partner.pay("50.00", "bank 1", second)
    assert (named.status_code, named.json()["pays"][0]["invoice"]) == (201, second["id"])
    assert state_of(partner, second) == ("PARTLY_PAID", "50.00", "150.00")
    # one that names none pays what is due first, then the next; the rest is credit
    paid = partner.pay("500.00", "bank 2").json()
    assert [(one["number"], one["amount"]) for one in paid["pays"]] == [
        (first["number"], "300.00"),
        (second["number"], "150.00"),
    ]
    assert paid["credit"] == "50.00"
    assert state_of(partner, first) == ("PAID", "300.00", "0.00")
    assert state_of(partner, second) == ("PAID", "200.00", "0.00")
    assert find_broken(database_url) == []

    # the credit pays the next invoice when it is issued
    partner.use_credits("f")
    *_, third = partner.end_month()
    assert state_of(partner, third) == ("PARTLY_PAID", "50.00", "50.00")
    listed = partner.read(f"billing/accounts/{partner.account_id}/payments")["elements"]
    assert [(one["reference"], one["credit"]) for one in listed] == [("bank 1", "0.00"), ("bank 2", "0.00")]
    assert find_broken(database_url) == []

    # which its files show, and what is paid later they do not
    partner.pay("50.00", "bank 3")
    assert state_of(partner, third) == ("PAID", "100.00", "0.00")
    shown = {one["id"]: partner.read(f"invoices/{one['id']}/files/json") for one in (second, third)}
    assert (shown[third["id"]]["total"], shown[third["id"]]["prepaid"]) == ("100.00", "50.00")
    assert "prepaid" not in shown[second["id"]]


def test_a_reference_is_recorded_once(partner: InvoicedPartner, database_url: str) -> None:
    partner.use_credits("a")
    (invoice,) = partner.end_month()
    first, again = partner.pay("60.00", "bank 1", invoice), partner.pay("60.00", "bank 1", invoice)
    assert (first.status_code, again.status_code) == (201, 200)
    assert (first.json()["wasRepeated"], again.json()["wasRepeated"]) == (False, True)
    assert first.json()["id"] == again.json()["id"]
    for other in (
        partner.pay("61.00", "bank 1", invoice),
        partner.pay("60.00", "bank 1"),
        partner.pay("60.00", "bank 1", invoice, paidOn="2020-01-01"),
    ):
        assert (other.status_code, "bank 1" in other.json()["message"]) == (409, True), other.text
    assert state_of(partner, invoice) == ("PARTLY_PAID", "60.00", "40.00")
    assert find_broken(database_url) == []


@pytest.mark.long
def test_what_went_back_is_open_again_the_last_due_first(partner: InvoicedPartner, database_url: str) -> None:
    partner.use_credits("a")
    partner.end_month()
    partner.use_credits("b")
    first, second = partner.end_month()
    payment = partner.pay("230.00", "card 1").json()
    reversals = f"billing/payments/{payment['id']}/reversals"

    # a part: first the credit, then of the invoice that is due last
    part = partner.operate("POST", reversals, {"reference": "back 1", "amount": "50.00"})
    assert (part.status_code, part.json()["kind"], part.json()["reverses"]) == (
        201,
        "REVERSAL",
        payment["id"],
    )
    assert state_of(partner, first)[0] == "PAID"
    assert state_of(partner, second)[1:] == ("80.00", "20.00")
    # the same reference again is the same reversal; what is too much is refused with what is left
    again = partner.operate("POST", reversals, {"reference": "back 1", "amount": "50.00"})
    assert (again.status_code, again.json()["wasRepeated"]) == (200, True)
    other = partner.operate("POST", reversals, {"reference": "back 1", "amount": "51.00"})
    assert other.status_code == 409
    beyond = partner.operate("POST", reversals, {"reference": "back 2", "amount": "180.01"})
    assert (beyond.status_code, "180.00" in beyond.json()["message"]) == (422, True)
    assert find_broken(database_url) == []
    # the rest, and then nothing is left
    assert partner.operate("POST", reversals, {"reference": "back 3"}).json()["amount"] == "180.00"
    assert (state_of(partner, first)[2], state_of(partner, second)[2]) == ("100.00", "100.00")
    assert partner.operate("POST", reversals, {"reference": "back 4"}).status_code == 409
    on_reversal = f"billing/payments/{part.json()['id']}/reversals"
    assert partner.operate("POST", on_reversal, {"reference": "back 5"}).status_code == 409
    assert find_broken(database_url) == []


# What the request contains, its status, and a word of the message.
BAD_PAYMENTS = [
    ({"amount": "0.00"}, 422, "0.00"),
    ({"amount": "-1.00"}, 422, "-1.00"),
    ({"amount": "1.001"}, 422, "1.001"),
    ({"amount": "1e3"}, 422, "1e3"),
    ({"amount": "9999999999999"}, 422, "large"),
    ({"amount": "999999999999.99"}, 422, "large"),
    ({"amount": 5}, 400, "amount"),
    ({"amount": None}, 400, "amount"),
    ({"reference": ""}, 400, "reference"),
    ({"reference": "a\u0000b"}, 400, "reference"),
    ({"reference": "x" * 101}, 400, "reference"),
    ({"paidOn": "2026-13-01"}, 400, "paidOn"),
    ({"paidOn": "9998-01-01"}, 400, "paidOn"),
    ({"note": "x" * 201}, 400, "note"),
    ({"currencyCode": "EUR"}, 400, "currencyCode"),
]


@pytest.mark.long
def test_bad_payments_are_refused_and_record_nothing(partner: InvoicedPartner, database_url: str) -> None:
    partner.use_credits("a")
    (invoice,) = partner.end_month()
    partner.pay("999999999999.00", "much")
    before = partner.read(f"billing/accounts/{partner.account_id}/payments")
    for changed, status, word in BAD_PAYMENTS:
        body = {"amount": "1.00", "reference": "bad"} | changed
        for path in (f"invoices/{invoice['id']}", f"billing/accounts/{partner.account_id}"):
            answer = partner.operate("POST", f"{path}/payments", body)
            assert (answer.status_code, word in answer.json()["message"]) == (status, True), (
                changed,
                answer.text,
            )
    for path in ("invoices/1/payments", "billing/accounts/1/payments"):
        body = {"amount": "1.00", "reference": "bad"}
        assert partner.operate("POST", path, body).status_code == 404
    assert partner.operate("POST", "billing/payments/1/reversals", {"reference": "bad"}).status_code == 404
    assert partner.read(f"billing/accounts/{partner.account_id}/payments") == before
    assert find_broken(database_url) == []


@pytest.mark.long
def test_only_an_issued_invoice_can_be_named(partner: InvoicedPartner) -> None:
    held = {"issues": "HELD"}
    assert partner.operate("PUT", f"billing/accounts/{partner.account_id}", held).status_code == 200
    partner.use_credits("a")
    (draft,) = partner.end_month()
    assert draft["state"] == "DRAFT"
    answer = partner.pay("1.00", "early", draft)
    assert (answer.status_code, answer.json()["code"]) == (409, "NOT_PAYABLE")
    # credit that is there before pays it when it is issued
    partner.pay("100.00", "early")
    assert partner.operate("POST", f"invoices/{draft['id']}/issue").status_code == 201
    assert partner.read_invoice(draft)["state"] == "PAID"


@pytest.mark.long
def test_reminders_are_sent_on_their_days_and_stop_when_the_invoice_is_paid(
    partner: InvoicedPartner, database_url: str
) -> None:
    client = partner.sandbox_client
    headers = client.headers("parent")
    hook = {"kinds": ["INVOICE_PAID", "INVOICE_OVERDUE"], "url": "https://ats.example.com/hook"}
    made = client.client.post("/partner/webhooks", headers=headers, json=hook)
    assert made.status_code == 201, made.text
    deliveries = f"/partner/webhooks/{made.json()['id']}/deliveries?from=2026-01-01"

    def list_sent() -> list[tuple[str, int | None]]:
        found = client.client.get(deliveries, headers=client.headers("parent")).json()["elements"]
        bodies = [one.get("body", one) for one in found]
        return [(one.get("type") or one["kind"], one.get("reminder")) for one in bodies]

    partner.use_credits("a", "b")
    (invoice,) = partner.end_month()
    due = date.fromisoformat(invoice["dueOn"])
    partner.set_day(due + timedelta(days=2))
    assert (partner.read_invoice(invoice)["state"], len(list_sent())) == ("OVERDUE", 0)
    partner.set_day(due + timedelta(days=3))
    partner.set_day(due + timedelta(days=4))
    assert len(list_sent()) == 1
    partner.pay("150.00", "most", invoice)
    partner.set_day(due + timedelta(days=14))
    assert len(list_sent()) == 2
    (age,) = partner.read("billing/ages")["elements"]
    assert (age["open"], age["days1To30"], age["lastReminder"], age["oldestDueOn"]) == (
        "50.00",
        "50.00",
        2,
        due.isoformat(),
    )
    partner.pay("50.00", "rest")
    partner.set_day(due + timedelta(days=40))
    assert len(list_sent()) == 3
    assert partner.read("billing/ages")["elements"] == []
    assert find_broken(database_url) == []


@pytest.mark.long
def test_what_is_owed_is_listed_by_its_age(partner: InvoicedPartner) -> None:
    partner.use_credits("a")
    (first,) = partner.end_month()
    partner.use_credits("b", "c")
    partner.end_month()
    due = date.fromisoformat(first["dueOn"])
    columns = ("notDue", "days1To30", "days31To60", "days61To90", "daysOver90")

    def read_age(days: int) -> list[str]:
        (age,) = partner.read(f"billing/ages?day={due + timedelta(days=days)}")["elements"]
        assert (age["account"], age["legalName"], age["open"]) == (
            partner.account_id,
            "Partner B.V.",
            "300.00",
        )
        return [age[column] for column in columns]

    assert read_age(0) == ["300.00", "0.00", "0.00", "0.00", "0.00"]
    assert read_age(1) == ["200.00", "100.00", "0.00", "0.00", "0.00"]
    assert read_age(30) == ["200.00", "100.00", "0.00", "0.00", "0.00"]
    assert read_age(33) == ["0.00", "200.00", "100.00", "0.00", "0.00"]
    assert read_age(91) == ["0.00", "0.00", "200.00", "0.00", "100.00"]
    assert read_age(200) == ["0.00", "0.00", "0.00", "0.00", "300.00"]
    partner.pay("500.00", "all")
    (age,) = partner.read("billing/ages")["elements"]
    assert (age["open"], age["credit"], age["invoices"]) == ("0.00", "200.00", 0)


@pytest.mark.long
def test_payments_at_once_are_recorded_once_and_pay_no_more_than_is_open(
    partner: InvoicedPartner, database_url: str
) -> None:
    partner.use_credits("a", "b")
    (invoice,) = partner.end_month()
    named = [(f"bank {number % 4}", invoice) for number in range(8)]
    free = [(f"card {number}", None) for number in range(4)]
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda one: partner.pay("50.00", *one), [*named, *free]))
    assert sorted(answer.status_code for answer in answers) == [200] * 4 + [201] * 8
    assert state_of(partner, invoice) == ("PAID", "200.00", "0.00")
    (age,) = partner.read("billing/ages")["elements"]
    assert (age["open"], age["credit"]) == ("0.00", "200.00")
    assert find_broken(database_url) == []


@pytest.mark.long
def test_what_a_credit_note_leaves_over_is_credit_again(partner: InvoicedPartner, database_url: str) -> None:
    partner.use_credits("a", "b")
    (invoice,) = partner.end_month()
    payment = partner.pay("200.00", "bank 1", invoice).json()
    line = {"line": 1, "amount": "30.00"}
    made = partner.operate(
        "POST", f"invoices/{invoice['id']}/creditNotes", {"reference": "note 1", "lines": [line]}
    )
    assert made.status_code == 201, made.text
    shown = partner.read_invoice(invoice)
    assert (shown["state"], shown["credited"], shown["paid"], shown["open"]) == (
        "PAID",
        "30.00",
        "170.00",
        "0.00",
    )
    (listed,) = partner.read(f"billing/accounts/{partner.account_id}/payments")["elements"]
    assert (listed["id"], listed["credit"]) == (payment["id"], "30.00")
    assert find_broken(database_url) == []
    # all of it: the invoice is credited, and the whole payment pays the next one
    whole = {"reference": "note 2", "whole": True}
    assert partner.operate("POST", f"invoices/{invoice['id']}/creditNotes", whole).status_code == 201
    assert partner.read_invoice(invoice)["state"] == "CREDITED"
    partner.use_credits("c")
    partner.end_month()
    invoices = [one for one in partner.list_invoices() if one["kind"] == "INVOICE"]
    assert [one["state"] for one in invoices] == ["CREDITED", "PAID"]
    (age,) = partner.read("billing/ages")["elements"]
    assert (age["open"], age["credit"]) == ("0.00", "100.00")
    assert find_broken(database_url) == []
