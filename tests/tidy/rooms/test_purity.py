"""Pure modules: a module that claims to be pure, by the sentence "Pure." in its docstring or by its name, has no effects.

The same arguments give the same result, without database, network, clock, randomness or tasks. Reading a file of the
package as a constant is not an effect.
"""

import ast
import functools
import re

import pytest

from tests.tidy.code.test_clock import WALL_CLOCKS
from tests.tidy.line import LINE
from tests.tidy.rooms.test_arrows import module_of
from tests.tidy.source import Breach, Source, calls, functions, imports, nodes, refuse, sources, tree, uses

CLAIM = re.compile(r"(?:^|\s)Pure\.(?=\s|$)")
PURE_NAMES = ("model", "rules")
VERBS_AND_STATEMENTS = ("flow", "store")  # have effects, now or later
LIBRARIES = ("base", "database")  # not slices: the name of a file there claims nothing

EFFECT_LIBRARIES = (
    "asyncio",
    "concurrent",
    "granian",
    "http",
    "httpx",
    "httpx2",
    "importlib",
    "jinja2",
    "logging",
    "multiprocessing",
    "numpy.random",
    "os",
    "pathlib",
    "psycopg",
    "psycopg_pool",
    "random",
    "secrets",
    "shutil",
    "signal",
    "smtplib",
    "socket",
    "ssl",
    "starlette",
    "subprocess",
    "sys",
    "tempfile",
    "threading",
    "time",
    "urllib.request",
)
# Constants and packing of addresses, the type of a generator that is passed in, a constant in a file.
WITHOUT_EFFECTS = (
    "importlib.resources.files",
    "random.Random",
    "socket.AF_INET",
    "socket.AF_INET6",
    "socket.AddressFamily",
    "socket.inet_pton",
)
EFFECTS = {*WALL_CLOCKS, "uuid.uuid4", "jobmeter.base.clock.read_machine_clock"}
EFFECTS_WHEN_CALLED = {"random.Random", "open", "print", "input"}

# The other functions of the clock's module only convert; packed columns are values, though they import the driver's types.
OWN_WITHOUT_EFFECTS = {"jobmeter.base.clock", "jobmeter.database.arrays", "jobmeter.database.columns"}


def claims_purity(source: Source) -> bool:
    of_slice = source.part in LINE and source.part not in LIBRARIES
    says_so = CLAIM.search(ast.get_docstring(tree(source)) or "") is not None
    return says_so or (of_slice and source.stem in PURE_NAMES)


@functools.cache
def own_modules() -> dict[str, Source]:
    return {module_of(source): source for source in sources(".py", "jobmeter")}


@functools.cache
def pure_packages() -> tuple[str, ...]:
    """Returns the prefixes of modules whose enclosing package claims to be pure."""
    return tuple(
        f"{name}." for name, one in own_modules().items() if one.stem == "__init__" and claims_purity(one)
    )


def is_claimed(source: Source) -> bool:
    return claims_purity(source) or module_of(source).startswith(pure_packages())


def effects(source: Source) -> list[tuple[int, str]]:
    """Returns the lines with effects, and their names, as far as names show them."""
    found = [(line, name) for line, name in imports(source) if _is_effect(name)]
    found += [(line, name) for line, name in uses(source) if name in EFFECTS or _is_effect(name)]
    found += [(call.lineno, name) for call, name in calls(source) if name in EFFECTS_WHEN_CALLED]
    waiting = (ast.Await, ast.AsyncFor, ast.AsyncWith)
    found += [(node.lineno, "await") for node in nodes(source) if isinstance(node, waiting)]
    found += [
        (one.lineno, f"async def {one.name}")
        for one in functions(source)
        if isinstance(one, ast.AsyncFunctionDef)
    ]
    return found


def _is_effect(name: str) -> bool:
    """A library of which parts are allowed may be imported as a whole; then each use of it is checked."""
    if not any(f"{name}.".startswith(f"{library}.") for library in EFFECT_LIBRARIES):
        return False
    return not any(
        f"{name}.".startswith(f"{free}.") or free.startswith(f"{name}.") for free in WITHOUT_EFFECTS
    )


def impure_imports(source: Source) -> list[tuple[int, str]]:
    """Returns imports of our own modules that do not claim to be pure."""
    own = own_modules()
    found = []
    for line, name in imports(source):
        module = name if name in own else name.rpartition(".")[0]
        is_free = module in OWN_WITHOUT_EFFECTS or (module in own and is_claimed(own[module]))
        if name.startswith("jobmeter.") and not is_free:
            found.append((line, name))
    return found


def purity_breaches(source: Source) -> list[Breach]:
    if not is_claimed(source):
        return []
    message = f"is an effect, and {source.stem} is pure: pass the value as an argument"
    own = f"does not claim to be pure, and {source.stem} does: pass the value as an argument, or declare it pure"
    found = [Breach(source.path, line, f"`{name}` {message}") for line, name in effects(source)]
    return found + [Breach(source.path, line, f"`{name}` {own}") for line, name in impure_imports(source)]


