"""Owns the table of figures: name, unit, limit and target, and the function that measures each group.

Does not own the measurements.
"""

from collections.abc import Callable
from datetime import datetime

from bench.agents import measure_agents
from bench.billing import measure_billing, measure_clicks_page
from bench.clicks import measure_clicks
from bench.client import measure_client
from bench.documents import measure_documents
from bench.explaining import measure_explaining
from bench.exports import measure_exports
from bench.feeds import measure_feeds
from bench.intake import measure_intake
from bench.intake_growth import measure_day_growth, measure_jobs_growth
from bench.machine import Machine
from bench.measurement import Figure, Measured, Sizes
from bench.peers import measure_peers
from bench.portal_pages import measure_portal_pages
from bench.reports import measure_reports
from bench.settlement import measure_settlement
from bench.start import measure_start
from bench.tenfold import (
    measure_billing_growth,
    measure_intake_growth,
    measure_report_growth,
    measure_settlement_growth,
)
from bench.traffic import measure_traffic

Measure = Callable[[Machine, Sizes, datetime], dict[str, Measured]]

COPY = "COPY of the same rows, no index"
BARE = "a bare handler sending the same bytes"
PARSE = "lxml.iterparse over the same file"
EARLY = "the first million events of the day"
FEW = "1,000 live jobs"
LEAST = "a tenth or a hundredth of the data"
PLAIN = "pgbench: INSERT and UPDATE in one transaction"
PEERS = "peers"

FIGURES = (
    # name, unit, group, limit, target of the ratio, or of the value without a limit
    Figure("intake_batch", "events/s", "intake", COPY, 0.16),
    Figure("intake_batch_p50", "ms", "intake"),
    Figure("intake_batch_p99", "ms", "intake"),
    Figure("intake_uniform", "events/s", "intake", COPY, 0.085),
    Figure("intake_mixed", "events/s", "intake", COPY),
    Figure("intake_hot_job", "events/s", "intake", COPY, 0.24),
    Figure("copy_by_all", "rows/s", "intake", "COPY by one connection"),
    Figure("intake_click", "requests/s", "clicks", "a bare handler answering 302", 0.14),
    Figure("intake_click_p99", "ms", "clicks", target=25, is_cost=True),
    Figure("intake_click_to_pgbench", "requests/s", "clicks", PLAIN, 0.80, is_peer=True),
    Figure("agents_batch", "ms", "agents"),
    Figure("agents_precision", "%", "agents"),
    Figure("agents_recall", "%", "agents"),
    Figure("traffic_precision", "%", "traffic"),
    Figure("traffic_recall", "%", "traffic"),
    Figure("report_by_ids", "requests/s", "reports", BARE, 0.10),
    Figure("report_by_ids_p50", "ms", "reports"),
    Figure("report_by_ids_p99", "ms", "reports", target=20, is_cost=True),
    Figure("report_last_page", "ms", "reports", "the first page", 1.20, is_cost=True),
    Figure("export_rows", "rows/s", "exports", "COPY (SELECT ...) TO STDOUT of the same rows", 0.25),
    Figure("export_memory", "MB", "exports", "an export of a tenth of the days", 1.20, is_cost=True),
    Figure("intake_growth", "events/s", "day_growth", EARLY, 0.90, is_large=True),
    Figure("intake_growth_memory", "MB", "day_growth", EARLY, 1.10, is_large=True, is_cost=True),
    Figure("intake_growth_jobs", "events/s", "jobs_growth", FEW, 0.45, is_large=True),
    Figure("intake_growth_few_of_many", "events/s", "jobs_growth", FEW, 0.80, is_large=True),
    Figure("settlement", "rows/s", "settlement", "SELECT job_id, count(*)", 0.30, is_large=True),
    *(
        Figure(f"{work}_{times}", f"us/{unit}", group, LEAST, 1.30, is_large=True, is_cost=True)
        for work, unit, group in (
            ("intake", "event", "events_growth"),
            ("by_ids", "report", "report_growth"),
            ("range_page", "page", "report_growth"),
            ("settlement", "event", "settlement_growth"),
            ("billing", "line", "billing_growth"),
        )
        for times in ("tenfold", "hundredfold")
    ),
    Figure("event_to_explain_p99", "ms", "explaining"),
    Figure("billing_run", "lines/s", "billing", "SELECT of the same lines, ordered and fetched", 0.40),
    Figure("billing_run_alone", "lines/s", "billing", "SELECT of the same lines, ordered and fetched"),
    Figure("billing_run_memory", "MB", "billing"),
    Figure("invoice_clicks_page", "ms", "invoice_clicks"),
    Figure("feed_first", "jobs/s", "feeds", PARSE, 0.17),
    Figure("feed_reload", "jobs/s", "feeds", PARSE, 0.55),
    Figure("feed_peak_memory", "MB", "feeds"),
    Figure("billing_pdf", "pages/s", "documents"),
    Figure("billing_pdf_peak_memory", "MB", "documents"),
    Figure("billing_pdf_small", "ms", "documents"),
    Figure("portal_pages", "ms", "portal_pages", target=100, is_cost=True),
    Figure("portal_pages_middle", "ms", "portal_pages", target=100, is_cost=True),
    Figure("portal_pages_last", "ms", "portal_pages", target=100, is_cost=True),
    Figure("portal_pages_filtered", "ms", "portal_pages", target=100, is_cost=True),
    Figure("portal_pages_searched", "ms", "portal_pages", target=100, is_cost=True),
    Figure("portal_pages_overview", "ms", "portal_pages", target=100, is_cost=True),
    Figure("portal_pages_worst", "ms", "portal_pages"),
    Figure("client_cpu", "us/row", "client", "a bare GET and decoding of the same bytes", 2.00, is_cost=True),
    Figure("sandbox_start", "s", "start", target=2, is_cost=True),
    Figure("sandbox_start_again", "s", "start"),
    Figure("intake_batch_to_tigerbeetle", "events/s", PEERS, "tigerbeetle benchmark", is_peer=True),
    Figure("intake_click_to_ad_server", "requests/s", PEERS, "ethical-ad-server", is_peer=True),
    Figure("intake_cluster", "events/s", PEERS, "the same on one of its servers alone", is_peer=True),
)

GROUPS: dict[str, Measure] = {
    "intake": measure_intake,
    "clicks": measure_clicks,
    "agents": measure_agents,
    "traffic": measure_traffic,
    "reports": measure_reports,
    "day_growth": measure_day_growth,
    "jobs_growth": measure_jobs_growth,
    "settlement": measure_settlement,
    "events_growth": measure_intake_growth,
    "report_growth": measure_report_growth,
    "settlement_growth": measure_settlement_growth,
    "billing_growth": measure_billing_growth,
    "explaining": measure_explaining,
    "billing": measure_billing,
    "invoice_clicks": measure_clicks_page,
    "exports": measure_exports,
    "feeds": measure_feeds,
    "documents": measure_documents,
    "client": measure_client,
    "portal_pages": measure_portal_pages,
    "start": measure_start,
    PEERS: measure_peers,
}
