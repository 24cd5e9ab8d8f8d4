"""The second wall between tenants: a statement without its tenant's condition shows nothing of another tenant.

The first wall, the conditions themselves, is tested through every route (stories/edge/test_tenants.py).
"""

import re

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo
from starlette.responses import JSONResponse

from jobmeter.api.routes import make_plain_routes
from jobmeter.database.connection import Tenant
from jobmeter.database.pool import Database
from jobmeter.database.rows import list_scalars
from jobmeter.http.endpoints import Audience, Endpoint
from tests.conftest import make_database
from tests.support.sandbox_client import add_partner, bearer

# Tables without a policy, and why nothing in them is a tenant's, or why a tenant's session does not read it.
WITHOUT_POLICY = {
    "of the installation": {
        "billing_logos",
        "billing_months",
        "billing_reminder_rounds",
        "billing_sellers",
        "billing_series",
        "blocked_networks",
        "chore_runs",
        "day_filter_lists",
        "event_days",
        "filter_revision",
        "operator_key_secrets",
        "operator_keys",
        "poster_retention",
        "sandbox_clock",
        "sandbox_events",
        "sandbox_failure",
        "sandbox_traffic",
        "schema_migrations",
        "settled_days",
        "settlement_exclusions",
        "settlement_rules",
        "settlement_runs",
        "stream_consumers",
        "stream_positions",
        "visitor_salts",
    },
    "numbers of jobs that a chore works on next, or how far it is": {
        "contract_spend_cursor",
        "delivery_numbers",
        "job_day_folds",
        "job_month_keeping",
        "job_notes",
        "listed_job_counts",
        "listed_job_notes",
        "settlement_jobs",
        "uncounted_jobs",
    },
    "seals: sums over everything": {
        "audit_seals",
        "ledger_horizon",
        "ledger_seal_rounds",
        "ledger_seals",
        "restatement_seals",
    },
    "of people, who may belong to several tenants; named by a secret or by the person": {
        "login_requests",
        "passkey_challenges",
        "passkeys",
        "people",
        "person_sessions",
    },
    "named by a hash of the sender and its key; the answers are sealed": {"repeat_claims"},
}
# Views that the policies look up, with the rights of the tables' owner: each shows what is the caller's alone.
LOOKED_UP = {"tenant_contracts", "tenant_customers", "tenant_jobs"}
# What customers of one partner share: the partner itself, its contracts, and contracts that both were granted.
SHARED_BY_CUSTOMERS = {
    "applications",
    "budget_alerts",
    "click_prices",
    "contract_days",
    "contract_spends",
    "filter_policies",
    "hiring_contracts",
    "hiring_prices",
    "ledger_balances",
    "ledger_bookings",
    "ledger_postings",
    "partner_contracts",
    "recent_clicks",
    "tenant_contracts",
}


async def list_all_jobs(context):
    """The broken handler: nothing in its statement says whose jobs are meant."""
    async with context.app.database.connection() as connection:
        found = await list_scalars(connection, int, "SELECT job_id FROM job_postings ORDER BY job_id")
    return JSONResponse({"jobs": found})


BROKEN = Endpoint(
    "GET",
    "/partner/broken",
    list_all_jobs,
    audience=Audience.PARTNER,
    summary="Leave out whose jobs are meant",
)


def tenant_of(keys, caller="child"):
    partner, own = (int(keys[who]["urn"].rsplit(":", 1)[-1]) for who in ("parent", caller))
    return Tenant(application_id=own, partner_id=partner)


def list_guarded(database_url):
    with psycopg.connect(database_url) as connection:
        found = connection.execute("SELECT polrelid::regclass::text FROM pg_policy ORDER BY 1").fetchall()
    return [name for (name,) in found]


async def read_visible(database_url, tenant):
    """All rows of all guarded tables that a session of the tenant can see."""
    found = {}
    async with (
        Database.opened(database_url, connections_max=1) as database,
        database.of_tenant(tenant).connection() as connection,
    ):
        for table in (*list_guarded(database_url), *LOOKED_UP):
            statement = sql.SQL("SELECT kept::text FROM {} AS kept").format(sql.Identifier(table))
            rows = await (await connection.execute(statement)).fetchall()
            found[table] = {row for (row,) in rows}
    return found


@pytest.fixture
def sister(sandbox_client):
    """Another customer of the same partner, with a job."""
    body = {"uniqueForeignId": "sister", "name": "Sandbox - Sister", "description": "Another customer"}
    made = sandbox_client.client.post(
        "/v2/provisionedApplications", headers=sandbox_client.headers("parent"), json=body
    ).json()
    keys = sandbox_client.credentials | {"child": made["credentials"] | {"urn": made["key"]}}
    return type(sandbox_client)(sandbox_client.client, keys)


@pytest.fixture
def neighbour(sandbox_client, database_url):
    return add_partner(sandbox_client, database_url)


@pytest.fixture
def owned(sandbox_client):
    """A job with charged clicks, a webhook, an excluded visitor."""
    job_id = sandbox_client.post_job("owned-1")
    sandbox_client.send_clicks(job_id, 3)
    child = sandbox_client.headers()
    for path, body in (
        ("/partner/webhooks", {"kinds": ["BUDGET_ALERT"], "url": "https://owned.example/hook"}),
        ("/partner/excludedVisitors", {"visitor": "owned", "note": "owned"}),
    ):
        assert sandbox_client.client.post(path, headers=child, json=body).status_code == 201
    return job_id


