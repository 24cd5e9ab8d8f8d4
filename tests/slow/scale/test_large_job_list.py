"""A partner with 100,000 jobs reads each kind of page of its list; the figure of a quiet machine is `portal_pages`."""

import pytest

from bench.machine import open_machine
from bench.measurement import Sizes
from bench.portal_pages import measure_portal_pages
from jobmeter.base.clock import read_machine_clock

JOBS = 100_000
# Far above the 100 ms of a quiet machine: this only fails for a plan that reads more than the partner's copies.
MEDIAN_MS_MAX = 1_000


@pytest.mark.slow
def test_every_page_of_a_long_list_is_read_in_time() -> None:
    with open_machine() as machine:
        found = measure_portal_pages(machine, Sizes(jobs=JOBS, runs=1), read_machine_clock())
    medians = {name: one.value for name, one in found.items() if not name.endswith("_worst")}
    assert {name: wait for name, wait in medians.items() if wait > MEDIAN_MS_MAX} == {}
