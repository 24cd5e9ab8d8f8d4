"""Lines of the log: their two forms, what each says of its request or chore, and that no text of an error is repeated."""

import asyncio
import json
import logging
from dataclasses import dataclass
from types import SimpleNamespace

import pytest

from jobmeter.database.batching import Batcher
from jobmeter.telemetry.logs import flow, rules
from jobmeter.telemetry.logs.formats import JsonFormatter, TextFormatter

SECRET = "visitor-7f3a"


@dataclass(frozen=True)
class Request:
    id: str

    def describe_for_log(self):
        return {"requestId": self.id, "method": "GET", "route": "/jobs/view/{job_id:int}"}


class DatabaseError(Exception):
    """As the driver raises them."""

    def __init__(self, sqlstate, **diag):
        super().__init__(f"{diag['message_primary']}\nDETAIL:  Key (email)=({SECRET}) already exists.")
        self.sqlstate, self.diag = sqlstate, SimpleNamespace(**diag)


def make_record(message="%s failed", *arguments, logger="jobmeter.api", error=None):
    exc_info = None if error is None else (type(error), error, error.__traceback__)
    return logging.LogRecord(logger, logging.ERROR, "x.py", 1, message, arguments or ("a chore",), exc_info)


def read_json(record):
    line = JsonFormatter().format(record)
    assert line.isascii()
    assert line.isprintable()
    return json.loads(line)


def catch(error, cause=None):
    try:
        try:
            if cause is not None:
                raise cause
        except Exception as earlier:
            raise error from earlier
        raise error
    except Exception as caught:  # noqa: BLE001 -- whatever is given
        return caught


def test_a_line_is_one_object_whatever_it_quotes():
    line = read_json(make_record("%s failed", "/a\nERROR forged\x1b[2J\ud800\u2028"))
    assert line["message"] == "/a\nERROR forged\x1b[2J\ud800\u2028 failed"
    assert line["time"].endswith("+00:00")
    assert (line["level"], line["logger"]) == ("ERROR", "jobmeter.api")
    assert line["process"] > 0
    assert "exception" not in line


def test_a_text_line_stays_one_line_and_a_traceback_keeps_its_lines():
    error = catch(ValueError("\x1b[2Jgone"))
    first, *others = TextFormatter().format(make_record("GET %s", "/a\nERROR x", error=error)).splitlines()
    assert first.endswith("ERROR GET /a\\x0aERROR x")
    assert others[0] == "Traceback (most recent call last):"
    assert others[-1] == "ValueError"


def test_a_line_whose_values_do_not_fit_is_written_all_the_same():
    assert read_json(make_record("%d of %d", "one"))["message"] == "%d of %d"


def test_a_traceback_has_the_places_and_kinds_of_all_errors_and_none_of_their_texts():
    error = catch(ValueError(SECRET), KeyError(SECRET))
    lines = read_json(make_record(error=error))["exception"].splitlines()
    assert [line for line in lines if not line.startswith(" ")] == [
        "Traceback (most recent call last):",
        "KeyError",
        "which caused:",
        "Traceback (most recent call last):",
        "ValueError",
    ]
    assert any("in catch" in line for line in lines)
    assert SECRET not in str(lines)


