"""Owns the words of the project: the field's terms with their meaning, and the words that are replaced by better ones.

``docs/reference/glossary.md`` is printed from these tables, and ``tests/tidy/documents/test_glossary.py`` refuses the replaced words
in names, docstrings, comments, messages and documents. Pure. Does not own the names of tables and columns: those stay.
"""

from enum import Enum
from typing import NamedTuple


class Term(NamedTuple):
    """A word of the field, and what it means here."""

    word: str
    meaning: str


class Where(Enum):
    """What a replaced word is refused in: any text, or the names of Python definitions and variables alone."""

    TEXT = "text"
    NAME = "name"


class Replaced(NamedTuple):
    """``pattern`` is a regular expression for whole words, without regard to case; ``instead`` says what to write."""

    pattern: str
    instead: str
    where: Where = Where.TEXT


TERMS = (
    Term("application", "a developer application: the identity with which a partner's software signs in"),
    Term("apply click", "a candidate's click on the link to apply; the event that a partner pays for"),
    Term("batch", "events or operations that arrive in one request and commit in one transaction"),
    Term("budget", "the most that one job may cost, in total (lifetime budget) or in a day (daily budget)"),
    Term("campaign", "jobs that share a budget and a term"),
    Term("charge", "the posting that books one job's chargeable clicks of a day and a batch"),
    Term("child application", "the developer application that a partner creates for one of its customers"),
    Term("chore", "work that falls due by time: expiry, settlement, retention"),
    Term("claim", "the mark with which one process reserves a piece of work for a limited time"),
    Term("compaction", "replacing old report days by one sum a job"),
    Term(
        "contract",
        "an agreement with a limit, prices and a service term (P4P), or with slots or credits (hiring)",
    ),
    Term("credit", "the right to post or renew one job for a run; also money returned for a charge"),
    Term("credit note", "a document that takes back an invoice or a part of it"),
    Term("distributor", "a partner that posts its customers' jobs on the customers' own slots"),
    Term("estimate", "a figure of a day that is not final yet"),
    Term("event", "a view or an apply click, as the job board reports it"),
    Term("feed", "an XML document with all jobs of a customer, fetched at intervals"),
    Term("final", "not changing any more: a day is final when it is settled"),
    Term("grant", "the permission of one child application to use a hiring contract"),
    Term("hiring contract", "a customer's contract with job slots or job credits"),
    Term("intake", "recording events: identity, filters, charge, in one transaction"),
    Term("ledger", "accounts and postings; postings are never changed"),
    Term("live window", "a span of time in which a job is live and its clicks count"),
    Term("micros", "millionths of a currency unit; every amount is an integer of them"),
    Term(
        "operation",
        "one element of a batch of job postings: CREATE, UPDATE, RENEW, UPGRADE, DOWNGRADE, CLOSE",
    ),
    Term("parent application", "a partner's own developer application, which creates the child applications"),
    Term("partner", "a company that posts jobs for customers by its software"),
    Term("posting", "a job posting; in the ledger, an amount that moves from one account to another"),
    Term("promotion", "showing a P4P job so that it receives clicks that are charged"),
    Term("reseller", "a partner that posts its customers' jobs on its own credits"),
    Term("restatement", "a change to a day that reports have already shown"),
    Term("reversal", "a posting that takes back a charge whose clicks proved invalid"),
    Term("run", "the time from publication to the end of a job, which one slot or credit pays for"),
    Term("sandbox", "a complete server with a clock that can be moved, traffic and forced failures"),
    Term("service term", "the days in which a contract is in force"),
    Term(
        "settlement",
        "checking a day's clicks once more 48 hours later, reversing invalid ones, making it final",
    ),
    Term(
        "shard",
        "one of 256 parts of the data by developer application; the first column of keys on the money path",
    ),
    Term("slot", "the right to have one job live at a time; it is free again when the job ends"),
    Term("task", "an accepted operation that is carried out in the background; partners poll it"),
    Term("verdict", "whether an event counts, and if not, which filter refused it"),
)

REPLACED = (
    Replaced(r"tells?|told|telling", "reports, returns, notifies, says"),
    Replaced(r"stands?|stood", "is, exists, applies"),
    Replaced(r"whoever|whomever", "the caller, everyone who"),
    Replaced(r"can not", "cannot"),
    Replaced(r"draws?|drawn|drew", "renders, serializes, formats; samples (random numbers)"),
    Replaced(r"tak(?:es?|ing) in|taken in|took in", "records, ingests, accepts"),
    Replaced(r"(?:has|have|had) it", "the field's verb: is set, owns, holds the value"),
    Replaced(r"in hand", "in progress"),
    Replaced(r"led on", "redirected"),
    Replaced(r"goes on|go on|went on", "continues"),
    Replaced(r"over again|anew", "again"),
    Replaced(r"lie|lies|lay", "is"),
    Replaced(r"mends?|mended|mending", "fix, correct"),
    Replaced(r"errands?", "delivery attempt"),
    Replaced(r"lanes?", "worker task, queue"),
    Replaced(r"hears?|heard", "receives, is notified"),
    Replaced(r"bears?|borne", "tolerates"),
    Replaced(r"shut|shuts", "close"),
    Replaced(r"forgets?|forgotten", "deletes, drops"),
    Replaced(r"looks? after", "manages"),
    Replaced(r"made up", "invented, generated"),
    Replaced(r"asks? back", "requests again"),
    Replaced(r"comes? to nothing", "has no effect"),
    Replaced(r"say_\w+|says", "message", Where.NAME),
    Replaced(
        r"_?(?:draw|tell|ask|note|look|hear|forget|hold|judge|fold)_\w+", "the field's verb", Where.NAME
    ),
    Replaced(r"holes?", "parameters", Where.NAME),
    Replaced(r"chance", "rng", Where.NAME),
    Replaced(r"bell|ring", "wakeup, wake_worker", Where.NAME),
    Replaced(r"blame", "error_type", Where.NAME),
    Replaced(r"tally", "counts", Where.NAME),
    Replaced(r"crowd|stage|board|served", "actors, scenario, sandbox_client, server_process", Where.NAME),
    Replaced(r"landings?", "apply targets", Where.NAME),
    Replaced(r"apart", "special_visits", Where.NAME),
    Replaced(r"notices?", "notification", Where.NAME),
)
