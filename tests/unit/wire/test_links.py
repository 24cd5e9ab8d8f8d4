"""Signed links: what was signed is read again, and nothing else is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobmeter.wire.links import make_link_token, read_link_token

TOKEN = make_link_token(7, purpose="apply", key="key") or ""


def read(token: str) -> int | None:
    return read_link_token(token, purpose="apply", key="key")


@given(st.integers(0, 2**63 - 1))
def test_a_token_names_its_job(job_id: int) -> None:
    assert read(make_link_token(job_id, purpose="apply", key="key") or "") == job_id


@pytest.mark.parametrize(
    "bent",
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
def test_a_bent_token_names_nothing(bent: str) -> None:
    assert read(TOKEN) == 7
    assert read(bent) is None


@given(st.text(max_size=40))
def test_no_text_is_a_token_by_chance(text: str) -> None:
    assert read(text) is None
