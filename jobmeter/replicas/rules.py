"""Decides as of when a replica answers. Pure."""

from collections.abc import Sequence

from jobmeter.replicas.model import Mark, Replayed


def find_last_mark(marks: Sequence[Mark], replayed: Replayed) -> int | None:
    """Returns the index of the last of the ``marks``, which are in order, that the replica contains; ``None`` if it contains none."""
    if replayed.position is None:
        return None
    contained = [
        index
        for index, mark in enumerate(marks)
        if mark.written.system_id == replayed.system_id and mark.written.position <= replayed.position
    ]
    return contained[-1] if contained else None
