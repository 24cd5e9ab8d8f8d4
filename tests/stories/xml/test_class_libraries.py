"""Documents as class libraries write them: the whole schema in its order, with elements that say nothing of a job."""

import json
from xml.etree import ElementTree as ET

from tests.support.sandbox_client import SandboxClient, bearer
from tests.support.xml_partner import XmlPartner

GATEWAY_HEADERS = ("x-li-uuid", "x-li-fabric", "x-li-pop", "x-li-request-id", "x-li-format")
# The order and the elements of the schema of linkedin-j, as its marshaller writes them.
WHOLE_SCHEMA = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<job>
    <partner-job-id>{key}</partner-job-id>
    <contract-id>{contract}</contract-id>
    <customer-job-code>C-1</customer-job-code>
    <active>true</active>
    <company>
        <id>2248</id><name>Harbour Logistics</name><description>Ships.</description>
        <is-active>true</is-active><universal-name>harbour</universal-name>
    </company>
    <position>
        <title>Chief Architect</title>
        <description>This is what an architect does.</description>
        <skills-and-experience>Programming, financial analysis.</skills-and-experience>
        <is-current>true</is-current>
        <summary/>
        <start-date><year>2026</year><month>1</month></start-date>
        <location>
            <name>Midtown Manhattan</name>
            <description>near the park</description>
            <is-headquarters>false</is-headquarters>
            <address><street1>1 Main Street</street1><city>New York</city></address>
            <country><code>us</code></country>
            <postal-code>10012</postal-code>
        </location>
        <job-functions><job-function><code>acct</code></job-function></job-functions>
        <industries><industry><code>38</code></industry></industries>
        <job-type><code>C</code></job-type>
        <experience-level><code>4</code></experience-level>
    </position>
    <salary>$100,000-120,000 per year</salary>
    <poster><display>true</display><role><code>R</code></role>{poster}</poster>
    <how-to-apply><application-url>https://careers.example.com/architect</application-url></how-to-apply>
</job>"""
POSTER = "<email-address>jo@customer.example</email-address>"


def test_a_document_with_the_whole_schema_is_posted(partner: XmlPartner) -> None:
    text = WHOLE_SCHEMA.format(key="lib-1", contract=partner.credits, poster=POSTER)
    made = partner.call("POST", "/v1/jobs", text, **{"Content-Type": "application/xml"})
    assert made.status_code == 201, made.text
    # The known elements are ignored silently, the unknown one is named.
    assert made.headers["x-jobmeter-ignored"] == "job/company/universal-name"
    assert all(made.headers[name] for name in GATEWAY_HEADERS)
    shown = partner.get("lib-1", ":(position:(title,location:(name,country)),salary)")
    assert shown.findtext("position/location/name") == "Midtown Manhattan"
    assert shown.findtext("salary") == "$100,000-120,000 per year"


def test_a_look_up_sent_back_is_an_edit_that_changes_nothing(partner: XmlPartner) -> None:
    text = WHOLE_SCHEMA.format(key="lib-2", contract=partner.credits, poster=POSTER)
    assert partner.call("POST", "/v1/jobs", text).status_code == 201
    before = partner.call("GET", "/v1/jobs/partner-job-id=lib-2")
    again = partner.call("PUT", "/v1/jobs/partner-job-id=lib-2", before.content)
    assert (again.status_code, again.headers.get("x-jobmeter-ignored")) == (200, None), again.text
    after = partner.call("GET", "/v1/jobs/partner-job-id=lib-2")
    assert ET.canonicalize(after.text) == ET.canonicalize(before.text)


def test_unknown_elements_alone_change_nothing_and_are_named(partner: XmlPartner) -> None:
    assert partner.post("lib-3", partner.slots).status_code == 201
    before = partner.call("GET", "/v1/jobs/partner-job-id=lib-3").text
    names = "".join(f"<element-number-{number}/>" for number in range(200))
    for inner, shown in (
        ("<colour>red</colour>", "job/colour"),
        ("<größe/>", "job/gr%C3%B6%C3%9Fe"),
        (names, "job/element-number-0; "),
    ):
        answer = partner.put("lib-3", inner)
        assert answer.status_code == 200, answer.text
        named = answer.headers["x-jobmeter-ignored"]
        assert named.startswith(shown)
        assert len(named) <= 1_000
    assert partner.call("GET", "/v1/jobs/partner-job-id=lib-3").text == before


def test_closing_and_renewing_need_the_key_alone(partner: XmlPartner) -> None:
    for number, body in enumerate(
        (None, "", "<job/>", "<job><title>", b"\xff\xfe", "{", "<!DOCTYPE job><job/>")
    ):
        assert partner.post(f"key-{number}", partner.slots, title=f"Fitter {number}").status_code == 201
        assert partner.put(f"key-{number}", "<renewal/>").status_code == 200
        closed = partner.call("DELETE", f"/v1/jobs/partner-job-id=key-{number}", body)
        assert closed.status_code == 204, (body, closed.text)


def test_the_headers_of_the_gateway_are_on_refusals_too(partner: XmlPartner) -> None:
    for answer in (
        partner.call("GET", "/v1/jobs/partner-job-id=none"),
        partner.call("PATCH", "/v1/jobs/1"),
        partner.sandbox_client.client.get("/v1/jobs/1"),
    ):
        assert answer.status_code >= 400
        assert all(answer.headers[name] for name in GATEWAY_HEADERS)
    ids = {partner.call("GET", "/v1/jobs/1").headers["x-li-uuid"] for _ in range(3)}
    assert len(ids) == 3


def test_the_company_of_an_xml_job_is_in_its_status(partner: XmlPartner) -> None:
    sandbox_client: SandboxClient = partner.sandbox_client
    own = XmlPartner(sandbox_client, who="child")
    assert own.post("named", own.slots).status_code == 201
    answer = sandbox_client.client.get(
        "/v2/jobPostingStatus?ids=named", headers=bearer(sandbox_client.token())
    )
    assert answer.json()["results"]["named"]["jobPostingInfo"]["companyDetails"] == {
        "name": "Harbour Logistics",
        "pageUrl": None,
    }, json.dumps(answer.json())
