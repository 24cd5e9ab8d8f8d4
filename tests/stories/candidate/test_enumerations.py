"""Every value of every enumeration of a job changes what the reference page says, or nothing at all."""

import re
import time
from collections.abc import Callable
from typing import Any, get_args, get_type_hints

import pytest

from jobmeter.api.candidate.facts import list_facts
from jobmeter.contracts.partner.model import EXPERIENCE_LEVELS
from jobmeter.jobs.enumerations import ENUMERATIONS, NO_EFFECT
from jobmeter.jobs.pages.model import JobPage
from jobmeter.jobs.postings.element import WORKPLACES
from jobmeter.jobs.postings.schema import EMPLOYMENT_STATUSES, Compensation, Element
from jobmeter.wire.xml import code_tables
from jobmeter.wire.xml.feed import values
from tests.support.paths import FIXTURES
from tests.support.sandbox_client import SandboxClient, bearer, make_event
from tests.support.scenario import START

EFFECTS = {row.field: row.effects for row in ENUMERATIONS}
BROWSER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}


def symbols_of(model: type, field: str) -> set[str]:
    hint = get_type_hints(model)[field]
    found = {text for choice in (hint, *get_args(hint)) for text in get_args(choice) if isinstance(text, str)}
    assert found
    return found


@pytest.mark.parametrize(
    ("field", "accepted"),
    [
        ("jobPostingOperationType", symbols_of(Element, "job_posting_operation_type")),
        ("listingType", symbols_of(Element, "listing_type")),
        ("availability", symbols_of(Element, "availability")),
        ("availability", set(values.AVAILABILITIES)),
        ("employmentStatus", set(EMPLOYMENT_STATUSES)),
        ("employmentStatus", set(values.JOB_TYPES)),
        ("experienceLevel", set(EXPERIENCE_LEVELS)),
        ("experienceLevel", set(code_tables.EXPERIENCE_LEVELS.successors.values())),
        ("workplaceTypes", set(values.WORKPLACE_TYPES)),
        ("workplaceTypes", {name.capitalize() for name in WORKPLACES}),
        ("compensation/period", symbols_of(Compensation, "period")),
        ("compensation/type", symbols_of(Compensation, "type")),
        ("job-type", set(code_tables.JOB_TYPES.names)),
        ("experience-level", set(code_tables.EXPERIENCE_LEVELS.names)),
        ("poster/role", set(code_tables.POSTER_ROLES.names)),
    ],
)
def test_the_page_lists_what_is_accepted(field, accepted):
    assert set(EFFECTS[field]) == accepted


def test_no_enumerated_field_of_a_job_is_missing():
    enumerated = {
        name for name, hint in get_type_hints(Element).items() if any(isinstance(text, str) for choice in (hint, *get_args(hint)) for text in get_args(choice))
    }  # fmt: skip
    assert {re.sub("_([a-z])", lambda found: found[1].upper(), name) for name in enumerated} <= set(EFFECTS)


def page_of(content: dict[str, Any]) -> JobPage:
    return JobPage(
        job_id=1, title="", company_name="", company_page=None, location="", apply_url="", is_live=True,
        listed_at=START, expires_at=START, content=content,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("field", "stored"),
    [
        ("employmentStatus", lambda value: {"employmentStatus": value}),
        ("job-type", lambda value: {"job_type": value}),
        ("experienceLevel", lambda value: {"experienceLevel": value}),
        ("experience-level", lambda value: {"experience_level": value}),
        ("workplaceTypes", lambda value: {"workplaceTypes": [value]}),
        ("workplaceTypes", lambda value: {"workplaceTypes": [value.upper()]}),
    ],
)
def test_each_value_is_shown_in_its_own_words(field, stored):
    shown = [page_of(stored(value)).details for value in EFFECTS[field]]
    assert all(len(words) == 1 for words in shown)
    assert len(set(shown)) == len(shown)


