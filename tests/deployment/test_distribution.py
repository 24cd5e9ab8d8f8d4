"""What `jobmeter db distribute` would do, without a cluster: each table has one place, and a plan does nothing twice.

On a real cluster it is carried out by `make test-citus` (tests/deployment/cluster).
"""

import json
from dataclasses import replace

import psycopg
import pytest

from jobmeter.base.faults import CommandFailed
from jobmeter.cli.main import main
from jobmeter.operations import store
from jobmeter.operations.distributing import check_distribution
from jobmeter.operations.distribution import (
    BY_SHARD,
    EVERYWHERE,
    HERE,
    PLACES,
    Act,
    Place,
    Step,
    find_misplaced,
    list_places,
    plan_distribution,
)
from tests.tidy.sql.test_shards import schema_of_the_project


@pytest.fixture
def found(database_url):
    return store.read_distribution(database_url)


def with_citus(found):
    return replace(found, has_citus=True, nodes=("node1:5432", "node2:5432"), has_unplaced_functions=True)


def test_each_table_has_one_place(found):
    named = [*BY_SHARD, *EVERYWHERE, *HERE]
    assert sorted(named) == sorted(found.tables)
    assert len(set(named)) == len(named)


def test_the_key_of_what_is_placed_by_shard_begins_with_it():
    partitions = {"charge_postings", "ledger_bookings"}
    assert {*BY_SHARD} == schema_of_the_project().distributed - partitions


def test_tables_of_a_place_refer_to_rows_that_are_there(found):
    """A foreign key of a table on every node leads to one that was placed before, one by shard to one on every node."""
    for key in found.foreign_keys:
        if PLACES[key.guarded] == Place.EVERYWHERE:
            assert EVERYWHERE.index(key.named) <= EVERYWHERE.index(key.guarded)
        elif PLACES[key.guarded] == Place.BY_SHARD:
            assert PLACES[key.named] == Place.EVERYWHERE


def test_a_plan_drops_what_nodes_refuse_and_then_places_tables(found):
    steps = plan_distribution(with_citus(found))
    acts = [step.act for step in steps]
    assert acts == sorted(acts, key=[*Act].index)
    assert Step(act=Act.PLACE_BY_SHARD, table="events") in steps
    dropped = {step.key_name for step in steps if step.act == Act.DROP_FOREIGN_KEY}
    assert "call_counters_application_id_fkey" in dropped
    assert "job_postings_application_id_fkey" not in dropped
    assert {step.table for step in steps if step.act == Act.DROP_POLICIES} == found.with_policies
    placed = [step.table for step in steps if step.act in {Act.PLACE_BY_SHARD, Act.PLACE_EVERYWHERE}]
    assert placed == [*EVERYWHERE, *BY_SHARD]


def test_an_interrupted_plan_continues_and_ends(found):
    begun = replace(
        with_citus(found), is_set_up=True, tables={**found.tables, "applications": Place.EVERYWHERE}
    )
    steps = plan_distribution(begun)
    assert Act.SET_UP_DISTRIBUTION not in {step.act for step in steps}
    assert "applications" not in {step.table for step in steps if step.act == Act.PLACE_EVERYWHERE}
    done = replace(
        begun, tables=PLACES, foreign_keys=(), with_policies=frozenset(), has_unplaced_functions=False
    )
    assert plan_distribution(done) == []


def test_a_table_of_a_newer_release_stays_where_it_is(found):
    newer = replace(with_citus(found), tables={**found.tables, "job_wishes": Place.HERE})
    assert "job_wishes" not in {step.table for step in plan_distribution(newer)}
    assert find_misplaced(newer.tables) == []
    assert "job_wishes" not in list_places(newer.tables)[Place.HERE]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({}, "has no Citus"),
        ({"has_citus": True}, "no nodes for pieces"),
        (
            {"has_citus": True, "nodes": ("node1:5432",), "tables": {"people": Place.EVERYWHERE}},
            "people are placed otherwise",
        ),
    ],
)
def test_what_cannot_be_distributed_is_refused(found, change, message):
    with pytest.raises(CommandFailed, match=message):
        check_distribution(replace(found, **change))
    check_distribution(with_citus(found))


def test_a_database_of_one_server_is_refused(database_url, capsys):
    with pytest.raises(SystemExit):
        main(["db", "distribute", "--database-url", database_url])
    assert "CREATE EXTENSION citus on every node" in capsys.readouterr().err


def test_a_plan_changes_nothing(empty_database_url, capsys):
    with pytest.raises(SystemExit):
        main(["db", "distribute", "--database-url", empty_database_url])
    assert "first jobmeter db upgrade, or --yes does both" in capsys.readouterr().err
    with psycopg.connect(empty_database_url) as connection:
        (tables,) = connection.execute(
            "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
        ).fetchone()
    assert tables == 0


def test_one_server_is_as_before(database_url):
    """The functions of a distribution say that there is none, and a note of a changed job is in the shard of the job."""
    with psycopg.connect(database_url) as connection:
        row = connection.execute(
            "SELECT is_distributed(), nodes_with_pieces(), unplaced_functions(), is_distribution_set_up()"
        ).fetchone()
    assert row == (False, [], [], False)
    assert json.dumps(row)
