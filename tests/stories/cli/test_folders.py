"""Where a user's configuration and data are: the folders that were used before they were found without a library."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from jobmeter.cli.options import find_user_folder

HOME = "/home/mia"


@pytest.mark.parametrize(
    ("kind", "system", "variables", "folder"),
    [
        ("data", "linux", {}, "/home/mia/.local/share/jobmeter"),
        ("config", "linux", {}, "/home/mia/.config/jobmeter"),
        ("config", "freebsd14", {}, "/home/mia/.config/jobmeter"),
        ("data", "linux", {"XDG_DATA_HOME": "/srv/data", "XDG_CONFIG_HOME": "/etc/x"}, "/srv/data/jobmeter"),
        ("config", "linux", {"XDG_DATA_HOME": "/srv/data", "XDG_CONFIG_HOME": "/etc/x"}, "/etc/x/jobmeter"),
        ("data", "linux", {"XDG_DATA_HOME": ""}, "/home/mia/.local/share/jobmeter"),
        ("data", "linux", {"XDG_DATA_HOME": "share"}, "/home/mia/.local/share/jobmeter"),
        ("data", "darwin", {}, "/home/mia/Library/Application Support/jobmeter"),
        ("config", "darwin", {}, "/home/mia/Library/Application Support/jobmeter"),
        ("config", "darwin", {"XDG_CONFIG_HOME": "/opt/x"}, "/opt/x/jobmeter"),
        ("data", "win32", {"LOCALAPPDATA": "C:/Users/mia/Local"}, "C:/Users/mia/Local/jobmeter/jobmeter"),
        ("config", "win32", {}, "/home/mia/AppData/Local/jobmeter/jobmeter"),
    ],
)
def test_each_system_has_its_folder(kind, system, variables, folder):
    assert find_user_folder(kind, system, variables, HOME) == Path(folder)


def test_a_user_without_a_home_can_run_a_command():
    variables = {name: value for name, value in os.environ.items() if name != "HOME"}
    shown = subprocess.run(
        [sys.executable, "-m", "jobmeter", "--version"], env=variables, capture_output=True, check=False
    )
    assert (shown.returncode, shown.stderr) == (0, b"")
