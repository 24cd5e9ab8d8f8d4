"""The lock files pin what the project declares, runtime and development dependencies separately, all with hashes."""

import re
import tomllib
from typing import Any

import pytest

from tests.tidy.source import ROOT, Breach, refuse

RUN, DEVELOPMENT = "constraints.txt", "constraints-dev.txt"
RUN_EXTRAS = ("server", "xml", "billing")  # the README's commands install them too
UNPINNED_EXTRAS = ("dlt", "singer")  # each needs an environment of its own (decision 4)

_PIN = re.compile(
    r"^([A-Za-z0-9._-]+)==\S+(?:.*?\\\n(?: +--hash=sha256:[0-9a-f]{64}(?: \\)?\n?)+)?", re.MULTILINE
)


def normalize(requirement: str) -> str:
    """Returns the package's name as in the lock file, without versions, extras and markers."""
    name = re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0]
    return re.sub(r"[-_.]+", "-", name).lower()


def declared(project: dict[str, Any]) -> tuple[set[str], set[str]]:
    """Returns the runtime dependencies, including those for installing the checkout, and the development dependencies."""
    groups, optional = project["dependency-groups"], project["project"]["optional-dependencies"]
    runs = [*project["project"]["dependencies"], *groups["build"]]
    runs += [one for name in RUN_EXTRAS for one in optional.get(name, ())]
    extras = [one for name, extra in optional.items() if name not in UNPINNED_EXTRAS for one in extra]
    adds = [one for one in (*groups["dev"], *extras) if isinstance(one, str)]
    own = project["project"]["name"]
    names = {normalize(one) for one in runs} - {own}
    return names, {normalize(one) for one in adds} - names - {own}


def lock_breaches(project: dict[str, Any], run: str, development: str) -> list[Breach]:
    found = []
    pinned = {}
    for path, text in ((RUN, run), (DEVELOPMENT, development)):
        pins = list(_PIN.finditer(text))
        pinned[path] = {normalize(pin[1]) for pin in pins}
        bare = [pin for pin in pins if "--hash=" not in pin[0]]
        found += [
            Breach(path, text.count("\n", 0, pin.start()) + 1, f"`{pin[1]}` has no hash; run make lock")
            for pin in bare
        ]
    runs, adds = declared(project)
    for path, missing in ((RUN, runs - pinned[RUN]), (DEVELOPMENT, adds - pinned[RUN] - pinned[DEVELOPMENT])):
        found += [
            Breach(path, 1, f"`{name}` is declared but not pinned here; run make lock")
            for name in sorted(missing)
        ]
    twice = sorted(pinned[RUN] & pinned[DEVELOPMENT])
    found += [Breach(DEVELOPMENT, 1, f"`{name}` is already pinned in {RUN}; run make lock") for name in twice]
    return found


def test_the_locks_pin_what_is_declared():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    texts = [(ROOT / name).read_text(encoding="utf-8") for name in (RUN, DEVELOPMENT)]
    refuse(lock_breaches(project, *texts))


HASH = f" \\\n    --hash=sha256:{'0' * 64} \\\n    --hash=sha256:{'1' * 64}\n"
PROJECT = {
    "project": {
        "name": "sample",
        "dependencies": ["Lxml_Thing[extra]>=6; sys_platform != 'win32'"],
        "optional-dependencies": {
            "billing": ["sample[server]", "typst==0.15.2"],
            "parquet": ["sample[server]", "pyarrow>=21"],
            "server": ["granian>=2"],
            "all": ["sample[billing,parquet]"],
        },
    },
    "dependency-groups": {"build": ["hatchling"], "dev": [{"include-group": "build"}, "pytest>=9"]},
}
RUN_PINS = f"granian==2.8{HASH}hatchling==1.0{HASH}lxml-thing==6.1 ; sys_platform != 'win32'{HASH}typst==0.15.2{HASH}"
DEVELOPMENT_PINS = f"pyarrow==22.0{HASH}pytest==9.0{HASH}"


def test_a_complete_lock_is_accepted():
    assert lock_breaches(PROJECT, RUN_PINS, DEVELOPMENT_PINS) == []


@pytest.mark.parametrize(
    ("run", "development", "message"),
    [
        (
            f"granian==2.8{HASH}hatchling==1.0{HASH}typst==0.15.2{HASH}",
            DEVELOPMENT_PINS,
            "`lxml-thing` is declared but not pinned",
        ),
        (
            RUN_PINS.removeprefix(f"granian==2.8{HASH}"),
            DEVELOPMENT_PINS,
            "`granian` is declared but not pinned",
        ),
        (RUN_PINS.partition("typst")[0], DEVELOPMENT_PINS, "`typst` is declared but not pinned"),
        (RUN_PINS, f"pytest==9.0{HASH}", "`pyarrow` is declared but not pinned"),
        (
            RUN_PINS,
            f"{DEVELOPMENT_PINS}hatchling==1.0{HASH}",
            "`hatchling` is already pinned in constraints.txt",
        ),
        (RUN_PINS, f"pyarrow==22.0\npytest==9.0{HASH}", "`pyarrow` has no hash"),
    ],
)
def test_a_wrong_lock_is_found(run, development, message):
    (breach,) = lock_breaches(PROJECT, run, development)
    assert message in breach.message
