"""A refusal is found in the table of errors, whichever protocol it came in; what is not in the table is none of its rows."""

import pytest

from jobmeter.base.faults import Fault, Refused
from jobmeter.client import ThrottledError
from jobmeter.client.http.errors import make_refusal
from jobmeter.client.http.reading import RowError, make_row_error
from jobmeter.client.http.transport import read_refusal
from jobmeter.http.responses import error_object, oauth_refusal, plain_refusal, restli_refusal, row_error

# Rows whose texts are the same in one protocol, or that consist of a parameter alone: no response distinguishes them.
NOT_DISTINGUISHED = {
    "restli": {
        Fault.METHOD_HEADER,
        Fault.BODY_INVALID,
        Fault.JOB_FIELDS_INVALID,
        Fault.OPERATOR_INPUT,
        Fault.JOB_DOCUMENT_INVALID,
        Fault.JOBS_METHOD,
    },
    "plain": set(),
}


def make(fault):
    """A refusal with values for the parameters of its message."""
    names = {part.partition("}")[0] for part in fault.row.message.split("{")[1:]}
    return Refused(fault, **dict.fromkeys(names, "x1"))


def found_in(fault, refusal):
    response = refusal(make(fault))
    return make_refusal(response.status_code, read_refusal(response.body)).fault


@pytest.mark.parametrize("protocol", ["restli", "plain"])
def test_every_row_of_the_table_is_found(protocol):
    refusal = {"restli": restli_refusal, "plain": plain_refusal}[protocol]
    wrong = {fault for fault in Fault if found_in(fault, refusal) is not fault}
    assert wrong <= NOT_DISTINGUISHED[protocol], sorted(
        fault.name for fault in wrong - NOT_DISTINGUISHED[protocol]
    )


def test_rows_of_a_batch_are_found():
    for fault in (Fault.JOB_NOT_REPORTED, Fault.ENTITY_UNKNOWN):
        for content in (row_error(make(fault)), error_object(make(fault))):
            shape = RowError(
                status=content["status"],
                message=content["message"],
                code=content.get("code", ""),
                service_error_code=content.get("serviceErrorCode"),
            )
            assert make_row_error(shape).fault is fault


def test_errors_of_the_token_endpoint_are_found():
    for fault in (Fault.CLIENT_AUTHENTICATION, Fault.GRANT_MISSING, Fault.CLIENT_NOT_ALLOWED):
        assert found_in(fault, oauth_refusal) is fault


@pytest.mark.parametrize(
    ("status", "body", "message"),
    [
        (502, b"<html><h1>Bad gateway</h1></html>", "<html><h1>Bad gateway</h1></html>"),
        (400, b"<?xml version='1.0'?><error><message>a &lt; b</message></error>", "a < b"),
        (400, b'["a list"]', "['a list']"),
        (500, b"\xff\xfe" + b"x" * 2_000, None),
        (404, b"", "the response has no message"),
        (418, b'{"message": "I am a teapot", "serviceErrorCode": "text"}', "I am a teapot"),
    ],
)
def test_what_is_not_in_the_table_is_quoted(status, body, message):
    refused = make_refusal(status, read_refusal(body))
    assert (refused.status, refused.fault, refused.code) == (status, None, None)
    assert message is None or refused.message == message
    assert len(refused.message) <= 500


def test_linkedin_s_older_texts_are_found():
    body = {"message": Fault.THROTTLED.row.message, "serviceErrorCode": 101, "status": 429}
    refused = make_refusal(429, body)
    assert isinstance(refused, ThrottledError)
    assert refused.fault is Fault.THROTTLED
    denied = {
        "serviceErrorCode": 100,
        "message": "Not enough permissions to access: me.GET.NO_VERSION",
        "status": 403,
    }
    assert make_refusal(403, denied).fault is Fault.ACCESS_DENIED
