"""Owns the vocabulary of the project: the terms of the field with their meanings, and the words that must not be used.

``docs/reference/glossary.md`` is printed from these tables, and ``tests/tidy/documents/test_glossary.py`` refuses the replaced
words in names, docstrings, comments, messages and documents. Pure. Does not own names of tables and columns: those stay.
"""

from enum import Enum
from typing import NamedTuple


class Term(NamedTuple):
    """A term of the field, and its meaning here."""

    word: str
    meaning: str


class Where(Enum):
    """Where a replaced word is refused: in any text, or only in the names of Python definitions and variables."""

    TEXT = "text"
    NAME = "name"


class Replaced(NamedTuple):
    """``pattern`` is a case-insensitive regular expression for whole words; ``instead`` is what to write."""

    pattern: str
    instead: str
    where: Where = Where.TEXT


TERMS = (
    Term(
        "application", "a developer application: the identity with which a partner's software authenticates"
    ),
    Term("apply click", "a candidate's click on the link to apply; the event that partners pay for"),
    Term("batch", "events or operations that arrive in one request and commit in one transaction"),
    Term("budget", "the most that a job may cost, in total (lifetime budget) or per day (daily budget)"),
    Term("campaign", "jobs that share a budget and a term"),
    Term("charge", "the posting that books the chargeable clicks of one job, day and batch"),
    Term("child application", "the developer application that a partner creates for one of its customers"),
    Term("chore", "background work that falls due at a certain time: expiry, settlement, retention"),
    Term("claim", "a temporary reservation of a piece of work by one process"),
    Term("compaction", "replacing old report days by one sum per job"),
    Term(
        "contract",
        "an agreement with a limit, prices and a service term (P4P), or with slots or credits (hiring)",
    ),
    Term("credit", "the right to post or renew one job for one run; also, money returned for a charge"),
    Term("credit note", "a document that reverses an invoice or a part of it"),
    Term("distributor", "a partner that posts its customers' jobs on the customers' slots"),
    Term("estimate", "a figure of a day that is not final yet"),
    Term("event", "a view or an apply click, as the job board reports it"),
    Term("feed", "an XML document that contains all live jobs of an application, fetched at intervals"),
    Term("final", "unchangeable: a day is final once it is settled"),
    Term("grant", "an application's permission to use a hiring contract"),
    Term("hiring contract", "a contract with job slots or job credits"),
    Term("intake", "recording events: deduplication, filters and charges, in one transaction"),
    Term("law", "an invariant of the money, which `jobmeter db check` verifies over the whole database"),
    Term("ledger", "accounts and postings; postings are never changed"),
    Term("live day", "the day of a job that is counted in the row of its budget, as a rule today"),
    Term("live window", "a span of time in which a job is live and its clicks count"),
    Term("micros", "millionths of a currency unit; every amount is an integer of them"),
    Term(
        "operation",
        "one element of a batch of job postings: CREATE, UPDATE, RENEW, UPGRADE, DOWNGRADE, CLOSE",
    ),
    Term("parent application", "a partner's own developer application, which creates the child applications"),
    Term("partner", "a company whose software posts jobs for its customers"),
    Term("posting", "a job posting; in the ledger, an amount that is moved from one account to another"),
    Term("promotion", "showing a P4P job prominently, so that it receives chargeable clicks"),
    Term("reseller", "a partner that posts its customers' jobs on its own credits"),
    Term("restatement", "a change to the figures of a day that reports have already shown"),
    Term("reversal", "a posting that reverses a charge whose clicks turned out to be invalid"),
    Term("run", "the time from the publication of a job to its end, paid by one slot or credit"),
    Term("sandbox", "a complete server with a movable clock, generated traffic and forced errors"),
    Term("service term", "the period in which a contract is in force"),
    Term(
        "settlement",
        "checking the clicks of a day again after 48 hours, reversing invalid ones, making the day final",
    ),
    Term(
        "shard",
        "one of 256 partitions of the data by developer application; the first column of keys on the money path",
    ),
    Term("slot", "the right to have one job live at a time; becomes free when the job ends"),
    Term("task", "an accepted operation, processed in the background; partners poll its result"),
    Term("verdict", "whether an event counts and, if not, which filter refused it"),
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
