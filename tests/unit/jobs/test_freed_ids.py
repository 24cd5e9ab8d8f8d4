"""An external id is free again once its job has failed, at whatever moment that happens."""

from tests.support.scenario import PRICE_MICROS, START, make_element, open_scenario

# Fails the pending job of the same id between the insertion that finds it and the look-up that follows: a statement's
# trigger runs even if the statement inserted nothing.
FAIL_BETWEEN = """
CREATE FUNCTION fail_pending() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE job_postings SET state = 'FAILED' WHERE job_id = {job_id};
    RETURN NULL;
END $$;
CREATE TRIGGER between AFTER INSERT ON job_postings FOR EACH STATEMENT EXECUTE FUNCTION fail_pending();
"""


async def test_a_job_whose_id_became_free_in_between_is_posted(database_url):
    async with open_scenario(database_url) as scenario:
        customer = scenario.customers[0]
        element = make_element(customer, "a", START, budget_micros=PRICE_MICROS)
        # given a job that waits to be published, and that fails as soon as its id is used again
        await scenario.take(customer, element, START)
        ((failing,),) = await scenario.rows("SELECT job_id FROM job_postings")
        await scenario.execute(FAIL_BETWEEN.format(job_id=failing))

        # when the id is used again
        await scenario.take(customer, element, START)

        # then a new job was posted
        rows = await scenario.rows("SELECT state FROM job_postings ORDER BY job_id = %s DESC", [failing])
        assert rows == [("FAILED",), ("PENDING",)]


async def test_a_job_that_has_the_id_keeps_it(database_url):
    async with open_scenario(database_url) as scenario:
        customer = scenario.customers[0]
        element = make_element(customer, "a", START, budget_micros=PRICE_MICROS)
        for _ in range(2):
            await scenario.take(customer, element, START)
        assert await scenario.rows("SELECT state FROM job_postings") == [("PENDING",)]
