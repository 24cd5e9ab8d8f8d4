"""Owns the reference pages: they are generated from the tables in the code, so they always match.

Does not own the tables. A test compares the committed pages with the generated ones.
"""

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import msgspec
from cyclopts import Parameter

from jobmeter import client
from jobmeter.api.openapi.collection import print_collection
from jobmeter.api.openapi.document import build_document
from jobmeter.api.routes import CANDIDATE, ENDPOINTS, PLAIN, RESTLI, XML_JOBS
from jobmeter.base import limits
from jobmeter.base.faults import Fault
from jobmeter.base.glossary import REPLACED, TERMS, Where
from jobmeter.base.remedies import REMEDIES
from jobmeter.base.settings import FILE_SUFFIX, SECRET_SETTINGS, Settings, variable_of
from jobmeter.base.terminal import Terminal
from jobmeter.certification.checklist.reference import print_certification
from jobmeter.cli.server.command_pages import FOLDER, list_pictures, print_commands
from jobmeter.cli.server.reference_formats import (
    NOTE,
    print_acts,
    print_enumerations,
    print_exports,
    print_feed_formats,
    print_metrics,
)
from jobmeter.client.xml_jobs import XmlJobs
from jobmeter.http.endpoints import Audience
from jobmeter.integrity.unchecked.entry import ADDED, ALL, REMOVED
from jobmeter.integrity.unchecked.model import UNCHECKED
from jobmeter.metering.model import Verdict
from jobmeter.privacy.data_map import PERSONAL
from jobmeter.pull.reading.streams import STREAMS
from jobmeter.sandbox import endpoints as sandbox_http
from jobmeter.settlement.model import Rule

UNCHECKED_HEADING = "## What the check does not notice"
PERSONAL_HEADING = "## All personal data"
UNCHECKED_INTRODUCTION = (
    "A test plants a change in each column of each table of a database with a long history, removes rows and adds some. It demands\n"
    "that a law is broken, or that the column is in this list, with the reason why a change of it does no harm or cannot be known.\n"
    "`(some rows)` means only those rows that the reason speaks of."
)
NAMES_OF_ROWS = {ALL: "all", ADDED: "rows added", REMOVED: "rows removed"}


