"""Pages of the operator's lists read about as many rows as they show, whatever values their plan is made for."""

import re
from datetime import UTC, datetime

import psycopg
import pytest
from psycopg import sql

from jobmeter.audit import store as audit
from jobmeter.jobs import store as jobs
from jobmeter.notifications import store as notifications
from jobmeter.partners.applications import store as applications
from tests.support.databases.citus import CITUS_URL

pytestmark = pytest.mark.skipif(bool(CITUS_URL), reason="a cluster makes no plans for any values")

CHILDREN, PARTNERS, JOBS = 4_000, 40, 20_000
ROWS_READ_MAX = 600
# Children of 40 partners, and jobs of 20 of them; the 7th partner has 100 children and 1,000 jobs.
FILL = f"""
INSERT INTO applications (id, shard, client_id, name, created_at)
SELECT 1000000 + n, (1000000 + n) % 256, 'parent-' || n, 'Partner ' || n, now() FROM generate_series(1, {PARTNERS}) AS n;
INSERT INTO applications (id, parent_id, shard, client_id, unique_foreign_id, name, created_at)
SELECT 2000000 + n, 1000001 + n % {PARTNERS}, (2000000 + n) % 256, 'child-' || n, 'foreign-' || n, 'Customer ' || n, now()
  FROM generate_series(1, {CHILDREN}) AS n;
INSERT INTO job_postings (shard, job_id, application_id, external_id, listing_type, title, company_name, apply_url, location,
                          content, state, listed_at, expires_at, created_at, channel)
SELECT shard, 256 * n + shard, id, 'job-' || n, 'BASIC', 'Title ' || n, '', '', '', '{{}}', 'LIVE', now(), now(), now(), 'FEED'
  FROM generate_series(1, {JOBS}) AS n
  JOIN applications ON id = 2000000 + n % 200 + 1;
ANALYZE applications, job_postings;
"""
PAGE = {"after": 0, "rows_max": 50, "search": ""}
FOUND = {"partner_id": None, "application_id": None, "state": None, "external_id": None, "search": None}
JOB_PAGE = FOUND | {"after_shard": 0, "after": 0, "rows_max": 50}
CASES = {
    "partners": (applications, "list_partners", PAGE),
    "a partner's name": (applications, "list_partners", PAGE | {"search": "ner 7"}),
    "a reference": (applications, "find_partner_by_reference", {"reference": "C-17"}),
    "applications": (applications, "list_applications", {"after": 2_000_500, "rows_max": 50}),
    "a partner's applications": (applications, "list_partner_applications", PAGE | {"partner_id": 1_000_007}),
    "a name": (applications, "search_applications", PAGE | {"search": "Customer 39"}),
    "a foreign id": (applications, "search_applications", PAGE | {"search": "foreign-7"}),
    "jobs": (jobs, "list_postings", JOB_PAGE | {"after_shard": 9, "after": 256 * 900 + 9}),
    "an application's jobs": (jobs, "list_owned_postings", JOB_PAGE | {"application_id": 2_000_007}),
    "an external id": (jobs, "list_postings_by_external_id", JOB_PAGE | {"external_id": "job-77"}),
}  # fmt: skip


@pytest.fixture
def connection(database_url):
    with psycopg.connect(database_url) as opened:
        opened.execute(FILL)
        opened.execute("SET plan_cache_mode = force_generic_plan")
        yield opened
        opened.rollback()


def explain(connection, text, values):
    """Returns the plan of a statement for any values, with the rows that each of its parts read."""
    names = list(dict.fromkeys(re.findall(r"%\((\w+)\)s", text)))
    numbered = re.sub(r"%\((\w+)\)s", lambda found: f"${names.index(found[1]) + 1}", text).replace("%%", "%")
    connection.execute(f"PREPARE page AS {numbered}".encode(), prepare=False)
    given = sql.SQL(", ").join(sql.Literal(values[name]) for name in names)
    run = sql.SQL("EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE page ({})").format(given)
    (row,) = connection.execute(run, prepare=False).fetchall()
    connection.execute("DEALLOCATE page")
    return row[0][0]["Plan"]


