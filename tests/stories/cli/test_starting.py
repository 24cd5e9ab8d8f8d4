"""Starting commands: how fast help is, Ctrl-C while modules are imported, addresses, proxies, misspelt settings."""

import json
import os
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest

from jobmeter import __version__
from jobmeter.base.readers.network import is_local
from jobmeter.base.settings import Settings
from jobmeter.cli import main
from jobmeter.cli.server.settings import check_settings
from jobmeter.sandbox.traffic.client import Sandbox
from tests.support.paths import DOCS
from tests.support.server_process import WHOLE, start_sandbox_server

ROOT = DOCS.parent
# Imports one module too late for Ctrl-C: each is imported by some command.
MODULES = (
    "cyclopts",
    "rich.console",
    "httpx2",
    "psycopg",
    "numpy",
    "granian",
    "jobmeter.app",
    "starlette.routing",
)
KEYS = {f"JOBMETER_{name}_KEY": "a key that nobody guesses" for name in ("EVENTS", "OPERATOR", "SECRET")}

INTERRUPT = """
import sys
wanted = sys.argv.pop(1)
class Interrupt:
    def find_spec(self, name, path=None, target=None):
        if name == wanted:
            raise KeyboardInterrupt
sys.meta_path.insert(0, Interrupt())
import runpy
runpy.run_module("jobmeter", run_name="__main__", alter_sys=True)
"""


def run(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        cwd=ROOT,
        env=os.environ | environment,
    )


@pytest.mark.parametrize("words", [["--help"], ["--version"], []])
def test_help_imports_nothing_heavy(words):
    """It once took 0.9 s of processor time. A time would depend on the machine; what is imported does not."""
    shown = run("-X", "importtime", "-m", "jobmeter", *words).stderr
    for heavy in ("numpy", "psycopg", "granian", "starlette", "httpx2", "lxml", "pydantic"):
        assert not [line for line in shown.splitlines() if line.rpartition("|")[2].strip() == heavy]


def test_the_version_has_the_name_of_the_program():
    assert run("-m", "jobmeter", "--version").stdout == f"jobmeter {__version__}\n"


@pytest.mark.parametrize("module", MODULES)
def test_ctrl_c_while_modules_are_imported_ends_without_a_traceback(module):
    done = run("-c", INTERRUPT, module, "serve", "--database-url", "postgresql:///unused", **KEYS)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


@pytest.mark.long
def test_ctrl_c_while_the_database_starts_beside_the_imports_leaves_no_database_running(tmp_path):
    done = run("-c", INTERRUPT, "jobmeter.app", "serve", "--data", str(tmp_path), **KEYS)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")
    assert (tmp_path / "postgresql" / "PG_VERSION").exists()
    assert not (tmp_path / "postgresql" / "postmaster.pid").exists()


def test_a_data_folder_that_cannot_be_used_is_reported_in_one_line_after_the_imports(tmp_path):
    (tmp_path / "postgresql").mkdir()
    (tmp_path / "postgresql" / "photo.jpg").touch()
    done = run("-m", "jobmeter", "serve", "--data", str(tmp_path), **KEYS)
    assert (done.returncode, done.stdout) == (1, "")
    assert "holds files but no PostgreSQL database" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.long
@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        *(pytest.param(one, marks=pytest.mark.slow) for one in ("::", "::1", "127.0.0.1", "0.0.0.0")),
    ],
)
def test_a_sandbox_listens_at_every_kind_of_host_and_is_found_despite_a_proxy(host, database_url, tmp_path):
    """The proxy is one that nothing listens at: a request that it received would fail."""
    proxy = dict.fromkeys(("http_proxy", "HTTP_PROXY", "ALL_PROXY", "https_proxy"), "http://127.0.0.1:9")
    with start_sandbox_server(database_url, tmp_path, host=host, program=WHOLE, **proxy) as credentials:
        shown = run(
            "-m", "jobmeter", "clock", "show", "--credentials", str(tmp_path / "credentials.json"), **proxy
        )
        assert (shown.returncode, shown.stderr) == (0, "")
        page = httpx2.get(credentials["base_url"], headers={"Accept": "text/html"}, trust_env=False)
        assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert credentials["base_url"] + "/" in (tmp_path / "log").read_text().replace("\n", "")


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("localhost", True),
        ("LOCALHOST", True),
        ("a.localhost", True),
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("0.0.0.0", True),
        ("::", True),
        ("jobs.example.com", False),
        ("192.0.2.1", False),
        ("2001:db8::1", False),
        ("localhost.example.com", False),
    ],
)
def test_only_this_machine_is_reached_without_proxies(host, local):
    assert is_local(host) is local
    written = f"[{host}]" if ":" in host else host
    assert Sandbox({"base_url": f"http://{written}:1"}).client.trust_env is not local


