"""The results that `make bench` writes, and that each figure of the table has a measurement."""

import io
import json
from collections import ChainMap
from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console

from bench.__main__ import choose_figures, main, measure, render_table, result_line
from bench.board_events import Stream
from bench.cluster import CLUSTER
from bench.figures import FIGURES, GROUPS
from bench.intake_growth import COMPARED_ROUNDS
from bench.measurement import Figure, Measured, Sizes

TINY = Sizes(jobs=100, batch_events=60, batches=1, senders=2, runs=1)
KEYS = ["value", "unit", "limit", "ratio", "target", "isMet", "runs", "measuredOn"]


@pytest.mark.long
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
        "isMet": True,
        "runs": [10.0, 900.0, 30.0],
        "note": "three of them",
    }


def test_a_figure_without_a_limit_has_no_ratio():
    line = result_line(Figure("wait", "ms", "group"), Measured(runs=(3.0, 2.0)))
    assert (line["value"], line["limit"], line["ratio"], line["target"]) == (2.5, None, None, None)
    assert line["isMet"] is None


@pytest.mark.parametrize(
    ("limited_by", "is_cost", "value", "is_met"),
    [
        ("the sky", False, 5.0, True),
        ("the sky", False, 4.9, False),
        ("the sky", True, 5.0, True),
        ("the sky", True, 5.1, False),
        ("", False, 0.5, True),
        ("", False, 0.4, False),
        ("", True, 0.5, True),
        ("", True, 0.6, False),
    ],
)
def test_a_target_is_for_the_ratio_or_without_a_limit_for_the_value(limited_by, is_cost, value, is_met):
    figure = Figure("speed", "events/s", "group", limited_by, 0.5, is_cost=is_cost)
    measured = Measured((value,), (10.0,) if limited_by else ())
    assert result_line(figure, measured)["isMet"] is is_met


def test_a_figure_that_cannot_be_measured_here_says_why():
    figure = Figure("beside", "requests/s", "group", "another program", 0.8)
    line = result_line(figure, Measured((), note="skipped: no such program"))
    assert (line["value"], line["ratio"], line["isMet"], line["runs"]) == (None, None, None, [])
    assert line["note"] == "skipped: no such program"
    printed = Console(file=io.StringIO(), width=200)
    printed.print(render_table([figure], {"beside": line}))
    assert "beside: skipped: no such program" in printed.file.getvalue()


def test_each_figure_says_whether_its_target_is_met():
    figures = [Figure(name, "ms", "group", target=9, is_cost=True) for name in ("quick", "slow")]
    rows = {one.name: result_line(one, Measured((at,))) for one, at in zip(figures, (8.0, 10.0), strict=True)}
    printed = Console(file=io.StringIO(), width=200)
    printed.print(render_table(figures, rows))
    quick, slow = (line.split() for line in printed.file.getvalue().splitlines() if " 9 " in line)
    assert ("yes" in quick, "no" in quick, "yes" in slow, "no" in slow) == (True, False, False, True)


def test_even_events_touch_more_jobs_than_popular_ones():
    stream = Stream(sender=0, job_ids=np.arange(50_000), first_ms=0, batch_events=10_000)
    popular, even = (
        {event["job"] for event in json.loads(one.make_bodies(0, 1)[0])}
        for one in (stream, replace(stream, is_uniform=True))
    )
    # Of 50,000 jobs 10,000 even samples leave out e^-0.2.
    assert len(popular) < 4_000
    assert 8_500 < len(even) < 9_500


@pytest.mark.parametrize("option", ["", "large", "peers"])
def test_figures_beside_other_programs_are_measured_apart(option):
    names = {figure.name for figure in choose_figures(**({option: True} if option else {}))}
    assert "intake_click_to_pgbench" in names
    assert ("intake_batch_to_tigerbeetle" in names) is (option == "peers")
    assert ("intake_growth" in names) is (option == "large")
    assert ("intake_batch" in names) is (option != "peers")


def test_one_figure_or_a_group_is_chosen():
    assert [figure.name for figure in choose_figures(only="intake_batch")] == ["intake_batch"]
    names = {figure.name for figure in choose_figures(only="jobs_growth")}
    assert names == {"intake_growth_jobs", "intake_growth_few_of_many"}


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
def test_the_start_of_a_sandbox_is_measured_from_nothing_and_again(tmp_path):
    path = tmp_path / "results.json"

    assert main(["--only", "sandbox_start", "--results", str(path)], sizes=TINY) == 0

    figure = json.loads(path.read_text())["sandbox_start"]
    assert figure["isMet"] is (figure["value"] <= figure["target"])
    assert len(figure["runs"]) == TINY.runs


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


@pytest.mark.slow
def test_each_work_is_compared_with_the_same_of_less_data(monkeypatch):
    monkeypatch.delenv(CLUSTER, raising=False)
    wanted = [figure for figure in FIGURES if figure.name.endswith(("_tenfold", "_hundredfold"))]
    assert len(wanted) == 10

    found = dict(ChainMap(*measure(wanted, TINY, Console(file=io.StringIO()))))

    for name, figure in found.items():
        assert figure["value"] > 0, name
        assert figure["ratio"] > 0, name
        assert figure["limit"] == found[name.replace("hundred", "ten")]["limit"]
