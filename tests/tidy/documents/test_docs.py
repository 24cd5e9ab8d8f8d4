"""The documents are consistent: each decision names the test that enforces it, and each relative link has a target."""

import re
from pathlib import Path
from urllib.parse import unquote

import pytest

from tests.tidy.source import ROOT, Breach, Source, refuse, sources

DECISIONS = "docs/decisions/"
FOR_READERS = ("docs/how-to/", "docs/explanation/", "docs/reference/")

_LINK = re.compile(r"\]\(<?([^)\s>]+)|^\[[^\]]+\]:\s+(\S+)", re.MULTILINE)
_ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_CODE = re.compile(r"^(```|~~~).*?^\1|`[^`\n]*`", re.DOTALL | re.MULTILINE)
_ENFORCED = re.compile(r"^[*_\s>-]*Enforced by\b[:*_\s]*(.*?)(?:\n\s*\n|\Z)", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"(?:[\w.-]+/)*(?:[\w-]+\.\w+|Makefile)(?:::\w+)?")
_LISTED = re.compile(r"\d+\. \[")
_HEADING = re.compile(r"^#+\s+(.*?)\s*#*$", re.MULTILINE)
_ANCHOR = re.compile(r"<a\s+(?:id|name)=\"([^\"]+)\"")


def without_code(text: str) -> str:
    return _CODE.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)


def anchors(text: str) -> set[str]:
    """Returns the targets of links: headings, with the names that renderers give them, and explicit anchors."""
    headings = [
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in _HEADING.findall(text)
    ]
    repeated = {f"{heading}-{at}" for heading in headings for at in range(1, headings.count(heading))}
    return {*headings, *repeated, *_ANCHOR.findall(text)}


def link_breaches(source: Source, root: Path) -> list[Breach]:
    found = []
    for match in _LINK.finditer(without_code(source.text)):
        target = match[1] or match[2]
        if _ELSEWHERE.match(target):
            continue
        message = _link_fault(source, target, root)
        if message:
            line = source.text.count("\n", 0, match.start()) + 1
            found.append(Breach(source.path, line, f"link to `{target}`: {message}"))
    return found


def _link_fault(source: Source, target: str, root: Path) -> str:
    name, _, anchor = unquote(target).partition("#")
    folder = root if name.startswith("/") else (root / source.path).parent
    file = (folder / name.lstrip("/")).resolve() if name else root / source.path
    if not file.is_relative_to(root.resolve()) and name:
        return "leads out of the repository; include the facts, or link to a public URL"
    if name and not file.exists():
        return "no such file; correct the link, or write the file"
    if anchor and file.suffix == ".md":
        text = file.read_text(encoding="utf-8") if name else source.text
        if anchor.lower() not in anchors(text):
            return "no such heading; copy the words of the heading"
    return ""


def decision_breaches(source: Source, root: Path) -> list[Breach]:
    if not source.path.startswith(DECISIONS) or source.stem in {"README", "index", "template"}:
        return []
    enforced = _ENFORCED.search(source.text)
    files = _FILE.findall(enforced[1]) if enforced else []
    if enforced is None or not files:
        message = (
            "names no test; add a line `Enforced by: tests/...` with the test that fails if it is violated"
        )
        return [Breach(source.path, 1, message)]
    line = source.text.count("\n", 0, enforced.start(1)) + 1
    return [
        Breach(source.path, line, f"enforced by `{file}`, which does not exist; name an existing test")
        for file in files
        if not _check_exists(file, (root, (root / source.path).parent))
    ]


def _check_exists(file: str, folders: tuple[Path, ...]) -> bool:
    name, _, function = file.partition("::")
    for path in (folder / name for folder in folders):
        if path.is_file():
            return (
                not function
                or re.search(rf"\bdef {function}\b", path.read_text(encoding="utf-8")) is not None
            )
    return False


def index_breaches(index: Source, decisions: list[Source]) -> list[Breach]:
    """Decisions are numbered without gaps, and the index lists each with its number, title and file."""
    found = []
    wanted = []
    for number, decision in enumerate(sorted(decisions, key=lambda decision: decision.path), start=1):
        heading = decision.text.partition("\n")[0]
        name = decision.path.removeprefix(DECISIONS)
        if not name.startswith(f"{number:04}-") or not heading.startswith(f"# {number}. "):
            message = f"is decision number {number}; its file name and heading must begin with that number"
            found.append(Breach(decision.path, 1, message))
        wanted.append(f"{number}. [{heading.removeprefix(f'# {number}. ')}]({name})")
    listed = [line for line in index.text.splitlines() if _LISTED.match(line)]
    found += [Breach(index.path, 1, f"the index lacks `{row}`") for row in wanted if row not in listed]
    found += [Breach(index.path, 1, f"`{row}` is not a decision") for row in listed if row not in wanted]
    return found


