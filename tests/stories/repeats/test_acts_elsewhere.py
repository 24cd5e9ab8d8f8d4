"""Administrative acts on web pages and by commands leave a record too, as those of the route table do (``test_audit``).

A form is a row of the table of pages: its handler records the act, or it is listed here with the reason why not. A command that
opens the database records what it changes, or is listed; every other one calls the server, which records it.
"""

import ast
import importlib
import inspect
import pkgutil

import jobmeter.cli
from jobmeter.http.idempotency import READING
from jobmeter.portal.routes import PAGES

OWN = "a person's own log-in, sessions and settings"
JOBS = "jobs are not administration: their own log has who changed what"
SANDBOX = "a sandbox's controls"
FORMS_NOT_RECORDED = {
    "/portal/login": OWN,
    "/portal/login/code": OWN,
    "/portal/login/link": OWN,
    "/portal/login/passkey": OWN,
    "/portal/confirm/mail": OWN,
    "/portal/confirm/code": OWN,
    "/portal/confirm/passkey": OWN,
    "/portal/account": OWN,
    "/portal/account/sessions/end": OWN,
    "/portal/account/sessions/end-all": OWN,
    "/portal/account/passkeys": OWN,
    "/portal/account/passkeys/remove": OWN,
    "/portal/logout": OWN,
    "/portal/role": OWN,
    "/portal/display": OWN,
    "/portal/sandbox/login": SANDBOX,
    "/portal/sandbox/clock": SANDBOX,
    "/portal/sandbox/traffic": SANDBOX,
    "/portal/sandbox/failure": SANDBOX,
    "/portal/my/jobs/{job_id:int}/edit": JOBS,
    "/portal/my/jobs/{job_id:int}/close": JOBS,
    "/portal/my/jobs/{job_id:int}/renew": JOBS,
    "/portal/partner/jobs/{job_id:int}/edit": JOBS,
    "/portal/partner/jobs/{job_id:int}/close": JOBS,
}
READS = "shows or copies what is there"
COMMANDS_NOT_RECORDED = {
    "jobmeter.cli.server.backups": READS,
    "jobmeter.cli.server.explain": READS,
    "jobmeter.cli.server.servers": "runs a server; what is done through it is recorded there",
    "jobmeter.cli.server.traffic": SANDBOX,
    "jobmeter.cli.care.doctor": READS,
    "jobmeter.cli.care.erase": "what it calls records it (test_erasing)",
    "jobmeter.cli.law_checks": READS,
}


def find_names(function, module):
    """The names that a function reads, and those of the module's own functions that it calls, to any depth."""
    own = {
        node.name: node for node in module.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    found, waiting = set(), [own[function]]
    while waiting:
        for node in ast.walk(waiting.pop()):
            name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", None)
            if name in own and name not in found:
                waiting.append(own[name])
            found.add(name)
    return found


def records(handler):
    module = ast.parse(inspect.getsource(inspect.getmodule(handler)))
    return "record" in find_names(handler.__name__, module)


def list_command_modules():
    """Every module of the commands, and whether it opens a database and records acts."""
    for module in pkgutil.walk_packages(jobmeter.cli.__path__, "jobmeter.cli."):
        source = inspect.getsource(importlib.import_module(module.name))
        names = find_all_names(source)
        if not module.ispkg and names & {"Database", "open_database", "run_database"}:
            yield module.name, "record" in names


def find_all_names(source):
    nodes = list(ast.walk(ast.parse(source)))
    used = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    return used | {node.id for node in nodes if isinstance(node, ast.Name)}


def test_every_form_records_its_act_or_says_why_not():
    forms = {row.path: row.handler for row in PAGES if row.method not in READING}
    assert FORMS_NOT_RECORDED.keys() <= forms.keys()
    silent = {path for path, handler in forms.items() if not records(handler)}
    assert silent == set(FORMS_NOT_RECORDED)


def test_every_command_that_opens_the_database_records_its_act_or_says_why_not():
    found = dict(list_command_modules())
    assert {name for name, is_recorded in found.items() if not is_recorded} == set(COMMANDS_NOT_RECORDED)
    assert {name for name, is_recorded in found.items() if is_recorded} == {
        "jobmeter.cli.server.database",
        "jobmeter.cli.server.feeds",
        "jobmeter.cli.server.networks",
        "jobmeter.cli.server.psql",
    }


def test_a_form_that_records_nothing_is_noticed():
    """The look finds a call of another function of the module, and no word in a text."""
    text = "async def save(visit):\n    await write(visit)\n\nasync def write(visit):\n    {}\n"
    recorded, silent = (
        ast.parse(text.format(line)) for line in ("await visit.context.record(1)", "return 'record'")
    )
    assert "record" in find_names("save", recorded)
    assert "record" not in find_names("save", silent)
