"""Owns the check of the laws of the money over the whole database: which laws, in which order, with which titles.

Does not own printing the result.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from psycopg import DatabaseError
from psycopg.errors import DeadlockDetected, LockNotAvailable

from jobmeter.database.connection import Connection
from jobmeter.database.statements import vars_of
from jobmeter.integrity import store
from jobmeter.integrity.billing import store as billing
from jobmeter.integrity.days import store as days
from jobmeter.integrity.documents import store as documents
from jobmeter.integrity.findings.model import Finding
from jobmeter.integrity.hiring import store as credits_store
from jobmeter.integrity.jobs import store as jobs
from jobmeter.integrity.model import LawCheck
from jobmeter.integrity.payments import store as payments
from jobmeter.integrity.streams import store as streams
from jobmeter.integrity.streams.model import ChainHead
from jobmeter.ledger.chain.flow import verify_chain

Check = Callable[[Connection], Awaitable[Finding]]


async def check_seals(connection: Connection) -> Finding:
    chain = await verify_chain(connection)
    return Finding(checked=chain.checked, breaches=chain.breaches, example=chain.example)


# The number is that of the law (design, "Laws of the money"); those of jobs and streams have none.
LAWS: tuple[tuple[str, Check], ...] = (
    ("1: amounts are whole numbers", store.check_integer_columns),
    ("2: every posting has two accounts and an amount above zero", store.check_posting_shape),
    ("3: postings are guarded against change", store.check_posting_guards),
    (
        "3: every correction names the charge that it corrects, and takes back no more",
        store.check_corrections,
    ),
    ("3: every sealed posting is unchanged since it was sealed", check_seals),
    ("3: every sealed restatement is unchanged since it was sealed", days.check_restatement_seals),
    ("3: every sealed audit record is unchanged since it was sealed", streams.check_audit_seals),
    ("3: rounds of seals follow each other without a gap", streams.check_rounds),
    ("4: every stored balance is the sum of its postings, and none is negative", store.check_stored_balances),
    ("4: every job's budget row is the sum of its postings", store.check_job_budgets),
    ("4: what a budget was lowered by went back to its contract", store.check_lowered_budgets),
    ("4: every daily charge is the sum of its postings", store.check_daily_charges),
    ("4: what every job spent is the sum of its daily charges", store.check_job_spending),
    ("4: every month that reports read is its days", store.check_job_months),
    ("4: what a budget report reads of a contract is its days", days.check_contract_days),
    ("4: copies of final days reach as far as they say", days.check_progress),
    ("4: every daily charge is its charged clicks at the job's price", store.check_daily_prices),
    ("4: what alerts know of a contract is what was charged", streams.check_contract_spends),
    ("5: every event is one of intake, in its shard", days.check_events),
    ("5: every day has its events until it is dropped, and is final by then", days.check_partitions),
    ("5: every daily count is that of the events stored", store.check_daily_counts),
    ("5: refused clicks are as many by reason as in all", days.check_refusals),
    ("5: refused clicks are as many by reason as their events", days.check_refused_events),
    ("5: every click that settlement marked is reversed, with its money", days.check_reversals),
    ("5: every charge is reversed by what its marked clicks cost", days.check_reversed_charges),
    ("5: every mark of settlement fits its click", days.check_reversal_marks),
    ("5: no event is stored twice", store.check_event_keys),
    ("5: every charge covers as many counted clicks as it charges", store.check_charged_events),
    ("6: no job was charged more than its total budget", store.check_jobs_within_budget),
    ("6: every budget is that of the job's element", jobs.check_job_limits),
    ("6: every contract's limit is what it was funded with", store.check_contract_funding),
    ("6: every hiring contract has units of its kind", store.check_hiring_contracts),
    ("6: every run on a hiring contract took its unit", jobs.check_job_runs),
    ("7: every limit is what is available, reserved in jobs and earned", store.check_contract_money),
    ("8: nothing was booked on a day after it was settled", store.check_settled_days),
    ("8: days are settled in order, once and wholly", days.check_settlement),
    ("8: a final day is counted in the roll-up alone", days.check_live_days),
    ("8: what settlement counted is what is counted", days.check_settled_clicks),
    ("8: what settlement says of each rule is what it took back", days.check_settled_rules),
    ("8: restatements lead to the figures of their day", days.check_restatements),
    ("8: what settlement took back is restated once", days.check_settled_restatements),
    ("8: restatements count the rules that settlement applied", days.check_marked_rules),
    ("9: every charge of a billed month is on one line of its job", documents.check_billed_clicks),
    ("9: every other posting of a billed month is on one line", documents.check_billed_postings),
    ("9: every line says what its posting is", documents.check_line_postings),
    ("9: every month was billed before its events were dropped", documents.check_billed_before_dropped),
    ("9: every used credit is kept once, with its contract and job", credits_store.check_credit_uses),
    ("9: every used credit has the price of its contract's list", credits_store.check_credit_prices),
    ("9: every used credit says what its job said", credits_store.check_credit_texts),
    ("10: every posting is in its contract's currency", store.check_contract_currencies),
    ("10: every job's budget is in its contract's currency", store.check_job_currencies),
    ("10: every account is kept in one unit", store.check_account_units),
    ("11: numbers of documents have no gap", documents.check_document_numbers),
    ("12: every document is the sum of its lines and taxes", documents.check_document_sums),
    ("12: every tax is rounded once for each rate", documents.check_document_taxes),
    ("13: months are billed in order, once", documents.check_cuts),
    ("14: no line is corrected by more than it was", documents.check_corrected_lines),
    ("14: every payment and credit note pays no more than it holds", payments.check_allocations),
    ("14: no invoice is paid beyond its amount, or open beside credit", payments.check_unpaid_invoices),
    ("15: what an account owes is what its documents say", documents.check_document_postings),
    ("15: every payment is booked once, and so is what went back", payments.check_payments),
    ("15: every payment that tops up a contract is one act with its top-up", payments.check_paid_top_ups),
    ("15: what an account owes is open, less its credit", payments.check_owed),
    ("16: every issued document is unchanged", documents.check_document_digests),
    ("16: every issued document has its files, or they are due", documents.check_document_files),
    ("16: every kept file has the bytes of its hash", documents.check_kept_files),
    ("jobs: every job has its budget, application and contract", jobs.check_job_rows),
    ("jobs: every application has its shard, parent and contracts", jobs.check_applications),
    ("jobs: every job is on the contract that it named", jobs.check_job_payers),
    ("jobs: every job that ended gave back its money and its window", jobs.check_job_states),
    ("jobs: every end of a job is recorded", jobs.check_job_endings),
    ("jobs: every job counts events while it runs", jobs.check_job_windows),
    ("jobs: every job is what its element says", jobs.check_job_elements),
    ("jobs: every job has what its element has", jobs.check_job_channels),
    ("jobs: every job of the XML API is what its log says", jobs.check_job_log),
    ("jobs: what people changed on the site is in the log", jobs.check_site_log),
    ("jobs: every task fits its job and its status", jobs.check_tasks),
    ("jobs: every change kept what reports had shown", jobs.check_versions),
    ("jobs: every limit that reports had shown was reserved", jobs.check_version_limits),
    ("jobs: every campaign fits its contract and its jobs", jobs.check_campaigns),
    ("jobs: every job of a feed is the one that the feed keeps", jobs.check_feed_jobs),
    ("streams: nothing is followed before it is known", streams.check_horizon),
    ("streams: the promotion feed has no gap", streams.check_promotion_feed),
    ("streams: what followers read of a job is what it is", streams.check_promotion_states),
    ("streams: every job is listed as it is", streams.check_listed_jobs),
    ("streams: every job is promoted, or not, for a reason that it has", streams.check_promotion_reasons),
    ("streams: every alert is of a limit that was set", streams.check_alerts),
    ("streams: every notice is waiting or finished", streams.check_notices),
    ("billing: every account is a partner's and has a profile", billing.check_accounts),
    ("billing: every agreement fits its account and its contract", billing.check_agreements),
    ("billing: every logo that is named is kept", billing.check_logos),
)
STANDING_ATTEMPTS = 3
SINCE = "3: what was sealed until round {} is what its head outside says"


async def check_laws(
    connection: Connection, *, since: Sequence[ChainHead] = (), is_distributed: bool = False
) -> list[LawCheck]:
    """Checks every law over the whole database and returns all results, kept and broken, in the order of the laws.

    Each check is one statement, and therefore sees a consistent snapshot of a database in use. One that fails is
    a broken law and hides no other. ``since`` are heads of the chain that were kept outside the database.

    A statement sees each node of a database that ``is_distributed`` at a moment of its own: there a law that seems broken is checked again
    while nobody writes, which makes writers wait for as long as the check takes. It is undecided if they do not end what they write.
    """
    async with connection.transaction():
        await store.tune_planner(connection)
        checks = [await _check_law(connection, law, check) for law, check in LAWS]
        if is_distributed:
            by_law = dict(LAWS)
            checks = [
                await _check_standing(connection, one, by_law[one.law]) if one.breaches else one
                for one in checks
            ]
        checks += [
            await _check_law(connection, SINCE.format(head.round_number), _compare_head(head))
            for head in since
        ]
        return checks


async def _check_law(connection: Connection, law: str, check: Check) -> LawCheck:
    try:
        async with connection.transaction():
            found = await check(connection)
    except DatabaseError as error:
        if connection.closed:
            raise
        reason = str(error).partition("\n")[0]
        found = Finding(checked=0, breaches=1, example=f"the check failed: {reason}")
    return LawCheck(law=law, **vars_of(found))


async def _check_standing(connection: Connection, seen: LawCheck, check: Check) -> LawCheck:
    """Checks a law while nobody writes."""
    for _ in range(STANDING_ATTEMPTS):
        try:
            async with connection.transaction(force_rollback=True):
                await store.limit_wait_for_writers(connection)
                await store.stop_writers(connection)
                return await _check_law(connection, seen.law, check)
        except (LockNotAvailable, DeadlockDetected):
            continue
    return replace(seen, breaches=0, is_undecided=True)


def _compare_head(since: ChainHead) -> Check:
    async def check_head(connection: Connection) -> Finding:
        found = await streams.read_head(connection, round_number=since.round_number)
        if found == since:
            return Finding(checked=since.round_number, breaches=0, example=None)
        missing = found is None or found.round_number != since.round_number
        why = "that round is missing" if missing else f"it is now {found}"
        return Finding(checked=since.round_number, breaches=1, example=why)

    return check_head


async def read_head(connection: Connection) -> ChainHead | None:
    """The head of the last round of seals, for the operator to keep outside the database."""
    return await streams.read_head(connection, round_number=None)


async def has_records(connection: Connection) -> bool:
    """Whether the database holds anything that a law is about."""
    return await streams.has_records(connection)
