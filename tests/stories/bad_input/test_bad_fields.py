"""Invalid fields of job elements, applications and the clock are refused by name, and nothing is written."""

from datetime import timedelta

import pytest

from tests.support.databases.table_snapshots import nothing_written


def pay(amount):
    value = {"exactAmount": {"currencyCode": "USD", "amount": amount}}
    return {"compensations": [{"type": "BASE_SALARY", "period": "YEARLY", "value": value}]}


def total(amount, currency="USD"):
    return {"budget": {"payForPerformanceTotalBudget": {"currencyCode": currency, "amount": amount}}}


@pytest.mark.parametrize(
    ("changed", "status", "message"),
    [
        (total("30.001"), 422, "more than the 2 decimal places"),
        (total("30.000"), 422, "more than the 2 decimal places"),
        (total("30.00") | {"compensation": pay("9.000")}, 422, "more than the 2 decimal places"),
        (total("3000.0", "JPY"), 422, "more than the 0 decimal places"),
        (total("-5.00"), 422, "is not above zero"),
        (total("0.00"), 422, "is not above zero"),
        (total("abc"), 422, "is not a decimal amount"),
        (total("9" * 30), 422, "is not a decimal amount"),
        (total("9999999999999"), 422, "is too large"),
        (total("30.00", "EUR"), 400, "differs from the contract's currency USD"),
        (total("30.00", "XXQ"), 422, "not an ISO 4217"),
        (total("1.49"), 400, "below the price of one apply click, 1.50"),
        (total("2000000.00"), 402, "Insufficient lifetime budget"),
        (total(30), 422, "/budget/payForPerformanceTotalBudget/amount :: 30 cannot be coerced to String"),
        ({"budget": None}, 400, "needs budget.payForPerformanceTotalBudget"),
        ({"listedAt": 9_999_999_999_999}, 422, "is in the future"),
        ({"listedAt": -1}, 422, "/listedAt"),
        ({"listedAt": 10**30}, 422, "/listedAt"),
        ({"title": "a\0b"}, 422, "/title :: the character U+0000"),
        ({"externalJobPostingId": "a\0b"}, 422, "/externalJobPostingId :: the character U+0000"),
        ({"description": "a\0b" * 50}, 422, "/description :: the character U+0000"),
        ({"companyJobCode": "a\0b"}, 422, "/companyJobCode :: the character U+0000"),
        ({"categories": ["a", "b\0"]}, 422, "/categories/1 :: the character U+0000"),
        (
            {"onsiteApplyConfiguration": {"a": [{"b": "\0"}]}},
            422,
            "/onsiteApplyConfiguration/a/0/b :: the character U+0000",
        ),
        (
            {"onsiteApplyConfiguration": {"a\0": 1}},
            422,
            "/onsiteApplyConfiguration/a\0 :: the character U+0000",
        ),
        ({"b\0": 1}, 422, "unrecognized field"),
    ],
)
def test_an_invalid_element_is_refused_alone(sandbox_client, job_id, database_url, changed, status, message):
    headers = sandbox_client.headers(**{"X-RestLi-Method": "batch_create"})
    element = sandbox_client.job_element("bad", **changed)
    with nothing_written(database_url):
        answer = sandbox_client.client.post(
            "/rest/simpleJobPostings", headers=headers, json={"elements": [element]}
        )
    (row,) = answer.json()["elements"]
    assert row["status"] == status, row
    assert message in row["error"]["message"]
    assert (row["error"]["status"], "id" in row) == (status, False)


def test_an_invalid_element_does_not_affect_others(sandbox_client, job_id):
    wrong = sandbox_client.job_element("bad", **total("-1"))
    rows = sandbox_client.batch_create(
        [sandbox_client.job_element("good-1"), wrong, 5, sandbox_client.job_element("good-2")]
    )
    assert [row["status"] for row in rows] == [202, 422, 422, 202]
    for row in rows[::3]:
        sandbox_client.task(row["id"])  # what the worker still writes would be found by the next test


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (field, value)
        for field in ("uniqueForeignId", "name", "description")
        for value in ("a\0b", "", "   ", 5, None, ["x"], {}, "x" * 600_000)
        if (field, value) != ("description", "x" * 600_000)  # which may be long
    ],
    ids=lambda text: str(text)[:20],
)
def test_an_invalid_application_is_refused(sandbox_client, job_id, database_url, field, value):
    draft = {"uniqueForeignId": "c-1", "name": "Customer", "description": "One more"} | {field: value}
    headers = sandbox_client.headers("parent")
    with nothing_written(database_url):
        answer = sandbox_client.client.post("/v2/provisionedApplications", headers=headers, json=draft)
    assert answer.status_code == 422
    assert f"/{field} ::" in answer.json()["message"]
    assert len(answer.text) < 1_000


