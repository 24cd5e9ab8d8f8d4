"""Law 1 of the money: integers only; base, ledger, charging, settlement and billing never create a float."""

import ast

import pytest

from tests.tidy.source import Breach, Source, nodes, refuse, sources

PARTS = ("base", "ledger", "charging", "settlement", "billing")
FLOAT_TYPES = {"float16", "float32", "float64", "float128", "floating", "longdouble"}
FLOAT_METHODS = {
    "timestamp": "subtract the epoch and divide by timedelta(microseconds=1) with //",
    "total_seconds": "divide by timedelta(microseconds=1) with //",
}


def float_breaches(source: Source) -> list[Breach]:
    if source.part not in PARTS:
        return []
    guards = {name for node in nodes(source) for name in _guard_names(node)}
    found = []
    for node in nodes(source):
        message = "" if node in guards else _float_in(node)
        if message:
            found.append(Breach(source.path, getattr(node, "lineno", 1), message))
    return found


def _guard_names(node: ast.AST) -> list[ast.AST]:
    # `isinstance(value, float)` is used to refuse floats.
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "isinstance":
        return [inner for argument in node.args for inner in ast.walk(argument)]
    return []


def _float_in(node: ast.AST) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, float | complex):
        return f"float literal {node.value}; use integers (micros, milliseconds, parts per million)"
    if isinstance(node, ast.Name) and node.id == "float":
        return "`float`; money and time are `int` here"
    if isinstance(node, ast.Attribute) and node.attr in FLOAT_TYPES:
        return f"`{node.attr}`; use int64"
    if isinstance(node, ast.Attribute) and node.attr in FLOAT_METHODS:
        return f"`.{node.attr}` returns a float; {FLOAT_METHODS[node.attr]}"
    if isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div) and not _joins_path(node):
        return "`/` returns a float; use `//` and say where the remainder goes (for a path: `joinpath`)"
    return ""


def _joins_path(node: ast.BinOp | ast.AugAssign) -> bool:
    # `folder / "name"` joins a path.
    sides = (node.left, node.right) if isinstance(node, ast.BinOp) else (node.value,)
    return any(
        isinstance(side, ast.JoinedStr) or (isinstance(side, ast.Constant) and isinstance(side.value, str))
        for side in sides
    )


def test_no_float_where_money_is_computed():
    refuse(breach for source in sources(".py", "jobmeter") for breach in float_breaches(source))


@pytest.mark.parametrize(
    "code",
    [
        "rate = 0.5",
        "limit = 1e6",
        "amount = float(text)",
        "amount: float = 1",
        "def charge(amount: int | float): ...",
        "def charge(amount) -> float: ...",
        "kinds: dict[str, float] = {}",
        "amounts = numpy.zeros(3, dtype=numpy.float64)",
        "share = amount / 2",
        "amount /= 2",
        "at = moment.timestamp()",
        "length = (until - since).total_seconds()",
    ],
)
@pytest.mark.parametrize("part", PARTS)
def test_floats_are_found(part, code):
    assert [breach.line for breach in float_breaches(Source(f"jobmeter/{part}/rules.py", f"\n{code}"))] == [2]


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("ledger/rules.py", "share = amount // 2\namount //= 3"),
        ("billing/flow.py", 'path = folder / "invoice.pdf"\nother = folder / f"{number}.pdf"'),
        ("base/money.py", "if isinstance(value, bool | float): raise TypeError"),
        ("base/clock.py", "micros = (moment - EPOCH) // timedelta(microseconds=1)"),
        ("reports/rules.py", "share = 0.5 / float(total)"),
    ],
)
def test_integers_are_allowed(path, code):
    assert float_breaches(Source(f"jobmeter/{path}", code)) == []
