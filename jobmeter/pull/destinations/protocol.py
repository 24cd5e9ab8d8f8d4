"""Owns what every destination does, and the errors of all of them.

A destination stores the rows of a step and the state after it so that both are kept, or neither, or the same step can be
stored again without effect.
"""

from collections.abc import Mapping
from typing import Protocol

from jobmeter.base.faults import CommandFailed
from jobmeter.pull.reading.reader import Step


class DestinationBusyError(CommandFailed):
    """Another pull writes to the destination at this moment."""


class Destination(Protocol):
    """One thread at a time calls it."""

    def read_states(self) -> Mapping[str, str]:
        """Returns the stored state of each application, as it was written."""
        ...

    def store(self, application: str, step: Step) -> None: ...

    def drop(self, application: str) -> None:
        """Removes the rows and the state of an application."""
        ...

    def close(self) -> None: ...
