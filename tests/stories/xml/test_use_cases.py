"""The two use cases of the XML API through one application, over HTTP, including the balances."""

from xml.etree import ElementTree as ET

import pytest

from tests.support.sandbox_client import make_event
from tests.support.xml_partner import PIXEL, POSTER, XmlPartner, error_of


def test_a_distributor_posts_edits_renews_and_closes_on_a_clients_slots(partner: XmlPartner) -> None:
    # given a client's contract with slots
    slots = partner.unused(partner.slots)

    # when a job is posted, with a pixel and without a poster
    posted = partner.post("D-1", partner.slots, more=PIXEL)
    assert (posted.status_code, posted.content) == (201, b"")
    assert partner.unused(partner.slots) == slots - 1
    address = posted.headers["Location"]
    expiry = int(partner.get("D-1").findtext("expiration-timestamp"))

    # then it can be edited and renewed without naming the contract, and no further slot is used
    edited = partner.put("D-1", "<position><title>Senior fitter</title></position>")
    assert (edited.status_code, edited.content) == (200, b"")
    assert partner.renew("D-1").status_code == 200
    assert partner.unused(partner.slots) == slots - 1
    job = ET.fromstring(partner.call("GET", address).content)
    assert job.findtext("position/title") == "Senior fitter"
    assert job.findtext("active") == "true"
    assert int(job.findtext("expiration-timestamp")) == expiry + 30 * 86_400_000

    # and closing frees the slot, once
    assert [partner.close("D-1").status_code for _ in range(2)] == [204, 204]
    assert partner.unused(partner.slots) == slots
    assert partner.get("D-1").findtext("active") == "false"


def test_a_reseller_pays_a_credit_for_each_posting_and_each_renewal(partner: XmlPartner) -> None:
    credits_before = partner.unused(partner.credits)

    assert partner.post("R-1", partner.credits, poster=POSTER).status_code == 201
    assert partner.renew("R-1", partner.credits).status_code == 200
    edit = f"<contract-id>{partner.credits}</contract-id><salary>30</salary>"
    assert partner.put("R-1", edit).status_code == 200
    assert partner.close("R-1").status_code == 204

    # then two credits are used, and the client's slots are unchanged
    assert partner.unused(partner.credits) == credits_before - 2
    assert partner.unused(partner.slots) == 25


@pytest.mark.parametrize(
    ("posting", "path"),
    [
        ({}, "job/poster/email-address: is required"),
        ({"poster": POSTER, "more": PIXEL}, "job/tracking-pixel-url: is not supported for resellers"),
    ],
)
def test_what_a_reseller_must_and_may_not_send(
    partner: XmlPartner, posting: dict[str, str], path: str
) -> None:
    answer = partner.post("R-2", partner.credits, **posting)
    assert error_of(answer) == (400, path)
    assert partner.unused(partner.credits) == 50


def test_a_reseller_names_its_contract_in_edit_and_renewal(partner: XmlPartner) -> None:
    assert partner.post("R-3", partner.credits, poster=POSTER).status_code == 201

    assert error_of(partner.put("R-3", "<salary>1</salary>")) == (400, "job/contract-id: is required")
    assert error_of(partner.renew("R-3")) == (400, "job/contract-id: is required")
    other = f"Access to contract {partner.slots} denied"
    assert error_of(partner.renew("R-3", partner.slots)) == (403, other)
    assert partner.unused(partner.credits) == 49


def test_a_distributors_poster_needs_a_seat(partner: XmlPartner) -> None:
    flaw = "job/poster/email-address: is not a seat on the contract"
    assert error_of(partner.post("D-2", partner.slots, poster=POSTER)) == (400, flaw)
    assert partner.post("D-2", partner.slots, poster="User@Example.com").status_code == 201


@pytest.mark.parametrize("contract_id", [1, 7_777, 2**53])
def test_unknown_and_ungranted_contracts_get_the_same_response(partner: XmlPartner, contract_id: int) -> None:
    answer = partner.post("D-3", contract_id)
    assert error_of(answer) == (403, f"Access to contract {contract_id} denied")


