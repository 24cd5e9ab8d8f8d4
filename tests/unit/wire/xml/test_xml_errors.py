"""The error document and its JSON form, read back by a parser, and the stable messages that clients match."""

import json
import re

import pytest
from lxml import etree

from jobmeter.base.faults import Fault, Refused
from jobmeter.wire.xml.job.error_document import ErrorDocument, write_error_json, write_error_xml
from jobmeter.wire.xml.tree import Items
from jobmeter.wire.xml.writer import join_camel, write_json, write_xml

ERROR = ErrorDocument(401, 1378122242574, "8PQJRYO7JK", "Invalid access token.")


def test_the_error_document_has_the_right_order_and_declaration():
    body = write_error_xml(ERROR)
    assert body.startswith(
        b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<error>\n  <status>401</status>\n'
    )
    assert [(part.tag, part.text) for part in etree.fromstring(body)] == [
        ("status", "401"),
        ("timestamp", "1378122242574"),
        ("request-id", "8PQJRYO7JK"),
        ("error-code", "0"),
        ("message", "Invalid access token."),
    ]


def test_the_recorded_error_document_has_the_same_elements(shared):
    notes = json.loads((shared / "fixtures" / "xml" / "NOTES.json").read_text())
    recorded = etree.fromstring(notes["error_xml"].encode())
    ours = etree.fromstring(write_error_xml(ERROR))
    assert [(part.tag, part.text) for part in ours] == [(part.tag, part.text) for part in recorded]
    twin = json.loads(write_error_json(ERROR))
    assert list(twin) == list(notes["error_json (x-li-format: json)"])


def test_the_json_form_is_alphabetical():
    twin = json.loads(write_error_json(ERROR))
    assert list(twin) == sorted(twin)
    assert twin == {
        "errorCode": 0,
        "message": "Invalid access token.",
        "requestId": "8PQJRYO7JK",
        "status": 401,
        "timestamp": 1378122242574,
    }


@pytest.mark.parametrize("message", ["a < b & \"c\" > 'd'", "]]>", "é\U0001f600", " a\tb ", "a\r\nb", ""])
def test_any_message_survives_a_round_trip(message):
    body = write_error_xml(ErrorDocument(400, 1, "A", message))
    assert (etree.fromstring(body).findtext("message") or "") == message


def test_characters_that_xml_does_not_allow_are_replaced():
    body = write_error_xml(ErrorDocument(400, 1, "A", "a\x00b\x1fc\ufffed"))
    assert etree.fromstring(body).findtext("message") == "a\ufffdb\ufffdc\ufffdd"


def test_trees_are_serialized_as_xml_and_json():
    tree = {"a-b": {"c": True, "d": ""}, "rows": Items("row", ({"e": 1}, {"e": 2}))}
    root = etree.fromstring(write_xml("job", tree))
    assert [element.tag for element in root.iter()] == [
        "job",
        "a-b",
        "c",
        "d",
        "rows",
        "row",
        "e",
        "row",
        "e",
    ]
    assert root.find("rows").get("total") == "2"
    assert json.loads(write_json(tree)) == {
        "aB": {"c": True, "d": ""},
        "rows": {"_total": 2, "values": [{"e": 1}, {"e": 2}]},
    }


@pytest.mark.parametrize(
    ("name", "camel"), [("id", "id"), ("partner-job-id", "partnerJobId"), ("site-job-url", "siteJobUrl")]
)
def test_names_are_converted_to_camel_case(name, camel):
    assert join_camel(name) == camel


@pytest.mark.parametrize(
    ("fault", "parameters", "status", "message"),
    [
        (Fault.INVENTORY_EMPTY, {}, 402, "No job inventory available."),
        (Fault.JOB_DUPLICATE, {}, 409, "Duplicate job."),
        (Fault.JOB_CLOSED, {}, 409, "Job is closed."),
        (Fault.JOB_EXPIRED, {}, 409, "Job is expired."),
        (Fault.JOB_UNKNOWN, {}, 404, "Job not found."),
        (Fault.HIRING_CONTRACT_DENIED, {"contract": 7}, 403, "Access to contract 7 denied"),
        (Fault.JOBS_THROTTLED, {}, 403, "Throttle limit for calls to this resource is reached."),
        (Fault.OAUTH_SCHEME, {}, 401, "Unknown authentication scheme"),
        (Fault.OAUTH_TOKEN_INVALID, {}, 401, "Invalid access token."),
    ],
)
def test_stable_messages(fault, parameters, status, message):
    assert fault.row.status == status
    assert Refused(fault, **parameters).message == message


def test_oauth_problems_have_the_names_of_the_extension():
    problems = {fault.row.label for fault in Fault if fault.name.startswith("OAUTH_") and fault.row.label}
    assert all(re.fullmatch("[a-z]+(_[a-z]+)+", problem) for problem in problems)
    assert {
        "signature_invalid",
        "timestamp_refused",
        "nonce_used",
        "consumer_key_unknown",
        "parameter_absent",
    } <= problems
