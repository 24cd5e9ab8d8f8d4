"""A folder has at most fourteen entries, files and folders together, so that it can be grasped at a glance."""

from collections import defaultdict
from collections.abc import Iterable
from pathlib import PurePosixPath

import pytest

from tests.tidy.source import Breach, refuse, repository_paths

ENTRIES_MAX = 14
ROOTS = ("jobmeter", "tests")

# The package's root is the line itself, and migrations are only ever added.
FREE = ("jobmeter", "jobmeter/database/migrations")


def folder_breaches(paths: Iterable[str]) -> list[Breach]:
    """`__init__.py` does not count as an entry."""
    entries = defaultdict(set)
    for path in paths:
        steps = PurePosixPath(path)
        if steps.parts[0] not in ROOTS or steps.name == "__init__.py":
            continue
        for inner, folder in zip((steps, *steps.parents), steps.parents, strict=False):
            entries[str(folder)].add(inner.name)
    message = f"entries, at most {ENTRIES_MAX}; move those that belong to one noun to a folder"
    return [
        Breach(folder, 1, f"{len(names)} {message}")
        for folder, names in entries.items()
        if len(names) > ENTRIES_MAX and folder not in {".", *FREE}
    ]


def test_folders_are_small():
    refuse(folder_breaches(repository_paths()))


def files(folder: str, count: int) -> list[str]:
    return [f"{folder}/file_{at}.py" for at in range(count)]


@pytest.mark.parametrize(
    ("paths", "count"),
    [
        (files("jobmeter/jobs", 15), 1),
        (files("tests/unit", 15), 1),
        ([f"jobmeter/jobs/{room}/flow.py" for room in "abcdefghijklmno"], 1),
        ([*files("jobmeter/jobs", 14), "jobmeter/jobs/room/flow.py"], 1),
        ([*files("jobmeter/jobs", 14), "jobmeter/jobs/__init__.py"], 0),
        ([*files("jobmeter/jobs", 7), *files("jobmeter/jobs/room", 14)], 0),
        (files("jobmeter", 30), 0),
        (files("jobmeter/database/migrations", 30), 0),
        (files("bench", 30), 0),
    ],
)
def test_full_folders_are_found(paths, count):
    assert len(folder_breaches(paths)) == count