def count_read(plan):
    """Returns how many rows the scans of a plan read, those that a filter removed included."""
    own = 0
    if "Relation Name" in plan:
        removed = plan.get("Rows Removed by Filter", 0) + plan.get("Rows Removed by Index Recheck", 0)
        own = (plan["Actual Rows"] + removed) * plan["Actual Loops"]
    return own + sum(map(count_read, plan.get("Plans", ())))


def test_no_page_reads_the_whole_table(connection):
    read = {}
    for name, (store, statement, values) in CASES.items():
        read[name] = count_read(explain(connection, store.SQL[statement], values))
    assert {name: count for name, count in read.items() if count > ROWS_READ_MAX} == {}


def test_the_jobs_of_a_partner_are_read_without_those_of_others(connection):
    wanted = JOB_PAGE | {"partner_id": 1_000_007, "search": "title 6"}
    found = count_read(explain(connection, jobs.SQL["list_owned_postings"], wanted))
    (owned,) = connection.execute(
        "SELECT count(*) FROM job_postings JOIN applications ON id = application_id WHERE parent_id = 1000007"
    ).fetchone()
    assert 0 < found <= owned + 2 * CHILDREN / PARTNERS
    assert owned < JOBS / 10


# 40 partners and 20 webhooks take turns; a webhook has 10 deliveries on each of 30 days.
LOGS = """
INSERT INTO audit_records (recorded_at, door, actor_kind, actor_name, action, subject_id, partner_id, request_id,
                           values_before, values_after)
SELECT timestamptz '2026-01-01Z' + n * interval '1 minute', 'API', 'OPERATOR_KEY', 'ada', 'contract.topUp', n % 400,
       1000001 + n % 40, '', '{}', '{}'
  FROM generate_series(1, 6000) AS n;
INSERT INTO notice_endpoints (application_id, url, kinds, created_at)
SELECT id, 'https://a.example', '{CHARGES}', now() FROM applications ORDER BY id LIMIT 20;
INSERT INTO notices (id, endpoint_id, way, kind, subject, body, due_at, created_at)
SELECT gen_random_uuid(), endpoints.id, 'WEBHOOK', 'CHARGES', '', '{}', at, at
  FROM notice_endpoints AS endpoints,
       generate_series(timestamptz '2026-01-01Z', timestamptz '2026-01-30 23:00Z', interval '144 minutes') AS at;
ANALYZE audit_records, notices;
"""


def test_logs_are_read_by_what_is_asked_for(connection):
    """By the values of the filters, which are given when the statement is planned."""
    connection.execute(LOGS)
    connection.execute("SET plan_cache_mode = force_custom_plan")
    span = {"since": datetime(2026, 1, 1, tzinfo=UTC), "until": datetime(2026, 1, 3, tzinfo=UTC)}
    every = {"below": 2**62, "rows_max": 51, "partner_id": None, "who": "", "action": "", "subject_id": ""}
    every |= {"hidden": [], "nameless": [], "since": span["since"], "until": datetime(2027, 1, 1, tzinfo=UTC)}
    read = {
        name: count_read(explain(connection, audit.SQL["list_records"], every | wanted))
        for name, wanted in (
            ("all", {}),
            ("a partner's", {"partner_id": 1_000_007}),
            ("on a subject", {"subject_id": "17"}),
        )
    }
    (endpoint_id,) = connection.execute("SELECT min(id) FROM notice_endpoints").fetchone()
    wanted = span | {"endpoint_id": endpoint_id, "state": None, "kind": None, "rows_max": 101}
    wanted |= {"before_at": span["until"], "before_number": 2**62}
    read["old deliveries"] = count_read(explain(connection, notifications.SQL["list_deliveries"], wanted))
    assert {name: count for name, count in read.items() if count > ROWS_READ_MAX} == {}
    assert 0 < read["old deliveries"] <= 25