def unclaimed_breaches(source: Source) -> list[Breach]:
    """A pure module must say so, so that it stays pure. A class that changes its attributes is not pure."""
    if (
        is_claimed(source)
        or source.part not in LINE
        or source.part == "database"
        or source.stem in {*VERBS_AND_STATEMENTS, "__init__"}
    ):
        return []
    if effects(source) or impure_imports(source) or _changes_itself(source):
        return []
    return [Breach(source.path, 1, 'is pure and does not say so; write "Pure." into its docstring')]


def _changes_itself(source: Source) -> bool:
    methods = [one for one in functions(source) if one.name != "__init__"]
    targets = [node for one in methods for node in ast.walk(one) if isinstance(node, ast.Attribute)]
    return any(isinstance(node.ctx, ast.Store) for node in targets)


def test_modules_that_claim_to_be_pure_are_pure():
    refuse(breach for source in sources(".py", "jobmeter") for breach in purity_breaches(source))


def test_pure_modules_claim_to_be_pure():
    refuse(breach for source in sources(".py", "jobmeter") for breach in unclaimed_breaches(source))


def pure(text: str, path: str = "jobs/prices.py") -> Source:
    return Source(f"jobmeter/{path}", f'"""Owns prices. Pure."""\n{text}\n')


@pytest.mark.parametrize(
    "text",
    [
        "from psycopg import AsyncConnection",
        "from psycopg.types.json import Jsonb",
        "import os",
        "import logging",
        "from pathlib import Path",
        "import importlib\nimportlib.import_module(name)",
        "import socket\nsocket.getaddrinfo(name, 80)",
        "import random\nrandom.choice(prices)",
        "from random import Random\nrng = Random()",
        "import numpy as np\nnp.random.default_rng()",
        "from uuid import uuid4\nuuid4()",
        "from datetime import datetime\ndatetime.now(UTC)",
        "import time",
        "from jobmeter.base.clock import read_machine_clock\nread_machine_clock()",
        "open('prices.csv')",
        "print(price)",
        "async def price(): ...",
        "from jobmeter.database.pool import Database",
        "from jobmeter.jobs import store",
        "from jobmeter.jobs.runs.flow import end_run",
        "from jobmeter.base.credentials import make_secret",
        "from jobmeter.charging.budgets.flow import open_budget",
    ],
)
def test_effects_of_a_pure_module_are_found(text):
    assert len({breach.line for breach in purity_breaches(pure(text))}) == 1
    assert purity_breaches(Source("jobmeter/jobs/prices.py", f'"""Owns prices."""\n{text}\n')) == []


@pytest.mark.parametrize(
    "text",
    [
        "from jobmeter.jobs.model import Job",
        "from jobmeter.base.clock import to_ms",
        "from jobmeter.base.money import Money",
        "from jobmeter.wire.events import Event",
        "from jobmeter.database.arrays import Column",
        "import numpy as np\nnp.sort(prices)",
        "from random import Random\ndef pick(rng: Random): return rng.choice([1, 2])",
        "import socket\nsocket.inet_pton(socket.AF_INET, text)",
        "from importlib.resources import files\nTEXT = files('jobmeter.geo').joinpath('a').read_text()",
        "from uuid import UUID\nUUID(int=1)",
        "book.open()",
    ],
)
def test_values_in_a_pure_module_are_allowed(text):
    assert purity_breaches(pure(text)) == []


@pytest.mark.parametrize(
    ("path", "claim", "count"),
    [
        ("jobs/rules.py", "Owns prices.", 1),
        ("jobs/feeds/model.py", "Owns prices.", 1),
        ("wire/prices.py", "Owns prices.", 1),
        ("wire/events.py", "Owns prices.", 1),
        ("jobs/prices.py", "Owns prices.\n\nPure. Knows values alone.", 1),
        ("jobs/prices.py", "Owns prices of Pure.com. Pure", 0),
        ("database/models.py", "Owns prices.", 0),
        ("jobs/flow.py", "Owns prices.", 0),
    ],
)
def test_a_module_claims_purity_by_a_sentence_a_name_or_a_package(path, claim, count):
    assert len(purity_breaches(Source(f"jobmeter/{path}", f'"""{claim}"""\nimport psycopg'))) == count


@pytest.mark.parametrize(
    ("path", "text", "count"),
    [
        ("jobs/prices.py", '"""Owns prices."""\nfrom jobmeter.base.money import Money', 1),
        ("jobs/prices.py", '"""Owns prices. Pure."""', 0),
        ("jobs/prices.py", '"""Owns prices."""\nimport psycopg', 0),
        (
            "jobs/prices.py",
            '"""Owns prices."""\nclass Book:\n  def add(self, price):\n    self.last = price',
            0,
        ),
        ("jobs/flow.py", '"""Owns prices."""', 0),
        ("api/prices.py", '"""Owns prices."""', 0),
    ],
)
def test_a_pure_module_that_does_not_say_so_is_found(path, text, count):
    assert len(unclaimed_breaches(Source(f"jobmeter/{path}", text))) == count
