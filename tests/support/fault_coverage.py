"""Owns the check that the whole suite provokes every report error (6000 to 6026): it collects the faults raised in all
test processes and fails the run if one was never raised.

Does not own the tests that provoke them. Faults forced by the sandbox's header and faults of separate server processes
do not count. A run of selected tests is not checked.
"""

import sys
from typing import Any

import pytest

from jobmeter.api.restli import forced_failures
from jobmeter.base.faults import Fault, Refused

OUTPUT = "raised_faults"
WHOLE = ("not slow and not long", "not slow")  # of `make test`, and of `make coverage`
DEMANDED = [fault for fault in Fault if fault.row.code // 1_000 == 6]


class FaultCoverage:
    """A pytest plug-in, one instance in each process of the run."""

    def __init__(self, config: pytest.Config) -> None:
        self.names: set[str] = set()
        self._is_worker = hasattr(config, "workerinput")
        self._is_whole = not config.option.keyword and config.args == config.getini("testpaths")
        self._is_whole &= config.option.markexpr in WHOLE and not config.option.collectonly
        self._watch()

    def _watch(self) -> None:
        raised, make = self.names, Refused.__init__

        def note(refused: Refused, fault: Fault, **parameters: object) -> None:
            if sys._getframe(1).f_globals.get("__name__") != forced_failures.__name__:
                raised.add(fault.name)
            make(refused, fault, **parameters)

        Refused.__init__ = note  # type: ignore[method-assign]

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self._is_worker:
            session.config.workeroutput[OUTPUT] = sorted(self.names)  # type: ignore[attr-defined]
        elif self._is_whole and self.list_missing():
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        self.names |= set(getattr(node, "workeroutput", {}).get(OUTPUT, ()))

    def list_missing(self) -> list[str]:
        return [fault.name for fault in DEMANDED if fault.name not in self.names]

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if self._is_whole and (missing := self.list_missing()):
            terminalreporter.write_line(f"FAILED: no test provokes {', '.join(missing)}", red=True)
