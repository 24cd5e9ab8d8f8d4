"""The script that is all of the image (deploy/container/install.sh) runs in an empty Debian, and what it installs runs as its user."""

import os
import re
import shutil
import subprocess
import sys

import pytest

from tests.support.missing_part import find_programs
from tests.support.paths import ROOT

pytestmark = pytest.mark.slow

SCRIPT = ROOT / "deploy" / "container" / "install.sh"
PINNED = re.compile(r"^[\w.-]+==[^\\\n]+", re.MULTILINE)  # with what it holds for
SUITE, PACKAGES = "bookworm", "python3-venv,ca-certificates"


def run(*command, **options):
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, done.stdout[-2_000:] + done.stderr[-2_000:]
    return done.stdout


@pytest.fixture(scope="module")
def debian(tmp_path_factory):
    """A root folder with Debian's least, and Python."""
    if os.geteuid() != 0:
        pytest.skip("only root makes a file system of another Debian")
    (debootstrap,) = find_programs("debootstrap")
    folder = tmp_path_factory.mktemp("debian") / "root"
    run(debootstrap, "--variant=minbase", f"--include={PACKAGES}", SUITE, folder)
    yield folder
    shutil.rmtree(folder)


def collect_packages(folder):
    """The wheel of this checkout, and those that it needs, in the versions of the constraints. Returns the name of the former."""
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=ROOT)
    (wheel,) = folder.glob("jobmeter-*.whl")
    # Without their hashes: with one of them pip wants that of the wheel, too.
    versions = folder / "versions.txt"
    versions.write_text("\n".join(PINNED.findall((ROOT / "constraints.txt").read_text())))
    download = ("download", "--quiet", "--dest", folder, "--constraint", versions, "--only-binary", ":all:")
    run(sys.executable, "-m", "pip", *download, f"{wheel}[server]")
    return wheel.name


def test_the_script_installs_a_release_for_a_user_without_rights(debian):
    (debian / "build").mkdir()
    wheel = collect_packages(debian / "build")
    shutil.copy(SCRIPT, debian / "build")
    offline = ("--no-index", "--find-links", "/build")
    printed = run("chroot", debian, "sh", "/build/install.sh", f"/build/{wheel}[server]", *offline)
    version = wheel.split("-")[1]
    assert printed.splitlines()[-1] == f"jobmeter {version}"
    as_user = ("chroot", "--userspec", "10001:10001", debian, "/opt/jobmeter/bin/jobmeter")
    assert "JOBMETER_DATABASE_URL" in run(*as_user, "settings")
    # a second run of the script changes nothing and does not fail
    run("chroot", debian, "sh", "/build/install.sh", f"/build/{wheel}[server]", *offline)
