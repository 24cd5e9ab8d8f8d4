"""What the operator can list, look up and replace: partners, applications, contracts, jobs, lost secrets."""

import threading

import pytest

from tests.support.sandbox_client import bearer

LISTS = (
    *("partners", "applications", "contracts", "hiringContracts", "jobs", "feeds", "webhooks"),
    *("exclusions", "excludedVisitors", "settlementDays"),
)
BAD_PAGES = ("after=x", "after=-1", "after=1e3", "count=0", "count=-1", "count=x")


@pytest.fixture
def operator(sandbox_client):
    def call(method, path, **content):
        headers = bearer(sandbox_client.credentials["operator_key"])
        return sandbox_client.client.request(method, f"/operator/{path}", headers=headers, **content)

    return call


def add_partner(operator, name):
    answer = operator("POST", "partners", json={"name": name})
    assert answer.status_code == 201, answer.text
    return answer.json()


def read_all(operator, path, count):
    """Reads all pages; returns the elements, and fails if a page is too long or repeats a row."""
    found, after = [], 0
    while after is not None:
        joint = "&" if "?" in path else "?"
        page = operator("GET", f"{path}{joint}after={after}&count={count}").json()
        assert len(page["elements"]) <= count
        found += page["elements"]
        after = page["nextAfter"]
    assert len({row["id"] for row in found}) == len(found)
    return found


def test_every_list_has_pages_in_the_order_of_ids(sandbox_client, operator):
    made = [add_partner(operator, f"Partner {number}")["id"] for number in range(5)]
    jobs = [sandbox_client.post_job(f"listed-{number}") for number in range(4)]
    make_things(sandbox_client, operator)
    for _ in range(2):
        sandbox_client.send_clicks(jobs[0], 1)
        sandbox_client.advance_to_midnight()
    sandbox_client.send_clicks(jobs[0], 1)
    for name in LISTS:
        every = operator("GET", f"{name}?count=200").json()
        assert every["nextAfter"] is None
        assert len(every["elements"]) > (1 if name != "contracts" else 0), name
        for count in (1, 2, 3):
            assert read_all(operator, name, count) == every["elements"], (name, count)
    partners = operator("GET", "partners").json()["elements"]
    assert [row["id"] for row in partners][-5:] == made
    assert "secret" not in str(partners).lower()


def make_things(sandbox_client, operator):
    """Creates three of each: feeds, webhooks, exclusions by the operator and by a partner."""
    child, number = sandbox_client.headers(), sandbox_client.credentials["child"]["urn"].rsplit(":", 1)[-1]
    for letter in "abc":
        feed = {"applicationId": int(number), "url": f"https://{letter}.example/feed.xml"}
        assert operator("POST", "feeds", json=feed).status_code == 201
        assert operator("POST", "exclusions", json={"visitor": letter, "note": "x"}).status_code == 201
        webhook = {"kinds": ["BUDGET_ALERT"], "url": f"https://{letter}.example/hook"}
        visitor = {"visitor": letter, "note": "staff"}
        for path, body in (("webhooks", webhook), ("excludedVisitors", visitor)):
            answer = sandbox_client.client.post(f"/partner/{path}", headers=child, json=body)
            assert answer.status_code == 201, answer.text


@pytest.mark.parametrize("name", LISTS)
def test_a_page_that_cannot_be_read_is_refused_by_name(name, operator):
    for query in BAD_PAGES:
        answer = operator("GET", f"{name}?{query}")
        assert (answer.status_code, query.partition("=")[0] in answer.json()["message"]) == (400, True), query
    assert operator("GET", f"{name}?after={'9' * 18}&count={'9' * 18}").json() == {
        "elements": [],
        "nextAfter": None,
    }


