"""Signed links: only tokens that were signed are accepted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobmeter.wire.links import make_link_token, read_link_token

TOKEN = make_link_token(7, purpose="apply", key="key") or ""


def read(token: str) -> int | None:
    return read_link_token(token, purpose="apply", key="key")


@given(st.integers(0, 2**63 - 1))
def test_a_token_contains_its_job(job_id: int) -> None:
    assert read(make_link_token(job_id, purpose="apply", key="key") or "") == job_id


@pytest.mark.parametrize(
    "altered",
    [
        "",
        "A",
        TOKEN[:-1],
        f"{TOKEN}A",
        f"{TOKEN[:5]}!{TOKEN[6:]}",
        f"{TOKEN[:5]}é{TOKEN[6:]}",
        "https://a.example",
    ],
)
def test_an_altered_token_is_refused(altered: str) -> None:
    assert read(TOKEN) == 7
    assert read(altered) is None


@given(st.text(max_size=40))
def test_no_other_text_is_a_token(text: str) -> None:
    assert read(text) is None
