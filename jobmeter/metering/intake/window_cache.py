"""Owns what a process remembers of jobs' live windows, so that most batches are judged without a look-up.

Does not own whether what it remembers still holds: charging compares revisions under the jobs' locks, and refuses a
batch that was judged by a live window that has changed since.
"""

from jobmeter.charging.windows.model import NO_WINDOWS, LiveWindows
from jobmeter.database.arrays import Column

JOBS_MAX = 2_000_000
RECENT_JOBS_MIN = 20_000
RECENT_SHARE = 8


class LiveWindowCache:
    """Two sorted tables: the large one is merged with the recent one only when that has grown to a share of it."""

    def __init__(self, *, jobs_max: int = JOBS_MAX, recent_jobs_min: int = RECENT_JOBS_MIN) -> None:
        self._jobs_max = jobs_max
        self._recent_jobs_min = recent_jobs_min
        self._main = self._recent = NO_WINDOWS

    def find(self, job_ids: Column) -> tuple[LiveWindows, Column]:
        """What is remembered of ``job_ids``, which rise, and those of which nothing is."""
        if len(self._recent) == 0:
            return _find_windows(self._main, job_ids)
        found, missing = _find_windows(self._recent, job_ids)
        more, missing = _find_windows(self._main, missing)
        return more.merge(found), missing

    def keep(self, windows: LiveWindows) -> None:
        """Remembers ``windows`` in place of what was known of these jobs."""
        self._recent = self._recent.merge(windows)
        if len(self._recent) > max(self._recent_jobs_min, len(self._main) // RECENT_SHARE):
            merged = self._main.merge(self._recent)
            self._main = merged if len(merged) <= self._jobs_max else self._recent
            self._recent = NO_WINDOWS


def _find_windows(windows: LiveWindows, job_ids: Column) -> tuple[LiveWindows, Column]:
    is_known, rows = windows.find_rows(job_ids)
    return windows.select(rows[is_known]), job_ids[~is_known]
