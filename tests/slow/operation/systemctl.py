"""Owns what ``systemctl`` does with units on a machine where systemd is not running: a root folder in which a page of the documents is carried out.

It is copied there, and imports nothing but the standard library. A service gets the credentials, environment, folders, user and socket that its
unit names, and ``start`` returns when the unit's type says so. What only isolates a service (``ProtectSystem=``) is left out, and a timer
waits for a night that does not come. Does not own any expectation.
"""

import os
import pwd
import re
import shlex
import shutil
import socket
import subprocess
import sys
from pathlib import Path

UNITS = Path("/etc/systemd/system")
LOGS = Path("/var/log/units")
FIRST_SOCKET = 3
READY_SECONDS_MAX = 180


def main(words: list[str]) -> None:
    verb, names = words[0], [word for word in words[1:] if not word.startswith("-")]
    if verb == "reload":
        reload(*names)
    elif verb in {"start", "enable"}:
        for name in names:
            start(name)
    elif verb != "daemon-reload":
        sys.exit(f"systemctl {verb} is not known here")


def reload(name: str) -> None:
    """Starts the program if it does not run: its package could not start it."""
    pid = Path(f"/run/{name}.pid")  # which is empty after ``nginx -t``
    is_running = pid.exists() and pid.read_text().strip()
    subprocess.run([name, "-s", "reload"] if is_running else [name], check=True)


def start(name: str) -> None:
    unit = read_unit(name)
    if name.endswith(".service"):
        status = start_service(name, unit)
        if status:
            sys.exit(f"{name} failed with {status}:\n{(LOGS / name).read_text()[-3_000:]}")


def read_unit(name: str) -> dict[str, list[str]]:
    """The values of each option, of all sections."""
    found: dict[str, list[str]] = {}
    for line in (UNITS / re.sub("@.*[.]", "@.", name)).read_text().splitlines():
        option, separator, value = line.partition("=")
        if separator and not line.startswith("#"):
            found.setdefault(option, []).append(value)
    return found


def start_service(name: str, unit: dict[str, list[str]]) -> int:
    """Returns when the unit is active, or the code with which its program ended."""
    user, (kind,) = pwd.getpwnam(unit["User"][0]), unit.get("Type", ["simple"])
    reports = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    reports.settimeout(READY_SECONDS_MAX)
    environment = make_environment(name, unit, user)
    if kind == "notify":
        environment["NOTIFY_SOCKET"] = f"/run/{name}.notify"
        reports.bind(environment["NOTIFY_SOCKET"])
        os.chown(environment["NOTIFY_SOCKET"], user.pw_uid, user.pw_gid)
    process = os.fork()
    if process == 0:
        execute(name, unit, user, environment)
    if kind == "notify":
        while b"READY=1" not in reports.recv(4_096):
            pass
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) if kind == "oneshot" else 0


def make_environment(name: str, unit: dict[str, list[str]], user: pwd.struct_passwd) -> dict[str, str]:
    """Also copies the credentials to where only the service's user reads them."""
    credentials = Path("/run/credentials") / name
    shutil.rmtree(credentials, ignore_errors=True)
    credentials.mkdir(parents=True)
    for credential, _, source in (value.partition(":") for value in unit.get("LoadCredential", [])):
        shutil.copyfile(source, credentials / credential)
        (credentials / credential).chmod(0o400)
        os.chown(credentials / credential, user.pw_uid, user.pw_gid)
    instance = name.partition("@")[2].removesuffix(".service")
    lines = list(unit.get("Environment", []))
    for file in unit.get("EnvironmentFile", []):
        lines += Path(file.removeprefix("-")).read_text().splitlines()
    given = dict(line.replace("%d", str(credentials)).replace("%i", instance).split("=", 1) for line in lines)
    return {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin", "HOME": user.pw_dir} | given


def execute(
    name: str, unit: dict[str, list[str]], user: pwd.struct_passwd, environment: dict[str, str]
) -> None:
    """Becomes the program of the unit, without any right of root."""
    os.setsid()
    LOGS.mkdir(exist_ok=True)
    output = os.open(LOGS / name, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    sockets = [listen(one) for one in unit.get("Sockets", [])]
    for descriptor, target in ((output, 1), (output, 2), *zip(sockets, [FIRST_SOCKET], strict=False)):
        os.dup2(descriptor, target)
    if sockets:
        environment |= {"LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid())}
    for folder in unit.get("StateDirectory", []):
        Path("/var/lib", folder).mkdir(exist_ok=True)
        os.chown(Path("/var/lib", folder), user.pw_uid, user.pw_gid)
    os.chdir(unit.get("WorkingDirectory", ["/"])[0])
    os.setgroups([])
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)
    command = shlex.split(unit["ExecStart"][0])
    os.execve(command[0], command, environment)


def listen(name: str) -> int:
    """Opens the socket of a unit, where servers of several units would share it."""
    unit = read_unit(name)
    host, _, port = unit["ListenStream"][0].rpartition(":")
    return socket.create_server((host, int(port)), backlog=int(unit["Backlog"][0])).detach()


if __name__ == "__main__":
    main(sys.argv[1:])
