"""Few arguments are passed by position, and at most two of one type, because swapping them would not be noticed.

This includes constructors of frozen values, named tuples and classes. Either the definition requires keywords
(`*,` or `kw_only=True`), or each call uses them.
"""

import ast
import functools
from collections import Counter

import pytest

from tests.tidy.rooms.test_arrows import module_of
from tests.tidy.source import Breach, Source, calls, functions, nodes, refuse, sources

POSITIONAL_MAX = 5
OF_ONE_TYPE_MAX = 2
VALUE_BASES = {"NamedTuple", "Struct"}

# Rows of a table, written one below the other, so that each position is a visible column.
TABLES = {"jobmeter.base.faults.Row", "bench.measurement.Figure"}


Parameters = tuple[
    tuple[str, str], ...
]  # names and types of the parameters that may be passed by position, in order


def type_of(annotation: ast.expr | None) -> str:
    """Returns the annotation as text, without `None`: an optional value counts as the same type."""
    written = "" if annotation is None else ast.unparse(annotation).strip("'\"")
    return " | ".join(step for step in written.split(" | ") if step != "None")


def positionals(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Parameters:
    arguments = [*function.args.posonlyargs, *function.args.args]
    if arguments and arguments[0].arg in {"self", "cls"}:
        arguments = arguments[1:]
    return tuple((argument.arg, type_of(argument.annotation)) for argument in arguments)


def fault_of(passed: Parameters) -> str:
    """Returns what is wrong with passing these by position, or an empty text."""
    if len(passed) > POSITIONAL_MAX:
        return f"{len(passed)} arguments by position, at most {POSITIONAL_MAX}"
    for kind, count in Counter(kind for _, kind in passed).items():
        if kind and count > OF_ONE_TYPE_MAX:
            return f"{count} times `{kind}` by position, at most {OF_ONE_TYPE_MAX}"
    return ""


def parameter_breaches(source: Source) -> list[Breach]:
    """Commands are exempt, because their parameters are command-line arguments; constructors are checked at their calls."""
    return [
        Breach(source.path, function.lineno, f"`{function.name}` has {fault}; put `*,` before the others")
        for function in functions(source)
        if function.name not in {"__init__", "__new__"} and not _is_command(function)
        if (fault := fault_of(positionals(function)))
    ]


def _is_command(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any("command" in ast.unparse(mark) for mark in function.decorator_list)


def constructors(source: Source) -> dict[str, Parameters]:
    """Returns the classes of a file by full name, with the positional parameters of their constructors."""
    found = {}
    for owner in (node for node in nodes(source) if isinstance(node, ast.ClassDef)):
        parameters = _constructor(owner)
        if parameters is not None:
            found[f"{module_of(source)}.{owner.name}"] = parameters
    return found


def _constructor(owner: ast.ClassDef) -> Parameters | None:
    for node in owner.body:
        if isinstance(node, ast.FunctionDef) and node.name == "__init__":
            return positionals(node)
    marks = [node for node in owner.decorator_list if isinstance(node, ast.Call)]
    is_value = any(
        ast.unparse(mark).startswith(("dataclass", "dataclasses.")) for mark in owner.decorator_list
    )
    if not is_value and not VALUE_BASES & {ast.unparse(base).rpartition(".")[2] for base in owner.bases}:
        return None
    words = [word for call in marks for word in call.keywords] + owner.keywords
    if any(word.arg == "kw_only" and ast.unparse(word.value) == "True" for word in words):
        return ()
    fields = [
        node for node in owner.body if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    ]
    return tuple(
        (node.target.id, kind)
        for node in fields
        if not (kind := type_of(node.annotation)).startswith("ClassVar")
    )


@functools.cache
def own_constructors() -> dict[str, Parameters]:
    return {
        name: taken
        for source in sources(".py", "jobmeter", "bench")
        for name, taken in constructors(source).items()
    }


def constructor_breaches(source: Source, known: dict[str, Parameters]) -> list[Breach]:
    """An unpacked list counts as passing every field by position."""
    found = []
    for call, name in calls(source):
        full = name if name in known else f"{module_of(source)}.{name}"
        if full not in known or full in TABLES:
            continue
        is_unpacked = any(isinstance(argument, ast.Starred) for argument in call.args)
        passed = known[full] if is_unpacked else known[full][: len(call.args)]
        if fault := fault_of(passed):
            message = f"`{full.rpartition('.')[2]}` is given {fault}; use keywords"
            found.append(Breach(source.path, call.lineno, message))
    return found


def test_few_parameters_are_positional():
    found = (
        breach for source in sources(".py", "jobmeter", "bench") for breach in parameter_breaches(source)
    )
    refuse(found)


def test_values_are_created_with_keywords():
    tree = sources(".py", "jobmeter", "bench")
    found = (breach for source in tree for breach in constructor_breaches(source, own_constructors()))
    refuse(found)


def test_tables_exist():
    assert own_constructors().keys() >= TABLES


@pytest.mark.parametrize(
    ("code", "count"),
    [
        ("def act(a, b, c, d, e, f): ...", 1),
        ("async def act(a, b, /, c, d, e, f): ...", 1),
        ("class A:\n  def act(self, a, b, c, d, e, f): ...", 1),
        ("def act(a: int, b: str, c: int, d: int): ...", 1),
        ("def act(a: int | None, b: int, c: 'int'): ...", 1),
        ("class A:\n  def act(self, a, b, c, d, e): ...", 0),
        ("def act(a, b, c, d, e, *, f, g): ...", 0),
        ("def act(a: int, b: str, c: int, *, d: int): ...", 0),
        ("@app.command\ndef act(a: str, b: str, c: str): ...", 0),
    ],
)
def test_too_many_positional_parameters_are_found(code, count):
    assert len(parameter_breaches(Source("jobmeter/jobs/flow.py", code))) == count


DATACLASS = "@dataclass(frozen=True, slots=True)\nclass A:\n  a: int\n  b: int\n  c: int | None\n"
KEYWORDS = DATACLASS.replace("slots=True", "slots=True, kw_only=True")
MIXED = "class A(NamedTuple):\n  a: int\n  b: str\n  c: int\n  D: ClassVar[int] = 1\n"
STRUCT = "class A(msgspec.Struct, frozen=True):\n  a: int\n  b: int\n  c: int\n"
PLAIN = "class A:\n  def __init__(self, a: int, b: int, c: int): ...\n"
MANY = "@dataclass(frozen=True)\nclass A:\n" + "".join(f"  {name}: {name.upper()}\n" for name in "abcdef")


@pytest.mark.parametrize(
    ("definition", "call", "count"),
    [
        (DATACLASS, "A(1, 2, 3)", 1),
        (DATACLASS, "A(*row)", 1),
        (DATACLASS, "A(1, 2, c=3)", 0),
        (DATACLASS, "A(a=1, b=2, c=3)", 0),
        (DATACLASS, "A(**row)", 0),
        (KEYWORDS, "A(1, 2, 3)", 0),  # a TypeError in Python
        (MIXED, "A(1, '', 3)", 0),
        (STRUCT, "A(1, 2, 3)", 1),
        (STRUCT.replace("frozen=True", "kw_only=True"), "A(1, 2, 3)", 0),
        (PLAIN, "A(1, 2, 3)", 1),
        (PLAIN.replace("b: int,", "b: int, *,"), "A(1, 2, c=3)", 0),
        (MANY, "A(1, 2, 3, 4, 5, 6)", 1),
        (MANY, "A(1, 2, 3, 4, 5, f=6)", 0),
        ("class A(Enum):\n  a: int\n  b: int\n  c: int\n", "A(1, 2, 3)", 0),
    ],
)
def test_values_created_by_position_are_found(definition, call, count):
    model = Source("jobmeter/jobs/model.py", definition)
    known = constructors(model)
    for text in (
        f"from jobmeter.jobs.model import A\n{call}",
        f"from jobmeter.jobs import model\nmodel.{call}",
    ):
        assert len(constructor_breaches(Source("jobmeter/jobs/flow.py", text), known)) == count
    assert len(constructor_breaches(Source(model.path, f"{definition}\n{call}"), known)) == count
    other = Source("jobmeter/jobs/flow.py", f"from jobmeter.ledger.model import A\n{call}")
    assert constructor_breaches(other, known) == []


def test_rows_of_a_table_are_exempt():
    known = dict.fromkeys(TABLES, (("a", "int"), ("b", "int"), ("c", "int")))
    for name in TABLES:
        module, _, row = name.rpartition(".")
        text = f"from {module} import {row}\n{row}(1, 2, 3)"
        assert constructor_breaches(Source("jobmeter/jobs/flow.py", text), known) == []
