"""The script that is all of the image (deploy/container/install.sh) runs in an empty Debian, and what it installs runs as its user."""

import shutil

import pytest

from tests.slow.operation.empty_debian import collect_packages, make_debian, run
from tests.support.paths import ROOT

pytestmark = pytest.mark.slow

SCRIPT = ROOT / "deploy" / "container" / "install.sh"


@pytest.fixture(scope="module")
def debian(tmp_path_factory):
    with make_debian(tmp_path_factory.mktemp("debian") / "root") as made:
        yield made


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
