"""docs/how-to/install.md leads from an empty Debian machine to the first charged click: its own commands are carried out in one.

The machine is a folder with processes and a network of its own. What it lacks is systemd: ``systemctl`` there is the file of this name beside the test.
"""

import shlex
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from tests.documents.blocks import PRODUCTION, read_blocks
from tests.slow.operation.empty_debian import collect_packages, make_debian, run
from tests.support.missing_part import find_programs
from tests.support.paths import DOCS, ROOT

pytestmark = pytest.mark.slow

PAGE = DOCS / "how-to" / "install.md"
EXTRAS = "billing,portal"
CHECKOUT = "jobmeter"  # in the home of root
# Without init, a package that is installed starts nothing; policy-rc.d says so.
NO_INIT = "#!/bin/sh\nexit 101\n"
AS_ROOT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root"}
# The release comes from the folder of wheels instead of an index, and the name of the server leads to this machine.
RELEASE = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "/wheels", "DEBIAN_FRONTEND": "noninteractive"}
BOOT = """
{ip} link set lo up
mount -t tmpfs tmpfs {root}/dev/shm
echo running
exec chroot {root} sleep infinity
"""


def run_as_root(script, *enter):
    """Runs the script in the folder of the checkout; it ends at the first command that fails."""
    environment = [f"{name}={value}" for name, value in (AS_ROOT | RELEASE).items()]
    return run(
        *enter, "env", "-i", *environment, "bash", "-c", f"cd ~/{CHECKOUT}\nset -eu -o pipefail\n{script}"
    )


@contextmanager
def boot(root):
    """Yields the words that enter the machine. All its processes end with the block."""
    unshare, nsenter, ip = find_programs("unshare", "nsenter", "ip")
    script = BOOT.format(ip=ip, root=shlex.quote(str(root)))
    spaces = ("--net", "--mount", "--pid")
    command = [unshare, *spaces, "--fork", "--kill-child", f"--mount-proc={root}/proc", "sh", "-ec", script]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as holder:
        try:
            assert holder.stdout.readline() == b"running\n"
            (first,) = psutil.Process(holder.pid).children()
            yield nsenter, "--target", str(first.pid), *spaces, "--root"
        finally:
            holder.kill()


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """An empty machine with a checkout of this release, and the release in a folder of wheels."""
    with make_debian(tmp_path_factory.mktemp("debian") / "root") as made:
        (made / "wheels").mkdir()
        collect_packages(made / "wheels", extras=EXTRAS)
        for part in ("deploy", "docs"):
            shutil.copytree(ROOT / part, made / "root" / CHECKOUT / part)
        put(made / "usr/sbin/policy-rc.d", NO_INIT)
        put(
            made / "usr/local/bin/systemctl",
            "#!/usr/bin/python3\n" + Path(__file__).with_name("systemctl.py").read_text(),
        )
        with (made / "etc/hosts").open("a") as hosts:
            hosts.write("127.0.0.1 localhost jobs.example.com\n")
        yield made


def put(file, text):
    file.write_text(text)
    file.chmod(0o755)


def ask(enter, statement):
    """What the database of the machine answers."""
    return run_as_root(
        f"su postgres -c {shlex.quote(f'psql -At jobmeter -c {shlex.quote(statement)}')}", *enter
    ).strip()


def test_the_page_leads_from_an_empty_machine_to_the_first_charged_click(root):
    programs, *blocks = [block.text for block in read_blocks(PAGE) if block.kind == PRODUCTION]
    run_as_root(programs, "chroot", root)
    with boot(root) as enter:
        # what the package does where init runs
        run_as_root("/etc/init.d/postgresql start", *enter)
        printed = run_as_root("\n".join(blocks), *enter)
        assert "302 to https://careers.example.com/fitter\n" in printed
        clicks = "SELECT count(*), sum(amount_micros), min(currency) FROM charges JOIN events USING (job_id, batch)"
        assert ask(enter, clicks) == "1|900000|EUR"
        check_watchers(enter)


def check_watchers(enter):
    """The services of the night do their work, nothing of the first day was logged as an error, and the log is archived."""
    run_as_root("systemctl start jobmeter-check.service jobmeter-backup.service", *enter)
    logged = run_as_root("cat /var/log/units/*", *enter)
    assert "All laws hold." in logged
    assert "verified" in logged
    # nobody has set a mail server
    assert [line for line in logged.splitlines() if "ERROR" in line and "JOBMETER_SMTP_URL" not in line] == []
    assert ask(enter, "SELECT application_name, state FROM pg_stat_replication") == "pg_receivewal|streaming"
