"""Owns the figure of the client: the processor time of a typed row, compared with a bare GET and decoding of the same bytes.

The server is the bare one, so that only the client's own process is measured.
"""

import tempfile
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

import httpx2
import msgspec

from bench.bare import ANSWER
from bench.machine import Machine
from bench.measurement import Measured, Sizes
from bench.serving import serve
from jobmeter.base.days import day_of
from jobmeter.base.limits import REPORT_DAYS_BY_RANGE_MAX, REPORT_PAGE_JOBS_MAX
from jobmeter.client import Client, jobmeter_at, list_days

ROWS = REPORT_PAGE_JOBS_MAX * REPORT_DAYS_BY_RANGE_MAX
PAGES = 200
MICROSECONDS = 1_000_000
PATH = "/rest/partnerJobReports?q=dateRange&start=0&count=50"


def measure_client(_: Machine, sizes: Sizes, now: datetime) -> dict[str, Measured]:
    """Measures full pages of a report by days and bare requests alternately, after a warm-up round."""
    last = day_of(now) - timedelta(days=1)
    first = last - timedelta(days=REPORT_DAYS_BY_RANGE_MAX - 1)
    typed, bare = [], []
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "answer"
        answer.write_bytes(b"200\ncontent-type: application/json\n\n" + make_page(first))
        with serve("bench.bare:create_app", {ANSWER: str(answer)}, factory=True) as server:
            url = f"http://127.0.0.1:{server.port}"
            with (
                Client(jobmeter_at(url), client_id="bench", client_secret="bench") as client,
                httpx2.Client(base_url=url, trust_env=False) as http,
            ):
                for _run in range(sizes.runs + 1):
                    typed.append(time_row(lambda: read_rows(client, first, last)))
                    bare.append(time_row(lambda: http.get(PATH).json()))
    return {"client_cpu": Measured(tuple(typed[1:]), tuple(bare[1:]))}


def read_rows(client: Client, first: date, last: date) -> None:
    rows = list(list_days(client.reports.by_days(first, last)))
    assert len(rows) == ROWS


def time_row(read_page: Callable[[], object]) -> float:
    """Returns the processor time of this process for each row of a page, in microseconds."""
    started = time.process_time()
    for _ in range(PAGES):
        read_page()
    return (time.process_time() - started) / (PAGES * ROWS) * MICROSECONDS


def make_page(first: date) -> bytes:
    """A full page. It is a token too, because the bare server answers every request with it."""
    days = [first + timedelta(days=number) for number in range(REPORT_DAYS_BY_RANGE_MAX)]
    elements = [
        {
            "jobPostingInfo": {
                "externalJobPostingId": f"bench-{job}",
                "linkedInJobPostingId": 4_219_858_473 + job,
                "companyDetails": {"companyName": "Harbour Logistics"},
                "companyApplyUrl": f"https://careers.example.com/{job}",
                "jobTitle": f"Pilot {job}",
            },
            "jobPerformanceMetrics": [
                {
                    "date": {"month": day.month, "year": day.year, "day": day.day},
                    "charge": {"currencyCode": "USD", "amount": f"{job % 20}.{job % 4 * 25:02d}"},
                    "applyClickCount": job % 20,
                    "viewCount": 40 + job,
                }
                for day in days
            ],
        }
        for job in range(REPORT_PAGE_JOBS_MAX)
    ]
    paging = {"start": 0, "count": REPORT_PAGE_JOBS_MAX, "total": REPORT_PAGE_JOBS_MAX, "links": []}
    token = {"access_token": "bench", "expires_in": 1_800_000}
    return msgspec.json.encode(token | {"elements": elements, "paging": paging})
