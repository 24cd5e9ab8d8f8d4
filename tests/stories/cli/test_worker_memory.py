"""Worker processes keep the memory that a batch has freed, unless the operator has chosen otherwise."""

import multiprocessing
import os
import platform
import resource
import subprocess
import sys

import pytest

from jobmeter.api.worker_memory import THRESHOLDS, keep_freed_memory

pytestmark = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries are left alone")

BATCHES = 10
FEW_PAGES = 5_000


def count_faults(environment):
    """Page faults of several batches' memory, after one that made the heap as large."""
    if environment is not None:
        keep_freed_memory(environment)
    use_memory()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(BATCHES):
        use_memory()
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


def use_memory():
    return len([bytearray(8_000_000) for _ in range(4)])


def report(sender, environment):
    sender.send(count_faults(environment))


def count_in_a_worker(method, environment):
    """The same in a process that is started as a server starts its workers."""
    context = multiprocessing.get_context(method)
    receiver, sender = context.Pipe(duplex=False)
    worker = context.Process(target=report, args=(sender, environment))
    worker.start()
    faults = receiver.recv()
    worker.join()
    return faults


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_worker_keeps_what_it_freed(method, monkeypatch):
    for name in (*THRESHOLDS, "GLIBC_TUNABLES"):
        monkeypatch.delenv(name, raising=False)
    if method == "spawn":  # a fork of these tests may have as much free memory as a batch needs
        assert count_in_a_worker(method, None) > 10 * FEW_PAGES
    assert count_in_a_worker(method, {}) < FEW_PAGES


@pytest.mark.parametrize(
    "chosen",
    [dict.fromkeys(THRESHOLDS, "131072"), {"GLIBC_TUNABLES": "glibc.malloc.trim_threshold=131072"}],
    ids=str,
)
def test_what_the_operator_has_chosen_holds(chosen):
    assert count_in_a_worker("spawn", chosen) > 10 * FEW_PAGES


def test_other_processes_are_left_as_they_are():
    """Only a worker is changed, not a process that uses the application otherwise."""
    program = f"from {__name__} import count_faults; print(count_faults({{}}))"
    environment = {name: text for name, text in os.environ.items() if name not in THRESHOLDS}
    printed = subprocess.run(
        [sys.executable, "-c", program],
        env=environment | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        check=True,
    )
    assert int(printed.stdout) > 10 * FEW_PAGES
