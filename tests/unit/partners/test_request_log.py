"""What is stored of a request: never a secret, JSON that stays JSON, cut where it is long. And what is kept of the log."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from jobmeter.database.pool import Database
from jobmeter.request_log import flow
from jobmeter.request_log.flow import (
    PER_MINUTE_MAX,
    SHARE_PER_MINUTE,
    WAITING_ROWS_MAX,
    RequestRecorder,
)
from jobmeter.request_log.model import AnsweredRequest, Depth, LogFilter
from jobmeter.request_log.rules import BODY_CHARACTERS_MAX, make_mark, shape_body, shape_row

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
SECRET = "s3cr3t-that-must-not-be-stored"
FORM = "application/x-www-form-urlencoded"
EVERYTHING = LogFilter(after=0, rows_max=100_000)


def mark(token: str) -> str:
    return make_mark(token, secret_key="key")


def answered(**changed) -> AnsweredRequest:
    request = AnsweredRequest(
        received_at=NOW,
        happened_at=NOW,
        duration_ms=3,
        method="GET",
        path="/rest/partnerJobReports",
        status=200,
        request_headers={},
        response_headers={},
    )
    return replace(request, **changed)


def record(recorder: RequestRecorder, request: AnsweredRequest) -> None:
    recorder.record(request.application_id, request.received_at, lambda: request)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (f"grant_type=client_credentials&client_id=a&client_secret={SECRET}", FORM),
        (f"client_secret={SECRET}&client_id=a", FORM),
        (f"token={SECRET}&client_id=a", FORM),
        (f"client_id=a&client_secret={SECRET}", ""),
        (json.dumps({"access_token": SECRET, "expires_in": 1800}), "application/json"),
        (json.dumps({"value": [{"client_secret": SECRET}]}), "application/json;charset=UTF-8"),
        (json.dumps({"secret": SECRET, "id": 1}), "application/json"),
        (json.dumps({"credentials": {"clientSecret": SECRET}}), "application/json"),
        (json.dumps({"password": [SECRET, {"inner": 1}]}), "application/json"),
        (json.dumps({"client_secret": {"value": SECRET}}), "application/json"),
        (f'{{"client_id": "a", "client_secret": "{SECRET}', "application/json"),
        (f'{{"client_secret" : "{SECRET}", "broken', "application/json"),
        (f'[{{"client_secret":"{SECRET}"}}' * 3, "application/json"),
        (f"client_secret={SECRET}", "application/json"),
    ],
)
def test_a_secret_in_a_body_is_never_stored(body, content_type):
    shaped = shape_body(body.encode(), content_type, mark)
    assert SECRET not in shaped
    assert "***" in shaped


def test_a_secret_in_a_header_or_the_url_is_never_stored():
    row = shape_row(
        answered(
            query=f"client_id=a&client_secret={SECRET}&oauth2_access_token={SECRET}",
            request_headers={"Authorization": f"Bearer {SECRET}", "Cookie": SECRET, "X-Proxy-Key": SECRET},
            response_headers={"Set-Cookie": SECRET, "Location": f"/next?token={SECRET}"},
        ),
        depth=Depth.BODIES,
        mark=mark,
    )
    assert SECRET not in repr(row)
    assert row.query == f"client_id=a&client_secret=***&oauth2_access_token=***{mark(SECRET)}"
    basic = shape_row(
        answered(request_headers={"authorization": f"Basic {SECRET}"}), depth=Depth.BODIES, mark=mark
    )
    assert (json.loads(basic.request_headers), basic.token_mark) == ({"authorization": "Basic ***"}, "")


def test_a_token_has_the_same_mark_in_the_header_and_in_the_response_that_issued_it():
    issued = shape_body(json.dumps({"access_token": SECRET}).encode(), "application/json", mark)
    used = shape_row(
        answered(request_headers={"authorization": f"Bearer {SECRET}"}), depth=Depth.LINES, mark=mark
    )
    assert json.loads(issued)["access_token"] == f"***{used.token_mark}"
    assert used.token_mark == mark(SECRET)
    assert used.token_mark != mark("another") != make_mark("another", secret_key="another key")


def test_a_long_text_is_cut_and_still_differs_from_another():
    one, other = ("x" * 2_000 + end for end in "ab")
    shaped = [
        json.loads(shape_body(json.dumps({"d": text}).encode(), "", mark))["d"] for text in (one, other)
    ]
    assert shaped[0] != shaped[1]
    assert all(len(text) < 600 and "(2,001 characters" in text for text in shaped)


def test_a_batch_of_a_hundred_jobs_stays_json():
    elements = [{"externalJobPostingId": f"job-{n}", "description": "d" * 3_000} for n in range(100)]
    shaped = shape_body(json.dumps({"elements": elements}).encode(), "application/json", mark)
    assert len(shaped) <= BODY_CHARACTERS_MAX
    assert [row["externalJobPostingId"] for row in json.loads(shaped)["elements"]] == [
        f"job-{n}" for n in range(100)
    ]


@pytest.mark.parametrize(
    ("body", "content_type", "expected"),
    [
        (b"", "application/json", ""),
        (b"%PDF-1.7", "application/pdf", "(8 bytes of application/pdf)"),
        (b"<job><title>A</title></job>", "text/xml", "<job><title>A</title></job>"),
        (b'{"a":"\xff\x00"}', "application/json", '{"a":"\ufffd\\0"}'),
    ],
)
def test_other_bodies_are_kept_as_text_or_counted(body, content_type, expected):
    assert shape_body(body, content_type, mark) == expected


def test_an_error_is_stored_without_the_body():
    body = json.dumps({"status": 401, "serviceErrorCode": 65602, "message": "The token has expired"}).encode()
    row = shape_row(answered(status=401, response_body=body), depth=Depth.LINES, mark=mark)
    assert (row.error, row.response_body) == ("65602 The token has expired", "")


async def store_some(database: Database, partner: int, count: int, **changed) -> None:
    rows = [
        shape_row(
            answered(partner_id=partner, application_id=partner, **changed), depth=Depth.LINES, mark=mark
        )
    ] * count
    async with database.transaction() as connection:
        await flow.record_requests(connection, rows)


async def count_rows(database: Database) -> dict[int | None, int]:
    async with database.connection() as connection:
        found = await flow.list_requests(connection, EVERYTHING)
    partners = [one.partner_id for one in found]
    return {partner: partners.count(partner) for partner in set(partners)}


async def sweep(
    database: Database, *, rows_max: int, machine_now: datetime = NOW, delete_max: int = 1_000
) -> int:
    async with database.transaction() as connection:
        return await flow.sweep_requests(
            connection, days=7, rows_max=rows_max, delete_max=delete_max, machine_now=machine_now
        )


async def test_a_busy_partner_displaces_its_own_requests_only(database):
    await store_some(database, 2, 30)
    await store_some(database, 1, 300)
    await store_some(database, 3, 5)
    await sweep(database, rows_max=100)
    assert await count_rows(database) == {1: 65, 2: 30, 3: 5}
    assert await sweep(database, rows_max=100) == 0


async def test_a_limited_sweep_continues_until_nothing_is_left(database):
    await store_some(database, 1, 50)
    deleted = [await sweep(database, rows_max=10, delete_max=15) for _ in range(4)]
    assert (deleted, await count_rows(database)) == ([15, 15, 10, 0], {1: 10})


async def test_requests_are_deleted_after_days_of_the_machine(database):
    await store_some(database, 1, 3, received_at=NOW - timedelta(days=8))
    await store_some(database, 1, 2, happened_at=NOW - timedelta(days=300))
    await sweep(database, rows_max=100)
    assert await count_rows(database) == {1: 2}


@pytest.mark.parametrize("depth", [Depth.LINES, Depth.BODIES])
async def test_what_exceeds_the_share_of_a_minute_is_counted(database, depth):
    recorder, share = RequestRecorder(database, depth=depth, secret_key=""), SHARE_PER_MINUTE[depth]
    for number in range(share + 7):
        record(recorder, answered(partner_id=3, application_id=3))
        if number % 500 == 0:
            await recorder.write()
    record(recorder, answered(partner_id=3, application_id=3, received_at=NOW + timedelta(minutes=1)))
    record(recorder, answered(partner_id=4, application_id=4))
    await recorder.close()
    async with database.connection() as connection:
        rows = await flow.list_requests(connection, LogFilter(partner_id=3, before=10**9, rows_max=9_999))
        others = await flow.list_requests(connection, LogFilter(partner_id=4, before=10**9, rows_max=9))
    assert (len(rows), rows[0].skipped, [one.skipped for one in others]) == (share + 1, 7, [0])


async def test_the_applications_together_have_a_limit_too(database):
    recorder = RequestRecorder(database, depth=Depth.LINES, secret_key="")
    for number in range(PER_MINUTE_MAX + WAITING_ROWS_MAX):
        record(recorder, answered(application_id=number))
        if number % 900 == 0:
            await recorder.write()
    await recorder.close()
    async with database.connection() as connection:
        assert len(await flow.list_requests(connection, EVERYTHING)) == PER_MINUTE_MAX


async def test_more_than_can_wait_is_dropped(database):
    recorder = RequestRecorder(database, depth=Depth.LINES, secret_key="")
    for number in range(WAITING_ROWS_MAX + 5):
        record(recorder, answered(application_id=number))
    await recorder.close()
    async with database.connection() as connection:
        assert len(await flow.list_requests(connection, EVERYTHING)) == WAITING_ROWS_MAX


async def test_a_log_that_cannot_be_written_loses_nothing_but_itself(database, caplog):
    async with database.transaction() as connection:
        await connection.execute("ALTER TABLE logged_requests RENAME TO hidden_requests")
    recorder = RequestRecorder(database, depth=Depth.LINES, secret_key="")
    for _ in range(3):
        record(recorder, answered(partner_id=1, application_id=1))
        await recorder.write()
    assert [record.message for record in caplog.records] == ["requests could not be recorded: UndefinedTable"]
    async with database.transaction() as connection:
        await connection.execute("ALTER TABLE hidden_requests RENAME TO logged_requests")
    record(recorder, answered(partner_id=1, application_id=1))
    await recorder.close()
    async with database.connection() as connection:
        (row,) = await flow.list_requests(connection, EVERYTHING)
    assert row.skipped == 3


async def test_a_write_that_has_to_wait_is_given_up(database, caplog):
    recorder = RequestRecorder(database, depth=Depth.LINES, secret_key="", write_seconds_max=0.05)
    async with database.transaction() as connection:
        await flow.record_requests(connection, [])  # holds the lock of the log
        record(recorder, answered(partner_id=1, application_id=1))
        await recorder.write()
    assert [record.message for record in caplog.records] == ["requests could not be recorded: TimeoutError"]
    record(recorder, answered(partner_id=1, application_id=1))
    await recorder.close()
    async with database.connection() as connection:
        (row,) = await flow.list_requests(connection, EVERYTHING)
    assert row.skipped == 1
