"""Every administrative write of the route table leaves one record of who did what, in the transaction of the act.

The writes are those of the route table: a new one is recorded, or listed here with the reason why not.
"""

import re
from dataclasses import replace
from uuid import uuid4

import pytest

from jobmeter.audit.model import Action, ActorKind
from jobmeter.http.context import SETTINGS_KEY
from jobmeter.http.endpoints import Audience
from tests.stories.repeats.test_repeats import make_final_charge, open_world
from tests.stories.repeats.writes import MAKERS, list_writes

JOBS, BOARD, SANDBOX = "jobs are not administration", "the job board's events", "a sandbox's controls"
BY_PEOPLE_ALONE = {Action.PARTNER_LOOK}  # on a page: tests/stories/portal/operator/test_partners.py
# tests/deployment/test_key_rotation.py, tests/properties/laws/test_erasing.py, tests/unit/database/test_psql.py
BY_COMMANDS_ALONE = {
    *(Action.SECRETS_SEAL_AGAIN, Action.DATABASE_WRITE),
    *(Action.MEMBER_ERASE, Action.VISITOR_ERASE),
}
NOT_RECORDED = {
    "/rest/simpleJobPostings": JOBS,
    "/v2/simpleJobPostings": JOBS,
    "/rest/jobCampaigns": JOBS,
    "/rest/jobCampaigns/{key}": JOBS,
    "/v1/jobs": JOBS,
    "/v1/jobs/{key}": JOBS,
    "/events": BOARD,
    "/sandbox/clock": SANDBOX,
    "/sandbox/traffic": SANDBOX,
    "/sandbox/failure": SANDBOX,
}
SECRET = re.compile(r'"(?:client_secret|secret|signingSecret|key)":"([\w/+=-]{20,})"')
# The order of columns of what is compared.
READ = "SELECT actor_kind, actor_name, action, subject_id, door, request_id FROM audit_records WHERE number > %s ORDER BY number"


async def read_new(world, seen):
    """Returns the records after ``seen``, and the number of the last one."""
    async with world.database.connection() as connection:
        found = await connection.execute(READ, (seen,))
        records = await found.fetchall()
        last = await connection.execute("SELECT coalesce(max(number), 0) FROM audit_records")
        row = await last.fetchone()
    return records, row[0]


@pytest.mark.long
async def test_every_administrative_write_leaves_one_record(database_url: str) -> None:
    actions, secrets = set(), []
    async with open_world(database_url) as (begun, _):
        world = await make_final_charge(begun)
        for row in sorted(list_writes(), key=lambda row: row.path not in NOT_RECORDED):
            # Some writes move the clock, after which a token has expired.
            world = replace(world, parent_token=await world.make_token(world.credentials["parent"]))
            write, key = await MAKERS[row.method, row.path](world, row.path), uuid4().hex
            _, seen = await read_new(world, 0)

            answer = await write.send(world.client, key=key)
            assert answer.is_success, (row.path, answer.text)
            secrets += SECRET.findall(answer.text)
            records, seen = await read_new(world, seen)
            if row.path in NOT_RECORDED:
                assert records == [], (row.path, records)
                continue
            assert len(records) == 1, (row.method, row.path, records)
            ((kind, name, action, subject_id, door, request_id),) = records
            is_operator = row.audience is Audience.OPERATOR
            assert kind == (ActorKind.OPERATOR_KEY if is_operator else ActorKind.APPLICATION), row.path
            assert (name == SETTINGS_KEY) is is_operator
            assert (bool(subject_id), door) == (True, "API")
            assert answer.headers["x-li-request-id"] == request_id
            actions.add(action)

            # a repeat and a refusal leave none
            assert (await write.send(world.client, key=key)).headers["Idempotency-Replayed"] == "true"
            refused = await replace(write, body=[1]).send(world.client)
            records, _ = await read_new(world, seen)
            assert records == [] or refused.is_success, (row.path, records)
        # what no write of the table does is done by none; no record has any of the secrets that were made
        assert actions == set(Action) - BY_PEOPLE_ALONE - BY_COMMANDS_ALONE
        async with world.database.connection() as connection:
            found = await connection.execute(
                "SELECT string_agg(audit_text(audit_records), '') FROM audit_records"
            )
            ((text,),) = await found.fetchall()
        assert len(secrets) > 5
        assert [secret for secret in secrets if secret in text] == []
