"""The embedded server trusts only its user and root, and neither the caller's path nor environment reaches it.

Tests that need a second user are skipped unless they run as root.
"""

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg
import pytest

from jobmeter.database.connection import DatabaseUnusable
from jobmeter.database.embedded import find_program, start_embedded
from jobmeter.database.postmaster import launcher
from jobmeter.database.postmaster.access import TRUSTED, find_socket_folder, fits
from jobmeter.database.postmaster.owner import ENVIRONMENT, SERVER_USER, Owner, choose_owner, read_reason
from tests.support.databases.stopped import put_stopped_database
from tests.support.missing_part import find_programs

IS_ROOT = os.geteuid() == 0
only_root = pytest.mark.skipif(not IS_ROOT, reason="only root can act as another user")
NOBODY = pwd.getpwnam("nobody").pw_uid
LONG = "a data folder whose path is longer than that of any socket " * 3

# A process with its own environment or user. It starts the server of a folder, reports it, and stops it.
USER = r"""
import os, sys
from pathlib import Path
from jobmeter.database.connection import DatabaseUnusable
from jobmeter.database.embedded import find_program, start_embedded
import psycopg
try:
    server = start_embedded(Path(sys.argv[1]), durable=False)
except DatabaseUnusable as error:
    sys.exit(str(error))
with psycopg.connect(server.url) as connection:
    print(connection.execute("SELECT session_user || ' ' || upper(chr(305))").fetchone()[0])
print(Path(f"/proc/{(server.folder / 'postmaster.pid').read_text().split()[0]}/environ").read_text())
server.stop()
"""
# Another user can run this Python and our programs wherever they are, `access(2)` included, and writes nothing of
# anybody else.
READS_ALL = "--securebits=+no_setuid_fixup --inh-caps=+dac_read_search --ambient-caps=+dac_read_search"
# As another user, without any more rights. The driver is loaded before, since they may not be able to enter the checkout.
CONNECT = r"""
import os, sys
import psycopg
os.setgroups([])
os.setgid(int(sys.argv[1]))
os.setuid(int(sys.argv[1]))
try:
    with psycopg.connect(sys.argv[2]) as connection:
        print(connection.execute("SELECT 'connected'").fetchone()[0])
except psycopg.OperationalError as error:
    print(error)
"""
# Of a checkout in root's home, for example, other users can run nothing.
OTHERS_CAN_ENTER = all(folder.stat().st_mode & 0o001 for folder in find_program("initdb").parents)


