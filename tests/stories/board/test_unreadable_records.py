"""A record that cannot be read is reported by its index, and the rest of its batch is accepted, by HTTP."""

import json

from tests.support.sandbox_client import SandboxClient, bearer, make_event

HALF = b"\\ud83d"
MARK = "MARK"


def send(sandbox_client: SandboxClient, body: bytes, media: str, **headers: str) -> dict:
    key = bearer(sandbox_client.credentials["events_key"])
    answer = sandbox_client.client.post(
        "/events", content=body, headers=key | {"Content-Type": media} | headers
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_nine_of_ten_events_are_accepted_whatever_the_format(sandbox_client: SandboxClient) -> None:
    job_id, at = sandbox_client.post_job("seen"), sandbox_client.now_ms

    def pack(form: str) -> bytes:
        events = [
            make_event(job_id, f"{form}{n}", at, userAgent=f"Moz {MARK if n == 6 else n}") for n in range(10)
        ]
        if form == "lines":
            return b"\n".join(json.dumps(event).encode() for event in events)
        if form == "cloud":
            events = [
                {
                    "specversion": "1.0",
                    **{name: event.pop(name) for name in ("source", "id", "type")},
                    "data": event,
                }
                for event in events
            ]
        return json.dumps(events).encode()

    for form, media in {
        "array": "application/json",
        "lines": "application/x-ndjson",
        "cloud": "application/cloudevents-batch+json",
    }.items():
        body = pack(form)
        for number, spoiled in enumerate((HALF, b"\xff")):
            found = send(sandbox_client, body.replace(MARK.encode(), spoiled), media)
            counted = found["accepted"] if number == 0 else found["duplicate"]
            assert (counted, found["rejected"]) == (9, 1), (form, spoiled)
            (row,) = found["rejections"]
            assert (row["index"], row["reason"]) == (6, "MALFORMED")


def test_single_cloud_events_are_accepted(sandbox_client: SandboxClient) -> None:
    job_id, time = sandbox_client.post_job("seen"), sandbox_client.now.isoformat()
    envelope = {
        "specversion": "1.0",
        "source": "board",
        "id": "ce-1",
        "type": "com.example.applyClick",
        "time": time,
        "subject": str(job_id),
    }
    data = {"visitor": "v-1"}
    structured = json.dumps(envelope | {"data": data}).encode()
    found = send(sandbox_client, structured, "application/cloudevents+json; charset=UTF-8")
    assert (found["accepted"], found["duplicate"]) == (1, 0)
    attributes = {f"ce-{name}": value for name, value in envelope.items()}
    body = json.dumps(data).encode()
    assert send(sandbox_client, body, "application/json", **attributes)["duplicate"] == 1
    again = send(sandbox_client, body, "application/json", **attributes | {"ce-id": "ce-2"})
    assert again["accepted"] == 1


def test_ninety_nine_of_a_hundred_jobs_are_accepted(sandbox_client: SandboxClient) -> None:
    amount = {"payForPerformanceTotalBudget": {"currencyCode": "USD", "amount": "3.00"}}
    elements = [sandbox_client.job_element(f"many-{n}", budget=amount) for n in range(100)]
    elements[60]["title"] = MARK
    body = json.dumps({"elements": elements}).encode()
    headers = sandbox_client.headers(**{"X-RestLi-Method": "batch_create"})
    for spoiled in (HALF, b"\xff"):
        answer = sandbox_client.client.post(
            "/rest/simpleJobPostings",
            headers=headers | {"Content-Type": "application/json"},
            content=b"\xef\xbb\xbf" + body.replace(MARK.encode(), spoiled),
        )
        rows = answer.json()["elements"]
        assert [index for index, row in enumerate(rows) if row["status"] != 202] == [60]
        assert rows[60]["error"]["message"].startswith("ERROR :: /title :: ")
        assert rows[60]["error"]["errorDetails"] == {"externalJobPostingId": "many-60"}


def test_an_unreadable_id_or_field_name_is_refused_in_its_row(sandbox_client: SandboxClient) -> None:
    headers = sandbox_client.headers(**{"X-RestLi-Method": "batch_create"}) | {
        "Content-Type": "application/json"
    }
    body = json.dumps({"elements": [sandbox_client.job_element("MARK"), sandbox_client.job_element("sound")]})
    for spoiled in (
        body.encode().replace(b'"MARK"', b'"%s"' % HALF),
        body.encode().replace(b'"title"', b'"%s"' % HALF, 1),
    ):
        answer = sandbox_client.client.post("/rest/simpleJobPostings", headers=headers, content=spoiled)
        first, second = answer.json()["elements"]
        assert (first["status"], second["status"]) == (422, 202)


def test_a_byte_order_mark_before_json_is_passed_over(sandbox_client: SandboxClient) -> None:
    mark = b"\xef\xbb\xbf"
    operator = bearer(sandbox_client.credentials["operator_key"]) | {"Content-Type": "application/json"}
    made = sandbox_client.client.post(
        "/operator/partners", content=mark + b'{"name": "A Reseller"}', headers=operator
    )
    assert made.status_code == 201, made.text
    moved = sandbox_client.client.post(
        "/sandbox/clock", content=mark + b'{"advance": "1h"}', headers=operator
    )
    assert moved.status_code == 200, moved.text
