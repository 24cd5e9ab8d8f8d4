"""What all XML API calls share: authentication, formats, keys, methods, the error document."""

import json
import re
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from jobmeter.base.clock import read_machine_clock, to_ms
from tests.support.sandbox_client import bearer, open_sandbox_client
from tests.support.xml_partner import PIXEL, POSTER, XML_TYPE, XmlPartner, error_of, job_xml, sign

HOST = "http://board.example"


def send_signed(partner: XmlPartner, method: str, path: str, body: str = "", **signing: Any) -> Any:
    keys = signing.pop("keys", partner.sandbox_client.credentials["parent"])
    base = signing.pop("base", HOST)
    header = signing.pop("header", None) or sign(keys, method, base + path, **signing)
    return partner.sandbox_client.client.request(
        method, path, content=body, headers={"Authorization": header, "Content-Type": XML_TYPE}
    )


def seconds_from_now(seconds: int) -> str:
    return str(to_ms(read_machine_clock()) // 1_000 + seconds)


def test_two_legged_signatures_work_for_every_verb(partner: XmlPartner) -> None:
    path = "/v1/jobs/partner-job-id=S-1"
    posted = send_signed(partner, "POST", "/v1/jobs", job_xml("S-1", partner.slots))
    assert posted.status_code == 201, posted.text
    assert send_signed(partner, "GET", path).status_code == 200
    assert send_signed(partner, "GET", f"{path}:(id,position:(title))?format=json").status_code == 200
    assert send_signed(partner, "PUT", path, "<job><renewal/></job>").status_code == 200
    assert send_signed(partner, "DELETE", path).status_code == 204


def test_both_applications_may_sign_even_after_the_clock_was_moved(partner: XmlPartner) -> None:
    partner.sandbox_client.advance("2d")
    for who in ("parent", "child"):
        keys = partner.sandbox_client.credentials[who]
        assert send_signed(partner, "GET", "/v1/jobs/1", keys=keys).status_code == 404


def test_a_proxy_may_terminate_tls(partner: XmlPartner) -> None:
    answer = send_signed(partner, "GET", "/v1/jobs/1", base="https://board.example")
    assert answer.status_code == 404


def test_a_signature_with_a_valid_token_is_accepted(partner: XmlPartner) -> None:
    token = partner.sandbox_client.token("parent")
    for secret in ("", token):
        answer = send_signed(
            partner, "GET", "/v1/jobs/1", resource_owner_key=token, resource_owner_secret=secret
        )
        assert answer.status_code == 404
    foreign = partner.sandbox_client.token("child")
    answer = send_signed(partner, "GET", "/v1/jobs/1", resource_owner_key=foreign)
    assert answer.headers["oauth_problem"] == "token_rejected"


def test_a_signature_is_valid_once(partner: XmlPartner) -> None:
    header = sign(partner.sandbox_client.credentials["parent"], "GET", f"{HOST}/v1/jobs/1")
    assert send_signed(partner, "GET", "/v1/jobs/1", header=header).status_code == 404
    again = send_signed(partner, "GET", "/v1/jobs/1", header=header)
    assert (error_of(again)[0], again.headers["oauth_problem"]) == (401, "nonce_used")


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda text: text.replace('oauth_version="1.0"', 'oauth_version="2.0"'), "version_rejected"),
        (lambda text: re.sub(r'oauth_nonce="[^"]*", ', "", text), "parameter_absent"),
        (lambda text: text.replace("HMAC-SHA1", "PLAINTEXT"), "signature_method_rejected"),
        (lambda text: re.sub(r'oauth_consumer_key="', 'oauth_consumer_key="x', text), "consumer_key_unknown"),
        (lambda text: re.sub(r'oauth_timestamp="\d+"', 'oauth_timestamp="soon"', text), "parameter_rejected"),
        (lambda text: re.sub(r'oauth_nonce="', 'oauth_nonce="x', text), "signature_invalid"),
        (lambda _: "OAuth", "parameter_rejected"),
        (lambda _: 'OAuth oauth_nonce="%00"', "parameter_absent"),
    ],
)
def test_each_invalid_signature_names_its_problem(partner: XmlPartner, change: Any, problem: str) -> None:
    header = change(sign(partner.sandbox_client.credentials["parent"], "GET", f"{HOST}/v1/jobs/1"))
    answer = send_signed(partner, "GET", "/v1/jobs/1", header=header)
    assert error_of(answer)[0] == 401
    assert answer.headers.get("oauth_problem") == problem
    assert answer.headers["WWW-Authenticate"] == f'OAuth realm="{HOST}"'


