"""Owns the figures of job feeds: a first load and an unchanged reload, compared with a bare parse of the same file.

Each first load is for a new application; a reload follows it.
"""

import asyncio
import resource
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path

from lxml import etree

from bench.machine import Machine
from bench.measurement import LARGE, Measured, Sizes
from jobmeter.database.pool import Database
from jobmeter.jobs.feeds import flow as feeds
from jobmeter.jobs.feeds.loading.flow import load_feed
from jobmeter.jobs.feeds.model import FeedRun, FeedRunOutcome
from jobmeter.partners.applications import flow as partners
from jobmeter.partners.model import Application

JOBS = 20_000
JOBS_LARGE = 100_000
RUNS = 3
RUNS_LARGE = 1
SENTENCE = "A fitter repairs machines, on the quay and in the yard, by day and sometimes also at night. "


def measure_feeds(machine: Machine, sizes: Sizes, _: datetime) -> dict[str, Measured]:
    """Measures jobs per second from the first byte to the last commit, and the peak memory of this process in MB.

    The peak is higher if other groups were measured in the same process before.
    """
    jobs, runs = (JOBS_LARGE, RUNS_LARGE) if sizes == LARGE else (min(JOBS, sizes.jobs), RUNS)
    first, reload, limits = [], [], []
    with tempfile.TemporaryDirectory(prefix="jobmeter-feed-") as folder:
        path = Path(folder) / "feed.xml"
        write_feed(path, jobs)
        for number in range(runs):
            limits.append(jobs / _parse_bare(path))
            first_seconds, reload_seconds = asyncio.run(_load_twice(machine.url, path, jobs, number))
            first.append(jobs / first_seconds)
            reload.append(jobs / reload_seconds)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_000
    return {
        "feed_first": Measured(tuple(first), tuple(limits)),
        "feed_reload": Measured(tuple(reload), tuple(limits)),
        "feed_peak_memory": Measured((peak_mb,)),
    }


def write_feed(path: Path, jobs: int) -> None:
    """Writes a feed of distinct jobs of about 1.5 kB each."""
    with path.open("w", encoding="utf-8") as file:
        file.write("<?xml version='1.0' encoding='UTF-8'?>\n<source><publisher>Bench</publisher>\n")
        for number in range(jobs):
            file.write(
                f"<job><partnerJobId><![CDATA[bench-{number}]]></partnerJobId>"
                "<company><![CDATA[Harbour Logistics]]></company>"
                f"<title><![CDATA[Fitter {number}]]></title>"
                f"<description><![CDATA[<p>{SENTENCE * 5}</p><p><b>Pier {number}</b> {SENTENCE * 5}</p>]]></description>"
                f"<applyUrl><![CDATA[https://www.example.com/apply/{number}]]></applyUrl>"
                "<city>Leeds</city><state>England</state><country>GB</country>"
                "<workplaceTypes>On-site</workplaceTypes><experienceLevel>ASSOCIATE</experienceLevel>"
                "<jobtype>FULL_TIME</jobtype><posterEmail>ada@harbour.example</posterEmail></job>\n"
            )
        file.write("</source>\n")


def _parse_bare(path: Path) -> float:
    """Returns the seconds of the fastest possible pass over the file, which builds each job and discards it."""
    began = time.perf_counter()
    for _, job in etree.iterparse(str(path), tag="job"):
        job.clear()
        while job.getprevious() is not None:
            del job.getparent()[0]
    return time.perf_counter() - began


async def _load_twice(url: str, path: Path, jobs: int, number: int) -> tuple[float, float]:
    now = datetime.fromisoformat("2026-05-04T09:00:00+00:00")
    async with Database.opened(url, connections_max=3) as database:
        async with database.transaction() as connection:
            made = await partners.create_parent(connection, name=f"Feeder {number}", now=now)
        first, run = await _load(database, made.application, path, now)
        assert (run.outcome, run.created) == (FeedRunOutcome.DONE, jobs)
        reload, run = await _load(database, made.application, path, now + timedelta(hours=12))
        assert (run.outcome, run.unchanged) == (FeedRunOutcome.DONE, jobs)
        return first, reload


async def _load(
    database: Database, application: Application, path: Path, now: datetime
) -> tuple[float, FeedRun]:
    async with database.transaction() as connection:
        feed = await feeds.register_feed(
            connection, application=application, location=path.as_uri(), interval_minutes=None, now=now
        )
    began = time.perf_counter()
    with path.open("rb") as file:
        run = await load_feed(database, feed=feed, file=file, now=now)
    return time.perf_counter() - began, run
