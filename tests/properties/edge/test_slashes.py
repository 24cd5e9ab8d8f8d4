"""An address with a slash too many: who reads it is sent on to what is there, and nowhere else."""

import pytest


@pytest.mark.parametrize(
    ("address", "target"),
    [
        ("/portal/", "/portal"),
        ("/docs//", "/docs"),
        (
            "/jobs/view/12/?utm_source=a%20b&x=%0d%0aSet-Cookie:y",
            "/jobs/view/12?utm_source=a%20b&x=%0d%0aSet-Cookie:y",
        ),
        ("/operator/overview/", "/operator/overview"),
        ("/jobs/apply/%C3%A4%20b/", "/jobs/apply/%C3%A4%20b"),
    ],
)
@pytest.mark.parametrize("verb", ["GET", "HEAD"])
def test_who_reads_with_a_slash_too_many_is_sent_on(sandbox_client, verb, address, target):
    answer = sandbox_client.client.request(verb, address, follow_redirects=False)
    assert (answer.status_code, answer.headers.get("Location")) == (308, target)


@pytest.mark.parametrize(
    ("verb", "address"),
    [
        ("POST", "/events/"),
        ("DELETE", "/portal/"),
        ("GET", "/nothing/"),
        ("GET", "//portal/"),
        ("GET", "//example.com/"),
        ("GET", "/portal/x%2F/"),
    ],
)
def test_a_slash_too_many_leads_nowhere_else(sandbox_client, verb, address):
    answer = sandbox_client.client.request(verb, f"http://testserver{address}", follow_redirects=False)
    assert (answer.status_code, "Location" in answer.headers) == (404, False)
