"""The files for Prometheus and Grafana: its own tool accepts them, each alert fires where it should, and each expression reads metrics that a server writes."""

import json
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from jobmeter.telemetry.metrics.model import METRICS, Kind, Metric
from tests.support.missing_part import find_programs
from tests.support.paths import ROOT

RULES = ROOT / "deploy" / "prometheus"
DASHBOARD = ROOT / "deploy" / "grafana" / "jobmeter.json"
GUIDE = ROOT / "docs" / "how-to" / "watch-a-server.md"
NAMES = re.compile(r"\bjobmeter_[a-z_]+")
ALERTS = re.compile(r"- alert: (\w+)")
# Grafana replaces it by some scrapes' time.
INTERVAL = "$__rate_interval"


def list_series(metric: Metric) -> set[str]:
    if metric.kind is Kind.HISTOGRAM:
        return {f"{metric.name}_{part}" for part in ("bucket", "count", "sum")}
    return {metric.name}


WRITTEN = {series for metric in METRICS for series in list_series(metric)}


def list_expressions() -> list[str]:
    dashboard = json.loads(DASHBOARD.read_text())
    return [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]


def run_promtool(*arguments: str, at: Path = RULES) -> str:
    (promtool,) = find_programs("promtool")
    done = subprocess.run([promtool, *arguments], cwd=at, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_alert_rules_are_valid():
    assert "rules found" in run_promtool("check", "rules", "jobmeter.rules.yml")


def test_each_alert_fires_where_it_should_and_none_for_a_server_that_works():
    run_promtool("test", "rules", "jobmeter.rules.test.yml")


def test_an_alert_that_does_not_fire_fails_its_test(tmp_path):
    (promtool,) = find_programs("promtool")
    rules, tests = (RULES / f"jobmeter.rules{kind}.yml" for kind in ("", ".test"))
    of_one = yaml.safe_load(tests.read_text())
    of_one["tests"] = [one for one in of_one["tests"] if one["name"] == "JobmeterSettlementLate"]
    (tmp_path / tests.name).write_text(yaml.safe_dump(of_one))
    for limit, is_sound in (("> 3600", True), ("> 36000000", False)):
        (tmp_path / rules.name).write_text(rules.read_text().replace("> 3600", limit))
        command = [promtool, "test", "rules", tests.name]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
        assert (done.returncode == 0) is is_sound


def test_the_configuration_is_valid(tmp_path):
    for file in RULES.glob("*.yml"):
        (tmp_path / file.name).write_text(file.read_text())
    (tmp_path / "jobmeter.key").write_text("a key\n")
    run_promtool("check", "config", "prometheus.yml", at=tmp_path)


@pytest.mark.parametrize("name", sorted(set(ALERTS.findall((RULES / "jobmeter.rules.yml").read_text()))))
def test_each_alert_is_tested_and_explained(name):
    tests = (RULES / "jobmeter.rules.test.yml").read_text()
    assert tests.count(f"alertname: {name}") == 2, "one test where it fires, one where it does not"
    assert f"`{name}`" in GUIDE.read_text()


def test_rules_and_dashboard_read_only_metrics_that_exist():
    texts = [(RULES / "jobmeter.rules.yml").read_text(), *list_expressions()]
    used = {name for text in texts for name in NAMES.findall(text)}
    assert used - WRITTEN == set()


def test_each_metric_is_on_the_dashboard():
    used = {name for text in list_expressions() for name in NAMES.findall(text)}
    # What failed last is read in the table of chores at /portal/operator/health.
    assert {metric.name for metric in METRICS if not list_series(metric) & used} == {
        "jobmeter_chore_failed_timestamp_seconds"
    }


def test_each_expression_of_the_dashboard_is_valid(tmp_path):
    rules = [
        {"record": f"panel:{number}", "expr": expression.replace(INTERVAL, "5m")}
        for number, expression in enumerate(list_expressions())
    ]
    (tmp_path / "panels.yml").write_text(json.dumps({"groups": [{"name": "panels", "rules": rules}]}))
    found = run_promtool("check", "rules", "panels.yml", at=tmp_path)
    assert f"{len(rules)} rules found" in found