def test_a_handler_whose_statement_names_no_tenant_shows_nothing_of_others(
    sandbox_client, neighbour, sister, owned
):
    theirs = neighbour.post_job(
        "theirs-1", contract=f"urn:li:contract:{neighbour.credentials['customer_contract_id']}"
    )
    sandbox_client.client.app.router.routes[:0] = make_plain_routes([BROKEN])
    seen = {
        (name, who): sandbox_client.client.get("/partner/broken", headers=bearer(asker.token(who))).json()[
            "jobs"
        ]
        for name, asker in (("owner", sandbox_client), ("neighbour", neighbour), ("sister", sister))
        for who in ("child", "parent")
    }
    assert seen == {
        ("owner", "child"): [owned],
        ("owner", "parent"): [owned],
        ("neighbour", "child"): [theirs],
        ("neighbour", "parent"): [theirs],
        ("sister", "child"): [],
        ("sister", "parent"): [owned],
    }


async def test_no_row_of_a_guarded_table_is_visible_to_another_partner(
    sandbox_client, neighbour, owned, database_url
):
    own = await read_visible(database_url, tenant_of(sandbox_client.credentials, "parent"))
    assert {table for table, rows in own.items() if rows} >= {
        "access_tokens",
        "application_secrets",
        "applications",
        "audit_records",
        "charge_postings",
        "click_prices",
        "customer_contracts",
        "events",
        "excluded_visitors",
        "hiring_contracts",
        "hiring_grants",
        "job_budgets",
        "job_postings",
        "job_tasks",
        "ledger_balances",
        "ledger_bookings",
        "notice_endpoints",
        "notice_secrets",
        "partner_contracts",
    }
    theirs = await read_visible(database_url, tenant_of(neighbour.credentials, "parent"))
    assert theirs["applications"]
    assert {table for table, rows in own.items() if rows & theirs[table]} == set()


async def test_customers_of_one_partner_share_the_partner_s_rows_alone(
    sandbox_client, sister, owned, database_url
):
    own = await read_visible(database_url, tenant_of(sandbox_client.credentials))
    hers = await read_visible(database_url, tenant_of(sister.credentials))
    assert {table for table, rows in own.items() if rows & hers[table]} <= SHARED_BY_CUSTOMERS


async def test_a_statement_without_a_condition_changes_nothing_of_others(
    sandbox_client, neighbour, owned, database_url
):
    async with Database.opened(database_url, connections_max=1) as database:
        of_neighbour = database.of_tenant(tenant_of(neighbour.credentials))
        async with of_neighbour.transaction() as connection:
            changed = await connection.execute("UPDATE job_postings SET title = 'broken'")
            removed = await connection.execute("DELETE FROM excluded_visitors")
    assert (changed.rowcount, removed.rowcount) == (0, 0)


async def test_a_connection_sees_what_belongs_to_the_tenant_that_it_is_lent_for(
    sandbox_client, neighbour, owned, database_url
):
    """The same connection, in turn."""
    owner, other = tenant_of(sandbox_client.credentials), tenant_of(neighbour.credentials)
    async with Database.opened(database_url, connections_max=1) as database:
        seen = []
        for tenant in (owner, other, owner, owner):
            async with database.of_tenant(tenant).snapshot() as connection:
                seen.append(await list_scalars(connection, int, "SELECT job_id FROM job_postings"))
    assert seen == [[owned], [], [owned], [owned]]


def test_a_session_that_names_nobody_sees_nothing(sandbox_client, owned, database_url):
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("SET ROLE jobmeter_tenant")
        for table in list_guarded(database_url):
            found = connection.execute(sql.SQL("SELECT FROM {}").format(sql.Identifier(table))).fetchall()
            assert found == [], table
        for table in ("operator_keys", "operator_key_secrets", "visitor_salts"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(sql.SQL("SELECT FROM {}").format(sql.Identifier(table)))


# -- the schema


def test_each_table_has_a_policy_or_is_listed_with_a_reason(database_url):
    with psycopg.connect(database_url) as connection:
        tables = connection.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') "
            "AND (NOT relispartition OR relname IN ('charge_postings', 'ledger_bookings'))"
        ).fetchall()
    listed = [table for names in WITHOUT_POLICY.values() for table in names]
    assert len(listed) == len(set(listed))
    assert sorted([*listed, *list_guarded(database_url)]) == sorted(name for (name,) in tables)


def test_views_are_read_with_the_rights_of_who_reads_them(database_url):
    with psycopg.connect(database_url) as connection:
        found = connection.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'v' "
            "AND NOT coalesce(reloptions @> '{security_invoker=true}', false)"
        ).fetchall()
    assert {name for (name,) in found} == LOOKED_UP


# -- without an administrator's rights


@pytest.fixture
def plain_url(cluster_url):
    """A database of a role that may not make roles, as a managed server gives."""
    for database_url in make_database(cluster_url, "template1"):
        name = re.search(r"test_\w+", database_url)[0]
        role = f"owner_of_{name}"
        with psycopg.connect(cluster_url, autocommit=True) as connection:
            connection.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'plain'")
            connection.execute(f"ALTER DATABASE {name} OWNER TO {role}")
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute(f"GRANT CREATE ON SCHEMA public TO {role}")
        yield database_url, role


async def test_without_the_role_the_server_says_what_to_do_and_works(plain_url, caplog):
    database_url, role = plain_url
    url = make_conninfo(database_url, options=f"-c role={role}")
    tenant = Tenant(application_id=1, partner_id=1)
    async with Database.opened(url, connections_max=1) as database:
        assert database.of_tenant(tenant) is database
    assert f"as an administrator of its server: GRANT jobmeter_tenant TO {role};" in caplog.text
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(f"GRANT jobmeter_tenant TO {role}")
    async with Database.opened(url, connections_max=1) as database:
        async with database.of_tenant(tenant).connection() as connection:
            assert await list_scalars(connection, str, "SELECT current_user::text") == ["jobmeter_tenant"]
        async with database.connection() as connection:
            assert await list_scalars(connection, str, "SELECT current_user::text") == [role]
