"""The operator finds everything: partners by its own reference, applications and jobs by search, grants, feeds, webhooks, days."""

import threading
from datetime import timedelta

import pytest

from jobmeter.base.days import FINAL_AFTER_DAYS
from tests.stories.operator.test_lists import add_partner, make_things, operator, read_all
from tests.support.sandbox_client import bearer

__all__ = ["operator"]


def number_of(sandbox_client, who):
    return int(sandbox_client.credentials[who]["urn"].rsplit(":", 1)[-1])


# -- partners


def test_a_partner_is_created_once_for_its_reference_and_found_by_it(operator):
    draft = {"name": "Harbour", "reference": "C-17"}
    first = operator("POST", "partners", json=draft)
    again = operator("POST", "partners", json=draft | {"name": "HARBOUR"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert (first.json()["wasRepeated"], again.json()["wasRepeated"]) == (False, True)
    assert first.json()["credentials"]["client_secret"]
    assert "secret" not in again.text
    assert again.json()["id"] == first.json()["id"]
    (found,) = operator("GET", "partners?reference=C-17").json()["elements"]
    assert (found["id"], found["reference"]) == (first.json()["id"], "C-17")
    assert operator("GET", f"partners/{found['id']}").json() == found
    assert operator("GET", "partners?reference=C-18").json()["elements"] == []


def test_a_reference_belongs_to_one_partner_and_can_be_changed(operator):
    mill = operator("POST", "partners", json={"name": "Mill", "reference": "M-1"}).json()
    dock = add_partner(operator, "Dock")
    for method, path, body in (
        ("POST", "partners", {"name": "Another", "reference": "M-1"}),
        ("PUT", f"partners/{dock['id']}", {"reference": "M-1"}),
    ):
        refused = operator(method, path, json=body)
        assert (refused.status_code, refused.json()["code"]) == (409, "REFERENCE_TAKEN")
        assert str(mill["id"]) in refused.json()["message"]
    assert operator("PUT", f"partners/{dock['id']}", json={"name": "mill"}).status_code == 409
    assert operator("PUT", f"partners/{mill['id']}", json={"reference": ""}).json()["reference"] is None
    changed = operator("PUT", f"partners/{dock['id']}", json={"reference": "M-1", "name": "Dock B.V."}).json()
    assert (changed["reference"], changed["name"]) == ("M-1", "Dock B.V.")
    assert operator("PUT", f"partners/{dock['id']}", json={"reference": "M-1"}).json() == changed
    for bad in ({}, {"reference": "x" * 101}, {"reference": "a\0"}, {"name": " "}, {"other": 1}):
        assert operator("PUT", f"partners/{dock['id']}", json=bad).status_code == 400, bad


def test_requests_at_once_with_one_reference_make_one_partner(operator):
    found = []
    threads = [
        threading.Thread(
            target=lambda: found.append(
                operator("POST", "partners", json={"name": "Racing", "reference": "R-1"}).json()
            )
        )
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({one["id"] for one in found}) == 1
    assert sorted(one["wasRepeated"] for one in found) == [False, True, True, True]


def test_only_a_partner_is_a_partner(sandbox_client, operator):
    child, parent = (number_of(sandbox_client, who) for who in ("child", "parent"))
    assert operator("GET", f"partners/{parent}").status_code == 200
    for unknown in (child, 77, 2**63, 10**30):
        assert operator("GET", f"partners/{unknown}").status_code == 404
        assert operator("PUT", f"partners/{unknown}", json={"reference": "x"}).status_code == 404


# -- search


def test_partners_and_applications_are_found_by_what_a_person_knows(sandbox_client, operator):
    for name in ("Alpha Ltd", "ALPHABET", "Beta 100%", "Beta_2"):
        add_partner(operator, name)

    def names(path):
        return [row["name"] for row in operator("GET", path).json()["elements"]]

    assert names("partners?search=alpha") == ["Alpha Ltd", "ALPHABET"]
    assert names("partners?search=bet") == ["ALPHABET", "Beta 100%", "Beta_2"]
    assert names("applications?search=alpha") == ["Alpha Ltd", "ALPHABET"]
    assert names("applications?search=bet") == ["Beta 100%", "Beta_2"]
    assert names("applications?search=beta_") == ["Beta_2"]
    assert names("applications?search=beta%25") == []
    child, parent = (sandbox_client.credentials[who] for who in ("child", "parent"))
    number, partner = number_of(sandbox_client, "child"), number_of(sandbox_client, "parent")
    known = operator("GET", f"applications/{number}").json()
    for text in (child["client_id"], known["uniqueForeignId"]):
        for path in (f"applications?search={text}", f"applications?search={text}&partnerId={partner}"):
            assert [row["id"] for row in operator("GET", path).json()["elements"]] == [number], path
    assert operator("GET", f"partners?search={parent['client_id']}").json()["elements"][0]["id"] == partner
    assert operator("GET", "applications?search=" + "x" * 301).status_code == 400
    assert operator("GET", "partners?search=%00").status_code == 400


def test_jobs_are_found_by_partner_state_and_title(sandbox_client, operator):
    child, parent = (number_of(sandbox_client, who) for who in ("child", "parent"))
    other = add_partner(operator, "Other")["id"]
    jobs = [
        sandbox_client.post_job(f"job-{number}", title=f"{word} 100%")
        for number, word in enumerate(("Welder", "Senior welder", "Cook"))
    ]
    sandbox_client.close_job("job-1")

    def ids(query):
        answer = operator("GET", f"jobs?{query}")
        assert answer.status_code == 200, answer.text
        return {row["id"] for row in answer.json()["elements"]}

    assert ids(f"partnerId={parent}") == ids(f"applicationId={child}") == set(jobs)
    assert ids(f"partnerId={parent}&applicationId={child}&search=WELDER") == {jobs[0], jobs[1]}
    assert ids(f"partnerId={other}&applicationId={child}") == ids(f"partnerId={other}") == set()
    assert ids(f"partnerId={parent}&search=100%25&state=LIVE") == {jobs[0], jobs[2]}
    assert ids(f"partnerId={parent}&search=%25") == set(jobs)
    assert ids(f"partnerId={parent}&externalId=job-2") == ids("externalId=job-2") == {jobs[2]}
    assert ids("externalId=job-1&state=LIVE") == set()
    refused = operator("GET", "jobs?search=welder")
    assert (refused.status_code, "partnerId" in refused.json()["message"]) == (400, True)
    for count in (1, 2):
        assert {row["id"] for row in read_all(operator, f"jobs?partnerId={parent}", count)} == set(jobs)


# -- what belongs to one of them


def test_an_application_shows_its_secrets_by_age_last_characters_and_last_use_only(sandbox_client, operator):
    number = number_of(sandbox_client, "child")
    shown = operator("GET", f"applications/{number}").json()
    assert (len(shown["secretsCreatedAt"]), shown["mayCreateTokens"]) == (1, True)
    (secret,) = shown["secrets"]
    assert secret["createdAt"] == shown["secretsCreatedAt"][0]
    assert sandbox_client.credentials["child"]["client_secret"][-4:] == secret["lastFour"]
    assert sandbox_client.credentials["child"]["client_secret"] not in str(shown)
    # the last use is exact to an hour
    used = []
    for span in ("0m", "59m", "2m"):
        sandbox_client.advance(span)
        sandbox_client.token()
        used.append(operator("GET", f"applications/{number}").json()["secrets"][0]["lastUsedAt"])
    assert used[0] == used[1] < used[2]
    operator("POST", f"applications/{number}/tokens", json={"areAllowed": False})
    assert operator("GET", f"applications/{number}").json()["mayCreateTokens"] is False
    assert operator("GET", "applications/77").status_code == 404


def test_a_secret_that_others_may_know_is_revoked_at_once(sandbox_client, operator):
    number = number_of(sandbox_client, "parent")
    path = f"applications/{number}/secrets"

    def has_token(secret):
        form = {"grant_type": "client_credentials", "client_secret": secret}
        form["client_id"] = sandbox_client.credentials["parent"]["client_id"]
        return sandbox_client.client.post("/oauth/v2/accessToken", data=form).status_code == 200

    known = sandbox_client.credentials["parent"]["client_secret"]
    second = operator("POST", path, json={}).json()["credentials"]["client_secret"]
    third = operator("POST", path, json={"revokesOthers": True}).json()["credentials"]["client_secret"]
    assert [has_token(secret) for secret in (known, second, third)] == [False, False, True]
    fourth = operator("POST", path, json={}).json()["credentials"]["client_secret"]
    for _ in range(2):
        assert operator("POST", f"applications/{number}/retirements").json()["secrets"] == 1
    assert [has_token(secret) for secret in (third, fourth)] == [False, True]


def test_the_customers_of_a_contract_and_the_grants_of_a_hiring_contract_have_pages(sandbox_client, operator):
    credentials = sandbox_client.credentials
    path = f"contracts/{credentials['partner_contract_id']}/customers"
    (customer,) = read_all(operator, path, 1)
    assert (customer["id"], customer["application"]) == (
        credentials["customer_contract_id"],
        credentials["child"]["urn"],
    )
    slots = credentials["hiring_contracts"][0]["id"]
    other = add_partner(operator, "Granted")
    operator("POST", f"hiringContracts/{slots}/grants", json={"application": other["key"]})
    granted = read_all(operator, f"hiringContracts/{slots}/grants", 1)
    assert granted == operator("GET", f"hiringContracts/{slots}/grants").json()["elements"]
    assert other["key"] in [row["application"] for row in granted]
    for unknown in ("contracts/7/customers", "hiringContracts/7/grants"):
        assert operator("GET", unknown).status_code == 404


def test_feeds_and_webhooks_with_their_deliveries(sandbox_client, operator):
    make_things(sandbox_client, operator)
    child, parent = (number_of(sandbox_client, who) for who in ("child", "parent"))
    for name in ("feeds", "webhooks"):
        mine = read_all(operator, f"{name}?applicationId={child}", 2)
        assert len(mine) == 3
        assert {row["application"] for row in mine} == {sandbox_client.credentials["child"]["urn"]}
        assert read_all(operator, f"{name}?applicationId={parent}", 2) == []
        assert operator("GET", f"{name}/{mine[1]['id']}").json() == mine[1]
        assert operator("GET", f"{name}/77").status_code == 404
    hook = operator("GET", "webhooks").json()["elements"][0]["id"]
    for _ in range(2):
        sandbox_client.client.post(f"/partner/webhooks/{hook}/tests", headers=sandbox_client.headers())
    deliveries = read_all(operator, f"webhooks/{hook}/deliveries", 1)
    assert [row["kind"] for row in deliveries] == ["TEST", "TEST"]
    assert "body" not in deliveries[0]
    assert operator("GET", f"webhooks/{hook}/deliveries?deliveryState=delivered").json()["elements"] == []
    assert operator("GET", f"webhooks/{hook}/deliveries?deliveryState=x").status_code == 400


def test_a_day_is_listed_as_open_and_then_as_final(sandbox_client, operator):
    job = sandbox_client.post_job("settled")
    sandbox_client.send_clicks(job, 2)
    day = sandbox_client.now.date()
    row = operator("GET", "settlementDays").json()["elements"][-1]
    assert (row["day"], row["isFinal"], row["clicks"]) == (day.isoformat(), False, None)
    assert (row["state"], row["charged"], row["seconds"], row["lateEvents"]) == ("OPEN", None, None, 0)
    sandbox_client.advance_to_midnight(days=FINAL_AFTER_DAYS)
    after = f"{day - timedelta(days=1):%Y%m%d}"
    row = operator("GET", f"settlementDays?after={after}&count=1").json()["elements"][0]
    assert (row["day"], row["isFinal"], row["clicks"], row["clicksReversed"]) == (day.isoformat(), True, 2, 0)
    assert row["finalSince"] >= row["finalFrom"]
    assert (row["state"], row["reversedByRule"], row["seconds"] >= 0) == ("FINAL", {}, True)
    assert [(one["currencyCode"], float(one["amount"]) > 0) for one in row["charged"]] == [("USD", True)]
    newest, *others = operator("GET", "settlementDays?before=99981231&count=2").json()["elements"]
    assert newest["day"] > others[0]["day"]
    backwards = operator("GET", f"settlementDays?before={newest['id']}&count=1").json()
    assert (backwards["elements"], backwards["nextBefore"]) == ([others[0]], others[0]["id"])
    assert operator("GET", "settlementDays?before=20261399").status_code == 400
    assert row["id"] == int(f"{day:%Y%m%d}")
    assert operator("GET", "settlementDays?after=20261399").status_code == 400


def test_the_lists_of_networks_are_named(operator):
    operator("PUT", "networks/clouds", json={"networks": ["198.51.100.0/24", "203.0.113.0/24"]})
    (found,) = operator("GET", "networks").json()["elements"]
    assert (found["name"], found["networks"] > 0) == ("clouds", True)


@pytest.mark.parametrize(
    "path", ["partners", "jobs", "webhooks", "feeds", "settlementDays", "excludedVisitors", "networks"]
)
def test_a_key_that_reads_is_enough_for_a_list(path, sandbox_client, operator):
    key = operator("POST", "keys", json={"name": "reader", "role": "READER"}).json()["key"]
    answer = sandbox_client.client.get(f"/operator/{path}", headers=bearer(key))
    assert answer.status_code == 200
