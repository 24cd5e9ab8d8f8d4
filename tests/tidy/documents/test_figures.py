"""The table of docs/performance.md is the record of the latest figures."""

import json

from bench.record import PAGE, RESULTS, replace_table


def test_the_table_is_printed_from_the_record() -> None:
    text = PAGE.read_text(encoding="utf-8")
    results = json.loads(RESULTS.read_text(encoding="utf-8"))
    assert replace_table(text, results) == text, (
        "print it: python -m bench --only <a figure>, or bench.record"
    )
