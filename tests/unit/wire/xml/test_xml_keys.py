"""The forms of a job key in a path."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobmeter.base.faults import Fault, Refused
from jobmeter.wire.xml.job.keys import JobKey, read_job_key, write_partner_key


@pytest.mark.parametrize(
    ("tail", "key"),
    [
        ("1337", JobKey(1337, None)),
        ("id=1337", JobKey(1337, None)),
        ("%31337", JobKey(1337, None)),
        ("1337:(id,company:(name))", JobKey(1337, None, ":(id,company:(name))")),
        ("1337:%28id%2Cactive%29", JobKey(1337, None, ":(id,active)")),
        ("id=1337:(id)", JobKey(1337, None, ":(id)")),
        ("partner-job-id=A-1", JobKey(None, "A-1")),
        ("partner-job-id=A-1:(active)", JobKey(None, "A-1", ":(active)")),
        ("partner-job-id=A%3A%28b%29%2Fc%3Dd%25", JobKey(None, "A:(b)/c=d%")),
        ("partner-job-id=a=b", JobKey(None, "a=b")),
        ("partner-job-id=a+b", JobKey(None, "a+b")),
        ("partner-job-id=1337", JobKey(None, "1337")),
        ("partner-job-id=%C3%A9", JobKey(None, "é")),
        (f"partner-job-id={'x' * 50}", JobKey(None, "x" * 50)),
    ],
)
def test_keys_are_parsed(tail, key):
    assert read_job_key(tail) == key


@pytest.mark.parametrize(
    "tail",
    [
        "",
        "x",
        "0",
        "-1",
        "1.5",
        "id=",
        "id=x",
        "job-id=1",
        "=1",
        "partner-job-id=",
        f"partner-job-id={'x' * 51}",
        "1:",
        "1:x",
        "1:id",
        "::(1,2)",
        "a:b",
        "partner-job-id=a:b",
        "partner-job-id=%",
        "partner-job-id=%zz",
        "1:(%)",
        "partner-job-id=%00",
        "partner-job-id=%ff",
        "9" * 19,
        "partner%2Djob%2Did=%ff",
        "x" * 5000,
    ],
)
def test_invalid_keys_are_refused(tail):
    with pytest.raises(Refused) as caught:
        read_job_key(tail)
    assert caught.value.fault is Fault.JOB_KEY_INVALID


@given(
    st.text(
        st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff"),
        min_size=1,
        max_size=50,
    )
)
def test_partner_keys_survive_a_path(partner_job_id):
    tail = write_partner_key(partner_job_id)
    assert tail.isascii()
    assert read_job_key(f"{tail}:(id)") == JobKey(None, partner_job_id, ":(id)")
