"""Unused modules, definitions and methods are removed. A use by tests does not count: it would keep dead code forever."""

import ast
import functools
import re
from collections.abc import Collection, Iterable, Iterator

import pytest

from tests.tidy.rooms.test_arrows import module_of
from tests.tidy.source import Breach, Source, imports, nodes, refuse, sources, tree, uses

PACKAGE = "jobmeter"
USERS = ("jobmeter", "bench")
STARTED = {"jobmeter.__main__"}  # run by the interpreter

GRAMMAR = "the client's half of the grammar, tested with the official vectors"
KEPT = {
    "jobmeter.wire.restli.elements.decode_reduced": GRAMMAR,
    "jobmeter.wire.restli.keys.encode_body_key": GRAMMAR,
    "jobmeter.wire.restli.values.parse_urn": GRAMMAR,
    "jobmeter.wire.restli.values.read_record": GRAMMAR,
    "jobmeter.wire.restli.values.read_text": GRAMMAR,
    "jobmeter.pull.dlt_source": "the source that pipelines of others import",
    "jobmeter.pull.singer_tap": "the tap, which `jobmeter-tap` loads by name",
    "jobmeter.pull.tap": "a console script",
    "jobmeter.client.xml_jobs": "XML jobs of the client, which its users import beside it, because they need an extra",
}
PUBLIC_PARTS = ("client",)  # their public methods are called by the programs of others

# A server or an interpreter is given a function as `module:name`.
_REFERENCE = re.compile(r"[\w.]+:\w+")
_WORD = re.compile(r"\w+")
_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def definitions(source: Source) -> Iterator[tuple[str, ast.stmt]]:
    """Yields the names that a module defines. Decorated functions are used by their decorators."""
    for node in tree(source).body:
        if isinstance(node, _Definition):
            if isinstance(node, ast.ClassDef) or not node.decorator_list:
                yield node.name, node
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in (inner for one in targets for inner in ast.walk(one)):
                if isinstance(target, ast.Name) and not target.id.startswith("__"):
                    yield target.id, node


