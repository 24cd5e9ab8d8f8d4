"""What an operator and a partner read of used credits: each with the price that it had, by month and page by page."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import psycopg
import pytest

from jobmeter.base.days import month_after
from tests.support.sandbox_client import bearer
from tests.support.xml_partner import POSTER, XmlPartner

ROOT = "/operator/hiringContracts"
CODE = "<customer-job-code>C-{}</customer-job-code>"


def read_uses(partner: XmlPartner, query: str = "") -> list[dict[str, Any]]:
    return partner.operate("GET", f"{ROOT}/{partner.credits}/uses?{query}").json()["elements"]


def read_credits(partner: XmlPartner, query: str = "", who: str = "parent") -> Any:
    headers = bearer(partner.sandbox_client.token(who))
    return partner.sandbox_client.client.get(f"/partner/credits?{query}", headers=headers)


def set_price(partner: XmlPartner, price: str, valid_from: datetime) -> Any:
    body = {"price": price, "validFrom": valid_from.isoformat()}
    return partner.operate("POST", f"{ROOT}/{partner.credits}/prices", body)


def post(partner: XmlPartner, name: str) -> None:
    answer = partner.post(name, partner.credits, poster=POSTER, more=CODE.format(name))
    assert answer.status_code == 201, answer.text


def test_a_used_credit_keeps_its_price_and_what_the_job_said(partner: XmlPartner) -> None:
    post(partner, "kept")
    assert set_price(partner, "120.00", partner.sandbox_client.now + timedelta(hours=1)).status_code == 200
    partner.sandbox_client.advance("2h")
    assert partner.put("kept", f"<contract-id>{partner.credits}</contract-id><renewal/>").status_code == 200
    edit = f"<contract-id>{partner.credits}</contract-id><position><title>Turner</title></position>"
    assert partner.put("kept", edit).status_code == 200

    posted, renewed = read_uses(partner)

    assert (posted["kind"], posted["price"], renewed["kind"], renewed["price"]) == (
        "POSTING",
        "100.00",
        "RENEWAL",
        "120.00",
    )
    for use in (posted, renewed):
        assert (use["externalJobPostingId"], use["title"], use["companyName"], use["isBackfilled"]) == (
            "kept",
            "Fitter kept",
            "Harbour Logistics",
            False,
        )
        assert (use["customerJobCode"], use["posterEmail"], use["currencyCode"]) == ("C-kept", POSTER, "USD")


def test_a_premium_job_of_the_rest_api_keeps_its_credit_too(partner: XmlPartner) -> None:
    client = partner.sandbox_client
    grant = {"application": client.credentials["child"]["urn"]}
    assert partner.operate("POST", f"{ROOT}/{partner.credits}/grants", grant).status_code == 200
    on = {"contract": f"urn:li:contract:{partner.credits}", "budget": None, "companyJobCode": "C-7"}
    client.post_job("premium", listingType="PREMIUM", **on)
    client.post_job("plain", **on | {"contract": None})
    upgrade = client.job_element("plain", jobPostingOperationType="UPGRADE", **on)
    (row,) = client.batch_create([upgrade])
    assert client.task(row["id"])["status"] == "SUCCEEDED"

    uses = read_uses(partner)

    assert [(use["externalJobPostingId"], use["kind"], use["customerJobCode"]) for use in uses] == [
        ("premium", "POSTING", "C-7"),
        ("plain", "POSTING", "C-7"),
    ]
    assert {use["application"] for use in uses} == {client.credentials["child"]["urn"]}


def test_the_price_list_is_read_with_the_price_in_force(partner: XmlPartner) -> None:
    now = partner.sandbox_client.now
    set_price(partner, "120.00", now + timedelta(days=9))
    set_price(partner, "90.00", now)
    shown = partner.operate("GET", f"{ROOT}/{partner.credits}/prices").json()
    assert shown["currency"] == "USD"
    assert [(line["price"], line["isInForce"]) for line in shown["elements"]] == [
        ("100.00", False),
        ("90.00", True),
        ("120.00", False),
    ]
    assert partner.operate("GET", f"{ROOT}/1/prices").status_code == 404
    assert partner.operate("GET", f"{ROOT}/1/uses").status_code == 404


@pytest.mark.long
def test_a_month_and_its_pages_are_read(partner: XmlPartner) -> None:
    client = partner.sandbox_client
    # The last day of a month and the first of the next: each midnight takes a while.
    later = month_after((client.now.date() + timedelta(days=1)).replace(day=1))
    client.set_clock(datetime.combine(later, time(9), UTC) - timedelta(days=1))
    for name in ("a", "b", "c"):
        post(partner, name)
    client.set_clock(datetime.combine(later, time(9), UTC))
    post(partner, "d")

    month = f"month={later - timedelta(days=1):%Y-%m}"
    assert [use["title"] for use in read_uses(partner, month)] == ["Fitter a", "Fitter b", "Fitter c"]
    assert len(read_uses(partner)) == 4
    found, after = [], 0
    while after is not None:
        page = read_credits(partner, f"{month}&count=2&after={after}").json()
        found += [use["externalJobPostingId"] for use in page["elements"]]
        after = page["nextAfter"]
    assert found == ["a", "b", "c"]
    (contract,) = page["contracts"]
    assert (contract["used"], contract["amount"], contract["unused"], contract["isOwned"]) == (
        3,
        "300.00",
        46,
        True,
    )
    current = read_credits(partner).json()
    assert (current["month"], [use["title"] for use in current["elements"]]) == (
        f"{client.now:%Y-%m}",
        ["Fitter d"],
    )
    for wrong in ("2026-13", "2026-1", "26-11", "2026-11-01", "x", "0000-01", "9999-12"):
        for answer in (
            read_credits(partner, f"month={wrong}"),
            partner.operate("GET", f"{ROOT}/{partner.credits}/uses?month={wrong}"),
        ):
            assert (answer.status_code, "month" in answer.json()["message"]) == (400, True), wrong


def test_a_customer_sees_its_own_postings_and_a_stranger_none(partner: XmlPartner) -> None:
    client = partner.sandbox_client
    child = XmlPartner(client, who="child")
    grant = {"application": client.credentials["child"]["urn"]}
    assert partner.operate("POST", f"{ROOT}/{partner.credits}/grants", grant).status_code == 200
    post(partner, "of-partner")
    post(child, "of-customer")
    assert partner.operate("POST", f"{ROOT}/{partner.credits}/revocations", grant).status_code == 200

    every, own = read_credits(partner).json(), read_credits(partner, who="child").json()

    assert [use["externalJobPostingId"] for use in every["elements"]] == ["of-partner", "of-customer"]
    assert [use["externalJobPostingId"] for use in own["elements"]] == ["of-customer"]
    ((used,), (seen,)) = (every["contracts"], own["contracts"])
    assert (used["used"], used["amount"], seen["used"], seen["amount"]) == (2, "200.00", 1, "100.00")
    assert (used["isOwned"], seen["isOwned"]) == (True, False)


# Offsets in minutes from the time of the first of two uses, which are 10 minutes apart; the price in force is 100.00.
CHANGES = [
    ("before both", -1, "90.00", False),
    ("at the first", 0, "90.00", False),
    ("between them", 5, "90.00", False),
    ("at the last", 10, "90.00", False),
    ("the price that is in force", 5, "100.00", True),
    ("just after the last", 10.1, "90.00", True),
    ("later", 600, "90.00", True),
]


@pytest.mark.parametrize(("_what", "minutes", "price", "is_possible"), CHANGES)
def test_a_price_is_never_changed_for_a_credit_that_is_used(
    partner: XmlPartner, _what: str, minutes: float, price: str, is_possible: bool
) -> None:
    post(partner, "first")
    partner.sandbox_client.advance("10m")
    post(partner, "last")
    partner.sandbox_client.advance("10m")
    first, last = (datetime.fromisoformat(use["usedAt"]) for use in read_uses(partner))
    moment = last if minutes == 10 else first + timedelta(minutes=minutes)

    answer = set_price(partner, price, moment)

    assert answer.status_code == (200 if is_possible else 400), answer.text
    if not is_possible:
        earliest = (last + timedelta(microseconds=1)).isoformat()
        assert answer.json()["code"] == "INVALID_INPUT"
        assert answer.json()["message"].startswith("validFrom: a credit was used or paid for since")
        assert earliest in answer.json()["message"]
        assert set_price(partner, price, datetime.fromisoformat(earliest)).status_code == 200
    assert {use["price"] for use in read_uses(partner)} == {"100.00"}


def test_a_price_at_the_same_instant_is_replaced_until_a_credit_was_used(partner: XmlPartner) -> None:
    instant = partner.sandbox_client.now + timedelta(minutes=1)
    for price in ("90.00", "80.00", "80.00"):
        assert set_price(partner, price, instant).status_code == 200
    partner.sandbox_client.advance("2m")
    post(partner, "used")
    assert set_price(partner, "80.00", instant).status_code == 200
    assert set_price(partner, "90.00", instant).status_code == 400
    assert [use["price"] for use in read_uses(partner)] == ["80.00"]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE credit_uses SET price_micros = 0",
        "DELETE FROM credit_uses",
        "INSERT INTO hiring_prices SELECT contract_id, used_at, 7 FROM credit_uses",
        "UPDATE hiring_prices SET price_micros = 7 WHERE contract_id IN (SELECT contract_id FROM credit_uses)",
        (
            "UPDATE hiring_prices SET valid_from = valid_from - interval '1 day'"
            " WHERE contract_id IN (SELECT contract_id FROM credit_uses)"
        ),
        "DELETE FROM hiring_prices WHERE contract_id IN (SELECT contract_id FROM credit_uses)",
    ],
)
def test_the_database_refuses_what_would_change_a_used_credit(
    partner: XmlPartner, database_url: str, statement: str
) -> None:
    post(partner, "used")
    # A node refuses some of them as such.
    refused = (psycopg.errors.RaiseException, psycopg.errors.FeatureNotSupported)
    with psycopg.connect(database_url) as connection, pytest.raises(refused):
        connection.execute(statement)