def test_the_errors_of_a_group_are_described_alike():
    trace = rules.write_trace(ExceptionGroup(SECRET, [ValueError(SECRET), OSError(5, "Input/output error")]))
    assert trace.splitlines() == [
        "ExceptionGroup",
        "part 1:",
        "ValueError",
        "part 2:",
        "OSError: Input/output error",
    ]


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        (ValueError(SECRET), "ValueError"),
        (UnicodeDecodeError("utf-8", SECRET.encode(), 0, 1, SECRET), "UnicodeDecodeError"),
        (TypeError("'NoneType' object is not iterable"), "TypeError: 'NoneType' object is not iterable"),
        (FileNotFoundError(2, "No such file", f"/srv/{SECRET}"), "FileNotFoundError: No such file"),
        (json.JSONDecodeError(SECRET, SECRET, 0), "json.decoder.JSONDecodeError"),
        (
            DatabaseError(
                "23505",
                message_primary='duplicate key value violates unique constraint "key"',
                table_name="people",
                constraint_name="key",
            ),
            '23505 duplicate key value violates unique constraint "key" (table people, constraint key)',
        ),
        (
            DatabaseError("22P02", message_primary=f'invalid input syntax for type bigint: "{SECRET}"'),
            '22P02 invalid input syntax for type bigint: "***"',
        ),
        (
            DatabaseError(
                "P0001",
                message_primary=f"bad row {SECRET}",
                context=f"PL/pgSQL function refuse_row() line 3 at RAISE\nSQL statement {SECRET}",
            ),
            "P0001 raised by refuse_row",
        ),
        (DatabaseError("P0001", message_primary=SECRET), "P0001"),
    ],
    ids=lambda value: value.__class__.__name__ if isinstance(value, Exception) else "",
)
def test_the_text_of_an_error_is_shown_only_where_it_can_quote_nothing(error, shown):
    assert rules.describe_error(error).removeprefix(f"{__name__}.DatabaseError: ") == shown


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("no mail to ann@example.com: refused", "no mail to ***@***: refused"),
        ("{'ann@example.com': (550, b'no')}", "{'***@***': (550, b'no')}"),
        ("smtps://me:pass@mail.example.com failed", "smtps://***@mail.example.com failed"),
        ("GET https://a.example/feed?key=1&b=2: 404", "GET https://a.example/feed?*** 404"),
        ("sent Authorization: Bearer AQV-x_1.2", "sent Authorization: Bearer ***"),
        ("feed 7: DONE", "feed 7: DONE"),
    ],
)
def test_addresses_passwords_and_queries_are_masked(text, masked):
    assert rules.mask_text(text) == masked


@pytest.mark.parametrize(
    ("logger", "message", "shown"),
    [
        ("_granian", f"Application callable raised\nValueError: {SECRET}", "Application callable raised"),
        ("asyncio", f"Exception in callback end('{SECRET}')", "Exception in callback end"),
        ("asyncio", f"Task exception was never retrieved\n{SECRET}", "Task exception was never retrieved"),
        ("py.warnings", f"x.py:1: UserWarning: old\n  call({SECRET})", "x.py:1: UserWarning: old"),
    ],
)
def test_of_a_library_s_line_only_what_names_no_values_is_repeated(logger, message, shown):
    assert read_json(make_record("%s", message, logger=logger))["message"] == shown


async def test_every_line_of_a_request_names_it_also_from_tasks_and_threads():
    seen = []

    def write():
        seen.append(read_json(make_record())["requestId"])

    async def serve(name):
        flow.begin_work(Request(name))
        await asyncio.sleep(0)
        write()
        await asyncio.to_thread(write)
        await asyncio.create_task(asyncio.sleep(0))
        flow.begin_work(None)

    await asyncio.gather(serve("a"), serve("b"))
    assert sorted(seen) == ["a", "a", "b", "b"]
    assert "requestId" not in read_json(make_record())


async def test_what_is_done_for_several_requests_together_names_all_of_them():
    lines = []

    async def carry_out(asked):
        lines.append(read_json(make_record()))
        return asked

    batcher = Batcher(carry_out, window_ms=5)

    async def ask(name):
        flow.begin_work(Request(name) if name else None)
        return await batcher.submit(name)

    await asyncio.gather(*(ask(name) for name in ("a", "b", "")))
    (line,) = lines
    assert line["requestIds"] == ["a", "b"]
    assert "requestId" not in line


def test_a_line_for_people_names_the_request_too():
    flow.begin_work(Request("abc"))
    try:
        line = TextFormatter().format(make_record())
    finally:
        flow.begin_work(None)
    assert line.endswith("a chore failed (requestId abc, method GET, route /jobs/view/{job_id:int})")
