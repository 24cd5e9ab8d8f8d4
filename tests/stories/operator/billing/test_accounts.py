"""An operator sets up billing: the seller, an account, its profile, tax rates and agreements, all in dated versions."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import psycopg
import pytest

from tests.stories.operator.billing.conftest import BUYER, SELLER

PROFILE_DEFAULTS = {"language": "en", "termsDays": 30, "purchaseOrder": "", "showsCustomers": True}
HIRING = {
    "owner": "Owner",
    "currency": "USD",
    "startsAt": "2020-01-01T00:00:00Z",
    "endsAt": "2090-01-01T00:00:00Z",
}


def cut(database_url, account_id, month):
    """Marks a month as billed, as a run does."""
    with psycopg.connect(database_url) as connection:
        connection.execute("INSERT INTO billing_cuts VALUES (%s, %s, 0)", [account_id, month])


def test_an_account_is_set_up(sandbox_client, operate, partner_id):
    # given nothing
    assert operate("GET", "billing/seller").status_code == 404
    assert operate("GET", "billing/accounts").json() == {"elements": [], "nextAfter": None}

    # when the operator sets the seller and opens an account
    seller = operate("PUT", "billing/seller", SELLER)
    assert (seller.status_code, seller.json()["validFrom"]) == (200, "1970-01-01")
    draft = {"partnerId": partner_id, "currency": "USD", "profile": BUYER | {"termsDays": 14}}
    opened = operate("POST", "billing/accounts", draft)

    # then both read back as they were written, with defaults for the rest
    assert opened.status_code == 201, opened.text
    account = opened.json()
    assert account["firstMonth"] == sandbox_client.now.date().isoformat()[:7]
    assert (account["issues"], account["zeroMonth"], account["taxRate"]) == ("ALONE", "NOTHING", None)
    expected = PROFILE_DEFAULTS | BUYER | {"termsDays": 14}
    assert {name: account["profile"][name] for name in expected} == expected
    assert operate("GET", f"billing/accounts/{account['id']}").json() == account
    shown = operate("GET", "billing/seller").json()
    assert {name: shown[name] for name in SELLER} == SELLER
    (listed,) = operate("GET", f"billing/accounts?partnerId={partner_id}").json()["elements"]
    assert listed.items() <= account.items()
    assert operate("GET", "billing/accounts?partnerId=1").json()["elements"] == []

    # and there is one account for each currency
    repeated = operate("POST", "billing/accounts", draft)
    assert (repeated.status_code, repeated.json()["code"]) == (409, "ACCOUNT_EXISTS")
    assert str(account["id"]) in repeated.json()["message"]
    assert operate("POST", "billing/accounts", draft | {"currency": "EUR"}).status_code == 201


@pytest.mark.parametrize(
    ("changed", "status", "named"),
    [
        ({"partnerId": 999_999}, 404, "partner 999999"),
        ({"currency": "XXY"}, 422, "XXY"),
        ({"firstMonth": "2026-13"}, 400, "firstMonth"),
        ({"firstMonth": "2026-01-15"}, 400, "firstMonth"),
        ({"issues": "SOMETIMES"}, 400, "issues"),
        ({"zeroMonth": None}, 400, "zeroMonth"),
        ({"profile": BUYER | {"vatNumber": "NL004495446B01"}}, 400, "vatNumber"),
        ({"profile": BUYER | {"country": "Holland"}}, 400, "country"),
        ({"profile": BUYER | {"emails": ["nobody"]}}, 400, "emails"),
        ({"profile": BUYER | {"termsDays": 181}}, 400, "termsDays"),
        ({"profile": BUYER | {"termsDays": "30"}}, 400, "termsDays"),
        ({"profile": BUYER | {"legalName": "One\nTwo"}}, 400, "legalName"),
        ({"profile": BUYER | {"iban": "NL91ABNA0417164300"}}, 400, "iban"),
        ({"profile": BUYER | {"addressLines": ["x"] * 5}}, 400, "addressLines"),
    ],
)
def test_an_invalid_account_is_refused(operate, partner_id, changed, status, named):
    draft = {"partnerId": partner_id, "currency": "USD", "profile": BUYER}
    answer = operate("POST", "billing/accounts", draft | changed)
    assert (answer.status_code, named in answer.json()["message"]) == (status, True), answer.text
    assert operate("GET", "billing/accounts").json()["elements"] == []


def test_only_a_parent_application_has_an_account(sandbox_client, operate):
    child = int(sandbox_client.credentials["child"]["urn"].rsplit(":", 1)[-1])
    draft = {"partnerId": child, "currency": "USD", "profile": BUYER}
    assert operate("POST", "billing/accounts", draft).status_code == 404


def test_versions_are_in_force_from_their_day(sandbox_client, operate, account_id):
    path = f"billing/accounts/{account_id}"
    today = sandbox_client.now.date()
    tomorrow, later = (today + timedelta(days=days) for days in (1, 40))
    operate("PUT", "billing/seller", SELLER)

    # given a seller that moves tomorrow, and a partner that moves later
    for name, body in (("billing/seller", SELLER), (path, {})):
        start = tomorrow if name == "billing/seller" else later
        party = {"city": "Delft"}
        content = SELLER | party if name == "billing/seller" else {"profile": BUYER | party}
        answer = operate("PUT", name, body | content | {"validFrom": start.isoformat()})
        assert answer.status_code == 200, answer.text

    # then each day reads its own version
    for day, seller, buyer in (
        (today, "Rotterdam", "Rotterdam"),
        (tomorrow, "Delft", "Rotterdam"),
        (later, "Delft", "Delft"),
    ):
        assert operate("GET", f"billing/seller?day={day}").json()["city"] == seller
        assert operate("GET", f"{path}?day={day}").json()["profile"]["city"] == buyer

    # and a version of a day that has one replaces it, without removing it
    operate("PUT", path, {"profile": BUYER | {"city": "Gouda"}, "validFrom": later.isoformat()})
    shown = operate("GET", f"{path}?day={later}").json()
    assert shown["profile"]["city"] == "Gouda"
    assert [one["city"] for one in shown["profiles"]] == ["Rotterdam", "Delft", "Gouda"]

    # and the same again adds nothing
    operate(
        "PUT",
        path,
        {"profile": BUYER | {"city": "Gouda"}, "validFrom": (later + timedelta(days=1)).isoformat()},
    )
    operate("PUT", "billing/seller", SELLER)
    assert len(operate("GET", path).json()["profiles"]) == 3
    assert len(operate("GET", "billing/seller").json()["versions"]) == 2
    assert operate("GET", f"{path}?day=today").json()["message"] == "Parameter 'day' is invalid"


def test_settings_change_alone(operate, account_id):
    path = f"billing/accounts/{account_id}"
    before = operate("GET", path).json()
    changed = operate("PUT", path, {"issues": "HELD", "firstMonth": "2060-09"}).json()
    assert changed == before | {"issues": "HELD", "firstMonth": "2060-09"}
    assert operate("PUT", path, {"validFrom": "2030-01-01"}).json()["code"] == "INVALID_INPUT"
    assert operate("PUT", "billing/accounts/1", {"issues": "HELD"}).status_code == 404
    assert operate("GET", "billing/accounts/999999999999999999999").status_code == 404


def test_tax_rates_are_in_force_from_their_day(sandbox_client, operate, account_id):
    path = f"billing/accounts/{account_id}"
    first = operate("POST", f"{path}/taxRates", {"category": "S", "ratePercent": "21.0"})
    assert (first.status_code, first.json()["validFrom"]) == (201, "1970-01-01")
    operate("POST", f"{path}/taxRates", {"category": "S", "ratePercent": "19", "validFrom": "2031-07-01"})
    operate("POST", f"{path}/taxRates", {"category": "AE", "validFrom": "2032-01-01"})
    rates = operate("GET", f"{path}/taxRates").json()["elements"]
    shown = [(one["category"], one["ratePercent"], one["reason"], one["validFrom"]) for one in rates]
    assert shown == [
        ("S", "21", "", "1970-01-01"),
        ("S", "19", "", "2031-07-01"),
        ("AE", "0", "Reverse charge", "2032-01-01"),
    ]
    for day, rate in ((sandbox_client.now.date(), "21"), ("2031-06-30", "21"), ("2031-07-01", "19")):
        assert operate("GET", f"{path}?day={day}").json()["taxRate"]["ratePercent"] == rate

    # the buyer accounts for the tax: its profile needs a VAT number from then on
    without = {"profile": BUYER | {"vatNumber": ""}, "validFrom": "2032-02-01"}
    assert "vatNumber" in operate("PUT", path, without).json()["message"]
    assert operate("PUT", path, without | {"validFrom": "2031-08-01"}).status_code == 200
    assert (
        "vatNumber"
        in operate("POST", f"{path}/taxRates", {"category": "K", "validFrom": "2031-09-01"}).json()["message"]
    )


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"category": "X"}, "category"),
        ({"category": "S"}, "ratePercent"),
        ({"category": "S", "ratePercent": "101"}, "ratePercent"),
        ({"category": "S", "ratePercent": "-1"}, "ratePercent"),
        ({"category": "S", "ratePercent": 21}, "ratePercent"),
        ({"category": "S", "ratePercent": "0.00001"}, "ratePercent"),
        ({"category": "E"}, "reason"),
        ({"category": "Z", "reason": "because"}, "reason"),
        ({"category": "Z", "validFrom": "2026-02-30"}, "validFrom"),
    ],
)
def test_an_invalid_tax_rate_is_refused(operate, account_id, body, field):
    answer = operate("POST", f"billing/accounts/{account_id}/taxRates", body)
    assert (answer.status_code, field in answer.json()["message"]) == (400, True), answer.text


def test_one_account_bills_a_contract(sandbox_client, operate, account_id, partner_id):
    contract = sandbox_client.credentials["partner_contract_id"]
    path = f"billing/accounts/{account_id}/agreements"

    # given an account for another partner
    other = operate("POST", "partners", {"name": "Other"}).json()["id"]
    draft = {"partnerId": other, "currency": "USD", "profile": BUYER}
    others = operate("POST", "billing/accounts", draft).json()["id"]

    # when the contract is agreed on
    made = operate("PUT", f"{path}/{contract}", {})
    assert made.status_code == 200, made.text
    expected = {
        "contract": contract,
        "account": account_id,
        "kind": "CLICKS",
        "bills": "USE",
        "firstMonth": "2060-10",
    }
    assert made.json() == expected

    # then it is listed, and may be changed and removed
    assert operate("GET", path).json() == {"elements": [expected], "nextAfter": None}
    changed = operate("PUT", f"{path}/{contract}", {"bills": "TOP_UPS", "firstMonth": "2060-12"}).json()
    assert changed == expected | {"bills": "TOP_UPS", "firstMonth": "2060-12"}
    assert operate("PUT", f"{path}/{contract}", {}).json() == changed
    assert operate("DELETE", f"{path}/{contract}").status_code == 204
    assert operate("DELETE", f"{path}/{contract}").status_code == 404
    assert operate("PUT", f"{path}/{contract}", {}).status_code == 200

    # but no other account bills it
    foreign = operate("PUT", f"billing/accounts/{others}/agreements/{contract}", {})
    assert (foreign.status_code, foreign.json()["code"]) == (409, "CONTRACT_BILLED")
    assert operate("DELETE", f"billing/accounts/{others}/agreements/{contract}").status_code == 404

    # and none that it does not fit
    for number, status in ((1, 404), (open_hiring(operate, partner_id, "CREDITS", currency="JPY"), 400)):
        assert operate("PUT", f"{path}/{number}", {}).status_code == status
    elsewhere = operate(
        "POST",
        f"partners/{other}/contracts",
        {
            "currency": "USD",
            "limit": "5.00",
            "clickPrice": "1.00",
            "termStartsAt": HIRING["startsAt"],
            "termEndsAt": HIRING["endsAt"],
        },
    ).json()["id"]
    assert "another partner" in operate("PUT", f"{path}/{elsewhere}", {}).json()["message"]


def open_hiring(operate, partner_id, kind, **changed):
    owner = {
        "ownerApplication": f"urn:li:developerApplication:{partner_id}",
        "defaultPosterEmail": "a@b.example",
    }
    answer = operate("POST", "hiringContracts", HIRING | owner | {"kind": kind} | changed)
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


def test_credits_are_billed_by_use_and_slots_by_top_up(operate, account_id, partner_id):
    path = f"billing/accounts/{account_id}/agreements"
    bills = {
        "USE": open_hiring(operate, partner_id, "CREDITS"),
        "TOP_UPS": open_hiring(operate, partner_id, "SLOTS"),
    }
    for expected, number in bills.items():
        made = operate("PUT", f"{path}/{number}", {}).json()
        assert (made["kind"], made["bills"]) == ("CREDITS", expected)
    assert operate("PUT", f"{path}/{bills['TOP_UPS']}", {"bills": "USE"}).status_code == 400
    postpaid = open_hiring(operate, partner_id, "CREDITS", isPostpaid=True)
    assert operate("PUT", f"{path}/{postpaid}", {"bills": "TOP_UPS"}).status_code == 400
    numbers = [one["contract"] for one in operate("GET", f"{path}?count=1").json()["elements"]]
    assert numbers == [min(bills.values())]


def test_what_a_billed_month_used_is_not_changed(sandbox_client, operate, account_id, database_url):
    path = f"billing/accounts/{account_id}"
    contract = sandbox_client.credentials["partner_contract_id"]
    operate("PUT", "billing/seller", SELLER)
    operate("POST", f"{path}/taxRates", {"category": "S", "ratePercent": "21"})
    operate("PUT", f"{path}/agreements/{contract}", {})

    # given that October is billed
    cut(database_url, account_id, "2060-10-01")

    # then nothing may be changed from a day of it on
    rate, other = {"category": "S", "ratePercent": "9"}, {"city": "Delft"}
    for method, name, body in (
        ("POST", f"{path}/taxRates", rate),
        ("PUT", path, {"profile": BUYER | other}),
        ("PUT", "billing/seller", SELLER | other),
    ):
        refused = operate(method, name, body | {"validFrom": "2060-10-31"})
        assert (refused.status_code, refused.json()["code"]) == (422, "MONTH_BILLED"), refused.text
        assert "2060-10-31" in refused.json()["message"]
        assert operate(method, name, body | {"validFrom": "2060-11-01"}).is_success, name
    assert operate("PUT", path, {"firstMonth": "2060-09"}).status_code == 422
    for body in ({"bills": "TOP_UPS"}, {"firstMonth": "2060-11"}):
        refused = operate("PUT", f"{path}/agreements/{contract}", body)
        assert (refused.status_code, refused.json()["code"]) == (409, "CONTRACT_BILLED")
    assert operate("DELETE", f"{path}/agreements/{contract}").status_code == 409
    assert operate("PUT", f"{path}/agreements/{contract}", {"bills": "USE"}).status_code == 200

    # and a contract that is added begins with the next month
    partner_id = operate("GET", path).json()["partner"]
    added = open_hiring(operate, partner_id, "CREDITS")
    assert operate("PUT", f"{path}/agreements/{added}", {"firstMonth": "2060-10"}).status_code == 422
    assert operate("PUT", f"{path}/agreements/{added}", {}).json()["firstMonth"] == "2060-11"


def test_changes_of_the_same_moment_are_all_kept(operate, account_id):
    path = f"billing/accounts/{account_id}/taxRates"
    operate("POST", path, {"category": "Z"})

    def change(percent):
        return operate(
            "POST", path, {"category": "S", "ratePercent": str(percent), "validFrom": "2031-01-01"}
        )

    with ThreadPoolExecutor(max_workers=4) as threads:
        assert {answer.status_code for answer in threads.map(change, range(1, 9))} == {201}
    rates = operate("GET", path).json()["elements"]
    assert sorted(int(one["ratePercent"]) for one in rates) == list(range(9))
