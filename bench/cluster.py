"""Owns the figure of a cluster with Citus, which an environment variable names, beside one server of the same build and settings.

Does not own the cluster: the variable is the URL of its coordinator's database ``postgres``, in which the nodes are known.
"""

import os
from contextlib import ExitStack
from datetime import datetime

from bench.intake import EVENTS_KEY, Intake, choose_start_ms, make_streams
from bench.live_jobs import post_live_jobs
from bench.machine import Machine
from bench.measurement import Measured, Sizes
from bench.nodes import distribute, drop_databases, list_nodes, make_database
from bench.serving import serve
from jobmeter.base.settings import Settings

CLUSTER = "JOBMETER_BENCH_CITUS"
PLAIN, DISTRIBUTED = "jobmeter_bench_plain", "jobmeter_bench_distributed"


def measure_cluster(sizes: Sizes, now: datetime) -> Measured:
    """Measures batches of one customer each, alternately, on a distributed database and on one that is on the coordinator alone."""
    url = os.environ.get(CLUSTER, "")
    if not url:
        return Measured((), note=f"skipped: {CLUSTER} names no cluster")
    drop_databases(url, (PLAIN, DISTRIBUTED))
    try:
        rates = _measure_both(url, sizes, now)
    finally:
        drop_databases(url, (PLAIN, DISTRIBUTED))
    note = f"{len(list_nodes(url)) - 1} workers"
    return Measured(tuple(rates[DISTRIBUTED]), tuple(rates[PLAIN]), note)


def _measure_both(url: str, sizes: Sizes, now: datetime) -> dict[str, list[float]]:
    rates: dict[str, list[float]] = {PLAIN: [], DISTRIBUTED: []}
    with ExitStack() as stack:
        opened = {}
        for name in rates:
            database_url = make_database(url, name)
            jobs = post_live_jobs(database_url, jobs=sizes.jobs, customers=sizes.senders, now=now)
            if name == DISTRIBUTED:
                distribute(url, name)
            settings = Settings(database_url=database_url, events_key=EVENTS_KEY)
            server = stack.enter_context(
                serve("jobmeter.app:create_app", settings.to_environment(), factory=True)
            )
            first_ms = choose_start_ms(sizes, now)
            streams = make_streams(jobs.job_ids, sizes, first_ms)
            opened[name] = Intake(Machine(database_url), server, sizes), streams
        for number in range(sizes.runs + 1):  # the first warms up
            for name, (intake, streams) in opened.items():
                rates[name].append(intake.send(streams, number)[0])
    return {name: found[1:] for name, found in rates.items()}
