"""Owns ports of this machine that are kept for one installation while several run side by side. Does not own what listens there."""

import socket
from dataclasses import dataclass


@dataclass(frozen=True)
class KeptPort:
    """A port that is bound, so that nobody else gets it, and at which nobody listens yet: one who shares it may."""

    number: int
    holder: socket.socket

    def close(self) -> None:
        self.holder.close()


def keep_port() -> KeptPort:
    holder = socket.socket()
    holder.bind(("127.0.0.1", 0))
    # After it is bound: before, the kernel would give this port to others that share.
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return KeptPort(int(holder.getsockname()[1]), holder)
