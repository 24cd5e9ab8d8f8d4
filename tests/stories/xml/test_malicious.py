"""Malicious documents: each is refused in bounded time, and the server reads no file for them."""

import time

import pytest

from tests.conftest import TEMPLATE, make_database
from tests.support.sandbox_client import open_sandbox_client
from tests.support.xml_partner import XML_TYPE, XmlPartner, error_of, job_xml

SECONDS_MAX = 5
LAUGHS = "".join(f"<!ENTITY l{n} '" + f"&l{n - 1};" * 10 + "'>" for n in range(1, 10))
HARMFUL = {
    "billion laughs": f'<!DOCTYPE job [<!ENTITY l0 "ha">{LAUGHS}]><job>&l9;</job>',
    "quadratic": "<!DOCTYPE job [<!ENTITY a '" + "a" * 50_000 + "'>]><job>" + "&a;" * 20_000 + "</job>",
    "external entity": '<!DOCTYPE job [<!ENTITY x SYSTEM "file:///etc/passwd">]><job><salary>&x;</salary></job>',
    "external over the network": '<!DOCTYPE job SYSTEM "http://127.0.0.1:1/job.dtd"><job/>',
    "parameter entity": '<!DOCTYPE job [<!ENTITY % p SYSTEM "file:///etc/passwd"> %p;]><job/>',
    "undeclared entity": "<job><salary>&nbsp;</salary></job>",
    "utf-7": '<?xml version="1.0" encoding="UTF-7"?><job>+ADw-salary+AD4-1+ADw-/salary+AD4-</job>',
    "ebcdic": '<?xml version="1.0" encoding="IBM037"?><job/>',
    "truncated": "<job><partner-job-id>A</partner-job-id><position><title>x",
    "processing instruction": '<?xml-stylesheet href="file:///etc/passwd"?><job/>',
    "inclusion": '<job xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="file:///etc/passwd"/></job>',
    "deep": "<job>" * 20_000 + "</job>" * 20_000,
    "two roots": "<job/><job/>",
    "empty": "",
    "many elements": f"<job>{'<salary/>' * 20_000}</job>",
    "many attributes": "<job " + " ".join(f"a{n}='1'" for n in range(15_000)) + "/>",
}


@pytest.fixture(scope="module")
def partner(cluster_url):
    """One server for all tests: refused requests change nothing."""
    for url in make_database(cluster_url, TEMPLATE):
        with open_sandbox_client(url) as sandbox_client:
            yield XmlPartner(sandbox_client)


@pytest.mark.parametrize("name", HARMFUL)
def test_malicious_documents_are_refused(partner: XmlPartner, name: str) -> None:
    started = time.monotonic()
    answer = partner.call("POST", "/v1/jobs", HARMFUL[name])
    status, message = error_of(answer)
    assert status in {400, 413}
    assert "root:" not in message
    assert time.monotonic() - started < SECONDS_MAX
    assert partner.unused(partner.slots) == 25


@pytest.mark.parametrize(
    "body",
    [
        b"\xff\xfe<\x00j\x00o\x00b\x00>\x00",
        b"\x00\x00\x00<\x00\x00\x00j",
        b"<job><salary>\xff\xfe</salary></job>",
        b'<?xml version="1.0" encoding="UTF-16"?><job/>',
        b"<job><salary>\x00</salary></job>",
    ],
)
def test_invalid_bytes_are_refused(partner: XmlPartner, body: bytes) -> None:
    assert error_of(partner.call("POST", "/v1/jobs", body))[0] == 400


@pytest.mark.long
def test_a_gigabyte_is_not_read(partner: XmlPartner) -> None:
    """It is refused by its declared length, and without one it is read only up to the limit."""
    declared = partner.call("POST", "/v1/jobs", b"<job/>", **{"Content-Length": "1073741824"})
    assert error_of(declared)[0] == 413

    taken = []

    def nest():
        for _ in range(100_000):
            taken.append(1)
            yield b"<job>" * 2_000

    headers = {"Content-Type": XML_TYPE, "Authorization": f"Bearer {partner.sandbox_client.token('parent')}"}
    answer = partner.sandbox_client.client.post("/v1/jobs", content=nest(), headers=headers)
    assert error_of(answer)[0] == 413


@pytest.mark.parametrize("media", ["image/png", "application/x-www-form-urlencoded", "multipart/form-data"])
def test_other_media_are_refused(partner: XmlPartner, media: str) -> None:
    answer = partner.call("POST", "/v1/jobs", "<job/>", **{"Content-Type": media})
    assert error_of(answer)[0] == 415


def test_each_error_names_its_element(partner: XmlPartner) -> None:
    body = job_xml(
        "M-1",
        partner.slots,
        country="zz",
        more="<how-to-apply><application-url>x</application-url></how-to-apply>",
    )
    status, message = error_of(partner.call("POST", "/v1/jobs", body))
    assert status == 400
    assert "job/position/location/country/code" in message
    assert "job/how-to-apply/application-url" in message