@pytest.mark.parametrize(
    ("field", "show"),
    [
        ("compensation/period", lambda value: list_facts(page_of({"compensation": {"compensations": [PAY | {"period": value}]}}), "en")),
        ("poster/role", lambda value: page_of({"poster_display": True, "posterEmail": POSTER, "poster_role": value}).poster),
        ("poster/display", lambda value: page_of({"poster_display": value == "true", "posterEmail": POSTER}).poster),
    ],
)  # fmt: skip
def test_each_value_changes_what_it_is_shown_with(field, show):
    shown = [show(value) for value in EFFECTS[field]]
    assert all(shown.count(one) == 1 for one in shown)


POSTER = "ada@harbour.example"
PAY = {"value": {"exactAmount": {"amount": "1000.00", "currencyCode": "GBP"}}}
VARIED: list[tuple[str, str, dict[str, Any]]] = [
    *(("employmentStatus", value, {"employmentStatus": value}) for value in EFFECTS["employmentStatus"]),
    *(("experienceLevel", value, {"experienceLevel": value}) for value in EFFECTS["experienceLevel"]),
    *(("workplaceTypes", value, {"workplaceTypes": [value.lower()]}) for value in EFFECTS["workplaceTypes"]),
    *(("compensation/period", value, {"compensation": {"compensations": [PAY | {"period": value}]}}) for value in EFFECTS["compensation/period"]),
    *(("compensation/type", value, {"compensation": {"compensations": [{"type": value}]}}) for value in EFFECTS["compensation/type"]),
    *(("showPosterInfo", value, {"showPosterInfo": value == "true", "posterEmail": POSTER}) for value in EFFECTS["showPosterInfo"]),
]  # fmt: skip


def test_each_value_of_a_posting_changes_its_page_or_nothing(sandbox_client: SandboxClient) -> None:
    def post(elements: list[tuple[str, dict[str, Any]]]) -> list[tuple[str, str]]:
        """Returns each job's page, without what distinguishes any two jobs, and its mark-up."""
        rows = sandbox_client.batch_create([
            sandbox_client.job_element(name, contract=None, budget=None, **changed) for name, changed in elements
        ])  # fmt: skip
        found = []
        for (name, _), row in zip(elements, rows, strict=True):
            assert row["status"] == 202, row
            job_id = sandbox_client.task(row["id"])["jobPosting"].rsplit(":", 1)[-1]
            page = sandbox_client.client.get(f"/jobs/view/{job_id}", headers=BROWSER).text
            page = re.sub(r"/jobs/apply/[^\"]*", "", page.replace(name, "").replace(job_id, ""))
            # The summary for previews of links is cut at a length that depends on the name.
            page = re.sub(r'<meta [^>]*description"[^>]*>', "", page)
            found.append((page, re.findall("<script.*?</script>", page, re.DOTALL)[0]))
        return found

    (plain, plain_markup), *others = post(
        [("e-plain", {}), *((f"e-{number}", changed) for number, (_, _, changed) in enumerate(VARIED))]
    )
    strip = re.compile(r'"validThrough":"[^"]*"')
    plain, plain_markup = strip.sub("", plain), strip.sub("", plain_markup)
    for (field, value, _), (page, markup) in zip(VARIED, others, strict=True):
        effect = EFFECTS[field][value]
        assert (strip.sub("", page) != plain) is (effect != NO_EFFECT), (field, value)
        assert (strip.sub("", markup) != plain_markup) is ("mark-up" in effect), (field, value)


def wait_until(holds: Callable[[], bool]) -> None:
    for _ in range(1_000):
        if holds():
            return
        time.sleep(0.02)
    raise AssertionError("it never held")


def read_status(sandbox_client: SandboxClient, external_id: str) -> dict[str, Any]:
    token = bearer(sandbox_client.token())
    answer = sandbox_client.client.get(f"/v2/jobPostingStatus?ids={external_id}", headers=token)
    return answer.json()["results"][external_id]


def is_delivered(sandbox_client: SandboxClient, job_id: int) -> bool:
    events_key = bearer(sandbox_client.credentials["events_key"])
    return (
        f'"jobPostingId":{job_id},'
        in sandbox_client.client.get("/delivery/snapshot", headers=events_key).text
    )


