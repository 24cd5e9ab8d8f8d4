"""Random identifiers are unique and URL-safe; secrets are stored as hashes."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobmeter.base import credentials

SECRETS = st.text(alphabet=st.characters(codec="utf-8"))


@pytest.mark.parametrize(
    "make",
    [
        credentials.make_secret,
        credentials.make_access_token,
        credentials.make_client_id,
        credentials.make_request_id,
    ],
)
def test_generated_identifiers_are_unique_and_url_safe(make):
    made = {make() for _ in range(200)}
    assert len(made) == 200
    assert set("".join(made)) <= set(string.ascii_letters + string.digits + "-_")


def test_tokens_and_client_ids_have_the_protocol_s_format():
    assert credentials.make_access_token().startswith("AQV")
    assert len(credentials.make_client_id()) == 14


@given(SECRETS, SECRETS)
def test_a_secret_is_verified_by_its_hash(secret, other):
    kept = credentials.hash_secret(secret)
    assert len(kept) == 32
    assert credentials.same_secret(secret, kept)
    assert credentials.same_secret(other, kept) == (other == secret)