def run_python(folder, *, user=None, **environment):
    command = [sys.executable, "-c", USER, str(folder)]
    if user is not None:
        rights = f"--reuid {user} --regid {user} --clear-groups {READS_ALL} --".split()
        command = ["setpriv", *rights, *command]
    return subprocess.run(
        command,
        env=os.environ | environment,
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def connect_as(user, url):
    """Returns what the driver reports to another user."""
    command = [sys.executable, "-c", CONNECT, str(user), url]
    return subprocess.run(command, cwd="/", capture_output=True, text=True, check=True).stdout


@pytest.fixture
def open_folder(tmp_path):
    """A folder that other users can enter, unlike those of pytest."""
    for folder in (tmp_path, tmp_path.parent, tmp_path.parent.parent):
        folder.chmod(0o755)
    return tmp_path


@pytest.fixture
def setpriv():
    """The program that runs another as another user."""
    return find_programs("setpriv")[0]


@pytest.mark.parametrize(
    "name",
    [
        'it\'s a "data" & $(touch pwned) `touch pwned` \\ %2F 100% #? é',
        "with, a comma",
        LONG[:150],
        f"{LONG[:120]}'\"&",
    ],
    ids=["every character", "a comma", "long", "long and quoted"],
)
def test_a_data_folder_may_have_any_path(tmp_path, name):
    folder = tmp_path / name
    server = start_embedded(folder, durable=False)
    with psycopg.connect(server.url) as connection:
        sockets, mode = connection.execute(
            "SELECT current_setting('unix_socket_directories'), current_setting('unix_socket_permissions')"
        ).fetchone()
    socket = Path(sockets.strip('"').replace('""', '"'))
    assert mode == "0700"
    assert socket.stat().st_mode & 0o777 == 0o700
    assert (folder / "postgresql").stat().st_mode & 0o777 == 0o700
    server.stop()
    assert not list(Path.cwd().glob("pwned"))
    assert socket == folder / "postgresql" or not socket.exists()


def test_a_path_that_postgresql_cannot_store_is_refused_in_one_line(tmp_path):
    with pytest.raises(DatabaseUnusable, match="its path contains a line break") as refused:
        start_embedded(tmp_path / "two\nlines")
    assert "line break" in str(refused.value).splitlines()[-1]


def test_the_server_gets_nothing_of_the_caller_s_environment(tmp_path):
    """Keys were readable in the postmaster's environment; a locale that was not there kept it from starting."""
    started = run_python(
        tmp_path / "data",
        LANG="en_GB.UTF-8",
        LC_ALL="tr_TR.UTF-8",
        LC_COLLATE="tr_TR.UTF-8",
        LC_MESSAGES="xx_XX",
        TZ="Mars/Olympus",
        PGOPTIONS="-c nonsense=1",
        PGHOST="elsewhere.invalid",
        PGHOSTADDR="192.0.2.1",
        PGPORT="1",
        PGSERVICE="none",
        PGUSER="other",
        PGPASSWORD="secret",
        PGDATA="/nowhere",
        PGDATESTYLE="nonsense",
        PGCLIENTENCODING="nonsense",
        PGSSLMODE="verify-full",
        PGREQUIREAUTH="scram-sha-256",
        PGSERVER_POSTGRES_VERSION="16",
        http_proxy="http://127.0.0.1:9",
        https_proxy="http://127.0.0.1:9",
        JOBMETER_OPERATOR_KEY="operator key",
        JOBMETER_SECRET_KEY="secret key",
        LD_LIBRARY_PATH="/nowhere",
    )
    assert started.returncode == 0, started.stderr
    shown, environment = started.stdout.split("\n", 1)
    assert shown == "postgres I"  # the same case on every machine
    names = {entry.partition("=")[0] for entry in environment.strip().split("\0") if entry}
    assert names <= {*ENVIRONMENT, "PGDATA", "PG_GRANDPARENT_PID"}, names


def test_a_folder_of_another_locale_starts_where_that_is_missing(tmp_path):
    put_stopped_database(tmp_path)
    with (tmp_path / "postgresql" / "postgresql.conf").open("a") as configuration:
        configuration.write("lc_messages = 'en_GB.UTF-8'\nlc_time = 'tr_TR.UTF-8'\nlisten_addresses = '*'\n")
    server = start_embedded(tmp_path, durable=False)
    with psycopg.connect(server.url) as connection:
        assert connection.execute("SELECT current_setting('listen_addresses')").fetchone() == ("",)
    server.stop()


TRUSTING = "# local\nlocal all all trust\nhost all all 127.0.0.1/32 trust\n"


@pytest.mark.parametrize("hosts", [TRUSTING, "local all all peer\n", ""])
def test_a_folder_of_an_earlier_release_no_longer_trusts_everybody(tmp_path, hosts):
    put_stopped_database(tmp_path)
    rows, users = (tmp_path / "postgresql" / name for name in ("pg_hba.conf", "pg_ident.conf"))
    rows.write_text(hosts)
    users.unlink()
    server = start_embedded(tmp_path, durable=False)
    with psycopg.connect(server.url) as connection:
        methods = connection.execute("SELECT DISTINCT auth_method FROM pg_hba_file_rules").fetchall()
    server.stop()
    assert methods == [("peer",)]
    assert rows.read_text() == TRUSTED
    assert rows.stat().st_mode & 0o777 == 0o600


def test_rows_that_an_operator_added_are_kept(tmp_path):
    put_stopped_database(tmp_path)
    added = f"{TRUSTED}local  metrics  watcher  scram-sha-256\n"
    (tmp_path / "postgresql" / "pg_hba.conf").write_text(added)
    start_embedded(tmp_path, durable=False).stop()
    assert (tmp_path / "postgresql" / "pg_hba.conf").read_text() == added


@only_root
@pytest.mark.parametrize("name", ["data", LONG[:150]], ids=["short", "long"])
def test_another_user_cannot_connect(open_folder, name):
    """With a long path `nobody` once connected as superuser and ran programs as the server's user."""
    server = start_embedded(open_folder / name, durable=False)
    assert "Permission denied" in connect_as(NOBODY, server.url)

    # Even where both folders are opened by mistake, the operating system reports who connects.
    sockets = Path(psycopg.conninfo.conninfo_to_dict(server.url)["host"])
    for path in (open_folder / name, sockets, sockets / ".s.PGSQL.5432"):
        path.chmod(0o777)
    assert 'Peer authentication failed for user "postgres"' in connect_as(NOBODY, server.url)
    assert "connected" in connect_as(0, server.url)
    (open_folder / name / "postgresql").chmod(0o700)
    server.stop()


@only_root
def test_root_s_folders_stay_closed_and_no_user_is_added(tmp_path):
    """Every folder above the data once became readable for all, and a system user with a shell appeared."""
    outer = tmp_path / "outer"
    outer.mkdir(mode=0o700)
    users = Path("/etc/passwd").read_text()
    modes = [folder.stat().st_mode for folder in (outer, *outer.parents)]
    server = start_embedded(outer / "inner" / "data", durable=False)
    assert answers_to_root(server.url)
    server.stop()
    assert [folder.stat().st_mode for folder in (outer, *outer.parents)] == modes
    assert (outer / "inner" / "data").stat().st_mode & 0o777 == 0o700
    assert (outer / "inner" / "data" / "postgresql").stat().st_uid == SERVER_USER
    assert Path("/etc/passwd").read_text() == users


def answers_to_root(url):
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT 1").fetchone() == (1,)


@pytest.mark.long
@only_root
@pytest.mark.usefixtures("setpriv")
def test_root_and_the_owner_of_a_folder_take_turns(open_folder):
    """The files stay the owner's; root's server has no more rights than they have."""
    folder = open_folder / "theirs"
    folder.mkdir()
    os.chown(folder, NOBODY, NOBODY)
    for user in (NOBODY, None, NOBODY):
        started = run_python(folder, user=user)
        if user is None and not OTHERS_CAN_ENTER:
            assert f"cannot run {find_program('postgres')} as user {NOBODY}" in started.stderr
            continue
        assert (started.returncode, started.stdout[:8]) == (0, "postgres"), started.stderr
    assert choose_owner(folder / "postgresql") == Owner(NOBODY, NOBODY, is_other=True)
    assert {path.owner() for path in (folder / "postgresql").rglob("*")} == {"nobody"}


@only_root
def test_files_that_an_earlier_release_gave_to_its_own_user_are_read(tmp_path):
    if not any(user.pw_name == "pgserver" for user in pwd.getpwall()):
        pytest.skip("the user that earlier releases created does not exist")
    put_stopped_database(tmp_path)
    former = pwd.getpwnam("pgserver").pw_uid
    Owner(former, former, is_other=True).hand_over(tmp_path / "postgresql")
    server = start_embedded(tmp_path, durable=False)
    assert answers_to_root(server.url)
    server.stop()
    assert {path.stat().st_uid for path in (tmp_path / "postgresql").rglob("*")} == {SERVER_USER}


@pytest.mark.long
@only_root
@pytest.mark.usefixtures("setpriv")
def test_two_users_start_their_servers_at_once(open_folder):
    """One user's lock file in the temporary folder once kept all others from starting."""
    theirs = open_folder / "theirs"
    theirs.mkdir()
    os.chown(theirs, NOBODY, NOBODY)
    mine = start_embedded(open_folder / "mine", durable=False)
    started = run_python(theirs, user=NOBODY)
    mine.stop()
    assert (started.returncode, started.stdout[:8]) == (0, "postgres"), started.stderr


def test_a_short_folder_that_somebody_else_made_is_not_used(tmp_path):
    parents = [tmp_path / LONG[:100], Path(tempfile.mkdtemp(prefix="short-", dir="/tmp"))]
    me = Owner(os.geteuid(), os.getegid())
    data = tmp_path / LONG[:150]
    ours = find_socket_folder(data, me, parents=parents)
    assert fits(ours)
    assert find_socket_folder(data, me, parents=parents) == ours
    ours.chmod(0o777)
    other = find_socket_folder(data, me, parents=parents)
    assert other != ours
    assert other.stat().st_mode & 0o777 == 0o700
    ours.rmdir()
    ours.symlink_to(tmp_path)
    assert find_socket_folder(data, me, parents=parents) not in {ours, tmp_path}
    with pytest.raises(OSError, match="is too long for a socket"):
        find_socket_folder(data, me, parents=parents[:1])
    shutil.rmtree(parents[1])


@only_root
def test_the_server_s_user_finds_programs_in_a_folder_that_only_root_can_enter(tmp_path):
    """By `access(2)` too, which judges by the real user: so initdb looks for the server beside itself, as in root's home."""
    program = tmp_path / "closed" / "postgres"
    program.parent.mkdir(mode=0o700)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    question = f"import os; print(os.getuid(), os.access({str(program)!r}, os.R_OK | os.X_OK))"
    arguments = [str(SERVER_USER), "1", "0", sys.executable, "-I", "-c", question]
    asked = subprocess.run(
        [sys.executable, "-I", "-S", launcher.__file__, *arguments],
        capture_output=True,
        text=True,
        check=True,
    )
    assert asked.stdout == f"{SERVER_USER} True\n"


@only_root
def test_a_program_that_the_server_s_user_cannot_run_is_reported_in_one_line(tmp_path, open_folder):
    """PostgreSQL's own words, or what kept it from being run."""
    folder = open_folder / "theirs"
    (folder / "postgresql").mkdir(parents=True)
    os.chown(folder / "postgresql", NOBODY, NOBODY)
    folder.chmod(0o700)  # its owner cannot enter
    reason = (
        "initdb: error: could not access directory" if OTHERS_CAN_ENTER else "cannot run .*initdb as user"
    )
    with pytest.raises(DatabaseUnusable, match=reason) as refused:
        start_embedded(folder)
    assert len(str(refused.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        ("", ""),
        (
            "initdb: error: invalid locale name\ninitdb: hint: use another\n",
            "initdb: error: invalid locale name",
        ),
        (
            '2026-11-28 10:00:00.000 UTC [1] LOG:  starting\n2026-11-28 10:00:00.000 UTC [1] FATAL:  no "x"\n',
            'no "x"',
        ),
        ("something else\nlast\n\n", "last"),
    ],
)
def test_the_reason_of_a_failure_is_found_in_a_program_s_output(output, reason):
    assert read_reason(output) == reason