def update(sandbox_client: SandboxClient, external_id: str, **changed: Any) -> None:
    element = sandbox_client.job_element(external_id, jobPostingOperationType="UPDATE", **changed)
    (row,) = sandbox_client.batch_create([element])
    assert row["status"] == 202, row
    assert sandbox_client.task(row["id"])["status"] == "SUCCEEDED"


@pytest.mark.parametrize("availability", [value for value in EFFECTS["availability"] if value != "PUBLIC"])
def test_a_job_that_is_not_for_the_public_is_nowhere_in_public(
    sandbox_client: SandboxClient, availability: str
) -> None:
    operator = bearer(sandbox_client.credentials["operator_key"])
    public = sandbox_client.post_job("public", availability="PUBLIC")
    job_id = sandbox_client.post_job("inside", availability=availability)
    wait_until(lambda: is_delivered(sandbox_client, public))

    def observe() -> tuple[Any, ...]:
        click = sandbox_client.send(
            [make_event(job_id, f"c-{sandbox_client.now_ms}", sandbox_client.now_ms, type="applyClick")]
        ).json()
        status = read_status(sandbox_client, "inside")
        return (
            sandbox_client.client.get(f"/jobs/view/{job_id}", headers=BROWSER).status_code,
            sandbox_client.client.get(f"/operator/jobs/{job_id}/links", headers=operator).status_code,
            status["jobPostingUrl"] is None,
            status["promotionStatus"],
            status["listingStatus"],
            status["jobPostingInfo"]["visibilityTag"],
            [row["reason"] for row in click["rejections"]],
        )

    tag = {"INTERNAL": "COMPANY", "PRIVATE_TO_ATS_INTEGRATION": "PARTNER"}[availability]
    hidden = (404, 404, True, "NOT_PROMOTED", "LISTED", tag, ["JOB_NOT_LIVE"])
    assert observe() == hidden
    assert not is_delivered(sandbox_client, job_id)
    # Made public, it appears everywhere; restricted again, it disappears from everywhere.
    update(sandbox_client, "inside", availability="PUBLIC")
    assert observe() == (200, 200, False, "PROMOTED", "LISTED", "PUBLIC", [])
    wait_until(lambda: is_delivered(sandbox_client, job_id))
    path = sandbox_client.client.get(f"/operator/jobs/{job_id}/links", headers=operator).json()["apply"]
    update(sandbox_client, "inside", availability=availability)
    assert observe() == hidden
    wait_until(lambda: not is_delivered(sandbox_client, job_id))
    assert sandbox_client.client.get(path, headers=BROWSER, follow_redirects=False).status_code == 410


def test_a_feed_job_that_is_not_for_the_public_has_no_page(sandbox_client: SandboxClient) -> None:
    operator = bearer(sandbox_client.credentials["operator_key"])
    application = int(str(sandbox_client.credentials["child"]["urn"]).rsplit(":", 1)[-1])
    body = {
        "applicationId": application,
        "path": str(FIXTURES / "feeds" / "systems" / "linkedin-2026.xml"),
        "intervalMinutes": 60,
    }
    feed_id = sandbox_client.client.post("/operator/feeds", json=body, headers=operator).json()["id"]
    report = f"/operator/feeds/{feed_id}/report"
    wait_until(lambda: sandbox_client.client.get(report, headers=operator).json()["lastRun"] is not None)
    found = {}
    for name in ("HL-1001", "HL-1002", "HL-1003"):
        status = read_status(sandbox_client, name)
        found[name] = status["jobPostingUrl"] and sandbox_client.client.get(
            status["jobPostingUrl"], headers=BROWSER
        )
    assert found["HL-1002"] is None
    assert [found[name].status_code for name in ("HL-1001", "HL-1003")] == [200, 200]
    assert '"jobLocationType":"TELECOMMUTE"' in found["HL-1001"].text
    assert '"employmentType":"FULL_TIME"' in found["HL-1001"].text