@pytest.mark.parametrize("field", ["oauth2AuthorizedCallbackUrls", "validJsSdkDomains"])
@pytest.mark.parametrize("value", [["a\0b"], "x", [5], None])
def test_invalid_lists_of_an_application_are_refused(sandbox_client, job_id, database_url, field, value):
    draft = {"uniqueForeignId": "c-1", "name": "Customer", "description": "One more"} | {field: value}
    headers = sandbox_client.headers("parent")
    with nothing_written(database_url):
        answer = sandbox_client.client.post("/v2/provisionedApplications", headers=headers, json=draft)
    assert answer.status_code == 422
    assert f"/{field} ::" in answer.json()["message"]


@pytest.mark.parametrize(
    "body",
    [
        {"set": "999999999999999"},
        {"set": "99999999999999"},
        {"set": "9999-12-31T23:59:59-14:00"},
        {"set": "0001-01-01T00:00:00+14:00"},
        {"set": "soon"},
        {"set": None},
        {"advance": "999999w"},
        {"advance": "999999w" * 50},
        {"advance": "3 moons"},
        {"advance": "-3d"},
        {"advance": "3d", "set": "2040-01-01"},
        [],
        5,
    ],
)
def test_the_clock_only_moves_forward_within_limits(sandbox_client, body):
    before = sandbox_client.now
    headers = {"Authorization": f"Bearer {sandbox_client.credentials['operator_key']}"}
    answer = sandbox_client.client.post("/sandbox/clock", json=body, headers=headers)
    assert answer.status_code == 400
    assert answer.json()["code"] in {"INVALID_INPUT", "CLOCK_BACKWARDS"}
    assert sandbox_client.now - before < timedelta(minutes=5)


# -- the operator


@pytest.mark.parametrize("amount", ["30.000", "30.001"])
def test_every_amount_of_the_operator_has_the_decimal_places_of_its_currency(
    sandbox_client, job_id, database_url, amount
):
    """Each door of ``/operator`` that reads an amount; the routes are those whose bodies have one."""
    partner = sandbox_client.credentials["parent"]["urn"].rsplit(":", 1)[1]
    contract = f"/operator/contracts/{sandbox_client.credentials['partner_contract_id']}"
    slots = f"/operator/hiringContracts/{sandbox_client.credentials['hiring_contracts'][0]['id']}"
    term = {"termStartsAt": "2024-01-01T00:00:00Z", "termEndsAt": "2040-01-01T00:00:00Z"}
    valid_from = {"validFrom": "2040-01-01T00:00:00Z"}
    opened = term | {"currency": "USD", "limit": "5.00", "clickPrice": "1.00"}
    hired = {"kind": "SLOTS", "owner": "O", "currency": "USD", "defaultPosterEmail": "a@example.com"}
    hired |= {"startsAt": "2024-01-01T00:00:00Z", "endsAt": "2040-01-01T00:00:00Z"}
    doors = [
        (f"/operator/partners/{partner}/contracts", opened | {"limit": amount}),
        (f"/operator/partners/{partner}/contracts", opened | {"clickPrice": amount}),
        (f"{contract}/topUps", {"amount": amount, "reference": "r"}),
        (f"{contract}/prices", valid_from | {"clickPrice": amount}),
        ("/operator/hiringContracts", hired | {"price": amount}),
        (f"{slots}/prices", valid_from | {"price": amount}),
    ]
    headers = {"Authorization": f"Bearer {sandbox_client.credentials['operator_key']}"}
    with nothing_written(database_url):
        for path, body in doors:
            answer = sandbox_client.client.post(path, json=body, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (422, "AMOUNT_TOO_PRECISE"), path
            assert "more than the 2 decimal places of USD" in answer.json()["message"]


def test_a_limit_must_be_a_storable_amount(sandbox_client, job_id, database_url):
    place = f"/operator/contracts/{sandbox_client.credentials['partner_contract_id']}"
    headers = {"Authorization": f"Bearer {sandbox_client.credentials['operator_key']}"}
    most = {"amount": "999999999999.00", "reference": "far too much"}
    with nothing_written(database_url):
        answer = sandbox_client.client.post(f"{place}/topUps", json=most, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "AMOUNT_TOO_LARGE")


@pytest.mark.parametrize(
    "instant", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2024-01-01", "x"]
)
@pytest.mark.parametrize("field", ["termStartsAt", "termEndsAt"])
def test_a_term_is_within_the_calendar(sandbox_client, job_id, database_url, field, instant):
    partner = sandbox_client.credentials["parent"]["urn"].rsplit(":", 1)[1]
    body = {
        "currency": "USD",
        "limit": "5.00",
        "clickPrice": "1.00",
        "termStartsAt": "2024-01-01T00:00:00Z",
        "termEndsAt": "2040-01-01T00:00:00Z",
    }
    headers = {"Authorization": f"Bearer {sandbox_client.credentials['operator_key']}"}
    with nothing_written(database_url):
        answer = sandbox_client.client.post(
            f"/operator/partners/{partner}/contracts", json=body | {field: instant}, headers=headers
        )
    assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_INPUT")
    assert field in answer.json()["message"]
