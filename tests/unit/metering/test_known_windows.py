"""The cache of live windows always returns the entry that was stored last, however it is stored."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from jobmeter.charging.windows.model import LiveWindows
from jobmeter.metering.intake.window_cache import LiveWindowCache

JOBS = st.integers(1, 60)
KEPT = st.lists(st.dictionaries(JOBS, st.integers(0, 1_000), max_size=30), max_size=12)


def make_meters(revisions: dict[int, int]) -> LiveWindows:
    job_ids = np.array(sorted(revisions), dtype=np.int64)
    column = np.array([revisions[job_id] for job_id in job_ids.tolist()], dtype=np.int64)
    return LiveWindows(job_ids, column * 2, column * 3, column, column % 2, column, column)


@given(KEPT, st.sets(JOBS), st.integers(0, 20))
def test_the_last_stored_windows_are_found_and_others_are_missing(kept, asked, recent_min):
    cache, model = LiveWindowCache(recent_jobs_min=recent_min), {}
    for revisions in kept:
        cache.keep(make_meters(revisions))
        model |= revisions

    found, missing = cache.find(np.array(sorted(asked), dtype=np.int64))

    assert dict(zip(found.job_ids.tolist(), found.revisions.tolist(), strict=True)) == {
        job_id: model[job_id] for job_id in asked if job_id in model
    }
    assert found.job_ids.tolist() == sorted(asked & model.keys())
    assert found.live_from_ms.tolist() == [2 * revision for revision in found.revisions.tolist()]
    assert missing.tolist() == sorted(asked - model.keys())


def test_memory_is_bounded():
    cache = LiveWindowCache(jobs_max=10, recent_jobs_min=0)
    for job_id in range(1, 40):
        cache.keep(make_meters({job_id: 1}))
        found, _ = cache.find(np.arange(1, 40))
        assert len(found) <= 11
        assert job_id in found.job_ids
