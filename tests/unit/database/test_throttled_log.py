"""Repeated log lines are written once a minute and counted in between."""

import logging

from jobmeter.database.throttled_log import KINDS_MAX, REPEAT_SECONDS, ThrottledLog

log = logging.getLogger("jobmeter.tests")


def read_lines(caplog):
    return [record.getMessage() for record in caplog.records]


def test_a_line_is_written_once_a_minute_and_counts_what_was_suppressed(caplog):
    now = 1_000.0
    lines = ThrottledLog(log, read_seconds=lambda: now)
    for _ in range(130):
        lines.log(logging.ERROR, "%s failed", "a chore")
        now += 1
    assert read_lines(caplog) == [
        "a chore failed",
        "a chore failed (59 more like it since the last such line)",
        "a chore failed (59 more like it since the last such line)",
    ]


def test_each_kind_is_counted_separately(caplog):
    lines = ThrottledLog(log, read_seconds=lambda: 0.0)
    for error in (ValueError("one"), KeyError("two"), ValueError("one")):
        lines.log(logging.ERROR, "a chore failed", kind=type(error).__name__, error=error)
    assert read_lines(caplog) == ["a chore failed"] * 2
    assert [record.exc_info[0] for record in caplog.records] == [ValueError, KeyError]


def test_after_a_reset_a_line_is_written_at_once(caplog):
    lines = ThrottledLog(log, read_seconds=lambda: 0.0)
    for _ in range(3):
        lines.log(logging.ERROR, "a chore failed")
        lines.reset()
    assert read_lines(caplog) == ["a chore failed"] * 3


def test_memory_is_bounded_for_any_number_of_kinds():
    lines = ThrottledLog(log, read_seconds=lambda: 0.0)
    admitted = [lines.admit(str(number)) for number in range(KINDS_MAX + 1)]
    assert admitted == [0] * (KINDS_MAX + 1)
    assert lines.admit(str(KINDS_MAX)) is None
    assert lines.admit("0") == 0


def test_a_library_s_records_are_throttled_and_cut_to_their_first_line():
    now, kept = 0.0, []
    lines = ThrottledLog(log, read_seconds=lambda: now)
    for _ in range(REPEAT_SECONDS + 30):
        record = logging.LogRecord("pool", logging.WARNING, "", 0, "error: %s", ("refused\nhint",), None)
        if lines.filter(record):
            kept.append(record.getMessage())
        now += 1
    assert kept == ["error: refused", "error: refused (59 more like it since the last such line)"]
    assert lines.filter(logging.LogRecord("pool", logging.WARNING, "", 0, "discarding", (), None))
