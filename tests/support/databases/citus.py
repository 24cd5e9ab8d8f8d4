"""Owns databases on a real cluster with Citus, for `make test-citus`: a database exists on each node under one name, and copies of one
that is distributed are distributed too.

Does not own the cluster: ``CITUS_URL`` is the URL of its coordinator's database ``postgres``, in which the nodes are known.
"""

import asyncio
import os
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from jobmeter.database.pool import upgrade_database
from jobmeter.operations import store
from jobmeter.operations.distributing import carry_out
from jobmeter.operations.distribution import plan_distribution

CITUS_URL = os.environ.get("CITUS_URL", "")
PIECES = 4
NODES = "SELECT nodename, nodeport FROM pg_dist_node ORDER BY groupid"
OTHERS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"
)
COPY_SECONDS = 60


def list_nodes(url: str) -> list[str]:
    """The URLs of the database ``postgres`` on the coordinator, which is the first, and on each worker."""
    with psycopg.connect(url) as connection:
        found = connection.execute(NODES).fetchall()
    return [make_conninfo(url, host=host, port=port) for host, port in found]


def run_everywhere(url: str, statement: str) -> None:
    for node in list_nodes(url):
        with psycopg.connect(node, autocommit=True) as connection:
            connection.execute("SET citus.enable_create_database_propagation = off")
            connection.execute(statement)


def of_database(url: str, name: str) -> str:
    """The same server's database of that name, as an address that programs take too."""
    parts = conninfo_to_dict(url)
    return f"postgresql://{parts['user']}@{parts['host']}:{parts['port']}/{name}?"


def make_distributed(url: str, name: str) -> str:
    """Makes a database with the schema on each node, and distributes it. Returns its URL."""
    make_empty(url, name)
    found = of_database(url, name)
    asyncio.run(upgrade_database(found))
    add_citus(url, name)
    carry_out(found, plan_distribution(store.read_distribution(found)), pieces=PIECES)
    return found


def make_empty(url: str, name: str) -> None:
    run_everywhere(url, f"CREATE DATABASE {name}")


def add_citus(url: str, name: str, *, workers_max: int | None = None) -> None:
    """The extension in a database that exists on each node. Pieces are on the workers alone, on the first of them if there is a limit."""
    coordinator, *workers = (conninfo_to_dict(node) for node in list_nodes(url))
    for node in (coordinator, *workers):
        with psycopg.connect(make_conninfo(**{**node, "dbname": name}), autocommit=True) as connection:
            connection.execute("CREATE EXTENSION citus")
    with psycopg.connect(make_conninfo(**{**coordinator, "dbname": name}), autocommit=True) as connection:
        place = (coordinator["host"], int(coordinator["port"]))
        connection.execute("SELECT citus_set_coordinator_host(%s, %s)", place)
        for worker in workers[:workers_max]:
            connection.execute("SELECT citus_add_node(%s, %s)", (worker["host"], int(worker["port"])))
        connection.execute("SELECT citus_set_node_property(%s, %s, 'shouldhaveshards', false)", place)


def copy_database(url: str, template: str, name: str) -> None:
    """Copies a database that nobody uses any more, on all nodes at once, with its settings, which are not copied."""
    nodes = list_nodes(url)
    with ThreadPoolExecutor(len(nodes)) as pool:
        list(pool.map(partial(_copy, template=template, name=name), nodes))
    with psycopg.connect(make_conninfo(nodes[0], dbname=name), autocommit=True) as connection:
        connection.execute("SELECT set_up_distribution()")


def _copy(node: str, *, template: str, name: str) -> None:
    until = time.monotonic() + COPY_SECONDS
    with psycopg.connect(node, autocommit=True) as connection:
        connection.execute("SET citus.enable_create_database_propagation = off")
        while True:
            connection.execute(OTHERS, [template])
            try:
                connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
            except psycopg.errors.ObjectInUse:
                if time.monotonic() > until:
                    raise
                time.sleep(0.1)
            else:
                return


def drop_databases(url: str, names: Iterable[str]) -> None:
    for name in names:
        run_everywhere(url, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
