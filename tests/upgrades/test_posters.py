"""Jobs posted before posters were stored get them from their elements, and an old server on the new schema stores them."""

from typing import Any

from jobmeter.database.migrations_runner import list_migrations
from tests.support.scenario import PRICE_MICROS, START, Scenario, make_element, open_scenario
from tests.unit.jobs.members.actions import POSTER, close, list_ids, post

FILL = dict(list_migrations())["0041_before_posters.sql"]
# As an older version left them: without triggers, which it did not have.
AS_BEFORE = (
    "SET LOCAL session_replication_role = replica",
    "UPDATE job_postings SET poster_email = '' WHERE channel = 'P4P'",
    "UPDATE job_changes SET application_id = NULL",
)


async def list_posters(scenario: Scenario) -> list[Any]:
    return await scenario.rows("SELECT external_id, poster_email FROM job_postings ORDER BY job_id")


async def test_posters_and_owners_of_changes_are_filled_once(database_url: str) -> None:
    async with open_scenario(database_url) as scenario:
        for number, poster in enumerate((POSTER, "JO@Customer.example", None, "other@customer.example")):
            await post(scenario, f"job-{number}", posterEmail=poster)
        await close(scenario, (await list_ids(scenario))[0])
        expected = await list_posters(scenario)
        assert [email for _, email in expected] == [POSTER, POSTER, "", "other@customer.example"]

        await scenario.execute(*AS_BEFORE)
        assert len(await scenario.breaches()) == 2
        await scenario.execute(FILL)
        assert await list_posters(scenario) == expected
        assert await scenario.breaches() == []
        await scenario.execute(FILL)
        assert await list_posters(scenario) == expected


async def test_what_an_older_server_writes_has_its_poster(database_url: str) -> None:
    async with open_scenario(database_url) as scenario:
        customer = scenario.customers[0]
        element = make_element(customer, "a", START, budget_micros=PRICE_MICROS) | {"posterEmail": POSTER}
        await scenario.take(customer, element | {"posterEmail": None}, START)
        await scenario.run_due(START)
        # its statements name no poster
        await scenario.execute(
            'UPDATE job_postings SET content = content || \'{"posterEmail": "Jo@Customer.example"}\''
        )
        assert await list_posters(scenario) == [("a", POSTER)]
        await scenario.execute(
            "INSERT INTO job_postings (shard, job_id, application_id, external_id, listing_type, title, company_name,"
            " apply_url, location, content, state, listed_at, expires_at, created_at) SELECT shard, job_id + 256,"
            " application_id, 'b', listing_type, title, company_name, apply_url, location, content, 'FAILED', listed_at,"
            " expires_at, created_at FROM job_postings"
        )
        assert await list_posters(scenario) == [("a", POSTER), ("b", POSTER)]
        await scenario.execute("UPDATE job_postings SET content = content - 'posterEmail'")
        assert await list_posters(scenario) == [("a", ""), ("b", "")]
