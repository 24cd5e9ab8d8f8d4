"""What each thing costs is measured, and written in the form that ``jobmeter capacity`` reads."""

import pytest

from bench.costs import main
from jobmeter.operations.capacity import read_costs
from tests.unit.bench.test_results import TINY


@pytest.mark.slow
def test_every_cost_is_measured(tmp_path, capsys):
    path = tmp_path / "costs.json"
    assert main(["--write", str(path)], sizes=TINY) == 0
    assert capsys.readouterr().out == path.read_text()
    measured, kept = read_costs(path), read_costs()
    assert measured.by_name.keys() == kept.by_name.keys()
    assert measured.measured.keys() == kept.measured.keys()
    assert measured.server_process_bytes > 10_000_000
    assert measured.by_name["job"].database_us > 0
    assert measured.by_name["view"].log_bytes > 0
