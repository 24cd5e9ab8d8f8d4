"""The line: the order of the parts and of the rooms in each; ``rooms/test_arrows.py`` checks it, `make map` prints it.

Owns the order alone. A part or a room imports only what comes before it.
"""

# Money moves along this line. Charging stands before jobs (posting a job opens its budget) and before metering
# (taking events in charges them within the same transaction): it knows counts per job and day, nothing else.
LINE = (
    "base",
    "outbound",
    "geo",
    "wire",
    "database",
    "ledger",
    "request_control",
    "partners",
    "notifications",
    "contracts",
    "charging",
    "jobs",
    "metering",
    "settlement",
    "promotion",
    "explain",
    "billing",
    "reports",
    "integrity",
)
EDGES = ("api", "portal", "worker")
CLIENT_MAY_USE = ("base", "wire")
ENDS = ("sandbox", "app", "cli", "__main__")

# Inside a part the rooms have an order too; "" are the files that stand in the part itself.
ROOMS = {
    "base": ("", "readers"),
    "api": ("http", "board", "candidate", "oauth", "operator", "partner", "restli", "xml", "openapi", ""),
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
    "contracts": ("", "partner", "hiring"),
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
    ),
    "ledger": ("", "bulk", "chain"),
    "metering": ("", "filters", "retention", "intake"),
    "notifications": ("", "dispatch"),
    "partners": ("", "applications", "tokens", "secrets", "oauth1"),
    "promotion": ("alerts", ""),
    "reports": ("", "job_reports", "charge_stream", "uncharged_clicks", "sources"),
    "sandbox": ("traffic", "", "demo"),
    "settlement": ("", "click_rules", "days"),
    "wire": ("", "restli", "xml", "xml.job", "xml.feed"),
}


def room_of(part: str, folder: str) -> str:
    """The deepest room that contains the dotted folder; "" outside all of them."""
    inside = [
        room for room in ROOMS.get(part, ()) if room and (folder == room or folder.startswith(f"{room}."))
    ]
    return max(inside, key=len, default="")
