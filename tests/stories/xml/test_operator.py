"""The operator's calls for hiring contracts: open, grant, top up, adjust, price, end."""

from typing import Any

import pytest

from tests.support.xml_partner import POSTER, XmlPartner, error_of

ROOT = "/operator/hiringContracts"


def draft(partner: XmlPartner, **changed: Any) -> dict[str, Any]:
    body = {
        "kind": "CREDITS",
        "owner": "Reseller",
        "ownerApplication": partner.sandbox_client.credentials["parent"]["urn"],
        "currency": "EUR",
        "units": 1,
        "price": "99.50",
        "runDays": 10,
        "startsAt": partner.sandbox_client.now.isoformat(),
        "endsAt": "2100-01-01T00:00:00Z",
    } | changed
    return {name: value for name, value in body.items() if value is not None}


def open_granted(partner: XmlPartner, **changed: Any) -> int:
    made = partner.operate("POST", ROOT, draft(partner, **changed))
    assert made.status_code == 201, made.text
    number = int(made.json()["id"])
    body = {"application": partner.sandbox_client.credentials["parent"]["client_id"]}
    assert partner.operate("POST", f"{ROOT}/{number}/grants", body).status_code == 200
    return number


def test_a_contract_is_shown_as_it_was_opened(partner: XmlPartner) -> None:
    number = open_granted(partner)
    shown = partner.operate("GET", f"{ROOT}/{number}").json()
    assert (shown["kind"], shown["role"], shown["price"], shown["unused"]) == (
        "CREDITS",
        "RESELLER",
        "99.50",
        1,
    )
    assert shown["grants"] == [int(partner.sandbox_client.credentials["parent"]["urn"].rpartition(":")[2])]


def test_units_are_added_once_for_each_reference(partner: XmlPartner) -> None:
    number = open_granted(partner)
    for repeated in (False, True):
        answer = partner.operate("POST", f"{ROOT}/{number}/topUps", {"units": 4, "reference": "june"})
        assert (answer.json()["unused"], answer.json()["wasRepeated"]) == (5, repeated)
    other = partner.operate("POST", f"{ROOT}/{number}/topUps", {"units": 5, "reference": "june"})
    assert other.status_code == 409


def test_an_adjustment_cannot_exceed_the_unused_units(partner: XmlPartner) -> None:
    number = open_granted(partner)
    path = f"{ROOT}/{number}/adjustments"
    assert partner.operate("POST", path, {"units": 2, "reference": "a"}).json()["unused"] == 3
    assert partner.operate("POST", path, {"units": -3, "reference": "b"}).json()["unused"] == 0
    assert partner.operate("POST", path, {"units": -1, "reference": "c"}).status_code == 402
    assert partner.unused(number) == 0


def test_a_post_paid_contract_has_unlimited_credits(partner: XmlPartner) -> None:
    number = open_granted(partner, isPostpaid=True, units=0)
    for at in range(3):
        assert partner.post(f"P-{at}", number, poster=POSTER).status_code == 201
    assert partner.unused(number) is None
    top_up = partner.operate("POST", f"{ROOT}/{number}/topUps", {"units": 1, "reference": "x"})
    assert top_up.status_code == 400


def test_the_contract_sets_the_run_length(partner: XmlPartner) -> None:
    number = open_granted(partner)
    partner.post("L-1", number, poster=POSTER)
    job = partner.get("L-1")
    run_ms = int(job.findtext("expiration-timestamp")) - int(job.findtext("posting-timestamp"))
    assert run_ms == 10 * 86_400_000


def test_after_a_revoked_grant_or_an_ended_contract_jobs_can_only_be_closed(partner: XmlPartner) -> None:
    denied = (403, f"Access to contract {partner.slots} denied")
    partner.post("G-1", partner.slots)
    partner.post("G-2", partner.slots)
    body = {"application": partner.sandbox_client.credentials["parent"]["urn"]}
    assert partner.operate("POST", f"{ROOT}/{partner.slots}/revocations", body).status_code == 200
    for answer in (
        partner.post("G-3", partner.slots),
        partner.renew("G-1"),
        partner.put("G-1", "<salary>1</salary>"),
    ):
        assert error_of(answer) == denied
    assert partner.close("G-1").status_code == 204

    assert partner.operate("POST", f"{ROOT}/{partner.slots}/grants", body).status_code == 200
    assert partner.renew("G-2").status_code == 200
    assert partner.operate("POST", f"{ROOT}/{partner.slots}/end", {}).status_code == 200
    assert error_of(partner.renew("G-2")) == denied
    assert partner.close("G-2").status_code == 204
    assert partner.unused(partner.slots) == 25


def test_a_price_applies_from_its_day(partner: XmlPartner) -> None:
    number = open_granted(partner)
    later = {"price": "120.00", "validFrom": "2090-01-01T00:00:00Z"}
    assert partner.operate("POST", f"{ROOT}/{number}/prices", later).json()["price"] == "99.50"
    at_once = {"price": "80.00", "validFrom": partner.sandbox_client.now.isoformat()}
    assert partner.operate("POST", f"{ROOT}/{number}/prices", at_once).json()["price"] == "80.00"


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"kind": "GOLD"}, 400),
        ({"currency": "XXZ"}, 422),
        ({"units": -1}, 400),
        ({"price": "-1.00"}, 400),
        ({"runDays": 0}, 400),
        ({"endsAt": "2001-01-01T00:00:00Z"}, 400),
        ({"ownerApplication": None}, 400),
        ({"ownerApplication": "urn:li:developerApplication:1"}, 404),
        ({"kind": "SLOTS"}, 400),
        ({"kind": "SLOTS", "isPostpaid": True, "units": 0, "defaultPosterEmail": "a@b.example"}, 400),
        ({"isPostpaid": True}, 400),
        ({"seats": ["nobody"]}, 400),
        ({"owner": "a\0"}, 400),
    ],
)
def test_invalid_contracts_are_refused(partner: XmlPartner, changed: dict[str, Any], status: int) -> None:
    assert partner.operate("POST", ROOT, draft(partner, **changed)).status_code == status


def test_only_the_operator_may_call_and_unknown_contracts_are_not_found(partner: XmlPartner) -> None:
    assert partner.sandbox_client.client.get(f"{ROOT}/{partner.slots}").status_code == 401
    assert partner.operate("GET", f"{ROOT}/1").status_code == 404
    assert partner.operate("GET", f"{ROOT}/{2**70}").status_code == 404