def test_a_misspelt_setting_is_reported_with_the_nearest_name(tmp_path):
    done = run(
        "-m",
        "jobmeter",
        "serve",
        "--data",
        str(tmp_path / "x"),
        JOBMETER_EVENT_KEY="x",
        JOBMETER_OPERATR_KEY="x",
    )
    assert (
        "JOBMETER_EVENT_KEY is not a setting and has no effect; did you mean JOBMETER_EVENTS_KEY?"
        in done.stderr
    )
    assert "did you mean JOBMETER_OPERATOR_KEY?" in done.stderr
    assert "no key is set" in done.stderr
    assert not Path(tmp_path / "x").exists()


def test_an_export_folder_without_pyarrow_is_refused_before_the_server_starts(tmp_path):
    (tmp_path / "no_arrow.py").write_text("import sys\nsys.modules['pyarrow'] = None\n")
    done = run(
        "-c",
        "import sys; sys.modules['pyarrow'] = None\nfrom jobmeter.cli.main import main\nmain(sys.argv[1:])",
        *("serve", "--data", str(tmp_path / "x")),
        JOBMETER_EXPORT_FOLDER=str(tmp_path),
        JOBMETER_EVENTS_KEY="an events key of the test",
    )
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].endswith("pip install 'jobmeter[parquet]'")
    assert not Path(tmp_path / "x").exists()
    check_settings(Settings())


def test_a_font_folder_that_is_none_is_refused_before_the_server_starts(tmp_path):
    check_settings(Settings(font_folder=str(tmp_path)))
    with pytest.raises(ValueError, match="JOBMETER_FONT_FOLDER is not a folder"):
        check_settings(Settings(font_folder=str(tmp_path / "missing")))


def test_a_payment_provider_without_the_secret_of_its_reports_is_refused_before_the_server_starts():
    check_settings(Settings(stripe_key="sk", stripe_webhook_secret="whsec"))
    with pytest.raises(ValueError, match="JOBMETER_STRIPE_KEY needs JOBMETER_STRIPE_WEBHOOK_SECRET"):
        check_settings(Settings(stripe_key="sk"))


def test_statements_that_are_not_prepared_need_a_way_past_the_pooler():
    """Migrations would take their lock in a session that the pooler gives to others."""
    check_settings(Settings(prepared_statements=False, direct_database_url="postgresql://a/b"))
    with pytest.raises(ValueError, match="JOBMETER_DIRECT_DATABASE_URL"):
        check_settings(Settings(prepared_statements=False))


@pytest.mark.parametrize(
    ("given", "environment", "used"),
    [
        ([], {"DATABASE_URL": "pooler"}, "pooler"),
        ([], {"DATABASE_URL": "pooler", "DIRECT_DATABASE_URL": "direct"}, "direct"),
        ([], {"DATABASE_URL": "pooler", "DIRECT_DATABASE_URL": ""}, "pooler"),
        (["--database-url", "other"], {"DIRECT_DATABASE_URL": "direct"}, "other"),
    ],
)
def test_commands_get_past_a_pooler_and_servers_do_not(monkeypatch, given, environment, used):
    for name in ("DATABASE_URL", "DIRECT_DATABASE_URL"):
        monkeypatch.delenv(f"JOBMETER_{name}", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(f"JOBMETER_{name}", value)
    _, command, _ = main.make_app().parse_args(["db", "check", *given])
    assert command.arguments["database_url"] == used
    _, server, _ = main.make_app().parse_args(["serve", *given])
    assert server.arguments.get("database_url", "") == (given or ["", environment.get("DATABASE_URL", "")])[1]


def test_a_terminal_without_utf_8_shows_codes(database_url):
    done = run("-m", "jobmeter", "clock", "advance", "3\u0661d", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert (done.returncode, "\\u0661" in done.stderr) == (2, True)
    assert json.dumps(done.stderr)


PRINTS = "from jobmeter.cli import main; main.make_app = lambda: lambda _: print('x' * {size}); main.main([])"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["-c", PRINTS.format(size=1)], main.OUTPUT_CLOSED),  # is written at the end
        (["-c", PRINTS.format(size=100_000)], main.OUTPUT_CLOSED),
        (["-m", "jobmeter", "--help"], 1),  # as the library that prints it ends
    ],
)
def test_a_command_whose_reader_has_ended_says_nothing(arguments: list[str], code: int) -> None:
    """As in ``jobmeter ... | head``: the pipe is closed before the command writes."""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as closed:
        ended = subprocess.run(
            [sys.executable, *arguments], stdout=closed, stderr=subprocess.PIPE, check=False
        )
    assert (ended.stderr, ended.returncode) == (b"", code)
