"""The columns of an event are listed once: a new column changes one Python file, plus statements and migrations."""

import ast
from collections.abc import Iterator

import pytest

from jobmeter.database.columns import layout_of
from jobmeter.metering.model import StoredEvents
from tests.tidy.source import Breach, Source, nodes, refuse, sources

THE_LIST = "jobmeter/metering/model.py"
# Columns are singular, the fields for a batch are plural. The first matching ending applies.
SINGULARS = (("sses", "ss"), ("ches", "ch"), ("ss", "ss"), ("s", ""))


def singular(name: str) -> str:
    endings = [(many, one) for many, one in SINGULARS if name.endswith(many)]
    return name if not endings else name.removesuffix(endings[0][0]) + endings[0][1]


COLUMNS = frozenset(singular(field) for field in layout_of(StoredEvents))


def words(source: Source) -> Iterator[str]:
    """Yields everything that may be a name: variables, attributes, arguments, strings."""
    for node in nodes(source):
        match node:
            case (
                ast.Name(id=word) | ast.Attribute(attr=word) | ast.keyword(arg=str(word)) | ast.arg(arg=word)
            ):
                yield word
            case ast.Constant(value=str(word)):
                yield word


def list_breaches(source: Source) -> list[Breach]:
    named = {singular(word.removeprefix("event_")) for word in words(source)} & COLUMNS
    if source.path == THE_LIST or named != COLUMNS:
        return []
    message = f"lists every column of an event; only {THE_LIST} may do so, and other files must use that list"
    return [Breach(source.path, 1, message)]


def test_the_columns_of_an_event_are_listed_once():
    assert {"shard", "key", "job_id", "kind", "verdict", "visitor", "address", "batch"} <= COLUMNS
    refuse(breach for source in sources(".py", "jobmeter") for breach in list_breaches(source))


@pytest.mark.parametrize(
    ("path", "code", "count"),
    [
        ("metering/flow.py", "f(shards=1, keys=2, job_ids=3, kinds=4, verdicts=5, visitors=6, addresses=7, batch=8)", 1),
        ("metering/flow.py", "COPIED = ('shard', 'event_key', 'job_id', 'kind', 'verdict', 'visitor', 'address', 'batch')", 1),
        ("metering/flow.py", "[c.shards, c.keys, c.job_ids, c.kinds, verdicts, c.visitors, c.addresses, batch]", 1),
        ("metering/flow.py", "f(keys=2, job_ids=3, kinds=4, verdicts=5, visitors=6, addresses=7, batch=8)", 0),
        ("metering/model.py", "f(shards=1, keys=2, job_ids=3, kinds=4, verdicts=5, visitors=6, addresses=7, batch=8)", 0),
    ],
)  # fmt: skip
def test_a_second_list_is_refused(path, code, count):
    assert len(list_breaches(Source(f"jobmeter/{path}", code))) == count
