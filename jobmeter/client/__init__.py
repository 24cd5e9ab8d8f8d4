"""The client: jobs, reports, budget, charges and invoices of a Jobmeter server, or of LinkedIn, as typed values.

XML jobs are in ``jobmeter.client.xml_jobs``, which needs the extra ``jobmeter[xml]``. Does not import any part of the server.
"""

from jobmeter.base.faults import Fault
from jobmeter.base.money import Money
from jobmeter.client.client import Client
from jobmeter.client.exports import Filters
from jobmeter.client.http.errors import (
    ClientError,
    NoResponseError,
    RefusedError,
    ThrottledError,
    UnreadableError,
    WaitEndedError,
)
from jobmeter.client.http.transport import LINKEDIN, Limits, Server, Surroundings, jobmeter_at
from jobmeter.client.jobs import JobPosting
from jobmeter.client.reports import list_days
from jobmeter.client.rows import (
    AcceptedOperation,
    Application,
    AuditRecord,
    Budget,
    Campaign,
    Charge,
    ContractMeter,
    CustomerContract,
    DayRestatement,
    Delivery,
    Invoice,
    InvoiceFile,
    InvoiceLine,
    ItemError,
    JobDay,
    JobReport,
    JobStatus,
    ListedJob,
    Need,
    NewApplication,
    Overview,
    Task,
    UnchargedClicks,
)

__all__ = [
    "LINKEDIN",
    "AcceptedOperation",
    "Application",
    "AuditRecord",
    "Budget",
    "Campaign",
    "Charge",
    "Client",
    "ClientError",
    "ContractMeter",
    "CustomerContract",
    "DayRestatement",
    "Delivery",
    "Fault",
    "Filters",
    "Invoice",
    "InvoiceFile",
    "InvoiceLine",
    "ItemError",
    "JobDay",
    "JobPosting",
    "JobReport",
    "JobStatus",
    "Limits",
    "ListedJob",
    "Money",
    "Need",
    "NewApplication",
    "NoResponseError",
    "Overview",
    "RefusedError",
    "Server",
    "Surroundings",
    "Task",
    "ThrottledError",
    "UnchargedClicks",
    "UnreadableError",
    "WaitEndedError",
    "jobmeter_at",
    "list_days",
]
