"""A poster and a customer see their jobs on the web pages, edit, close and renew them, and may not renew a reseller's."""

import re
from html import unescape

import pytest

from jobmeter.jobs.members.model import Denial
from jobmeter.people.model import Role
from jobmeter.portal.frame.cookies import LANGUAGE
from jobmeter.portal.pages.my.owned import DENIALS
from tests.stories.candidate.hard_texts import TEXTS
from tests.stories.portal.my.scene import TEXT, open_as, post_jobs, read_form, send
from tests.stories.portal.sessions import list_grants, open_browser
from tests.support.sandbox_client import bearer
from tests.support.xml_partner import POSTER, XmlPartner

LIST = "/portal/my/jobs"


@pytest.fixture
def jobs(sandbox_client):
    return post_jobs(sandbox_client)


@pytest.fixture
def poster(sandbox_client, database_url):
    return open_as(sandbox_client, database_url)


@pytest.fixture
def customer(sandbox_client, database_url):
    """A person of the customer, who posted nothing."""
    grant = list_grants(sandbox_client.credentials)[Role.CUSTOMER]
    return open_as(sandbox_client, database_url, grant, email="boss@customer.example")


def edit(browser, job_id, **changed):
    page = browser.get(f"{LIST}/{job_id}/edit").text
    shown = {name: unescape(value) for value, name in re.findall(r'value="([^"]*)" id="(\w+)"', page)}
    return send(browser, f"{LIST}/{job_id}/edit", **shown | {"description": TEXT} | changed)


def list_changes(sandbox_client):
    headers = bearer(sandbox_client.token("parent"))
    found = sandbox_client.client.get("/partner/jobChanges", headers=headers).json()["elements"]
    return [(one["externalJobPostingId"], one["change"], one["changedBy"]) for one in found]


def test_a_reseller_s_customer_views_edits_and_closes_and_the_reseller_renews(
    sandbox_client, jobs, poster
) -> None:
    partner, path = XmlPartner(sandbox_client), f"{LIST}/{jobs['credit']}"
    listed = poster.get(LIST)
    assert listed.status_code == 200
    for name in jobs:
        assert (f'href="{LIST}/{jobs[name]}"' in listed.text) is (name != "slot")

    # the customer edits the job, and may not renew it
    answer = edit(poster, jobs["credit"], title="Night fitter", location="Leeds")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{path}?done=job-edited")
    shown = poster.get(answer.headers["location"]).text
    assert "The job is saved, and its agency is notified" in shown
    assert "Night fitter" in shown
    assert partner.get("credit").findtext("position/title") == "Night fitter"
    unused = partner.unused(partner.credits)
    denied = poster.get(f"{path}/renew")
    assert denied.status_code == 403
    why = re.search(r"Only (.+?) can renew it, because \1 pays for it\.", denied.text)
    assert why is not None
    assert why[0] in shown
    answer = poster.post(f"{path}/renew")
    assert answer.status_code == 403
    assert why[0] in answer.text
    assert partner.unused(partner.credits) == unused

    # the reseller renews it by its API, and the customer closes it
    assert partner.renew("credit", partner.credits).status_code == 200
    assert partner.unused(partner.credits) == unused - 1
    assert "cannot be opened again" in poster.get(f"{path}/close").text
    answer = send(poster, f"{path}/close")
    assert answer.headers["location"] == f"{path}?done=job-closed"
    shown = poster.get(answer.headers["location"]).text
    assert "The job is closed, and its agency is notified" in shown
    assert f"{path}/edit" not in shown
    assert partner.renew("credit", partner.credits).status_code == 409
    application = f"application {sandbox_client.credentials['parent']['urn'].rsplit(':', 1)[-1]}"
    assert list_changes(sandbox_client)[:3] == [
        ("credit", "CLOSE", f"member {POSTER}"),
        ("credit", "RENEW", application),
        ("credit", "EDIT", f"member {POSTER}"),
    ]
    # a closed job is shown, and closing it again says so
    assert poster.get(f"{path}/close").headers["location"] == path


def test_a_job_paid_per_click_is_shown_with_its_money_and_closed(sandbox_client, jobs, customer) -> None:
    job_id = jobs["clicks"]
    path = f"{LIST}/{job_id}"
    sandbox_client.send_clicks(job_id, 4)
    sandbox_client.advance_to_midnight()
    shown = customer.get(path).text
    assert "estimated" in shown
    assert ", estimated</title>" in shown
    rows = customer.get(f"{path}/days.csv")
    assert (rows.status_code, rows.text.count("estimated")) == (200, 1)
    for measure in ("charge", "clicks", "views", "nonsense"):
        assert customer.get(f"{path}?show={measure}").status_code == 200
    sandbox_client.advance_to_midnight(days=3)
    assert ", estimated</title>" not in customer.get(path).text
    assert "pays for it" in customer.get(f"{path}/renew").text
    assert edit(customer, job_id, title="Night welder").status_code == 303
    close = customer.get(f"{path}/close").text
    assert "Returns to the contract" in close
    assert send(customer, f"{path}/close").status_code == 303
    headers = sandbox_client.headers()
    answer = sandbox_client.client.get("/rest/jobPostingStatus?ids=List(clicks)", headers=headers).json()
    assert answer["results"]["clicks"]["listingStatus"] == "NOT_LISTED"


