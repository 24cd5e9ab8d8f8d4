"""Owns the reference pages: they are generated from the tables in the code, so they always match.

Does not own the tables. A test compares the committed pages with the generated ones.
"""

from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from jobmeter.api.http.endpoints import Audience
from jobmeter.api.routes import ENDPOINTS
from jobmeter.base import limits
from jobmeter.base.faults import Fault
from jobmeter.base.glossary import REPLACED, TERMS, Where
from jobmeter.base.settings import Settings, variable_of
from jobmeter.base.terminal import Terminal
from jobmeter.metering.model import Verdict
from jobmeter.sandbox import endpoints as sandbox_http
from jobmeter.settlement.model import Rule

NOTE = "This page is generated from the tables in the code: `make docs`.\n"


def print_faults() -> str:
    lines = [
        "# Errors",
        "",
        NOTE,
        "In order of precedence: if several errors apply, the first is returned. `service` is the protocol's",
        "`serviceErrorCode`, `label` is its `code`; names in {braces} are parameters.",
        "",
        "| code | name | HTTP | service | label | message |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for fault in Fault:
        row = fault.row
        service = "" if row.service is None else row.service
        message = row.message.replace("|", "\\|")
        lines.append(
            f"| {row.code} | {fault.name} | {row.status} | {service} | {row.label or ''} | {message} |"
        )
    return "\n".join(lines) + "\n"


def print_settings() -> str:
    lines = ["# Settings", "", NOTE, "| variable | default | meaning |", "| --- | --- | --- |"]
    for field in fields(Settings):
        default = "(empty)" if field.default == "" else field.default
        lines.append(f"| `{variable_of(field.name)}` | {default} | {field.metadata['meaning']} |")
    lines += ["", "# Limits", "", "| limit | value |", "| --- | --- |"]
    lines += [f"| `{name}` | {value:,} |" for name, value in vars(limits).items() if name.isupper()]
    return "\n".join(lines) + "\n"


def print_routes() -> str:
    lines = [
        "# Endpoints",
        "",
        NOTE,
        "Rest.li resources work with and without a trailing slash. Those under `/rest` require the",
        "`LinkedIn-Version` header.",
        "",
        "| caller | credentials |",
        "| --- | --- |",
        *(f"| {audience.name.lower()} | {audience.value} |" for audience in Audience),
        "",
        "The events key is the setting `JOBMETER_EVENTS_KEY`, the operator key `JOBMETER_OPERATOR_KEY`. Tokens and keys are",
        "sent as bearer tokens; `/v1` also accepts OAuth 1.0a signatures.",
        "",
        "| path | method | caller | description | details |",
        "| --- | --- | --- | --- | --- |",
    ]
    for row in (*ENDPOINTS, *sandbox_http.ENDPOINTS):
        details = _first_line(row.handler)
        caller = row.audience.name.lower()
        lines.append(f"| `{row.path}` | {row.method} | {caller} | {row.summary} | {details} |")
    return "\n".join(lines) + "\n"


def print_filters() -> str:
    lines = [
        "# Intake filters",
        "",
        NOTE,
        "The filters are applied to an event in order; the first that matches is the reason why the event does not count.",
        "",
        "| number | reason | meaning |",
        "| --- | --- | --- |",
    ]
    lines += [f"| {int(verdict)} | {verdict.name} | {verdict.message} |" for verdict in Verdict]
    return "\n".join(lines) + "\n"


def print_rules() -> str:
    lines = [
        "# Settlement rules",
        "",
        NOTE,
        "Each rule is applied to the clicks of a day that no earlier rule has marked. The operator switches rules on and",
        "off and sets the limits of bursts: `PUT /operator/settlementRules/{name}`.",
        "",
        "| number | rule | reason shown to the partner | on | more than (jobs) | within (minutes) |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for rule in Rule:
        bounds = (rule.jobs_max, rule.window_minutes) if rule.jobs_max > 1 else ("", "")
        is_on = "yes" if rule.is_on else "no"
        lines.append(f"| {int(rule)} | {rule.name} | {rule.message} | {is_on} | {bounds[0]} | {bounds[1]} |")
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
        "A test refuses the words on the left in names, docstrings, comments, messages and documents. Names of tables,",
        "columns and the wire are exempt.",
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
    """Writes all pages to ``folder`` and returns their paths."""
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


def docs(
    folder: Annotated[Path, Parameter(help="Folder that the pages are written to.")] = Path("docs/reference"),
    /,
) -> None:
    """Writes the reference pages and prints their paths."""
    console = Terminal()
    for path in write_pages(folder):
        console.print_line(str(path))