def print_faults() -> str:
    lines = [
        "# Errors",
        "",
        NOTE,
        "In order of precedence: if several errors apply, the first is returned. `service` is the protocol's",
        "`serviceErrorCode`, `label` is its `code`; names in {braces} are parameters.",
        "",
        "`jobmeter faults 6011` prints a row.",
        "",
        "| code | name | HTTP | service | label | message | what to do |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for fault in Fault:
        row = fault.row
        service = "" if row.service is None else row.service
        message, remedy = (text.replace("|", "\\|") for text in (row.message, REMEDIES[fault]))
        lines.append(
            f"| {row.code} | {fault.name} | {row.status} | {service} | {row.label or ''} | {message} | {remedy} |"
        )
    return "\n".join(lines) + "\n"


def print_settings() -> str:
    lines = ["# Settings", "", NOTE, "| variable | default | meaning |", "| --- | --- | --- |"]
    for field in fields(Settings):
        default = "(empty)" if field.default in {"", None} else field.default
        lines.append(f"| `{variable_of(field.name)}` | {default} | {field.metadata['meaning']} |")
    secret = ", ".join(f"`{variable_of(name)}`" for name in sorted(SECRET_SETTINGS))
    lines += [
        "",
        f"The secret ones may be in a file, whose path is in the variable with `{FILE_SUFFIX}` at its end: {secret}.",
    ]
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
        "The events key is the setting `JOBMETER_EVENTS_KEY`, the operator key `JOBMETER_OPERATOR_KEY`; further ones are made by",
        "`jobmeter keys`, readers' keys for GET only. Tokens and keys are sent as bearer tokens; `/v1` also accepts OAuth 1.0a signatures.",
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


def print_unchecked() -> str:
    """The section of the money page that lists what the check does not notice."""
    lines = [
        UNCHECKED_HEADING,
        "",
        NOTE,
        UNCHECKED_INTRODUCTION,
        "",
        "| table | columns | reason |",
        "| --- | --- | --- |",
    ]
    for entry in UNCHECKED:
        columns = ", ".join(
            f"`{name}`" if name.isidentifier() else NAMES_OF_ROWS[name] for name in entry.columns
        )
        rows = "" if entry.rows == "true" else " (some rows)"
        lines.append(f"| `{entry.table}` | {columns}{rows} | {entry.why} |")
    return "\n".join(lines) + "\n"


def print_personal() -> str:
    """The section of the page about personal data that lists all columns which hold any."""
    lines = [
        PERSONAL_HEADING,
        "",
        NOTE,
        "| table | columns | what | why | kept | erased by |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for row in PERSONAL:
        columns = ", ".join(f"`{name}`" for name in row.columns)
        lines.append(f"| `{row.table}` | {columns} | {row.what} | {row.why} | {row.kept} | {row.erased} |")
    return "\n".join(lines) + "\n"


# The last section of each of these pages, next to the folder of the reference, is printed.
PRINTED_SECTIONS: Mapping[str, tuple[str, Callable[[], str]]] = {
    "money.md": (UNCHECKED_HEADING, print_unchecked),
    "personal-data.md": (PERSONAL_HEADING, print_personal),
}


def write_sections(folder: Path) -> list[Path]:
    """Replaces the section at the end of each page that is there."""
    found = [page for name in PRINTED_SECTIONS if (page := folder / name).exists()]
    for page in found:
        heading, render = PRINTED_SECTIONS[page.name]
        page.write_text(page.read_text(encoding="utf-8").partition(heading)[0] + render(), encoding="utf-8")
    return found


def print_client() -> str:
    """The classes of the client, first the one that others are reached from."""
    lines = ["# The client", "", NOTE, *_list_prose(client), ""]
    with client.Client(client.LINKEDIN, client_id="", client_secret="") as opened:
        resources = [type(value) for name, value in sorted(vars(opened).items()) if name != "session"]
    owners: tuple[type, ...] = (client.Client, *resources, XmlJobs)
    for owner in owners:
        lines += [f"## {owner.__name__}", "", *_list_prose(owner), ""]
        if owner is client.Client:
            lines.append(f"* `Client{_write_signature(owner.__init__).removesuffix(' -> None')}`")
        for name, method in vars(owner).items():
            if not name.startswith("_") and inspect.isfunction(method):
                lines += [f"* `{name}{_write_signature(method)}`", *_list_prose(method, "  ")]
        lines.append("")
    lines += ["## Values and errors", "", "| name | fields | meaning |", "| --- | --- | --- |"]
    for name in client.__all__:
        value = getattr(client, name)
        if inspect.isclass(value) and value not in {client.Client, Fault}:
            named = ", ".join(f"`{one.name}`" for one in fields(value)) if is_dataclass(value) else ""
            prose = " ".join(_list_prose(value)).replace("|", "\\|")
            # A dataclass without a docstring is given its signature as one.
            lines.append(f"| `{name}` | {named} | {'' if prose.startswith(f'{name}(') else prose} |")
    return "\n".join(lines) + "\n"


def print_requests() -> str:
    return print_collection(_describe_sandbox())


def _describe_sandbox() -> dict[str, Any]:
    plain = (*CANDIDATE, *PLAIN, *sandbox_http.ENDPOINTS)
    return build_document(restli=RESTLI, plain=plain, xml=XML_JOBS)


def _list_prose(described: object, indent: str = "") -> list[str]:
    text = inspect.getdoc(described) or ""
    return [f"{indent}{line}".rstrip().replace("``", "`") for line in text.splitlines()]


def _write_signature(method: Callable[..., object]) -> str:
    """Without ``self``, with the names of types alone."""
    shown = inspect.signature(method)
    kept = [one for name, one in shown.parameters.items() if name != "self"]
    text = str(shown.replace(parameters=kept))
    return re.sub(r"\b(?:\w+\.)+(?=[A-Z]|date\b|datetime\b)", "", text)


def print_streams() -> str:
    lines = [
        "# Streams",
        "",
        NOTE,
        "What `jobmeter pull` copies (`docs/how-to/pull-numbers.md`). Columns of the key are in bold: a row with the same key is replaced.",
        "Amounts are in micros, millionths of a unit of their currency. `contract` is 0 if the application has no `contracts`.",
    ]
    for stream in STREAMS.values():
        callers = " and ".join(sorted(stream.callers))
        servers = "Jobmeter and LinkedIn" if stream.has_linkedin else "Jobmeter"
        lines += [
            "",
            f"## {stream.name}",
            "",
            f"{stream.meaning.capitalize()}. Read by: {callers}, at {servers}.",
        ]
        lines += ["", "| column | type |", "| --- | --- |"]
        for name, kind in stream.columns.items():
            lines.append(f"| {f'**{name}**' if name in stream.keys else name} | {kind} |")
    return "\n".join(lines) + "\n"


PAGES: dict[str, Callable[[], str]] = {
    "refusals.md": print_faults,
    "settings.md": print_settings,
    "endpoints.md": print_routes,
    "intake-filters.md": print_filters,
    "settlement-rules.md": print_rules,
    "glossary.md": print_glossary,
    "feed-formats.md": print_feed_formats,
    "enumerations.md": print_enumerations,
    "audited-acts.md": print_acts,
    "client.md": print_client,
    "exports.md": print_exports,
    "commands.md": print_commands,
    "certification-rules.md": partial(print_certification, NOTE),
    "streams.md": print_streams,
    "metrics.md": print_metrics,
    "requests.http": print_requests,
}


def write_pages(folder: Path) -> list[Path]:
    """Writes all pages to ``folder`` and returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / name for name in PAGES]
    for path in paths:
        path.write_text(PAGES[path.name](), encoding="utf-8")
    pictures = folder / FOLDER
    pictures.mkdir(exist_ok=True)
    for name, render in list_pictures().items():
        (pictures / name).write_text(render(), encoding="utf-8")
    paths.append(pictures)
    return paths + write_sections(folder.parent / "explanation")


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


def openapi() -> None:
    """Prints the OpenAPI document of a sandbox as one line of JSON: for generators of clients, without a running server."""
    Terminal().print_line(encode_document().decode())


def encode_document() -> bytes:
    return msgspec.json.encode(_describe_sandbox())
