"""The results that `make bench` writes, and that each figure of the table has a measurement."""

import json

import pytest

from bench.__main__ import main, result_line
from bench.figures import FIGURES, GROUPS
from bench.intake_growth import COMPARED_ROUNDS
from bench.measurement import Figure, Measured, Sizes

TINY = Sizes(jobs=100, batch_events=60, batches=1, senders=2, runs=1)
KEYS = ["value", "unit", "limit", "ratio", "target", "runs"]


def test_a_figure_is_measured_with_its_limit_and_written(tmp_path, capsys):
    path = tmp_path / "results.json"

    assert main(["--only", "intake_batch", "--results", str(path)], sizes=TINY) == 0

    results = json.loads(path.read_text())
    assert list(results) == ["intake_batch"]
    figure = results["intake_batch"]
    assert list(figure) == KEYS
    assert figure["unit"] == "events/s"
    assert figure["runs"] == [figure["value"]]
    assert figure["value"] > 0
    assert figure["limit"] > 0
    assert figure["ratio"] == pytest.approx(figure["value"] / figure["limit"], abs=1e-3)
    assert "intake_batch" in capsys.readouterr().out


def test_value_and_limit_are_medians():
    figure = Figure("speed", "events/s", "group", "the sky", 0.5)
    measured = Measured(runs=(10.0, 900.0, 30.0), limits=(60.0, 1.0, 70.0), note="three of them")
    assert result_line(figure, measured) == {
        "value": 30.0,
        "unit": "events/s",
        "limit": 60.0,
        "ratio": 0.5,
        "target": 0.5,
        "runs": [10.0, 900.0, 30.0],
        "note": "three of them",
    }


def test_a_figure_without_a_limit_has_no_ratio():
    line = result_line(Figure("wait", "ms", "group"), Measured(runs=(3.0, 2.0)))
    assert (line["value"], line["limit"], line["ratio"], line["target"]) == (2.5, None, None, None)


def test_an_unknown_figure_is_refused(tmp_path):
    path = tmp_path / "results.json"
    with pytest.raises(SystemExit):
        main(["--only", "no_such_figure", "--results", str(path)])
    assert not path.exists()


def test_names_are_unique_and_each_group_has_a_measurement():
    names = [figure.name for figure in FIGURES]
    assert len(set(names)) == len(names)
    assert {figure.group for figure in FIGURES} == set(GROUPS)


@pytest.mark.slow
def test_growth_states_its_scale_and_compares_the_end_of_a_day_with_its_beginning(tmp_path, monkeypatch):
    monkeypatch.setenv("JOBMETER_BENCH_DAY_EVENTS", "1200")
    path = tmp_path / "results.json"

    assert main(["--only", "intake_growth", "--results", str(path)], sizes=TINY) == 0

    figure = json.loads(path.read_text())["intake_growth"]
    assert figure["note"] == "1,200 events in the day"
    assert len(figure["runs"]) == COMPARED_ROUNDS
    assert figure["limit"] > 0


@pytest.mark.slow
def test_growth_of_jobs_states_their_number(tmp_path, monkeypatch):
    monkeypatch.setenv("JOBMETER_BENCH_LIVE_JOBS", "2400")
    path = tmp_path / "results.json"

    assert main(["--only", "intake_growth_few_of_many", "--results", str(path)], sizes=TINY) == 0

    figure = json.loads(path.read_text())["intake_growth_few_of_many"]
    assert figure["note"] == "2,400 live jobs"
    assert figure["ratio"] > 0
