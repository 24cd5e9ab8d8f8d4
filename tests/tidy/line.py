"""Owns the line: the order of the parts, and of the rooms in each part. A part or a room imports only what comes before it.

Does not own the check (``rooms/test_arrows.py``) or the printed map (``house_map``).
"""

# Money moves along this line. Charging comes before jobs, because posting a job opens its budget, and before metering,
# because intake charges events in the same transaction. Charging only knows counts per job and day.
LINE = (
    "base",
    "outbound",
    "geo",
    "charts",
    "wire",
    "database",
    "ledger",
    "audit",
    "request_control",
    "request_log",
    "operator_keys",
    "partners",
    "notifications",
    "people",
    "contracts",
    "charging",
    "jobs",
    "metering",
    "settlement",
    "promotion",
    "job_lists",
    "explain",
    "billing",
    "reports",
    "exports",
    "integrity",
    "sandbox_controls",
    "http",
)
EDGES = ("api", "portal", "worker")
CLIENT = ("client", "pull")
CLIENT_MAY_USE = ("base", "wire")
ENDS = ("sandbox", "certification", "app", "cli", "__main__")

# The rooms of a part are ordered too; "" are the files of the part itself.
ROOMS = {
    "base": ("", "readers"),
    "api": (
        "board",
        "candidate",
        "oauth",
        "operator",
        "operator.access",
        "operator.billing",
        "partner",
        "partner.billing",
        "partner.lists",
        "restli",
        "xml",
        "openapi",
        "",
    ),
    "billing": (
        "",
        "accounts",
        "documents",
        "payments",
        "top_ups",
        "providers",
        "invoices",
        "credit_notes",
        "usage",
        "formats",
        "statements",
        "files",
    ),
    "charging": (
        "",
        "job_changes",
        "budgets",
        "windows",
        "pacing",
        "corrections",
        "charge",
        "retention",
        "months",
    ),
    "database": ("postmaster", ""),
    "certification": ("", "judges", "checklist", "rehearsal"),
    "cli": ("", "server", "operator", "operator.access", "operator.billing", "partner"),
    "client": ("http", ""),
    "contracts": ("", "partner", "credits", "hiring"),
    "exports": ("", "kinds", "formats", "files"),
    "integrity": (
        "unchecked",
        "findings",
        "days",
        "jobs",
        "streams",
        "hiring",
        "billing",
        "documents",
        "payments",
        "",
    ),
    "job_lists": ("", "open_jobs"),
    "jobs": (
        "",
        "runs",
        "campaigns",
        "xml_jobs",
        "postings",
        "feeds",
        "feeds.loading",
        "pages",
        "status",
        "members",
    ),
    "ledger": ("", "bulk", "chain"),
    "metering": ("", "filters", "retention", "intake"),
    "notifications": ("", "endpoints", "listing", "dispatch"),
    "partners": ("", "applications", "tokens", "secrets", "oauth1"),
    "people": ("", "mails", "sessions", "accounts", "logins", "passkeys"),
    "portal": (
        "catalogue",
        "frame",
        "pages",
        "pages.my",
        "pages.partner",
        "pages.partner.job",
        "pages.partner.links",
        "pages.partner.money",
        "pages.operator",
        "pages.operator.programme",
        "pages.sandbox",
        "",
    ),
    "promotion": ("alerts", ""),
    "pull": ("reading", "destinations", ""),
    "reports": (
        "",
        "job_reports",
        "charge_stream",
        "uncharged_clicks",
        "sources",
        "overview",
        "cockpit",
        "happenings",
    ),
    "sandbox": ("traffic", "", "listening", "demo"),
    "settlement": ("", "click_rules", "days", "trials", "acts"),
    "wire": ("", "restli", "xml", "xml.job", "xml.feed"),
}


def room_of(part: str, folder: str) -> str:
    """Returns the deepest room that contains the dotted folder; "" if there is none."""
    inside = [
        room for room in ROOMS.get(part, ()) if room and (folder == room or folder.startswith(f"{room}."))
    ]
    return max(inside, key=len, default="")
