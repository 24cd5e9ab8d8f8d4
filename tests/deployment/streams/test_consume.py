"""The command `jobmeter consume`: a process that records a log until it is ended, and says in one line what it cannot do."""

import asyncio
import os
import signal
import subprocess
import sys

import pytest

from jobmeter.base.clock import read_machine_clock
from tests.deployment.serving import start, wait_until
from tests.deployment.streams.nats_server import make_stream, publish, start_nats
from tests.deployment.streams.reading import (
    BUDGET_MICROS,
    count_outcomes,
    encode_clicks,
    open_now,
    read_states,
)

RUNNING = "The log is being read."


async def prepare(server, database_url):
    async with open_now(database_url) as scenario, server.connect() as stream:
        now = read_machine_clock()
        job_id = await scenario.post("a", now=now, budget_micros=BUDGET_MICROS)
        await make_stream(stream, "events")
        await publish(stream, "events", encode_clicks(job_id, 200, now))


async def read_outcomes(database_url):
    async with open_now(database_url) as scenario:
        return await count_outcomes(scenario.database), set(await read_states(scenario.database))


def test_a_process_records_a_log_and_ends_on_sigterm(database_url, tmp_path):
    log, everything = tmp_path / "log", {"accepted": 200, "duplicate": 0, "rejected": 0}
    with start_nats(tmp_path / "nats") as server:
        asyncio.run(prepare(server, database_url))
        named = {"JOBMETER_STREAM_URL": server.url(), "JOBMETER_STREAM_NAME": "clicks"}
        with start(["consume"], log, database_url, **named) as consumer:
            wait_until(lambda: RUNNING in log.read_text(), log)
            wait_until(lambda: asyncio.run(read_outcomes(database_url)) == (everything, {">"}), log)
            consumer.send_signal(signal.SIGTERM)
            assert consumer.wait(30) == 0
    assert log.read_text().splitlines() == [RUNNING]


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("", "JOBMETER_STREAM_URL is not set"),
        ("http://127.0.0.1/events", "kafka://host:9092"),
        ("nats://secret@127.0.0.1:4222", "nats://host:4222/STREAM"),
        ("kafka://me:secret@127.0.0.1:9092/events", "sasl.username"),
        ("nats://127.0.0.1:4222/EVENTS?secret=1", "secret is no option of NATS"),
        ("kafka://127.0.0.1:9092/events?auto.offset.reset=latest", "auto.offset.reset"),
        ("kafka://127.0.0.1:9092/events?colour=blue", "colour"),
    ],
)
def test_what_cannot_be_read_is_said_in_one_line(database_url, tmp_path, url, why):
    log = tmp_path / "log"
    with start(["consume"], log, database_url, JOBMETER_STREAM_URL=url) as consumer:
        assert consumer.wait(60) == 1
    line = log.read_text().splitlines()[-1]
    assert line.startswith("jobmeter: ")
    assert why in line
    assert "Traceback" not in log.read_text()


@pytest.mark.parametrize(
    ("library", "url", "extra"),
    [
        ("nats", "nats://127.0.0.1:4222/EVENTS", "nats"),
        ("confluent_kafka", "kafka://127.0.0.1:9092/events", "kafka"),
    ],
)
def test_without_its_library_a_log_is_refused_before_anything_starts(tmp_path, library, url, extra):
    code = (
        f"import sys; sys.modules['{library}'] = None\nfrom jobmeter.cli.main import main\nmain(sys.argv[1:])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "consume", "--data", str(tmp_path / "data")],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"JOBMETER_STREAM_URL": url},
    )
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.endswith(f"needs {library}, which is not installed: pip install 'jobmeter[{extra}]'")
    assert not (tmp_path / "data").exists()