@functools.cache
def used_names(source: Source) -> frozenset[str]:
    """Returns the full names that a file uses: by import, from outside the definition in the same file, or in strings."""
    own = module_of(source)
    found = {name for _, name in uses(source)}
    found |= {name for _, name in imports(source)}
    for node in tree(source).body:
        inside = node.name if isinstance(node, _Definition) else None
        for inner in ast.walk(node):
            if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Load) and inner.id != inside:
                found.add(f"{own}.{inner.id}")
    texts = (
        node.value for node in nodes(source) if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
    return frozenset(found | {text.replace(":", ".") for text in texts if _REFERENCE.fullmatch(text)})


@functools.cache
def touched_names(source: Source) -> frozenset[str]:
    """Returns attributes and strings that are identifiers, because a method may be looked up by name."""
    found = {node.attr for node in nodes(source) if isinstance(node, ast.Attribute)}
    texts = (
        node.value for node in nodes(source) if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
    return frozenset(found | {text for text in texts if text.isidentifier()})


def dead_modules(tree_: Collection[Source]) -> list[Breach]:
    used = {*STARTED, *KEPT}
    for source in tree_:
        others = {name for name in used_names(source) if name.rpartition(".")[0] != module_of(source)}
        used |= others | {name.rpartition(".")[0] for name in others}
    return [
        Breach(source.path, 1, "is never imported; remove it, or use it")
        for source in tree_
        if _is_ours(source) and source.stem != "__init__" and module_of(source) not in used
    ]


def dead_definitions(tree_: Collection[Source]) -> list[Breach]:
    used = {name for source in tree_ for name in used_names(source)} | KEPT.keys()
    message = "is used only by tests; remove it, or move it to the tests"
    return [
        Breach(source.path, node.lineno, f"`{name}` {message}")
        for source in tree_
        if _is_ours(source) and module_of(source) not in KEPT
        for name, node in definitions(source)
        if f"{module_of(source)}.{name}" not in used
    ]


def dead_methods(tree_: Collection[Source], templates: Iterable[Source] = ()) -> list[Breach]:
    used = {name for source in tree_ for name in touched_names(source)}
    used |= {word for source in templates for word in _WORD.findall(source.text)}
    return [
        Breach(source.path, method.lineno, f"`{owner}.{method.name}` is used only by tests; remove it")
        for source in tree_
        if _is_ours(source)
        for owner, method in methods(source)
        if method.name not in used and not method.name.startswith("__")
        if source.part not in PUBLIC_PARTS or method.name.startswith("_") or owner.startswith("_")
    ]


def methods(source: Source) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Yields methods, except those of classes derived from a library (`logging.Filter.filter`), which the library calls."""
    for owner in nodes(source):
        if isinstance(owner, ast.ClassDef) and not any(
            isinstance(base, ast.Attribute) for base in owner.bases
        ):
            for node in owner.body:
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                    yield owner.name, node


def _is_ours(source: Source) -> bool:
    return source.path.startswith(f"{PACKAGE}/")


def dead_support(tree_: Collection[Source]) -> list[Breach]:
    """Definitions in tests that no test uses; fixtures are used by the name of a parameter."""
    counted: dict[str, int] = {}
    for source in tree_:
        for word in _WORD.findall(source.text):
            counted[word] = counted.get(word, 0) + 1
    free = ("test_", "pytest_", "pytestmark", "Test")
    return [
        Breach(source.path, node.lineno, f"`{name}` is used by no test; remove it")
        for source in tree_
        for name, node in definitions(source)
        if counted[name] == 1 and not name.startswith(free)
    ]


def product() -> Collection[Source]:
    return sources(".py", *USERS)


def test_no_module_is_dead():
    refuse(dead_modules(product()))


def test_no_definition_is_dead():
    refuse(dead_definitions(product()))


def test_no_method_is_dead():
    refuse(dead_methods(product(), sources(".html", PACKAGE)))


def test_no_test_support_is_dead():
    refuse(dead_support(sources(".py", "tests")))


def test_exceptions_exist_and_are_unused():
    defined = {f"{module_of(source)}.{name}" for source in product() for name, _ in definitions(source)}
    modules = {module_of(source) for source in product()}
    used = {name for source in product() for name in used_names(source)}
    assert KEPT.keys() <= defined | modules
    assert not KEPT.keys() & used


FLOW = "from jobmeter.jobs import rules\nrules.check()\n"


@pytest.mark.parametrize(
    ("rules", "count"),
    [
        ("def check(): ...\ndef check_twice(): ...", 1),
        ("def check(): ...\ndef again(): again()", 1),
        ("def check(): ...\nasync def find(): ...", 1),
        ("def check(): ...\nclass Price: ...", 1),
        ("def check(): ...\nPRICE_MAX = 5", 1),
        ("def check(): ...\n_first, _second = 1, 2\nprint(_first)", 1),
        ("def check(): step()\ndef step(): ...", 0),
        ("def check(): return PRICE_MAX\nPRICE_MAX: int = 5", 0),
        ("def check(): ...\n@app.command\ndef show(): ...", 0),
        ("def check(): ...\n__all__ = []", 0),
    ],
)
def test_dead_definitions_are_found(rules, count):
    files = [Source("jobmeter/jobs/rules.py", rules), Source("jobmeter/jobs/flow.py", FLOW)]
    assert len(dead_definitions(files)) == count


def test_a_reference_in_a_string_is_a_use():
    app = Source("jobmeter/app.py", "def create_app(): ...")
    bench = Source("bench/serving.py", 'serve("jobmeter.app:create_app")')
    assert dead_definitions([app, bench]) == []
    assert len(dead_definitions([app])) == 1


def test_a_use_by_tests_does_not_count():
    assert not [source for source in product() if source.path.startswith("tests/")]


def test_dead_modules_are_found():
    flow, rules = Source("jobmeter/jobs/flow.py", FLOW), Source("jobmeter/jobs/rules.py", "x = 1\ny = x")
    starts = Source("jobmeter/__main__.py", "from jobmeter.jobs.flow import act")
    assert dead_modules([flow, rules, starts]) == []
    assert [breach.path for breach in dead_modules([rules, starts])] == [rules.path]


@pytest.mark.parametrize(
    ("code", "template", "count"),
    [
        ("class Job:\n  def end(self): ...", "", 1),
        ("class Job:\n  @property\n  def is_over(self): ...", "", 1),
        ("class Job:\n  def end(self): ...\nJob().end()", "", 0),
        ("class Job:\n  def end(self): ...\ngetattr(job, 'end')", "", 0),
        ("class Job:\n  @property\n  def is_over(self): ...", "{% if job.is_over %}", 0),
        ("class Job:\n  def __str__(self): ...", "", 0),
        ("class Job(logging.Filter):\n  def filter(self, record): ...", "", 0),
    ],
)
def test_dead_methods_are_found(code, template, count):
    found = dead_methods([Source("jobmeter/jobs/model.py", code)], [Source("jobmeter/a.html", template)])
    assert len(found) == count


def test_public_methods_of_the_client_are_called_by_the_programs_of_others():
    code = (
        "class Reports:\n  def by_ids(self): ...\n  def _split(self): ...\nclass _Page:\n  def end(self): ..."
    )
    found = dead_methods([Source("jobmeter/client/reports.py", code)])
    assert [breach.message.partition(" ")[0] for breach in found] == ["`Reports._split`", "`_Page.end`"]


@pytest.mark.parametrize(
    ("code", "count"),
    [
        ("def make_job(): ...", 1),
        ("HOUR = 3_600", 1),
        ("def make_job(): ...\ndef test_a(): make_job()", 0),
        ("def test_a(): ...", 0),
        ("pytestmark = 1", 0),
    ],
)
def test_dead_support_is_found(code, count):
    assert len(dead_support([Source("tests/test_a.py", code)])) == count
