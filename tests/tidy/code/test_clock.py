"""Only base/clock.py reads the machine's clock; everywhere else the time is an argument."""

import pytest

from tests.tidy.source import Breach, Source, refuse, sources, uses

CLOCK = "jobmeter/base/clock.py"
CLOCK_TESTS = "test_clock.py"  # compares the clock with the machine

# Monotonic and performance counters measure durations, so they are allowed.
WALL_CLOCKS = {
    "time.time",
    "time.time_ns",
    "time.ctime",
    "time.clock_gettime",
    "time.clock_gettime_ns",
    "datetime.datetime.now",
    "datetime.datetime.utcnow",
    "datetime.datetime.today",
    "datetime.date.today",
    "uuid.uuid1",
}


def clock_breaches(source: Source) -> list[Breach]:
    if source.path == CLOCK or source.path.endswith(f"/{CLOCK_TESTS}"):
        return []
    return [
        Breach(
            source.path,
            line,
            f"`{name}` reads the machine's clock; take `now` as an argument (edges: base/clock.py)",
        )
        for line, name in uses(source)
        if name in WALL_CLOCKS
    ]


def test_only_the_clock_reads_the_time():
    refuse(
        breach for source in sources(".py", "jobmeter", "tests", "bench") for breach in clock_breaches(source)
    )


@pytest.mark.parametrize(
    "code",
    [
        "import time\nat = time.time()",
        "import time as t\nat = t.time_ns()",
        "from time import time\nat = time()",
        "from datetime import datetime\nat = datetime.now(UTC)",
        "import datetime as dt\nat = dt.datetime.utcnow()",
        "from datetime import date as Day\nday = Day.today()",
        "import datetime\nfield(default_factory=datetime.datetime.now)",
    ],
)
def test_wall_clocks_are_found(code):
    assert [breach.line for breach in clock_breaches(Source("jobmeter/jobs/flow.py", code))] == [2]
    assert clock_breaches(Source(CLOCK, code)) == []


@pytest.mark.parametrize(
    "code",
    [
        "import time\nstarted = time.monotonic() + time.perf_counter()",
        "import asyncio\nat = asyncio.get_running_loop().time()",
        "from datetime import datetime\nat = datetime.fromisoformat(text)",
        "at = clock.now()",
        "def charge(now): return now.date()",
    ],
)
def test_durations_and_time_arguments_are_allowed(code):
    assert clock_breaches(Source("jobmeter/jobs/flow.py", code)) == []
