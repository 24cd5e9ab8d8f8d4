"""The documents match the code: parts, rooms and their order, and the paths and make targets that they mention."""

import re
from collections import Counter

import pytest

from tests.tidy.house_map import count_lines, print_map, read_counts
from tests.tidy.line import CLIENT, EDGES, ENDS, LINE, ROOMS
from tests.tidy.source import ROOT, Breach, Source, refuse, sources

GUIDES = ("ARCHITECTURE.md", "CONTRIBUTING.md")

_ROW = re.compile(r"^\| `(\w+)` \| ([\w., ]*)\|", re.MULTILINE)
_PATH = re.compile(r"(?<![\w./-])((?:jobmeter|tests|bench|docs)/[\w/.-]*[\w/])(?:::(\w+))?")
_VERB = re.compile(r"(?:`|^)make ([a-z-]+)", re.MULTILINE)


def read_line(text: str) -> list[tuple[str, tuple[str, ...]]]:
    """Returns the rows of a document's table: each part with its rooms, in order."""
    return [(part, tuple(re.findall(r"[\w.]+", rooms))) for part, rooms in _ROW.findall(text)]


def true_line(counts: Counter[tuple[str, str]]) -> list[tuple[str, tuple[str, ...]]]:
    """Returns the existing parts in order, each with its rooms; a part's own files are not a room."""
    built = {part for part, _ in counts}
    parts = [part for part in (*LINE, *EDGES, *CLIENT, *ENDS) if part in built and not part.startswith("__")]
    return [(part, tuple(room for room in ROOMS.get(part, ()) if room)) for part in parts]


def path_breaches(source: Source, verbs: set[str]) -> list[Breach]:
    """Files, tests and make targets that a guide mentions but that do not exist."""
    gone = [
        (match, "does not exist; use its current name")
        for match in _PATH.finditer(source.text)
        if not exists(match[1], match[2])
    ]
    gone += [
        (match, "is not a target of the Makefile")
        for match in _VERB.finditer(source.text)
        if match[1] not in verbs
    ]
    return [
        Breach(source.path, source.text.count("\n", 0, match.start()) + 1, f"`{match[0]}` {message}")
        for match, message in gone
    ]


def exists(path: str, function: str | None) -> bool:
    file = ROOT / path
    return file.exists() and (function is None or f"def {function}(" in file.read_text(encoding="utf-8"))


def hook_breaches(source: Source) -> list[Breach]:
    """Hooks are local and run tools that `make setup` installed."""
    found = []
    for number, line in enumerate(source.text.splitlines(), start=1):
        key, _, value = line.strip().removeprefix("- ").partition(": ")
        if key == "repo" and value != "local":
            found.append(Breach(source.path, number, f"`{value}` is not local; write a local hook"))
        if key == "entry" and not value.startswith(".venv/bin/"):
            found.append(Breach(source.path, number, f"`{value}` is not from .venv"))
    return found


@pytest.fixture(scope="module")
def verbs():
    return set(re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def test_the_architecture_matches_the_line():
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    assert read_line(text) == true_line(read_counts())


def test_guides_mention_existing_paths_and_targets(verbs):
    refuse(
        breach
        for source in sources(".md")
        if source.path in GUIDES
        for breach in path_breaches(source, verbs)
    )


def test_every_target_is_listed_in_a_group():
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = re.search(r"^\.PHONY: (.*)", text, re.MULTILINE)
    assert phony is not None
    targets = re.findall(r"^([a-z][a-z-]*):(?!=)(.*)", text, re.MULTILINE)
    assert [target for target, rest in targets if "## " not in rest] == []
    assert {target for target, _ in targets} == set(phony[1].split())


def test_hooks_are_local():
    (hooks,) = (source for source in sources(".yaml") if source.path == ".pre-commit-config.yaml")
    refuse(hook_breaches(hooks))


def test_the_map_counts_every_line_once():
    counts = read_counts()
    texts = [*sources(".py", "jobmeter"), *sources(".sql", "jobmeter")]
    assert counts.total() == sum(len(source.text.splitlines()) for source in texts)


def test_the_map_prints_parts_in_order_with_their_rooms():
    files = [
        Source("jobmeter/api/routes.py", "a\n" * 5),
        Source("jobmeter/wire/xml/job/keys.py", "a\n" * 3),
        Source("jobmeter/wire/xml/tree.py", "a\nb\n"),
        Source("jobmeter/base/money.py", "a\n" * 1_200),
    ]
    base, wire, _, edges, api, *_ = print_map(count_lines(files)).splitlines()[1:]
    assert base.split()[:3] == ["1", "base", "1,200"]
    assert wire.split(maxsplit=3)[:3] == ["2", "wire", "5"]
    assert "xml 2, xml.job 3" in wire
    assert edges.startswith("edges")
    assert api.split()[:3] == ["3", "api", "5"]


ROWS = "| part | rooms | owns |\n| --- | --- | --- |\n| `base` | | money |\n| `wire` | restli, xml.job | formats |\n"


def test_a_table_is_read_as_parts_and_rooms():
    assert read_line(ROWS) == [("base", ()), ("wire", ("restli", "xml.job"))]


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("See `jobmeter/gone/flow.py`.", 1),
        (".venv/bin/python -m pytest tests/gone", 1),
        ("Run tests/tidy/documents/test_house_map.py::test_that_is_gone.", 1),
        ("Run tests/tidy/documents/test_house_map.py::test_hooks_are_local.", 0),
        ("Run `make coffee`.", 1),
        ("```\nmake coffee\n```", 1),
        ("See `jobmeter/base/faults.py`, `tests/tidy/`; run `make test`, or make coffee.", 0),
    ],
)
def test_missing_names_are_found(verbs, text, count):
    assert len(path_breaches(Source("CONTRIBUTING.md", text), verbs)) == count


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("  - repo: local\n    hooks:\n      - id: a\n        entry: .venv/bin/ruff check\n", 0),
        ("  - repo: https://example.com/hooks\n", 1),
        ("        entry: ruff check\n", 1),
    ],
)
def test_external_hooks_are_found(text, count):
    assert len(hook_breaches(Source(".pre-commit-config.yaml", text))) == count
