"""The end of a feed's turn: a run that was requested meanwhile begins at once, and as it was requested."""

from datetime import timedelta

from jobmeter.base.settings import Settings
from jobmeter.jobs.feeds import flow as feeds_flow
from jobmeter.worker import feeds
from tests.support.feed_documents import serialize_feed, serialize_jobs
from tests.support.scenario import START, open_scenario


async def test_a_run_requested_while_another_succeeds_keeps_what_it_was_requested_with(database_url):
    """The end of the run before it once made it a conditional one, with the limit on closed jobs."""
    async with open_scenario(database_url) as scenario, scenario.database.connection() as connection:
        feed = await feeds_flow.register_feed(
            connection,
            application=scenario.customers[0].child,
            location="https://a.example/f",
            interval_minutes=60,
            now=START,
        )
        turn = await feeds_flow.claim_due_feed(connection, now=START)
        read = {"etag": "new", "last_modified": "", "now": START}
        await feeds_flow.record_read(connection, feed=turn, **read)
        asked_at = START + timedelta(seconds=5)
        await feeds_flow.request_run(connection, feed=feed, may_close_all=True, now=asked_at)
        await feeds_flow.record_read(connection, feed=turn, **read)
        await feeds_flow.end_turn(connection, feed=turn, now=START)
        second = await feeds_flow.claim_due_feed(connection, now=asked_at)
    assert (second.may_close_all, second.etag, second.read_at) == (True, "", START)


# Fails where a claim is released while the feed is still locked.
UNLOCKED = """
CREATE FUNCTION check_unlocked() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = NEW.id AND classid = %(space)s) THEN
        RAISE 'feed % is claimed by nobody, and locked', NEW.id;
    END IF;
    RETURN NEW;
END $$;
CREATE CONSTRAINT TRIGGER unlocked AFTER UPDATE ON job_feeds DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (OLD.claimed_at IS NOT NULL AND NEW.claimed_at IS NULL) EXECUTE FUNCTION check_unlocked();
"""


async def test_who_claims_a_feed_whose_turn_ended_finds_it_unlocked(database_url, tmp_path):
    """A reader that claimed it in between once found it locked: a requested run began a minute later."""
    path = tmp_path / "feed.xml"
    path.write_bytes(serialize_feed(serialize_jobs(1)))
    async with open_scenario(database_url) as scenario:
        async with scenario.database.transaction() as connection:
            await connection.execute(UNLOCKED.replace("%(space)s", str(feeds_flow.LOCK_SPACE)))
            feed = await feeds_flow.register_feed(
                connection,
                application=scenario.customers[0].child,
                location=path.as_uri(),
                interval_minutes=60,
                now=START,
            )
        assert await feeds.load_due(scenario.database, Settings(sandbox=True), now=START) == 1
        async with scenario.database.connection() as connection:
            after = await feeds_flow.find_feed(connection, feed_id=feed.id)
    assert after.due_at == START + timedelta(minutes=60)
