"""``Idempotency-Key`` on the XML API, and the remaining daily quota."""

from uuid import uuid4

from tests.support.xml_partner import XmlPartner, error_of, job_xml


def test_a_posting_repeated_with_its_key_takes_one_slot(partner: XmlPartner) -> None:
    key = {"Idempotency-Key": uuid4().hex}
    before = partner.unused(partner.slots)
    first, again = (partner.call("POST", "/v1/jobs", job_xml("R-1", partner.slots), **key) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.headers["Location"] == first.headers["Location"]
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert partner.unused(partner.slots) == (before or 0) - 1


def test_a_close_repeated_with_its_key_gets_the_same_response(partner: XmlPartner) -> None:
    partner.post("R-2", partner.slots)
    path, key = "/v1/jobs/partner-job-id=R-2", {"Idempotency-Key": "close-R-2"}
    answers = [partner.call("DELETE", path, **key) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [204, 204]
    assert ["Idempotency-Replayed" in answer.headers for answer in answers] == [False, True]


def test_another_document_with_the_same_key_is_refused(partner: XmlPartner) -> None:
    key = {"Idempotency-Key": uuid4().hex}
    partner.call("POST", "/v1/jobs", job_xml("R-3", partner.slots), **key)
    other = partner.call("POST", "/v1/jobs", job_xml("R-4", partner.slots), **key)
    status, message = error_of(other)
    assert (status, "used for a different request" in message) == (422, True)


def test_a_repeated_refusal_is_the_same(partner: XmlPartner) -> None:
    key = {"Idempotency-Key": uuid4().hex}
    answers = [partner.call("POST", "/v1/jobs", "<job/>", **key) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [400, 400]
    assert answers[0].content == answers[1].content


def test_an_invalid_key_is_refused(partner: XmlPartner) -> None:
    answer = partner.call("POST", "/v1/jobs", job_xml("R-5", partner.slots), **{"Idempotency-Key": "a b"})
    assert error_of(answer)[0] == 400


def test_each_response_reports_the_remaining_calls(partner: XmlPartner) -> None:
    answers = [partner.call("GET", "/v1/jobs/1"), partner.call("POST", "/v1/jobs", "<job/>")]
    left = [int(answer.headers["X-RateLimit-Remaining"]) for answer in answers]
    assert left[1] == left[0] - 1
