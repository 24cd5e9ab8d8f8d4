"""Owns what every kind reads from: connections, each lent for one page, and the lists of jobs that a process remembers."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from jobmeter.database.connection import Connection
from jobmeter.reports.job_reports.flow import JobListCache

PAGE_ROWS = 5_000

Connect = Callable[[], AbstractAsyncContextManager[Connection]]


@dataclass(frozen=True, slots=True)
class Sources:
    """No export keeps a connection between two pages, however slowly they are read.

    A page has about ``page_rows`` rows at most, so that an export needs the same memory however long it is.
    """

    connect: Connect
    job_lists: JobListCache
    page_rows: int
