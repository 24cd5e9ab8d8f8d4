"""Owns the figures beside other programs, which are named by environment variables: TigerBeetle, ethical-ad-server, and a cluster.

Jobmeter's own figures are measured in the same run. Does not own how they are measured, or the other programs.
"""

import os
import re
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from bench.clicks import BROWSER, CONNECTIONS, measure_clicks
from bench.cluster import measure_cluster
from bench.intake import measure_intake
from bench.machine import Machine
from bench.measurement import Measured, Sizes
from bench.requests import make_get, send_all

TIGERBEETLE = "JOBMETER_BENCH_TIGERBEETLE"  # its program
AD_SERVER = "JOBMETER_BENCH_AD_SERVER"  # a file of the addresses of its clicks or views, one on each line
TRANSFERS, RUNS = 1_000_000, 3
SECONDS_MAX = 600
RATE = re.compile(r"^load accepted\s*=\s*([0-9][0-9_,]*)\s*tx/s", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Links:
    """Addresses of one server of this machine, each of which counts once."""

    port: int
    host: str
    paths: tuple[str, ...]

    def list_requests(self) -> list[list[bytes]]:
        """Returns the requests of each connection."""
        requests = [make_get(path, {"User-Agent": BROWSER}, host=self.host) for path in self.paths]
        return [requests[at::CONNECTIONS] for at in range(min(CONNECTIONS, len(requests)))]


def measure_peers(machine: Machine, sizes: Sizes, now: datetime) -> dict[str, Measured]:
    """Measures what is named, each beside Jobmeter's figure; what is not named has no runs."""
    return {
        "intake_batch_to_tigerbeetle": _measure_transfers(machine, sizes, now),
        "intake_click_to_ad_server": _measure_ad_server(machine, sizes, now),
        "intake_cluster": measure_cluster(sizes, now),
    }


def _measure_transfers(machine: Machine, sizes: Sizes, now: datetime) -> Measured:
    program = os.environ.get(TIGERBEETLE, "")
    if not program:
        return Measured((), note=f"skipped: {TIGERBEETLE} names no program")
    rates = [_run_transfers(Path(program).resolve()) for _ in range(RUNS)]
    own = measure_intake(machine, sizes, now)["intake_batch"]
    return Measured(own.runs, tuple(rates), f"transfers/s of {TRANSFERS:,} transfers")


def _run_transfers(program: Path) -> float:
    """Runs TigerBeetle's own benchmark, which writes its file to the folder in which it runs."""
    with tempfile.TemporaryDirectory(prefix="jobmeter-bench-") as folder:
        done = subprocess.run(
            [str(program), "benchmark", f"--transfer-count={TRANSFERS}"],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=SECONDS_MAX,
            check=False,
        )
    return read_transfers(done.stdout + done.stderr)


def read_transfers(output: str) -> float:
    """Returns the transfers per second that the benchmark printed. Raises ``RuntimeError`` if it printed none."""
    found = RATE.search(output)
    if found is None:
        raise RuntimeError(f"tigerbeetle printed no line 'load accepted = ... tx/s': {output[-500:]}")
    return float(re.sub("[_,]", "", found[1]))


def _measure_ad_server(machine: Machine, sizes: Sizes, now: datetime) -> Measured:
    name = os.environ.get(AD_SERVER, "")
    if not name:
        return Measured((), note=f"skipped: {AD_SERVER} names no file of addresses")
    links = read_links(Path(name).read_text(encoding="utf-8").splitlines())
    loaded = send_all(links.port, links.list_requests())
    own = measure_clicks(machine, sizes, now)["intake_click"]
    return Measured(own.runs, (loaded.per_second,), f"{len(links.paths):,} addresses of the ad server")


def read_links(lines: Sequence[str]) -> Links:
    """Reads the addresses, one on each line. Raises ``ValueError`` if there are none, or they are not of one server here."""
    parts = [urlsplit(line.strip()) for line in lines if line.strip()]
    servers = {(part.scheme, part.netloc) for part in parts}
    if len(servers) != 1 or parts[0].scheme != "http" or not parts[0].hostname:
        raise ValueError(
            f"{AD_SERVER} must list addresses of one server, such as http://localhost:5000/proxy/click/1/nonce/"
        )
    paths = tuple(part._replace(scheme="", netloc="", fragment="").geturl() for part in parts)
    return Links(parts[0].port or 80, parts[0].netloc, paths)
