"""Erasing a member and a visitor: nothing of them is left but what is said, the money stays as it is, and it may be repeated."""

from datetime import timedelta

import psycopg
import pytest

from jobmeter.audit.model import Actor, ActorKind, Door
from jobmeter.base.days import day_of, final_at
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.settings import Settings
from jobmeter.cli.main import main
from jobmeter.contracts.hiring.model import HiringKind
from jobmeter.database.pool import Database
from jobmeter.integrity.flow import check_laws
from jobmeter.jobs.xml_jobs import flow as xml_jobs
from jobmeter.metering.filters import flow as filters
from jobmeter.metering.intake.model import find_visitor
from jobmeter.people.accounts import flow as accounts
from jobmeter.privacy import flow as privacy
from jobmeter.settlement.click_rules import flow as click_rules
from jobmeter.settlement.model import Criterion, Exclusion, Rule, RulePolicy
from tests.support.scenario import PRICE_MICROS, START, make_element, make_event, open_scenario
from tests.support.xml_scenario import POSTER, make_document, open_xml_scenario

COMMAND = Actor(kind=ActorKind.COMMAND, door=Door.COMMAND, name="root")
MEMBER = "Ann.Lee@Example.com"
VISITOR = "visitor-7f3a"
LATER = START + timedelta(days=1)
KEEPING = Settings(poster_retention_days=100)
TEXT_COLUMNS = """
SELECT relname, attname
  FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
 WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
   AND attnum > 0 AND NOT attisdropped
   AND format_type(atttypid, NULL) IN ('text', 'text[]', 'json', 'jsonb')
"""
MONEY = (
    "SELECT to_jsonb(kept) - 'number' FROM ledger_postings AS kept ORDER BY reference",
    "SELECT to_jsonb(kept) FROM ledger_balances AS kept ORDER BY 1",
    "SELECT job_id, day, apply_clicks, clicks_charged, charge_micros FROM job_day_sums ORDER BY 1, 2",
    "SELECT to_jsonb(kept) - 'poster_email' FROM credit_uses AS kept ORDER BY number",
)


async def find_places(connection, text):
    """The columns of the database in which a text is found, in any case."""
    columns = await (await connection.execute(TEXT_COLUMNS)).fetchall()
    found = []
    for table, column in columns:
        statement = f'SELECT FROM {table} WHERE strpos(lower("{column}"::text), lower(%s)) > 0 LIMIT 1'
        if (await (await connection.execute(statement, [text])).fetchone()) is not None:
            found.append((table, column))
    return found


async def read_money(connection):
    return [await (await connection.execute(statement)).fetchall() for statement in MONEY]


async def erase_member(database, email, now=LATER):
    async with database.transaction() as connection:
        return await privacy.erase_member(connection, email=email, actor=COMMAND, now=now)


async def erase_visitor(database, visitor, now=LATER):
    async with database.transaction() as connection:
        return await privacy.erase_visitor(connection, visitor=visitor, actor=COMMAND, now=now)


async def post_for_member(scenario):
    customer = scenario.customers[0]
    element = make_element(customer, "hers", START, budget_micros=10 * PRICE_MICROS)
    task = await scenario.take(customer, element | {"posterEmail": MEMBER}, START)
    await scenario.run_due(START)
    return await scenario.job_of_task(customer, task, START)


async def test_an_address_is_replaced_wherever_it_is_and_the_money_stays(database_url) -> None:
    async with open_scenario(database_url) as scenario:
        job_id = await post_for_member(scenario)
        await scenario.ingest([make_event(job_id, "a", START)], START + timedelta(hours=1))
        async with scenario.database.transaction() as connection:
            await accounts.open_person(connection, email=MEMBER, name="Ann", now=START)
        with pytest.raises(Refused) as refused:
            await erase_member(scenario.database, MEMBER)
        assert refused.value.fault is Fault.OPERATOR_INPUT
        assert "1 jobs of the member are open" in refused.value.message
        await scenario.close(scenario.customers[0], "hers", LATER)
        await scenario.run_due(LATER)
        async with scenario.database.connection() as connection:
            assert len(await find_places(connection, MEMBER)) >= 3
            before = await read_money(connection)
        erasure = await erase_member(scenario.database, f" {MEMBER.upper()} ")
        assert erasure.erased["jobs"] == 1
        assert erasure.erased["people"] == 1
        assert erasure.left == dict.fromkeys(erasure.left, 0)
        async with scenario.database.connection() as connection:
            assert await find_places(connection, MEMBER) == []
            assert ("job_postings", "poster_email") in await find_places(connection, erasure.substitute)
            assert await read_money(connection) == before
        assert await scenario.breaches() == []
        assert set((await erase_member(scenario.database, MEMBER)).erased.values()) == {0}


