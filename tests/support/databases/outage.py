"""Owns an outage of one database: no connection is accepted, and those that are open end. Does not own any expectation."""

import psycopg
from psycopg.conninfo import conninfo_to_dict


def allow(cluster_url, database_url, is_allowed):
    """Refuses all connections to the database, as a stopped server does, or allows them again."""
    name = conninfo_to_dict(database_url)["dbname"]
    with psycopg.connect(cluster_url, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS {is_allowed}")
        if not is_allowed:
            connection.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s", [name]
            )
