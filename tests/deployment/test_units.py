"""The files for systemd and nginx: their own tools accept them, and the commands and settings in them exist."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from jobmeter.base.settings import find_misspelt
from jobmeter.cli.main import make_app
from tests.support.missing_part import find_programs
from tests.support.paths import ROOT

UNITS = sorted((ROOT / "deploy" / "systemd").iterdir())
SITE = ROOT / "deploy" / "nginx" / "jobmeter.conf"
GUIDE = ROOT / "docs" / "how-to" / "install.md"
PROGRAM = "/opt/jobmeter/bin/jobmeter"
COMMAND = re.compile(rf"^ExecStart={PROGRAM} (.*)$", re.MULTILINE)
VARIABLE = re.compile(r"^Environment=(\w+)=", re.MULTILINE)
TLS = "/etc/jobmeter/tls"


def verify(tmp_path, changed=lambda text: text):
    """What systemd's own tool says of the units. It wants the program to exist, and the manual's file."""
    (analyze,) = find_programs("systemd-analyze")
    for unit in UNITS:
        text = changed(unit.read_text()).replace(PROGRAM, sys.executable)
        (tmp_path / unit.name).write_text(re.sub(r"^(User|Group)=.*$", r"\1=root", text, flags=re.MULTILINE))
    files = [str(tmp_path / unit.name) for unit in UNITS]
    done = subprocess.run(
        [analyze, "verify", "--man=no", *files], capture_output=True, text=True, check=False
    )
    return [line for line in done.stderr.splitlines() if str(tmp_path) in line or "jobmeter" in line]


def test_systemd_accepts_the_units(tmp_path):
    assert verify(tmp_path) == []


def test_systemd_would_not_accept_a_misspelt_unit(tmp_path):
    assert verify(tmp_path, lambda text: text.replace("LoadCredential=", "LoadCredentials="))


@pytest.mark.parametrize("unit", [one for one in UNITS if one.suffix == ".service"], ids=lambda one: one.stem)
def test_a_unit_runs_a_command_that_exists_with_settings_that_exist(unit):
    (command,) = COMMAND.findall(unit.read_text())
    make_app().parse_args(command)  # raises for an option that does not exist
    assert find_misspelt(dict.fromkeys(VARIABLE.findall(unit.read_text()), "")) == {}
    assert "_KEY=" not in unit.read_text(), "a secret is in a file"


def test_each_unit_is_in_the_guide():
    text = GUIDE.read_text()
    assert [unit.name for unit in UNITS if unit.name not in text] == []


def test_nginx_accepts_the_site(tmp_path):
    nginx, openssl = find_programs("nginx", "openssl")
    subject = [
        "-subj",
        "/CN=jobs.example.com",
        "-keyout",
        tmp_path / "privkey.pem",
        "-out",
        tmp_path / "fullchain.pem",
    ]
    made = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *subject]
    subprocess.run(made, check=True, capture_output=True)
    check_site(nginx, tmp_path, SITE.read_text())
    with pytest.raises(AssertionError, match="unknown directive"):
        check_site(nginx, tmp_path, SITE.read_text().replace("limit_req zone", "limit_requests zone"))


def check_site(nginx: str, folder: Path, text: str) -> None:
    file, site = folder / "nginx.conf", text.replace(TLS, str(folder))
    file.write_text(
        f"pid {folder}/pid;\nerror_log stderr;\nevents {{}}\nhttp {{\naccess_log off;\n{site}\n}}\n"
    )
    done = subprocess.run([nginx, "-t", "-c", str(file)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
