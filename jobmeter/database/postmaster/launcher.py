"""Runs a program of PostgreSQL as another user, or detached from the caller. A script of its own, run by its path.

A process cannot change its user between fork and exec safely while it has threads; a new interpreter can. Knows
nothing of Jobmeter: it is run isolated, as root, before any rights are dropped.
"""

import ctypes
import os
import sys
from collections.abc import Sequence

PR_SET_KEEPCAPS = 8
PR_SET_SECUREBITS = 28
SECBIT_NO_SETUID_FIXUP = 4
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
CAP_DAC_OVERRIDE = 1
CAPABILITY_VERSION_3 = 0x20080522


def main(arguments: Sequence[str]) -> None:
    """Arguments: user id (empty: unchanged), whether it may read all files (0 or 1), whether it is detached, command."""
    user, reads_all, is_detached, *command = arguments
    if is_detached == "1":
        if (pid := os.fork()) != 0:
            os.write(1, str(pid).encode())
            os._exit(0)
        os.setsid()
        os.dup2(2, 1)
    try:
        if user:
            become(int(user), reads_all=reads_all == "1")
        os.execv(command[0], command)  # noqa: S606 -- the caller's own program, without a shell
    except OSError as error:
        why = f"as user {user}" if user else "here"
        os.write(2, f"FATAL:  cannot run {command[0]} {why}: {error.strerror}\n".encode())
        os._exit(1)


def become(user: int, *, reads_all: bool) -> None:
    """Changes to ``user``. With ``reads_all`` root's access to files is kept, so that no folder has to be opened to all."""
    library = ctypes.CDLL(None, use_errno=True)
    keeps = reads_all and sys.platform == "linux"
    if keeps:
        library.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0)
        # Otherwise `access(2)`, by which initdb looks for the server beside itself, ignores the right that is kept: it
        # finds no program in a folder that only root can enter, such as a checkout in root's home.
        library.prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0)
    os.setgroups([])
    os.setgid(user)
    os.setuid(user)
    if keeps:
        # Where a container has dropped this capability, folders that all users can enter are still accessible.
        mask = 1 << CAP_DAC_OVERRIDE
        header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
        sets = (ctypes.c_uint32 * 6)(
            mask, mask, mask, 0, 0, 0
        )  # effective, permitted, inheritable; low, then high
        if library.capset(header, sets) == 0:
            library.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE, 0, 0)


if __name__ == "__main__":
    main(sys.argv[1:])
