"""Owns databases on a cluster with Citus, on each node under one name. The tests make theirs by the same functions.

Does not own the cluster: a URL is that of its coordinator's database ``postgres``, in which the nodes are known.
"""

import asyncio
from collections.abc import Iterable

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from jobmeter.database.pool import upgrade_database
from jobmeter.operations import store
from jobmeter.operations.distributing import carry_out
from jobmeter.operations.distribution import plan_distribution

NODES = "SELECT nodename, nodeport FROM pg_dist_node ORDER BY groupid"
PIECES = 4


def list_nodes(url: str) -> list[str]:
    """The URLs of the database ``postgres`` on the coordinator, which is the first, and on each worker."""
    with psycopg.connect(url) as connection:
        found = connection.execute(NODES).fetchall()
    return [make_conninfo(url, host=host, port=port) for host, port in found]


def find_place(node: str) -> tuple[str, int]:
    """The host and port at which the nodes reach each other."""
    parts = conninfo_to_dict(node)
    return str(parts["host"]), int(parts["port"] or 0)


def run_everywhere(url: str, statement: str) -> None:
    for node in list_nodes(url):
        with psycopg.connect(node, autocommit=True) as connection:
            connection.execute("SET citus.enable_create_database_propagation = off")
            connection.execute(statement)


def of_database(url: str, name: str) -> str:
    """The same server's database of that name, as an address that programs take too."""
    parts = conninfo_to_dict(url)
    return f"postgresql://{parts['user']}@{parts['host']}:{parts['port']}/{name}?"


def make_empty(url: str, name: str) -> None:
    run_everywhere(url, f"CREATE DATABASE {name}")


def make_database(url: str, name: str) -> str:
    """Makes a database on each node, with the schema on the coordinator alone. Returns its URL."""
    make_empty(url, name)
    found = of_database(url, name)
    asyncio.run(upgrade_database(found))
    return found


def add_citus(url: str, name: str, *, workers_max: int | None = None) -> None:
    """The extension in a database that exists on each node. Pieces are on the workers alone, on the first of them if there is a limit."""
    coordinator, *workers = list_nodes(url)
    for node in (coordinator, *workers):
        with psycopg.connect(make_conninfo(node, dbname=name), autocommit=True) as connection:
            connection.execute("CREATE EXTENSION citus")
    with psycopg.connect(make_conninfo(coordinator, dbname=name), autocommit=True) as connection:
        place = find_place(coordinator)
        connection.execute("SELECT citus_set_coordinator_host(%s, %s)", place)
        for worker in workers[:workers_max]:
            connection.execute("SELECT citus_add_node(%s, %s)", find_place(worker))
        connection.execute("SELECT citus_set_node_property(%s, %s, 'shouldhaveshards', false)", place)


def distribute(url: str, name: str, *, workers_max: int | None = None) -> None:
    """Distributes a database that exists on each node."""
    add_citus(url, name, workers_max=workers_max)
    found = of_database(url, name)
    carry_out(found, plan_distribution(store.read_distribution(found)), pieces=PIECES)


def drop_databases(url: str, names: Iterable[str]) -> None:
    for name in names:
        run_everywhere(url, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