@pytest.mark.parametrize(("seconds", "status"), [(-290, 404), (290, 404), (-310, 401), (310, 401)])
def test_the_timestamp_must_be_within_five_minutes(partner: XmlPartner, seconds: int, status: int) -> None:
    answer = send_signed(partner, "GET", "/v1/jobs/1", timestamp=seconds_from_now(seconds))
    assert answer.status_code == status
    assert ("oauth_problem" in answer.headers) == (status == 401)


def test_the_path_is_signed(partner: XmlPartner) -> None:
    header = sign(partner.sandbox_client.credentials["parent"], "GET", f"{HOST}/v1/jobs/1")
    answer = send_signed(partner, "GET", "/v1/jobs/2", header=header)
    assert answer.headers["oauth_problem"] == "signature_invalid"


@pytest.mark.parametrize(
    ("authorization", "message"),
    [
        ("", "Unknown authentication scheme"),
        ("Basic abc", "Unknown authentication scheme"),
        ("Bearer", "Invalid access token."),
        ("Bearer wrong", "Invalid access token."),
    ],
)
def test_an_unknown_caller_is_refused(partner: XmlPartner, authorization: str, message: str) -> None:
    headers = {"Authorization": authorization} if authorization else {}
    answer = partner.sandbox_client.client.get("/v1/jobs/1", headers=headers)
    assert error_of(answer) == (401, message)
    assert answer.headers["WWW-Authenticate"].startswith("OAuth realm=")


def test_the_query_may_carry_a_token_and_an_expired_one_is_refused(partner: XmlPartner) -> None:
    token = partner.sandbox_client.token("parent")
    path = f"/v1/jobs/1?oauth2_access_token={token}"
    assert partner.sandbox_client.client.get(path).status_code == 404
    partner.sandbox_client.advance("31m")
    assert error_of(partner.sandbox_client.client.get(path)) == (401, "Invalid access token.")


def test_responses_are_json_on_request(partner: XmlPartner) -> None:
    partner.post("J-1", partner.slots)
    for path, headers in (
        ("/v1/jobs/partner-job-id=J-1?format=json", {}),
        ("/v1/jobs/partner-job-id=J-1", {"x-li-format": "json"}),
    ):
        answer = partner.call("GET", path, **headers)
        assert answer.headers["Content-Type"] == "application/json;charset=UTF-8"
        assert answer.headers["X-Li-Format"] == "json"
        assert answer.json()["partnerJobId"] == "J-1"
    refused = partner.call("GET", "/v1/jobs/1", **{"x-li-format": "json"})
    assert list(refused.json()) == ["errorCode", "message", "requestId", "status", "timestamp"]
    assert refused.json()["requestId"] == refused.headers["X-Li-Request-Id"]


def test_a_json_body_is_equivalent_to_the_document(partner: XmlPartner) -> None:
    job = {
        "partnerJobId": "J-2",
        "contractId": partner.slots,
        "company": {"name": "Harbour Logistics"},
        "position": {
            "title": "Fitter",
            "description": "Repairs.",
            "location": {"country": {"code": "gb"}},
            "industries": {"_total": 1, "values": [{"code": "55"}]},
        },
    }
    answer = partner.call("POST", "/v1/jobs", json.dumps(job), **{"Content-Type": "application/json"})
    assert answer.status_code == 201, answer.text
    assert partner.get("J-2", ":(position:(industries:(industry:(code))))").findtext(".//code") == "55"


