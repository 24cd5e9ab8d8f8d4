"""Single CloudEvents, in structured and in binary mode, are read like those of a batch."""

import base64
import json

import pytest

from jobmeter.wire.cloud_events import BATCH_MEDIA, SINGLE_MEDIA, list_attributes
from jobmeter.wire.events import Malformed, read_job_id
from tests.unit.wire.event_batches import CLOUD, decode_all


def test_one_cloud_event_in_structured_mode():
    (event,) = decode_all(json.dumps(CLOUD).encode(), SINGLE_MEDIA)
    assert [event] == decode_all(json.dumps([CLOUD]).encode(), BATCH_MEDIA)


@pytest.mark.parametrize("data", [{"visitor": "v-1"}, {}, None])
def test_the_data_of_a_cloud_event_may_be_base64(data):
    record = {name: value for name, value in CLOUD.items() if name != "data"}
    packed = base64.b64encode(json.dumps(data).encode()).decode()
    (event,) = decode_all(json.dumps(record | {"data_base64": packed}).encode(), SINGLE_MEDIA)
    assert event.visitor == (data or {}).get("visitor", "")
    assert read_job_id(event.job) == 4249477487


HEADERS = {f"ce-{name}": value for name, value in CLOUD.items() if name != "data"}


def test_one_cloud_event_in_binary_mode():
    attributes = list_attributes(HEADERS | {"ce-traceparent": "00-1", "user-agent": "x"})
    (event,) = decode_all(json.dumps(CLOUD["data"]).encode(), "application/json", attributes)
    assert [event] == decode_all(json.dumps([CLOUD]).encode(), BATCH_MEDIA)
    (bare,) = decode_all(b"", "", attributes)
    assert (bare.id, bare.visitor) == ("e-1", "")


def test_attributes_in_headers_are_percent_decoded():
    attributes = list_attributes(HEADERS | {"ce-id": "caf%C3%A9%20%25"})
    (event,) = decode_all(b"{}", "application/json", attributes)
    assert event.id == "caf\u00e9 %"


def test_a_request_without_the_version_header_is_a_batch():
    assert list_attributes({"ce-id": "e-1", "content-type": "application/json"}) is None


@pytest.mark.parametrize("missing", ["id", "source", "type", "time"])
@pytest.mark.parametrize("mode", ["structured", "binary"])
def test_a_cloud_event_needs_its_attributes(mode, missing):
    record = {name: value for name, value in CLOUD.items() if name != missing}
    headers = {name: value for name, value in HEADERS.items() if name != f"ce-{missing}"}
    if mode == "structured":
        (event,) = decode_all(json.dumps(record).encode(), SINGLE_MEDIA)
    else:
        (event,) = decode_all(json.dumps(CLOUD["data"]).encode(), "", list_attributes(headers))
    assert isinstance(event, Malformed)
    assert missing in event.why


@pytest.mark.parametrize("version", ["0.3", "2.0", ""])
def test_another_version_of_cloud_events_is_malformed(version):
    (single,) = decode_all(json.dumps(CLOUD | {"specversion": version}).encode(), SINGLE_MEDIA)
    (binary,) = decode_all(b"{}", "", list_attributes(HEADERS | {"ce-specversion": version}))
    assert single.why == binary.why == f"specversion {version!r} is not 1.0"
