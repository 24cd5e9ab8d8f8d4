"""Owns PostgreSQL: the embedded server, the pool, named SQL statements, migrations.

Does not own any table's meaning; each table is written by one slice.
"""
