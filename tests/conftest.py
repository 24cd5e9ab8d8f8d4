"""Owns the shared fixtures: an embedded PostgreSQL per process, a new database for each test, a sandbox over HTTP.

Does not own any expectation.
"""

import asyncio
import gc
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil
import psycopg
import pytest
from coverage import Coverage
from fasteners import InterProcessLock
from hypothesis import HealthCheck, settings

from bench import nodes
from jobmeter.database.embedded import start_embedded
from jobmeter.database.pool import Database, upgrade_database
from tests.support import server_process
from tests.support.databases import citus
from tests.support.fault_coverage import FaultCoverage
from tests.support.paths import ROOT, SHARED
from tests.support.sandbox_client import SandboxClient, open_sandbox_client, reopen_sandbox_client

# On a busy machine a database round trip may exceed the deadline of an example.
settings.register_profile("jobmeter", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("jobmeter")

# The tests call servers on this machine, for which a proxy of the developer's network is not meant.
for variable in ("http_proxy", "https_proxy", "all_proxy"):
    os.environ.pop(variable, None)
    os.environ.pop(variable.upper(), None)

TEMPLATE = "jobmeter_template"
SANDBOX_TEMPLATE = f"jobmeter_sandbox_template_{os.getpid()}"  # one server may be that of several processes
OWN_CLUSTER_URL = os.environ.get(
    "JOBMETER_TESTS_CLUSTER_URL", ""
)  # ends in "/postgres?", or parameters follow
IN_MEMORY = Path("/dev/shm")
FOLDER_PREFIX = "jobmeter-tests-"
IN_MEMORY_FREE_BYTES_MIN = 8_000_000_000
# Installations, foreign clients, the documents' commands and upgrades: what takes long is nearly all that is there.
LONG_FOLDERS = (
    "client/",
    "compat/",
    "deployment/database/",
    "deployment/processes/",
    "deployment/streams/",
    "deployment/watching/",
    "documents/",
    "incidents/",
    "upgrades/",
)
OWN_FOLDER = pytest.StashKey[str]()
ENDED: list[str] = []
# Collecting garbage among a million objects of pytest and of the modules took a fifth of the time of the tests.
gc.disable()


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Creates a folder for this run. pytest changes the permissions of its shared folder, which would stop other runs' servers."""
    if config.option.basetemp is None and not hasattr(config, "workerinput"):
        fast = find_fast_folder()
        folder = tempfile.mkdtemp(prefix=f"{FOLDER_PREFIX}{os.getpid()}-", dir=fast)
        if fast is not None:
            sweep_former_runs(fast)
        config.option.basetemp = config.stash[OWN_FOLDER] = folder
    config.pluginmanager.register(FaultCoverage(config), "raised faults")


def sweep_former_runs(parent: Path) -> None:
    """Deletes what failed and killed runs left in memory: it is kept until the next run."""
    for folder in parent.glob(f"{FOLDER_PREFIX}*"):
        process = folder.name.removeprefix(FOLDER_PREFIX).partition("-")[0]
        if process.isdigit() and not psutil.pid_exists(int(process)):
            shutil.rmtree(folder, ignore_errors=True)


def find_fast_folder() -> Path | None:
    """The folder in memory, if there is one with room. A test's database is made there in a tenth of the time.

    ``None``, the usual temporary folder, if ``TMPDIR`` selects one, because then somebody decided.
    """
    if "TMPDIR" in os.environ or not os.access(IN_MEMORY, os.W_OK | os.X_OK):
        return None
    return IN_MEMORY if shutil.disk_usage(IN_MEMORY).free >= IN_MEMORY_FREE_BYTES_MIN else None


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are processors: while one test waits, for a process or a time, another one runs."""
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks what a folder's tests are, before tests are selected by their marks."""
    for item in items:
        if item.path.relative_to(ROOT / "tests").as_posix().startswith(LONG_FOLDERS):
            item.add_marker("long")


def pytest_collection_finish() -> None:
    """Excludes what exists before the first test from the collection of garbage, which begins here."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    gc.enable()


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Deletes what the tests wrote, unless one failed.

    Saves the coverage data here: pytest-xdist kills a process that needs more than ten seconds to end, and its data
    would be lost.
    """
    server_process.OPENED.close()
    measured = Coverage.current()
    if measured is not None and hasattr(session.config, "workerinput"):
        measured.stop()
        measured.save()
    folder = session.config.stash.get(OWN_FOLDER, None)
    if folder is not None and exitstatus == pytest.ExitCode.OK:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Runs async tests and fixtures in the same event loop as the product."""
    return "asyncio"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of public material next to the checkout; it exists in CI."""
    if not SHARED.is_dir():
        pytest.skip(
            "there is no ../shared folder next to this checkout; the vectors in the repository cover the same cases"
        )
    return SHARED


@pytest.fixture(scope="session")
def cluster_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a server for the tests of this process. A transaction that is open delays what its whole server knows of
    postings, so tests that run at the same time each need their own.

    ``JOBMETER_TESTS_CLUSTER_URL`` names one server to use instead, for example of another version; ``CITUS_URL`` the coordinator of a
    cluster with Citus, on which each database is distributed.
    """
    base = tmp_path_factory.getbasetemp()
    if own_url := nodes.of_database(citus.CITUS_URL, "postgres") if citus.CITUS_URL else OWN_CLUSTER_URL:
        with InterProcessLock(base.parent / "cluster.lock"):
            of_run = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
            _make_template(own_url, of_run / "template-is-made")
        yield own_url
        administer(own_url).close()
        return
    server = start_embedded(base / "cluster", durable=False)
    _make_template(server.url, base / "template-is-made")
    yield server.url
    administer(server.url).close()
    server.stop()


def _make_template(url: str, made: Path) -> None:
    """``made`` says that this run has made it: on a cluster that outlives runs there may be an older one."""
    with psycopg.connect(url, autocommit=True) as connection:
        found = connection.execute("SELECT FROM pg_database WHERE datname = %s", [TEMPLATE]).fetchone()
        if citus.CITUS_URL:
            if not made.exists():
                nodes.drop_databases(url, [TEMPLATE])
                citus.make_distributed(url, TEMPLATE)
                made.touch()
        elif found is None:
            connection.execute(f"CREATE DATABASE {TEMPLATE}")
            asyncio.run(upgrade_database(url_of(url, TEMPLATE)))


def url_of(cluster_url: str, name: str) -> str:
    return cluster_url.replace("/postgres?", f"/{name}?")


@pytest.fixture(scope="session")
def sandbox_credentials(cluster_url: str) -> dict[str, Any]:
    """Makes the database of a sandbox that was just started, of which each test receives a copy: to start one takes longer."""
    url = url_of(cluster_url, SANDBOX_TEMPLATE)
    with psycopg.connect(cluster_url, autocommit=True) as connection:
        drop_databases(connection, cluster_url, [SANDBOX_TEMPLATE])
        copy_database(connection, cluster_url, TEMPLATE, SANDBOX_TEMPLATE)
    with open_sandbox_client(url, chores=False) as opened:
        return opened.credentials


@pytest.fixture
def empty_database_url(cluster_url: str) -> Iterator[str]:
    """A database without a schema."""
    yield from make_database(cluster_url, "template1")


@pytest.fixture
def database_url(cluster_url: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """A new database with the schema, and with the sandbox's partner if the test has a sandbox."""
    is_sandbox = "sandbox_credentials" in request.fixturenames
    yield from make_database(cluster_url, SANDBOX_TEMPLATE if is_sandbox else TEMPLATE)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """The new database, opened as the product opens it."""
    opened = await Database.open(database_url, connections_max=8)
    yield opened
    await opened.close()


@cache
def administer(cluster_url: str) -> psycopg.Connection:
    """The connection that makes and drops all databases of these tests."""
    return psycopg.connect(cluster_url, autocommit=True)


def make_database(cluster_url: str, template: str) -> Iterator[str]:
    """Drops the database when the next one is made: right after a test the server would wait for its connections to end."""
    name, connection = f"test_{uuid4().hex}", administer(cluster_url)
    drop_databases(connection, cluster_url, ENDED)
    ENDED.clear()
    copy_database(connection, cluster_url, template, name)
    yield url_of(cluster_url, name)
    ENDED.append(name)


def drop_databases(connection: psycopg.Connection, cluster_url: str, names: list[str]) -> None:
    if citus.CITUS_URL:
        nodes.drop_databases(cluster_url, names)
        return
    for name in names:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def copy_database(connection: psycopg.Connection, cluster_url: str, template: str, name: str) -> None:
    if citus.CITUS_URL and template != "template1":
        citus.copy_database(cluster_url, template, name)
    else:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")


@pytest.fixture
def sandbox_client(
    sandbox_credentials: dict[str, Any], database_url: str, request: pytest.FixtureRequest
) -> Iterator[SandboxClient]:
    """A sandbox server on a new database, called over HTTP, with a partner ready to use; settings are its parameter."""
    with reopen_sandbox_client(database_url, sandbox_credentials, **getattr(request, "param", {})) as opened:
        yield opened