async def test_a_poster_of_slots_and_credits_is_replaced_in_contracts_and_used_credits(
    database: Database,
) -> None:
    scenario = await open_xml_scenario(database, slot_count=2, credit_count=2)
    async with database.transaction() as connection:
        for kind in HiringKind:
            job = await xml_jobs.post_job(
                connection,
                application=scenario.application,
                document=make_document(f"job-{kind}", scenario.contracts[kind]),
                now=START,
            )
            await xml_jobs.close_on_site(connection, job_id=job.job_id, actor=f"member {POSTER}", now=LATER)
        before = await read_money(connection)
    erasure = await erase_member(database, POSTER)
    assert erasure.erased["hiring contracts"] == 2
    assert erasure.erased["used credits"] == 1
    async with database.transaction() as connection:
        assert await find_places(connection, POSTER) == []
        assert await read_money(connection) == before
        assert [check for check in await check_laws(connection) if check.breaches] == []
        seats = await connection.execute("SELECT DISTINCT seats FROM hiring_contracts")
        assert await seats.fetchall() == [([erasure.substitute],)]


async def test_nothing_else_of_a_used_credit_can_be_changed(database: Database) -> None:
    scenario = await open_xml_scenario(database, slot_count=1, credit_count=1)
    async with database.transaction() as connection:
        await xml_jobs.post_job(
            connection,
            application=scenario.application,
            document=make_document("job", scenario.contracts[HiringKind.CREDITS]),
            now=START,
        )
    for statement in ("UPDATE credit_uses SET title = 'x'", "DELETE FROM credit_uses"):
        with pytest.raises(Exception, match="never changed or removed"):
            async with database.transaction() as connection:
                await connection.execute(statement)


async def test_an_erasure_is_an_act_that_does_not_name_whom(database: Database) -> None:
    async with database.transaction() as connection:
        await accounts.open_person(connection, email=MEMBER, name="Ann", now=START)
    erasure = await erase_member(database, MEMBER)
    await erase_visitor(database, VISITOR)
    async with database.connection() as connection:
        acts = await connection.execute(
            "SELECT action, subject_id, actor_name, values_after ->> 'people' FROM audit_records ORDER BY number"
        )
        assert await acts.fetchall() == [
            ("member.erase", erasure.substitute, "root", "1"),
            ("visitor.erase", "visitor", "root", None),
        ]


def test_a_trial_on_the_command_line_changes_nothing(database_url, capsys) -> None:
    words = ["erase", "visitor", VISITOR, "--database-url", database_url]
    for more, said, acts in (["--try"], "Would be erased:", 0), ([], "Erased:", 1):
        with pytest.raises(SystemExit, match="0"):
            main([*words, *more])
        assert capsys.readouterr().out.startswith(said)
        with psycopg.connect(database_url) as connection:
            assert connection.execute("SELECT count(*) FROM audit_records").fetchone() == (acts,)


@pytest.mark.parametrize("email", ["", "ann", "erased-00@jobmeter.invalid"])
async def test_what_is_no_address_is_refused(database: Database, email) -> None:
    with pytest.raises(Refused):
        await erase_member(database, email)
    with pytest.raises(Refused):
        await erase_visitor(database, "")


async def play_visitor(scenario):
    """Repeats and a view of yesterday, an exclusion, and a visitor whom nobody asks about; settled under every rule."""
    job_id = await scenario.post("job", budget_micros=100 * PRICE_MICROS)
    other_job = await scenario.post("other", budget_micros=100 * PRICE_MICROS)
    events = [
        make_event(job_id, "view", START, type="view", visitor=VISITOR),
        make_event(job_id, "view 2", START, type="view", visitor="somebody"),
    ]
    await scenario.ingest(events, START)
    await scenario.open_day(LATER)
    clicks = [
        make_event(job, f"{visitor} {job} {number}", LATER + timedelta(seconds=number), visitor=visitor)
        for job in (job_id, other_job)
        for visitor in (VISITOR, "somebody", "excluded")
        for number in range(2)
    ]
    views = [make_event(other_job, "view 3", LATER, type="view", visitor="excluded")]
    await scenario.ingest([*clicks, *views], LATER + timedelta(minutes=1))
    async with scenario.database.transaction() as connection:
        await click_rules.set_policy(connection, RulePolicy(Rule.NO_VIEW, True, 1, 1))
        exclusion = Exclusion(Criterion.VISITOR, find_visitor("excluded"), b"", None, "known")
        await click_rules.exclude(connection, exclusion, now=LATER)