def unlisted_breaches(readme: Source, pages: list[Source]) -> list[Breach]:
    """A page that the README does not name is found by nobody who begins there."""
    named = {match[1] or match[2] for match in _LINK.finditer(without_code(readme.text))}
    return [
        Breach(page.path, 1, "is not in the README's table of documents; add it there")
        for page in pages
        if page.path.startswith(FOR_READERS) and page.path not in named
    ]


def test_the_readme_names_every_document():
    every = {source.path: source for source in sources(".md")}
    refuse(unlisted_breaches(every["README.md"], list(every.values())))


def test_links_have_a_target():
    refuse(breach for source in sources(".md") for breach in link_breaches(source, ROOT))


def test_decisions_name_their_test():
    refuse(breach for source in sources(".md") for breach in decision_breaches(source, ROOT))


def test_decisions_are_numbered_and_indexed():
    every = {source.path: source for source in sources(".md") if source.path.startswith(DECISIONS)}
    index = every.pop(f"{DECISIONS}README.md")
    refuse(index_breaches(index, list(every.values())))


def test_a_page_that_the_readme_does_not_name_is_refused():
    readme = Source("README.md", "[a](docs/how-to/bill.md)\n`[b](docs/how-to/hide.md)`\n")
    pages = [Source(f"docs/{name}.md", "") for name in ("how-to/bill", "how-to/hide", "tutorial")]
    assert [breach.path for breach in unlisted_breaches(readme, pages)] == ["docs/how-to/hide.md"]


@pytest.fixture
def root(tmp_path):
    (tmp_path / "docs/decisions").mkdir(parents=True)
    (tmp_path / "tests").mkdir()
    (tmp_path / "docs/money.md").write_text(
        "# Laws of the money\n\n## Time, and days\n\n## Rows\n\n## Rows\n"
    )
    (tmp_path / "tests/test_laws.py").write_text("def test_balance(): ...\n")
    return tmp_path


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("See\n[money](moneys.md).", [2]),
        ("![chart](chart.svg)", [1]),
        ("[![chart](chart.svg)](money.md)", [1]),
        ("[a](money.md#laws-of-nature)", [1]),
        ("# Here\n\n[a](#there)", [3]),
        ("[a](../../outside.md)", [1]),
        ("[a]: gone.md", [1]),
        ("[a](money.md#laws-of-the-money) [b](money.md#time-and-days) [c](money.md#rows-1)", []),
        ("# Here\n\n[a](#here) [b](/docs/money.md) [c](../tests/) [d](<money.md>)", []),
        ("[a](https://example.com/x.md) [b](mailto:a@example.com)", []),
        ("`[a](gone.md)`\n```\n[a](gone.md)\n```\n", []),
    ],
)
def test_broken_links_are_found(root, text, lines):
    assert [breach.line for breach in link_breaches(Source("docs/page.md", text), root)] == lines


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("# 1. Integers\n\nDecided.", [1]),
        ("# 1. Integers\n\nEnforced by: review", [1]),
        ("# 1. Integers\n\nEnforced by: tests/test_gone.py", [3]),
        ("# 1. Integers\n\nEnforced by: tests/test_laws.py::test_gone", [3]),
        ("# 1. Integers\n\nEnforced by: tests/test_laws.py, tests/test_gone.py", [3]),
        ("# 1. Integers\n\nEnforced by: tests/test_laws.py", []),
        ("# 1. Integers\n\n**Enforced by:** `tests/test_laws.py::test_balance`\n\nMore.", []),
        ("# 1. Integers\n\nEnforced by: [the laws](../../tests/test_laws.py)", []),
    ],
)
def test_decisions_without_a_test_are_found(root, text, lines):
    found = decision_breaches(Source("docs/decisions/0001-integers.md", text), root)
    assert [breach.line for breach in found] == lines
    assert decision_breaches(Source("docs/decisions/README.md", text), root) == []


FIRST = Source("docs/decisions/0001-integers.md", "# 1. Integers\n")
SECOND = Source("docs/decisions/0002-one-clock.md", "# 2. One clock\n")


@pytest.mark.parametrize(
    ("decisions", "index", "count"),
    [
        ([FIRST, SECOND], "1. [Integers](0001-integers.md)\n2. [One clock](0002-one-clock.md)\n", 0),
        ([SECOND, FIRST], "Text.\n1. [Integers](0001-integers.md)\n2. [One clock](0002-one-clock.md)\n", 0),
        ([FIRST, SECOND], "1. [Integers](0001-integers.md)\n", 1),
        ([FIRST], "1. [Integers](0001-integers.md)\n2. [One clock](0002-one-clock.md)\n", 1),
        ([FIRST], "1. [Whole numbers](0001-integers.md)\n", 2),
        ([Source("docs/decisions/0003-late.md", "# 1. Late\n")], "1. [Late](0003-late.md)\n", 1),
        ([Source("docs/decisions/0001-late.md", "# 3. Late\n")], "1. [# 3. Late](0001-late.md)\n", 1),
    ],
)
def test_a_wrong_index_is_found(decisions, index, count):
    assert len(index_breaches(Source("docs/decisions/README.md", index), decisions)) == count
