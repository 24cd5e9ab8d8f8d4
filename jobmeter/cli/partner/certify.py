"""Owns the command ``jobmeter certify``: which requests are judged, and where the report goes.

Does not own the verdicts (``certification.checklist``) or the recording (``certification.rehearsal``).
"""

import json
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from jobmeter.base.faults import CommandFailed
from jobmeter.base.terminal import Terminal
from jobmeter.certification.checklist.html import write_page
from jobmeter.certification.checklist.rules import RULES, assess_all, is_gap
from jobmeter.certification.checklist.summary import list_lines, serialize
from jobmeter.certification.model import Result, Role, Verdict
from jobmeter.certification.rehearsal.disturbances import Disturbance
from jobmeter.certification.rehearsal.flow import read_log, record_at_proxy, run_samples
from jobmeter.cli.operator.calls import write_file
from jobmeter.cli.options import BIGINT_MAX, PORT_MAX, SANDBOX_DATA, CredentialsOption, whole_number
from jobmeter.sandbox.traffic.client import open_sandbox

PROXY_PORT = 8760


def _check_rule(_: type, value: Sequence[str] | None) -> None:
    unknown = sorted(set(value or ()) - {rule.id for rule in RULES})
    if unknown:
        raise ValueError(f"{unknown[0]!r} is not a rule; docs/reference/certification-rules.md lists them.")


def certify(
    *,
    proxy: Annotated[
        bool, Parameter(negative="", help="Whether to record at a proxy before the sandbox, until Ctrl-C.")
    ] = False,
    port: Annotated[
        int, whole_number(least=0, most=PORT_MAX, meaning="Port of the proxy; 0 selects a free one.")
    ] = PROXY_PORT,
    undisturbed: Annotated[
        bool,
        Parameter(negative="", help="Whether the proxy only records: it revokes no token and fails no call."),
    ] = False,
    samples: Annotated[
        bool,
        Parameter(negative="", help="Whether to send the sample requests, printed as curl, and judge them."),
    ] = False,
    after: Annotated[
        int, whole_number(least=0, most=BIGINT_MAX, meaning="Judges the recorded requests after this number.")
    ] = 0,
    role: Annotated[
        Literal["individual", "campaign"],
        Parameter(help="Whether each job has its budget, or campaigns have."),
    ] = "individual",
    not_applicable: Annotated[
        list[str] | None,
        Parameter(validator=_check_rule, negative="", help="Id of a rule that does not apply; repeatable."),
    ] = None,
    strict: Annotated[
        bool, Parameter(negative="", help="Whether a rule that is not shown is a failure too.")
    ] = False,
    html: Annotated[
        Path | None, Parameter(help="Writes the report to this file, with a sheet of what is shown by hand.")
    ] = None,
    json_file: Annotated[Path | None, Parameter(help="Writes the report to this file as JSON.")] = None,
    as_json: Annotated[
        bool, Parameter("--json", negative="", help="Whether to print the report as JSON.")
    ] = False,
    credentials: CredentialsOption = None,
) -> None:
    """Judges an integration by the known rules of LinkedIn's certification: from the requests that the sandbox has
    recorded, or from those at a proxy. The exit code is 1 if a rule is broken.

    Example: jobmeter certify --proxy --html report.html
    """
    sandbox, chosen = open_sandbox(credentials or SANDBOX_DATA / "credentials.json"), Role(role)
    console = Terminal(stderr=as_json)
    disturbances = () if undisturbed else tuple(Disturbance)
    with closing(sandbox.client):
        if proxy:
            records = record_at_proxy(
                sandbox, port=port, disturbances=disturbances, print_line=console.print_line
            )
        elif samples:
            records = run_samples(sandbox, print_line=console.print_line)
        else:
            records = read_log(sandbox, after=after)
        now = sandbox.read_clock()
    results = assess_all(records, role=chosen, declared=not_applicable or ())
    text = json.dumps(serialize(results, records, role=chosen, now=now), indent=2)
    if html is not None:
        write_file(html, write_page(results, records, role=chosen, now=now).encode())
    if json_file is not None:
        write_file(json_file, text.encode())
    for path in filter(None, (html, json_file)):
        console.print_line(f"Wrote {path}")
    _report(results, text=text, as_json=as_json, is_strict=strict)


def _report(results: Sequence[Result], *, text: str, as_json: bool, is_strict: bool) -> None:
    """Raises ``CommandFailed`` if a rule is broken, or, if ``is_strict``, not shown."""
    console = Terminal()
    if as_json:
        print(text)  # noqa: T201 -- JSON, whose strings are ASCII
    else:
        for line in list_lines(results):
            console.print_line(line.text, style=line.style)
    broken = [one.rule.id for one in results if one.finding.verdict is Verdict.WRONG]
    gaps = [one.rule.id for one in results if is_strict and is_gap(one)]
    if broken:
        raise CommandFailed(f"{len(broken)} rules are broken: {', '.join(broken)}")
    if gaps:
        raise CommandFailed(f"{len(gaps)} rules are not shown: {', '.join(gaps)}")