async def read_rules(scenario):
    await scenario.run_due(final_at(day_of(LATER)) + timedelta(minutes=1))
    found = await scenario.rows(
        "SELECT rule, count(*), sum(amount_micros)::bigint FROM event_reversals GROUP BY rule ORDER BY rule"
    )
    assert await scenario.breaches() == []
    return found


@pytest.mark.parametrize("salts", ["of each day", "none", "since today"])
async def test_rules_judge_alike_with_salts_without_and_after_an_upgrade_between_two_days(
    database_url, salts
) -> None:
    async with open_scenario(database_url) as scenario:
        unsalted = {"of each day": [], "none": [0, 1, 2], "since today": [0]}[salts]
        for number in unsalted:
            await scenario.execute(f"DELETE FROM visitor_salts WHERE day = date '{day_of(START)}' + {number}")
        await play_visitor(scenario)
        if salts == "none":
            await scenario.execute("DELETE FROM visitor_salts")
        assert await read_rules(scenario) == JUDGED


# The excluded visitor's four clicks; a repeat of each of two visitors on two jobs; a click of each on the job that neither viewed.
JUDGED = [(2, 4, 4 * PRICE_MICROS), (4, 4, 4 * PRICE_MICROS), (7, 2, 2 * PRICE_MICROS)]


async def test_an_erased_visitor_is_judged_as_before_and_found_nowhere(database_url) -> None:
    async with open_scenario(database_url) as scenario:
        await play_visitor(scenario)
        before = await scenario.rows("SELECT event_key, visitor FROM events ORDER BY event_key")
        for visitor, events in ((VISITOR, 5), ("excluded", 5)):
            erasure = await erase_visitor(scenario.database, visitor, LATER + timedelta(hours=1))
            assert erasure.erased["events"] == events
            assert set((await erase_visitor(scenario.database, visitor)).erased.values()) == {0}
        after = dict(await scenario.rows("SELECT event_key, visitor FROM events"))
        changed = [key for key, visitor in before if after[key] != visitor]
        assert len(changed) == 10
        assert (
            await scenario.rows(
                "SELECT FROM settlement_exclusions WHERE subject = %s", [find_visitor("excluded")]
            )
            == []
        )
        assert await read_rules(scenario) == JUDGED


async def test_a_partner_s_exclusion_of_an_erased_visitor_names_nobody(database_url) -> None:
    async with open_scenario(database_url) as scenario:
        async with scenario.database.transaction() as connection:
            await filters.exclude(
                connection,
                application=scenario.customers[0].child,
                is_address=False,
                subject=find_visitor(VISITOR),
                note="staff",
                now=START,
            )
        erasure = await erase_visitor(scenario.database, VISITOR)
        assert erasure.erased["exclusions of partners"] == 1


async def test_addresses_are_erased_when_their_last_job_ended_long_ago(database_url) -> None:
    async with open_scenario(database_url) as scenario:
        await post_for_member(scenario)
        await scenario.close(scenario.customers[0], "hers", LATER)
        await scenario.run_due(LATER)

        async def erase(days):
            async with scenario.database.transaction() as connection:
                return await privacy.erase_former_posters(
                    connection, settings=KEEPING, rows_max=10, now=LATER + timedelta(days=days)
                )

        assert await erase(99) == 0
        async with scenario.database.transaction() as connection:
            person = await accounts.open_person(connection, email=MEMBER, now=START)
        assert await erase(101) == 0  # she can log in
        async with scenario.database.transaction() as connection:
            await accounts.remove_person(connection, person_id=person.id)
        assert await erase(101) == 0  # it was looked for on this day already
        assert await erase(102) == 1
        assert await erase(103) == 0
        async with scenario.database.connection() as connection:
            assert await find_places(connection, MEMBER) == []
        assert await scenario.breaches() == []
