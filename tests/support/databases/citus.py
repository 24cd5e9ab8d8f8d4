"""Owns databases on a real cluster with Citus, for `make test-citus`: a database exists on each node under one name, and copies of one
that is distributed are distributed too.

Does not own the cluster: ``CITUS_URL`` is the URL of its coordinator's database ``postgres``, in which the nodes are known.
"""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import psycopg
from psycopg.conninfo import make_conninfo

from bench.nodes import distribute, list_nodes, make_database

CITUS_URL = os.environ.get("CITUS_URL", "")
OTHERS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"
)
COPY_SECONDS = 60


def make_distributed(url: str, name: str) -> str:
    """Makes a database with the schema on each node, and distributes it. Returns its URL."""
    found = make_database(url, name)
    distribute(url, name)
    return found


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
