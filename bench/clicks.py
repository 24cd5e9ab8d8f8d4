"""Owns the figure of single apply clicks: signed links requested over HTTP, each click durable before the response.

The limit is a bare handler that returns the same redirect. Beside it is a plain ledger: pgbench on the same database.
"""

import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import httpx2
import numpy as np

from bench import pgbench
from bench.bare import ANSWER
from bench.live_jobs import post_live_jobs
from bench.machine import Machine
from bench.measurement import Measured, Sizes
from bench.requests import LoadResult, make_get, send_all
from bench.serving import RunningServer, serve
from jobmeter.base.settings import Settings
from jobmeter.database.arrays import Column
from jobmeter.wire.links import make_link_token

CONNECTIONS = 64
CLICKS = 6_400
JOBS = 10_000
SECRET_KEY = "bench"
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:142.0) Gecko/20100101 Firefox/142.0"


@dataclass(frozen=True, slots=True)
class Candidates:
    """Candidates who follow the links of randomly chosen live jobs."""

    job_ids: Column
    clicks: int

    def click(self, server: RunningServer, seed: int) -> LoadResult:
        chosen = np.random.default_rng(seed).choice(self.job_ids, (CONNECTIONS, self.clicks // CONNECTIONS))
        return send_all(server.port, [[make_click(job_id) for job_id in line] for line in chosen.tolist()])


def make_click(job_id: int) -> bytes:
    token = make_link_token(job_id, purpose="apply", key=SECRET_KEY)
    return make_get(f"/jobs/apply/{token}", {"User-Agent": BROWSER})


@dataclass(frozen=True, slots=True)
class Ledger:
    """The plain ledger of as many jobs, with as many connections, as the candidates have. Without pgbench it has no rates."""

    machine: Machine
    program: Path | None
    candidates: Candidates

    def measure(self) -> tuple[float, ...]:
        """Returns the transactions per second of one round."""
        if self.program is None:
            return ()
        rate = pgbench.measure_transactions(
            self.machine,
            self.program,
            jobs=len(self.candidates.job_ids),
            connections=CONNECTIONS,
            transactions=self.candidates.clicks,
        )
        return (rate,)


def measure_clicks(machine: Machine, sizes: Sizes, now: datetime) -> dict[str, Measured]:
    """Measures clicks, bare redirects and transactions of pgbench alternately, after a warm-up round."""
    settings = Settings(database_url=machine.url, secret_key=SECRET_KEY)
    live = post_live_jobs(machine.url, jobs=min(sizes.jobs, JOBS), customers=1, now=now)
    candidates = Candidates(live.job_ids[0], min(CLICKS, sizes.jobs * CONNECTIONS))
    ledger = Ledger(machine, pgbench.find_pgbench(), candidates)
    pgbench.make_jobs(machine, len(candidates.job_ids))
    clicked, bare, plain = [], [], list[float]()
    with (
        serve("jobmeter.app:create_app", settings.to_environment(), factory=True) as server,
        tempfile.TemporaryDirectory() as folder,
    ):
        answer = _save_response(server, int(live.job_ids[0][0]), Path(folder))
        with serve("bench.bare:create_app", {ANSWER: str(answer)}, factory=True) as limit:
            for number in range(sizes.runs + 1):
                clicked.append(candidates.click(server, number))
                bare.append(candidates.click(limit, number).per_second)
                plain += ledger.measure()
    rates = tuple(one.per_second for one in clicked[1:])
    waits = [one.waits_ms for one in clicked[1:]]
    beside = Measured(rates, tuple(plain[1:])) if plain else Measured((), note=pgbench.MISSING)
    return {
        "intake_click": Measured(rates, tuple(bare[1:])),
        "intake_click_p99": Measured(tuple(float(np.percentile(one, 99)) for one in waits)),
        "intake_click_to_pgbench": beside,
    }


def _save_response(server: RunningServer, job_id: int, folder: Path) -> Path:
    target = make_click(job_id).decode().split(" ")[1]
    answer = httpx2.get(f"http://127.0.0.1:{server.port}{target}", headers={"User-Agent": BROWSER})
    lines = [str(answer.status_code)]
    lines += [f"{name}: {value}" for name, value in answer.headers.items() if name != "content-length"]
    path = folder / "answer"
    path.write_bytes("\n".join(lines).encode() + b"\n\n" + answer.content)
    return path
