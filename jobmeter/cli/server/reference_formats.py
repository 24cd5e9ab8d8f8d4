"""Owns the reference pages of formats: feeds, lists of values, exports.

Does not own the tables. The other pages are in ``reference``.
"""

from jobmeter.audit.model import Action
from jobmeter.exports.kinds.flow import KINDS
from jobmeter.exports.model import ExportFormat
from jobmeter.jobs.enumerations import ENUMERATIONS
from jobmeter.telemetry.metrics.model import METRICS
from jobmeter.wire.xml.feed.json_feed import LISTS
from jobmeter.wire.xml.feed.names import FIELDS, NOT_USED
from jobmeter.wire.xml.feed.shapes import PARTIAL, SHAPES
from jobmeter.wire.xml.feed.values import AVAILABILITIES, JOB_TYPES, WORKPLACE_TYPES

NOTE = "This page is generated from the tables in the code: `make docs`.\n"

FEED_VALUES = (
    ("job type", f"{', '.join(JOB_TYPES)}, in any case and with any separator; of several, the first."),
    (
        "workplace",
        f"{', '.join(WORKPLACE_TYPES)}, in any case; yes, fully remote, telecommute, 100% are Remote.",
    ),
    ("availability", f"{', '.join(AVAILABILITIES)}, in any case; any other value refuses the job."),
    (
        "code",
        "By code, by name, or as a URN, in any case: `eng`, `Engineering`, `95`, `Maritime`, `urn:li:industry:95`.",
    ),
    (
        "date",
        (
            "`2027-01-31` with or without a time, `Sun, 31 Jan 2027`, `31.01.2027`, `January 31, 2027`, seconds or"
            " milliseconds since 1970. With slashes, a part above 12 is the day; otherwise `listDate` and"
            " `expirationDate` of feeds with `partnerJobId` begin with the month, all others with the day."
        ),
    ),
    ("country", "`GB`, `GBR`, `UK`, `United Kingdom`, `Deutschland`, `Allemagne`."),
    ("amount", "`28000`, `28,000`, `£28 000`, `28K`."),
    (
        "text",
        "Entities are resolved, tags are removed, blanks are collapsed; `![CDATA[...]]` sent as text is unwrapped.",
    ),
    (
        "description",
        "Tags that are escaped twice are resolved; headings become bold lines; other tags are removed.",
    ),
)


EXPORT_TYPES = {
    ExportFormat.CSV: "amounts with all digits, times as RFC 3339, `true` and `false`; `cursor` is the last column",
    ExportFormat.JSON_LINES: "amounts, days and times as texts; `cursor` is the last member",
    ExportFormat.EXCEL: "amounts, days and times are those of Excel; further sheets beyond 1,048,576 rows",
    ExportFormat.PARQUET: "`decimal128(24, 6)`, `date32`, `timestamp[us]` with the time zone, `int64`, `string`, `bool`",
}


def print_metrics() -> str:
    lines = [
        "# Metrics",
        "",
        NOTE,
        "`GET /metrics` writes them for Prometheus ([watch a server](../how-to/watch-a-server.md)). A histogram has the series `_bucket`, `_count` and `_sum`.",
        "",
        "| metric | kind | labels | meaning | where it is read |",
        "| --- | --- | --- | --- | --- |",
    ]
    for one in METRICS:
        labels = ", ".join(f"`{label}`" for label in one.labels)
        lines.append(f"| `{one.name}` | {one.kind.value} | {labels} | {one.meaning} | {one.origin.value} |")
    return "\n".join(lines) + "\n"


def print_feed_formats() -> str:
    lines = [
        "# Feed formats",
        "",
        NOTE,
        "A job feed may have any of these shapes. Names are compared without namespace, in any case, and without `-`, `_`",
        "and `.`: `job_title`, `Job-Title` and `JobTitle` are one element. How to register a feed, and what its report says:",
        "[Load an XML job feed](../how-to/xml-feed.md).",
        "",
        "## Where the jobs are",
        "",
        ", ".join(f"`{shape}`" for shape in SHAPES) + "; `job` below any root,",
        "and below `jobs` in any root. A feed in JSON is a list of jobs, or an object with the list under",
        ", ".join(f"`{name}`" for name in LISTS) + ".",
        "",
        ", ".join(f"`{shape}`" for shape in sorted(PARTIAL))
        + " list the newest jobs: a job that is missing there is",
        "not closed. The same holds after `<isfullfeed>false</isfullfeed>`.",
        "",
        "## What is read",
        "",
        "The first element that is present and not empty is used. `@` is an attribute of the job, `a/b` is `b` inside `a`, and",
        "`*/a` is `a` at any depth.",
        "",
        "| field | elements, best first | reading |",
        "| --- | --- | --- |",
    ]
    for row in FIELDS:
        elements = ", ".join(f"`{name}`" for name in row.elements)
        lines.append(f"| {row.name.replace('_', ' ')} | {elements} | {row.reading} |")
    lines += [
        "",
        "Known, and without any effect: " + ", ".join(f"`{name}`" for name in NOT_USED) + ".",
        "Other elements are passed over and named once in the report.",
        "",
        "## Values",
        "",
        "| value | reading |",
        "| --- | --- |",
        *(f"| {name} | {reading} |" for name, reading in FEED_VALUES),
    ]
    return "\n".join(lines) + "\n"


def print_enumerations() -> str:
    lines = [
        "# Enumerations of a job",
        "",
        NOTE,
        "Each value that is accepted either changes what is listed here, or is kept with the job and changes nothing. Codes of job",
        "functions and industries are kept and returned; a job function of the JSON API may select a price of the contract's list.",
        "",
        "| field | of | value | changes |",
        "| --- | --- | --- | --- |",
    ]
    for row in ENUMERATIONS:
        lines += [
            f"| {row.field} | {row.doors} | {value} | {effect or 'nothing'} |"
            for value, effect in row.effects.items()
        ]
    return "\n".join(lines) + "\n"


def print_acts() -> str:
    lines = [
        "# Audited acts",
        "",
        NOTE,
        "Every act that the audit log records ([See who changed what](../how-to/see-who-changed-what.md)). A filter names an act, or a subject.",
        "",
        "| subject | acts |",
        "| --- | --- |",
    ]
    acts: dict[str, list[str]] = {}
    for action in Action:
        acts.setdefault(action.subject, []).append(f"`{action.value}`")
    lines += [f"| {subject} | {', '.join(names)} |" for subject, names in acts.items()]
    return "\n".join(lines) + "\n"


def print_exports() -> str:
    """The columns of each kind, which are the same in every format."""
    lines = [
        "# Exports",
        "",
        NOTE,
        "`GET /partner/exports/{kind}`, with the token of a partner (the rows of all its customers) or of a customer. How to use them:",
        "[Get the numbers](../how-to/get-the-numbers.md).",
        "",
        "| format | media type | types |",
        "| --- | --- | --- |",
    ]
    lines += [f"| `{one.extension}` | `{one.media_type}` | {EXPORT_TYPES[one]} |" for one in ExportFormat]
    for kind, row in KINDS.items():
        lines += [
            "",
            f"## {kind.value}",
            "",
            f"{row.about}",
            "",
            "| column | type | meaning |",
            "| --- | --- | --- |",
        ]
        lines += [f"| `{column.name}` | {column.type.value} | {column.meaning} |" for column in row.columns]
    return "\n".join(lines) + "\n"
