"""Owns the check of the laws of the money over the whole database: which laws, in which order, with which titles.

Does not own printing the result. Law 9, the sum of invoices, is checked by billing.
"""

from collections.abc import Awaitable, Callable

from jobmeter.database.connection import Connection
from jobmeter.database.statements import vars_of
from jobmeter.integrity import store
from jobmeter.integrity.model import Finding, LawCheck
from jobmeter.ledger.chain.flow import verify_chain

Check = Callable[[Connection], Awaitable[Finding]]


async def check_seals(connection: Connection) -> Finding:
    chain = await verify_chain(connection)
    return Finding(checked=chain.checked, breaches=chain.breaches, example=chain.example)


# The number is that of the law (design, "Laws of the money").
LAWS: tuple[tuple[str, Check], ...] = (
    ("1: amounts are whole numbers", store.check_integer_columns),
    ("2: every posting has two accounts and an amount above zero", store.check_posting_shape),
    ("3: postings are guarded against change", store.check_posting_guards),
    (
        "3: every correction names the posting that it corrects, and takes back no more",
        store.check_corrections,
    ),
    ("3: every sealed posting is unchanged since it was sealed", check_seals),
    ("4: every stored balance is the sum of its postings, and none is negative", store.check_stored_balances),
    ("4: every job's budget row is the sum of its postings", store.check_job_budgets),
    ("4: every daily charge is the sum of its postings", store.check_daily_charges),
    ("4: what every job spent is the sum of its daily charges", store.check_job_spending),
    ("4: every month that reports read is its days", store.check_job_months),
    ("4: what a budget report reads of a contract is its days", store.check_contract_days),
    ("4: every daily charge is its charged clicks at the job's price", store.check_daily_prices),
    ("5: every daily count is that of the events stored", store.check_daily_counts),
    ("5: every click that settlement marked is reversed, with its money", store.check_reversals),
    ("5: no event is stored twice", store.check_event_keys),
    ("5: every charge covers as many counted clicks as it charges", store.check_charged_events),
    ("6: no job was charged more than its total budget", store.check_jobs_within_budget),
    ("6: every contract's limit is what it was funded with", store.check_contract_funding),
    ("7: every limit is what is available, reserved in jobs and earned", store.check_contract_money),
    ("8: nothing was booked on a day after it was settled", store.check_settled_days),
    ("10: every posting is in its contract's currency", store.check_contract_currencies),
    ("10: every job's budget is in its contract's currency", store.check_job_currencies),
    ("10: every account is kept in one unit", store.check_account_units),
)


async def check_laws(connection: Connection) -> list[LawCheck]:
    """Checks every law over the whole database and returns all results, kept and broken, in the order of the laws.

    Each check is one statement, and therefore sees a consistent snapshot of a database in use.
    """
    async with connection.transaction():
        await store.tune_planner(connection)
        return [LawCheck(law=law, **vars_of(await check(connection))) for law, check in LAWS]
