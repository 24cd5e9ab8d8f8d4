"""The record of the latest figures, and the table that is printed from it."""

import json
from datetime import date

from bench.figures import FIGURES
from bench.record import BEGIN, END, LIMITS_NOW, print_table, replace_table, save

FIRST, SECOND = date(2026, 11, 28), date(2026, 11, 29)
ROW = {
    "value": 150_000.0,
    "unit": "events/s",
    "limit": 1_000_000.0,
    "ratio": 0.15,
    "target": 0.16,
    "isMet": False,
    "runs": [150_000.0],
}
PLAIN = {
    "value": 1.634,
    "unit": "s",
    "limit": None,
    "ratio": None,
    "target": 2,
    "isMet": True,
    "runs": [1.634],
}


def test_what_is_measured_again_takes_the_place_of_what_it_was(tmp_path):
    path = tmp_path / "results.json"
    save({"sandbox_start": PLAIN, "intake_batch": ROW}, on=FIRST, path=path)
    rows = save({"intake_batch": ROW | {"value": 170_000.0, "isMet": True}}, on=SECOND, path=path)
    assert json.loads(path.read_text()) == rows
    assert list(rows) == ["intake_batch", "sandbox_start"]  # in the order of the table
    assert (rows["intake_batch"]["value"], rows["intake_batch"]["measuredOn"]) == (170_000.0, "2026-11-29")
    assert rows["sandbox_start"] == PLAIN | {"measuredOn": "2026-11-28"}


def test_a_figure_that_there_is_no_more_leaves_the_record(tmp_path):
    path = tmp_path / "results.json"
    path.write_text(json.dumps({"no_such_figure": ROW}))
    assert list(save({"intake_batch": ROW}, on=FIRST, path=path)) == ["intake_batch"]


def test_the_table_replaces_the_one_before(tmp_path):
    rows = save({"intake_batch": ROW, "sandbox_start": PLAIN}, on=FIRST, path=tmp_path / "results.json")
    once = replace_table(f"before\n{BEGIN}{END}after\n", rows)
    assert replace_table(once, rows) == once
    assert once.startswith("before\n")
    assert once.endswith(f"{END}after\n")
    batch, start = (line for line in once.splitlines() if line.startswith("| `"))
    assert batch.startswith(
        "| `intake_batch` | 150,000 events/s | 1,000,000: COPY of the same rows, no index |"
    )
    assert "| 0.15 | 0.16 | no | 2026-11-28 | a row, a posting" in batch
    assert start.startswith("| `sandbox_start` | 1.63 s |  |  | at most 2 | yes | 2026-11-28 |")


def test_each_figure_with_a_target_says_what_limits_it():
    assert set(LIMITS_NOW) == {figure.name for figure in FIGURES if figure.target is not None}


def test_a_note_is_shown_with_its_figure():
    assert "| `intake_batch`, of one job |" in print_table(
        {"intake_batch": ROW | {"note": "of one job", "measuredOn": "2026-11-28"}}
    )
