"""The pages of a job list contain every job once, in each order and both directions, also while jobs are posted."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobmeter.database.pool import Database
from jobmeter.job_lists import flow
from jobmeter.job_lists.model import (
    JobListPage,
    ListedJob,
    ListedState,
    ListFilter,
    ListOrder,
    ListPosition,
    ListQuestion,
)
from tests.support.scenario import clear, open_for_examples

PARTNER, CHILDREN = 1, (11, 12)
STATES = (ListedState.PROMOTED, ListedState.RAN_OUT, ListedState.CLOSED)
# Few different values, so that many jobs have the same one.
JOBS = st.lists(
    st.fixed_dictionaries(
        {
            "spent_micros": st.integers(0, 2),
            "clicks": st.integers(0, 2),
            "posted_ms": st.integers(0, 3),
            "title_key": st.sampled_from(["", "a", "b", "ba", "é"]),
            "state": st.sampled_from(STATES),
            "application_id": st.sampled_from(CHILDREN),
        }
    ),
    max_size=30,
)
Job = dict[str, Any]
QUESTIONS = st.builds(
    ListQuestion,
    wanted=st.builds(
        ListFilter,
        partner_id=st.just(PARTNER),
        application_id=st.sampled_from([None, CHILDREN[0]]),
        states=st.sampled_from([None, STATES[:2]]),
        kinds=st.none(),
        campaign=st.none(),
        search=st.none(),
    ),
    order=st.sampled_from(ListOrder),
    is_descending=st.booleans(),
    position=st.none(),
    is_before=st.booleans(),
    rows_max=st.integers(1, 7),
)
APPLICATIONS = """
INSERT INTO applications (id, shard, client_id, name, created_at)
SELECT id, id % 256, id::text, 'Customer', now() FROM unnest(ARRAY[11, 12]) AS children (id)
    ON CONFLICT DO NOTHING
"""
POSTING = """
INSERT INTO job_postings (shard, job_id, application_id, external_id, listing_type, title, company_name, apply_url, location,
                          content, state, listed_at, expires_at, created_at, channel)
VALUES (shard_of(%(job_id)s), %(job_id)s, %(application_id)s, %(job_id)s::text, 'BASIC', 't', 'c', '', 'p', '{}', 'LIVE', now(),
        now(), now(), 'FEED')
"""
LISTED = """
INSERT INTO listed_jobs (job_id, partner_id, application_id, campaign, kind, state, reason, posted_ms, spent_micros,
                         title_key, search_text, views, clicks)
VALUES (%(job_id)s, %(partner_id)s, %(application_id)s, '', 'P4P', %(state)s, '', %(posted_ms)s, %(spent_micros)s,
        %(title_key)s, 't', 0, %(clicks)s)
"""
KEYS = {
    ListOrder.SPENT: "spent_micros",
    ListOrder.CLICKS: "clicks",
    ListOrder.POSTED: "posted_ms",
    ListOrder.TITLE: "title_key",
}


async def insert(database: Database, jobs: list[Job], *, partner_id: int = PARTNER) -> None:
    async with database.transaction() as connection:
        await connection.execute("SET LOCAL session_replication_role = replica")  # without the worker's notes
        await connection.execute(APPLICATIONS)
        for job in jobs:
            await connection.execute(POSTING, job)
            await connection.execute(LISTED, job | {"partner_id": partner_id})


async def read_page(database: Database, question: ListQuestion) -> JobListPage:
    async with database.snapshot() as connection:
        return await flow.list_jobs(connection, question)


def expect(jobs: list[Job], question: ListQuestion) -> list[int]:
    """The ids in the order of the list, by Python's own sort; the database orders text by its UTF-8 bytes."""
    wanted = [
        job
        for job in jobs
        if question.wanted.application_id in {None, job["application_id"]}
        and (question.wanted.states is None or job["state"] in question.wanted.states)
    ]
    key = KEYS[question.order]
    ordered = sorted(wanted, key=lambda job: (job[key], job["job_id"]), reverse=question.is_descending)
    return [job["job_id"] for job in ordered]


async def walk(
    database: Database, question: ListQuestion, new: list[Job]
) -> tuple[list[ListedJob], list[JobListPage]]:
    """Reads all pages; between them one of the new jobs is posted."""
    waiting, found, pages = list(new), [], []
    while True:
        page = await read_page(database, question)
        pages.append(page)
        found = [*page.jobs, *found] if question.is_before else [*found, *page.jobs]
        if not (page.has_previous if question.is_before else page.has_next):
            return found, pages
        edge = page.jobs[0] if question.is_before else page.jobs[-1]
        text = edge.position_in(question.order).to_text()
        position = ListPosition.parse(text, question.order)
        assert position is not None
        question = replace(question, position=position)
        if waiting:
            await insert(database, [waiting.pop()])


async def check(database: Database, jobs: list[Job], new: list[Job], question: ListQuestion) -> None:
    """Reads the list as it is, then while new jobs are posted."""
    for number, job in enumerate([*jobs, *new], start=1):
        job["job_id"] = 256 * number + 7 * (number % 2)
    expected, wanted = expect(jobs, question), question.wanted
    await clear(database)
    await insert(database, [job | {"job_id": job["job_id"] + 3} for job in jobs], partner_id=PARTNER + 1)
    await insert(database, jobs)
    found, pages = await walk(database, question, [])
    assert [job.job_id for job in found] == expected
    number = 1
    for page in reversed(pages) if question.is_before else pages:
        assert page.first_number == (number if page.jobs else 0)
        assert page.jobs_total == len(expected)
        counted = sum(wanted.application_id in {None, job["application_id"]} for job in jobs)
        assert sum(one.jobs for one in page.states) == counted
        number += len(page.jobs)
    ids = [job.job_id for job in (await walk(database, question, new))[0]]
    assert len(set(ids)) == len(ids)
    assert [one for one in ids if one in set(expected)] == expected


@pytest.mark.long
def test_every_job_is_on_one_page_in_every_order(database_url: str) -> None:
    with open_for_examples(database_url, connections_max=1) as (runner, database):

        @settings(max_examples=40)
        @given(jobs=JOBS, new=JOBS, question=QUESTIONS)
        def read_once(jobs: list[Job], new: list[Job], question: ListQuestion) -> None:
            runner.run(check(database, jobs, new, question))

        read_once()