def test_lists_can_be_filtered(sandbox_client, operator):
    other = add_partner(operator, "Other")
    child = int(sandbox_client.credentials["child"]["urn"].rsplit(":", 1)[-1])
    parent = int(sandbox_client.credentials["parent"]["urn"].rsplit(":", 1)[-1])
    jobs = [sandbox_client.post_job(f"job-{number}") for number in range(3)]
    sandbox_client.close_job("job-1")

    def ids(path):
        return {row["id"] for row in operator("GET", path).json()["elements"]}

    assert ids(f"applications?partnerId={parent}") == {parent, child}
    assert ids(f"applications?partnerId={other['id']}") == {other["id"]}
    assert ids(f"contracts?partnerId={parent}") == {sandbox_client.credentials["partner_contract_id"]}
    assert ids(f"contracts?partnerId={other['id']}") == set()
    assert ids(f"jobs?applicationId={child}") == set(jobs)
    assert ids(f"jobs?applicationId={other['id']}") == ids("jobs?applicationId=77") == set()
    assert ids("jobs?state=closed") == {jobs[1]}
    assert ids("jobs?state=LIVE&externalId=job-2") == {jobs[2]}
    assert ids("jobs?externalId=unknown") == set()
    assert operator("GET", "jobs?state=open").status_code == 400
    (row,) = operator("GET", "jobs?externalId=job-0").json()["elements"]
    assert (row["title"], row["state"], row["application"]) == (
        "Fitter job-0",
        "LIVE",
        sandbox_client.credentials["child"]["urn"],
    )


def test_a_customer_s_contract_is_found_by_its_own_number(sandbox_client, operator):
    own, partner = (
        sandbox_client.credentials[name] for name in ("customer_contract_id", "partner_contract_id")
    )
    found, expected = (
        operator("GET", f"contracts/{own}").json(),
        operator("GET", f"contracts/{partner}").json(),
    )
    assert found.pop("customer") == {
        "id": own,
        "contract": f"urn:li:contract:{own}",
        "application": sandbox_client.credentials["child"]["urn"],
    }
    assert found == expected
    for number in (1, 2**63, 10**30):
        assert operator("GET", f"contracts/{number}").status_code == 404


@pytest.mark.parametrize("name", ["Twice", " Twice ", "twice", "TWICE"])
def test_a_partner_of_a_known_name_is_refused(name, operator):
    first = add_partner(operator, "Twice")
    answer = operator("POST", "partners", json={"name": name})
    assert (answer.status_code, answer.json()["code"]) == (409, "PARTNER_EXISTS")
    assert first["key"] in answer.json()["message"]
    assert "secret" not in answer.text
    assert [row["name"] for row in operator("GET", "partners").json()["elements"]].count("Twice") == 1


def test_a_repeated_request_with_a_key_gets_the_first_response(sandbox_client, operator):
    headers = bearer(sandbox_client.credentials["operator_key"]) | {"Idempotency-Key": "partner-1"}
    answers = [
        sandbox_client.client.post("/operator/partners", headers=headers, json={"name": "Once"})
        for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()


def test_two_requests_at_once_make_one_partner(operator):
    statuses = []
    threads = [
        threading.Thread(
            target=lambda: statuses.append(operator("POST", "partners", json={"name": "Racing"}).status_code)
        )
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [201, 409, 409, 409]


@pytest.mark.parametrize("name", ["", " ", "\t\n", "a\0b", "x" * 201, None, 5])
def test_a_partner_needs_a_name(name, operator):
    assert operator("POST", "partners", json={"name": name}).status_code == 400


@pytest.mark.parametrize("who", ["parent", "child"])
def test_a_lost_secret_is_replaced(who, sandbox_client, operator):
    number = sandbox_client.credentials[who]["urn"].rsplit(":", 1)[-1]
    path = f"applications/{number}/secrets"

    def has_token(secret):
        form = {"grant_type": "client_credentials", "client_secret": secret}
        form["client_id"] = sandbox_client.credentials[who]["client_id"]
        return sandbox_client.client.post("/oauth/v2/accessToken", data=form).status_code == 200

    lost = sandbox_client.credentials[who]["client_secret"]
    first = operator("POST", path, json={})
    assert first.status_code == 201
    second = first.json()["credentials"]["client_secret"]
    assert has_token(second)
    assert has_token(lost)
    refused = operator("POST", path, json={})
    assert (refused.status_code, "retire the older one first" in refused.json()["message"]) == (400, True)
    third = operator("POST", path, json={"retiresOlder": True}).json()["credentials"]["client_secret"]
    assert [has_token(secret) for secret in (lost, second, third)] == [False, True, True]
    for unknown in (77, 2**63, 10**30):
        assert operator("POST", f"applications/{unknown}/secrets", json={}).status_code == 404