def test_every_form_of_key_finds_the_job(partner: XmlPartner) -> None:
    number = partner.post("K 1/ü", partner.slots).headers["Location"].rpartition("/")[2]
    for key in (number, f"id={number}", "partner-job-id=K%201%2F%C3%BC"):
        answer = partner.call("GET", f"/v1/jobs/{key}:(id,partner-job-id)")
        assert [part.text for part in ET.fromstring(answer.content)] == [number, "K 1/ü"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/jobs/nonsense", 400),
        ("/v1/jobs/partner-job-id=", 400),
        ("/v1/jobs/999999999999999999", 404),
        ("/v1/jobs/partner-job-id=A:(nonsense)", 404),
        ("/v1/people/~", 404),
        (f"/v1/jobs/{'9' * 9_000}", 414),
    ],
)
def test_unknown_paths_get_an_error_document(partner: XmlPartner, path: str, status: int) -> None:
    assert error_of(partner.call("GET", path))[0] == status


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("GET", "/v1/jobs", "POST"),
        ("PUT", "/v1/jobs/", "POST"),
        ("POST", "/v1/jobs/1", "GET, PUT, DELETE"),
        ("PATCH", "/v1/jobs/1", "GET, PUT, DELETE"),
        ("OPTIONS", "/v1/jobs/1", "GET, PUT, DELETE"),
    ],
)
def test_allowed_methods_are_listed(partner: XmlPartner, method: str, path: str, allow: str) -> None:
    answer = partner.call(method, path)
    assert error_of(answer)[0] == 405
    assert answer.headers["Allow"] == allow
    assert partner.call("HEAD", path).status_code == 405 or method == "PATCH"


def test_a_response_has_its_request_id(partner: XmlPartner) -> None:
    answer = partner.post("E-1", partner.slots)
    assert re.fullmatch("[A-Z0-9]{10}", answer.headers["X-Li-Request-Id"])
    assert answer.headers["X-Li-Format"] == "xml"


def test_an_application_without_a_signing_secret_cannot_sign(partner: XmlPartner) -> None:
    made = partner.operate("POST", "/operator/partners", {"name": "Second Partner"}).json()
    keys = made["credentials"]
    answer = send_signed(partner, "GET", "/v1/jobs/1", keys=keys)
    assert answer.headers["oauth_problem"] == "consumer_key_refused"

    path = f"/operator/hiringContracts/{partner.credits}/grants"
    granted = partner.operate("POST", path, {"application": made["key"], "withSigningSecret": True}).json()
    signing = keys | {"client_secret": granted["signingSecret"]}

    assert send_signed(partner, "GET", "/v1/jobs/1", keys=signing).status_code == 404
    token = partner.sandbox_client.client.post(
        "/oauth/v2/accessToken", data={"grant_type": "client_credentials"} | signing
    )
    assert (
        partner.sandbox_client.client.get(
            "/v1/jobs/1", headers=bearer(token.json()["access_token"])
        ).status_code
        == 404
    )


def test_too_many_calls_are_refused_in_this_api_s_form(database_url: str) -> None:
    with open_sandbox_client(database_url, rate_limits="jobs=2") as sandbox_client:
        partner = XmlPartner(sandbox_client)
        answers = [partner.call("GET", "/v1/jobs/1") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [404, 404, 403]
    assert error_of(answers[2])[1] == "Throttle limit for calls to this resource is reached."


def test_an_installation_may_forbid_changes_after_posting(database_url: str) -> None:
    stricter = {"xml_description_characters_min": 100, "xml_title_is_frozen": True}
    with open_sandbox_client(database_url, **stricter, xml_reseller_pixel_is_ignored=True) as sandbox_client:
        partner = XmlPartner(sandbox_client)
        assert "job/position/description" in error_of(partner.post("T-1", partner.slots))[1]
        body = job_xml("T-1", partner.credits, poster=POSTER, more=PIXEL)
        body = body.replace("Repairs what broke.", "Repairs what broke. " * 9)
        assert partner.call("POST", "/v1/jobs", body).status_code == 201
        assert partner.get("T-1").find("tracking-pixel-url") is None
        named = f"<contract-id>{partner.credits}</contract-id>"
        title = partner.put("T-1", f"{named}<position><title>Other</title></position>")
        assert error_of(title) == (400, "job/position/title: cannot be changed after posting")
