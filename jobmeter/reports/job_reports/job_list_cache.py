"""Owns what a process remembers of which jobs a day's reports can show.

Does not own when a list no longer holds: its key names the UTC day and the version that the database tells.
"""

from collections import OrderedDict
from datetime import date

from jobmeter.reports.job_reports.model import ListVersion, ReportableJobs

JOBS_MAX = 3_000_000  # 32 bytes each

Key = tuple[int, date, ListVersion]


class JobListCache:
    """The lists used last, by application, UTC day and version."""

    def __init__(self, *, jobs_max: int = JOBS_MAX) -> None:
        self._jobs_max = jobs_max
        self._lists: OrderedDict[Key, ReportableJobs] = OrderedDict()
        self._jobs = 0

    def find(self, key: Key) -> ReportableJobs | None:
        found = self._lists.get(key)
        if found is not None:
            self._lists.move_to_end(key)
        return found

    def keep(self, key: Key, jobs: ReportableJobs) -> None:
        if key in self._lists:
            return
        self._lists[key] = jobs
        self._jobs += len(jobs)
        while self._jobs > self._jobs_max and len(self._lists) > 1:
            _, dropped = self._lists.popitem(last=False)
            self._jobs -= len(dropped)
