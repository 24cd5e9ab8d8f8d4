"""Owns the printed reference: pages made from the tables themselves, so that they cannot differ.

Does not own the tables. A test compares the committed pages with what is printed here.
"""

from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

from jobmeter.api.http.endpoints import Audience
from jobmeter.api.routes import ENDPOINTS
from jobmeter.base import limits
from jobmeter.base.faults import Fault
from jobmeter.base.glossary import REPLACED, TERMS, Where
from jobmeter.base.settings import Settings
from jobmeter.metering.model import Verdict
from jobmeter.sandbox import endpoints as sandbox_http
from jobmeter.settlement.model import Rule

NOTE = "This page is printed from the tables in the code: `make docs`.\n"


def print_faults() -> str:
    lines = [
        "# Refusals",
        "",
        NOTE,
        "In order of precedence: where several apply, the first is answered. `service` is the protocol's",
        "`serviceErrorCode`, `label` its `code`; holes in {braces} are filled in.",
        "",
        "| code | name | HTTP | service | label | message |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for fault in Fault:
        row = fault.row
        service = "" if row.service is None else row.service
        says = row.says.replace("|", "\\|")
        lines.append(f"| {row.code} | {fault.name} | {row.status} | {service} | {row.label or ''} | {says} |")
    return "\n".join(lines) + "\n"


def print_settings() -> str:
    lines = ["# Settings", "", NOTE, "| variable | default |", "| --- | --- |"]
    for field in fields(Settings):
        default = "(empty)" if field.default == "" else field.default
        lines.append(f"| `JOBMETER_{field.name.upper()}` | {default} |")
    lines += ["", "# Limits", "", "| limit | value |", "| --- | --- |"]
    lines += [f"| `{name}` | {value:,} |" for name, value in vars(limits).items() if name.isupper()]
    return "\n".join(lines) + "\n"


def print_routes() -> str:
    lines = [
        "# Endpoints",
        "",
        NOTE,
        "Rest.li resources answer with and without a trailing slash. Those under `/rest` need the",
        "`LinkedIn-Version` header.",
        "",
        "| who | signs in with |",
        "| --- | --- |",
        *(f"| {audience.name.lower()} | {audience.value} |" for audience in Audience),
        "",
        "The events key is the setting `JOBMETER_EVENTS_KEY`, the operator's `JOBMETER_OPERATOR_KEY`. Tokens and keys are",
        "bearer tokens; `/v1` also takes OAuth 1.0a signatures.",
        "",
        "| path | method | who | what | details |",
        "| --- | --- | --- | --- | --- |",
    ]
    for row in (*ENDPOINTS, *sandbox_http.ENDPOINTS):
        details = _first_line(row.handler)
        who = row.audience.name.lower()
        lines.append(f"| `{row.path}` | {row.method} | {who} | {row.summary} | {details} |")
    return "\n".join(lines) + "\n"


def print_filters() -> str:
    lines = [
        "# Intake filters",
        "",
        NOTE,
        "An event is judged by each filter in order; the first that holds is the reason it does not count.",
        "",
        "| number | reason | meaning |",
        "| --- | --- | --- |",
    ]
    lines += [f"| {int(verdict)} | {verdict.name} | {verdict.says} |" for verdict in Verdict]
    return "\n".join(lines) + "\n"


def print_rules() -> str:
    lines = [
        "# Settlement rules",
        "",
        NOTE,
        "A rule looks at the clicks of a day that those before it have left. Whether it holds, and the limits of bursts,",
        "are the operator's to set: `PUT /operator/settlementRules/{name}`.",
        "",
        "| number | rule | reason that the partner reads | holds | jobs, more than | within minutes |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for rule in Rule:
        bounds = (rule.jobs_max, rule.window_minutes) if rule.jobs_max > 1 else ("", "")
        holds = "yes" if rule.is_on else "no"
        lines.append(f"| {int(rule)} | {rule.name} | {rule.says} | {holds} | {bounds[0]} | {bounds[1]} |")
    return "\n".join(lines) + "\n"


def print_glossary() -> str:
    lines = [
        "# Glossary",
        "",
        NOTE,
        "## Terms",
        "",
        "| term | meaning |",
        "| --- | --- |",
        *(f"| {term.word} | {term.meaning} |" for term in TERMS),
        "",
        "## Replaced words",
        "",
        "A check refuses the words on the left in names, docstrings, comments, messages and documents. Names of tables,",
        "columns and the wire stay as they are.",
        "",
        "| refused | in | write |",
        "| --- | --- | --- |",
    ]
    for row in REPLACED:
        pattern = row.pattern.replace("|", "\\|")
        lines.append(
            f"| `{pattern}` | {'any text' if row.where is Where.TEXT else 'names'} | {row.instead} |"
        )
    return "\n".join(lines) + "\n"


PAGES: dict[str, Callable[[], str]] = {
    "refusals.md": print_faults,
    "settings.md": print_settings,
    "endpoints.md": print_routes,
    "intake-filters.md": print_filters,
    "settlement-rules.md": print_rules,
    "glossary.md": print_glossary,
}


def write_pages(folder: Path) -> list[Path]:
    """Writes every page into ``folder`` and returns the paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, print_page in PAGES.items():
        path = folder / name
        path.write_text(print_page(), encoding="utf-8")
        paths.append(path)
    return paths


def _first_line(described: object) -> str:
    text = (getattr(described, "__doc__", None) or "").strip()
    return text.split("\n", maxsplit=1)[0].replace("|", "\\|")