def test_the_sandbox_contract_number_means_the_slots_contract(partner: XmlPartner) -> None:
    assert partner.post("D-4", 1328).status_code == 201
    assert partner.get("D-4").findtext("contract-id") == "1328"
    assert partner.renew("D-4", partner.slots).status_code == 200
    assert partner.unused(partner.slots) == 24


@pytest.mark.long
def test_ids_are_unique_until_the_job_is_closed(partner: XmlPartner) -> None:
    first = partner.post("D-5", partner.slots).headers["Location"]
    assert error_of(partner.post("D-5", partner.slots)) == (409, "Duplicate job.")
    partner.sandbox_client.advance("30d1m")
    assert error_of(partner.post("D-5", partner.slots)) == (409, "Duplicate job.")
    partner.close("D-5")

    again = partner.post("D-5", partner.slots)

    assert again.status_code == 201
    assert again.headers["Location"] != first
    assert partner.get("D-5").findtext("id") == again.headers["Location"].rpartition("/")[2]


@pytest.mark.long
def test_the_life_cycle_of_an_expired_and_of_a_closed_job(partner: XmlPartner) -> None:
    partner.post("D-6", partner.slots)
    partner.sandbox_client.advance("30d1m")
    assert partner.get("D-6").findtext("active") == "false"
    assert partner.unused(partner.slots) == 25

    # an expired job is edited only while it is renewed, which takes a slot again
    assert error_of(partner.put("D-6", "<salary>1</salary>")) == (409, "Job is expired.")
    assert partner.put("D-6", "<salary>1</salary><renewal/>").status_code == 200
    assert partner.unused(partner.slots) == 24
    assert partner.get("D-6").findtext("salary") == "1"

    # a closed job stays closed
    partner.close("D-6")
    assert error_of(partner.renew("D-6")) == (409, "Job is closed.")
    assert error_of(partner.put("D-6", "<salary>2</salary>")) == (409, "Job is closed.")
    assert partner.close("NO-SUCH").status_code == 404


def test_without_inventory_nothing_is_posted(partner: XmlPartner) -> None:
    for number in range(25):
        assert partner.post(f"D-{number}", partner.slots).status_code == 201

    assert error_of(partner.post("D-25", partner.slots)) == (402, "No job inventory available.")
    assert partner.call("GET", "/v1/jobs/partner-job-id=D-25").status_code == 404

    partner.close("D-3")
    assert partner.post("D-25", partner.slots).status_code == 201
    assert error_of(partner.post("D-26", partner.slots))[0] == 402


def test_another_application_s_jobs_appear_not_to_exist(partner: XmlPartner) -> None:
    address = partner.post("D-7", partner.slots).headers["Location"]
    other = XmlPartner(partner.sandbox_client, "child")
    for method in ("GET", "DELETE"):
        assert error_of(other.call(method, address)) == (404, "Job not found.")
    assert error_of(other.call("PUT", address, "<job><renewal/></job>")) == (404, "Job not found.")


def test_views_and_clicks_are_counted_but_never_charged(partner: XmlPartner) -> None:
    job_id = int(partner.post("D-8", partner.slots).headers["Location"].rpartition("/")[2])
    partner.sandbox_client.advance("1m")
    reply = partner.sandbox_client.send_clicks(job_id, 2)
    assert (reply["accepted"], reply["rejected"]) == (2, 0)
    view = make_event(job_id, "v1", partner.sandbox_client.now_ms)
    assert partner.sandbox_client.send([view]).json()["accepted"] == 1
    assert (
        partner.sandbox_client.budget().json()["partnerBudgetDetails"][0]["serviceTermBudgetSpent"]["amount"]
        == "0.00"
    )

    # and not after the job is closed
    partner.close("D-8")
    late = partner.sandbox_client.send_clicks(job_id, 1, prefix="late", time_ms=partner.sandbox_client.now_ms)
    assert late["rejections"][0]["reason"] == "JOB_NOT_LIVE"