def test_a_client_s_seat_renews_a_job_on_a_slot_and_sees_the_slots(
    sandbox_client, database_url, jobs
) -> None:
    partner = XmlPartner(sandbox_client)
    contract = partner.operate("GET", f"/operator/hiringContracts/{partner.slots}").json()
    seat = open_as(sandbox_client, database_url, email=contract["defaultPosterEmail"].upper())
    path = f"{LIST}/{jobs['slot']}"
    assert f'href="{path}"' in seat.get(LIST).text
    assert str(partner.slots) in seat.get("/portal/my/slots").text
    before = partner.get("slot").findtext("expiration-timestamp")
    assert "the job keeps its slot" in seat.get(f"{path}/renew").text
    answer = send(seat, f"{path}/renew")
    assert answer.headers["location"] == f"{path}?done=job-renewed"
    assert int(partner.get("slot").findtext("expiration-timestamp")) > int(before)
    assert send(seat, f"{path}/close").status_code == 303
    assert partner.unused(partner.slots) == contract["unused"] + 1


@pytest.mark.long
def test_without_a_free_slot_an_expired_job_is_not_renewed_and_the_page_says_when_one_is_free(
    sandbox_client, database_url, jobs
) -> None:
    partner = XmlPartner(sandbox_client)
    contract = partner.operate("GET", f"/operator/hiringContracts/{partner.slots}").json()
    seat = open_as(sandbox_client, database_url, email=contract["defaultPosterEmail"])
    sandbox_client.advance("31d")
    for number in range(contract["unused"] + 1):
        assert partner.post(f"other-{number}", partner.slots).status_code == 201
    answer = send(seat, f"{LIST}/{jobs['slot']}/renew")
    assert answer.status_code == 402
    assert "No slot is free" in answer.text
    assert "The first slot becomes free" in answer.text


def test_nobody_else_sees_the_jobs(sandbox_client, database_url, jobs) -> None:
    stranger = open_as(sandbox_client, database_url, email="stranger@else.example")
    assert "No open job was posted with this address" in stranger.get(LIST).text
    for job_id in (*jobs.values(), 256 * 77, 2**63 - 1, 10**30):
        for page in ("", "/edit", "/close", "/renew"):
            answer = stranger.get(f"{LIST}/{job_id}{page}")
            assert answer.status_code == 404, (job_id, page)
            assert "Fitter" not in answer.text
            if page:
                assert stranger.post(f"{LIST}/{job_id}{page}").status_code == 404
    assert len(list_changes(sandbox_client)) == 2


def test_two_editors_lose_nothing(sandbox_client, jobs, poster, customer) -> None:
    path = f"{LIST}/{jobs['clicks']}/edit"
    first = read_form(poster.get(path))
    assert edit(customer, jobs["clicks"], title="By the boss").status_code == 303
    fields = {"title": "By the poster", "location": "Lyon, France", "description": TEXT}
    answer = poster.post(
        path, first | fields | {"apply_url": "https://apply.example/new"}, token=first["token"]
    )
    assert answer.status_code == 409
    for text in ("By the boss", "By the poster", "https://apply.example/new"):
        assert text in answer.text
    # saving again replaces what is shown
    again = read_form(answer)
    answer = poster.post(
        path, again | fields | {"apply_url": "https://apply.example/new"}, token=again["token"]
    )
    assert answer.status_code == 303
    assert "By the poster" in poster.get(LIST).text


def test_wrong_texts_are_shown_again_with_a_problem_at_each_field(jobs, poster) -> None:
    for name in ("clicks", "credit"):
        answer = edit(poster, jobs[name], title="", apply_url="nowhere", description="")
        assert answer.status_code == 422
        assert "<title>Error: " in answer.text
        for field in ("title", "description", "apply_url"):
            assert f'<a href="#{field}">' in answer.text, (name, field)
            assert f'id="{field}-problem"' in answer.text
        assert 'value="nowhere"' in answer.text
    answer = edit(poster, jobs["clicks"], location="France")
    assert "Enter the place with its city" in answer.text


@pytest.mark.long
def test_hard_texts_are_shown_as_they_are(jobs, poster) -> None:
    path = f"{LIST}/{jobs['clicks']}"
    for name, text in TEXTS.items():
        answer = edit(poster, jobs["clicks"], title=text.title, description=text.description)
        assert answer.status_code == 303, (name, answer.text)
        for address in (LIST, path, f"{path}/edit"):
            shown = poster.get(address).text
            assert "<script>document" not in shown, name
            assert "<b>nights" not in shown, name
            assert text.title.strip() in unescape(shown), (name, address)


def test_the_list_is_searched_and_filtered_by_its_address(jobs, poster) -> None:
    found = poster.get(f"{LIST}?q=CREDIT").text
    assert f"{LIST}/{jobs['credit']}" in found
    assert f"{LIST}/{jobs['clicks']}" not in found
    send(poster, f"{LIST}/{jobs['clicks']}/close")
    for state, shown in (("open", {"credit"}), ("over", {"clicks"}), ("all", {"credit", "clicks"})):
        page = poster.get(f"{LIST}?state={state}").text
        assert {name for name in ("credit", "clicks") if f'"{LIST}/{jobs[name]}"' in page} == shown
    assert "No job matches" in poster.get(f"{LIST}?q=nothing").text
    assert poster.get(f"{LIST}?before=x").status_code == 400


def test_pages_are_german_too(sandbox_client, jobs, poster) -> None:
    poster.client.cookies.set(LANGUAGE, "de", domain="board.example")
    for path in (LIST, f"{LIST}/{jobs['clicks']}", f"{LIST}/{jobs['clicks']}/edit", "/portal/my/slots"):
        assert '<html lang="de"' in poster.get(path).text
    assert "kann sie verlängern, denn" in poster.get(f"{LIST}/{jobs['credit']}").text
    assert "Geben Sie einen Titel" in edit(poster, jobs["clicks"], title="").text
    assert open_browser(sandbox_client).get(LIST).status_code == 303


def test_every_reason_is_said_in_the_words_of_the_flow() -> None:
    assert {denial: str(text) for denial, text in DENIALS.items()} == {
        denial: denial.value for denial in Denial
    }
