"""The figure of a cluster is measured on databases of its own, which are deleted."""

import json

import pytest

from bench.__main__ import main
from bench.cluster import CLUSTER, DISTRIBUTED, PLAIN
from tests.deployment.cluster.test_in_use import ask
from tests.support.databases.citus import CITUS_URL
from tests.unit.bench.test_results import TINY

pytestmark = pytest.mark.skipif(not CITUS_URL, reason="CITUS_URL names no cluster")


def test_batches_on_a_cluster_are_compared_with_one_of_its_servers(tmp_path, monkeypatch):
    monkeypatch.setenv(CLUSTER, CITUS_URL)
    results, name = tmp_path / "results.json", "intake_cluster"
    assert main(["--only", name, "--results", str(results)], sizes=TINY) == 0
    figure = json.loads(results.read_text())[name]
    assert figure["value"] > 0
    assert figure["ratio"] == pytest.approx(figure["value"] / figure["limit"], abs=1e-3)
    assert (
        ask(CITUS_URL, f"SELECT count(*) FROM pg_database WHERE datname IN ('{PLAIN}', '{DISTRIBUTED}')") == 0
    )
