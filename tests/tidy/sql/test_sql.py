"""Named statements are short and unique, do not read the clock or use randomness, and have a typed function in the store."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

import pytest

from jobmeter.database.statements import USED
from tests.tidy.source import Breach, Source, functions, nodes, refuse, sources
from tests.tidy.sql_text import (
    Statement,
    blanked,
    column_lists,
    is_migration,
    lines_of_table_functions,
    statements,
    tokens,
    writes,
)

STATEMENT_LINES_MAX = 40
POSTINGS = "ledger_postings"

_PARTITION = re.compile(r"CREATE\s+TABLE\s+(\w+)\s+PARTITION\s+OF\s+(\w+)", re.IGNORECASE)

CLOCKS = {
    "NOW",
    "CURRENT_TIMESTAMP",
    "CURRENT_DATE",
    "CURRENT_TIME",
    "LOCALTIME",
    "LOCALTIMESTAMP",
    "CLOCK_TIMESTAMP",
    "STATEMENT_TIMESTAMP",
    "TRANSACTION_TIMESTAMP",
}
RANDOM_FUNCTIONS = {"RANDOM", "GEN_RANDOM_UUID"}
CALLED_ONLY = {"NOW", *RANDOM_FUNCTIONS}  # as a bare word these may be a column


SELECTING = {"SELECT", "DISTINCT", "ALL", "RETURNING", "."}


def banned_word_breaches(source: Source) -> list[Breach]:
    """Constructs that make a statement non-deterministic: the clock, randomness, and an open list of columns."""
    found = []
    read = tokens(blanked(source.text))
    of_tables = lines_of_table_functions(source.text)
    for at, token in enumerate(read):
        before = read[at - 1].word if at else ""
        called = at + 1 < len(read) and read[at + 1].text == "("
        if token.word in CLOCKS and (called or token.word not in CALLED_ONLY):
            found.append(
                Breach(
                    source.path, token.line, f"`{token.text}` reads the clock; pass the time as a parameter"
                )
            )
        elif token.word in RANDOM_FUNCTIONS and called:
            found.append(
                Breach(
                    source.path,
                    token.line,
                    f"`{token.text}()` is random; generate the value in Python and pass it as a parameter",
                )
            )
        elif token.text == "*" and before in SELECTING and token.line not in of_tables:
            found.append(Breach(source.path, token.line, "`*` changes with the table; name the columns"))
        elif token.text == "%s":
            found.append(Breach(source.path, token.line, "positional parameter; use a named one: %(name)s"))
    return found


def posting_tables(migrations: Iterable[Source]) -> set[str]:
    """Returns the table of postings and all its partitions, as named in the migrations."""
    found = {POSTINGS}
    for source in migrations:
        for name, parent in _PARTITION.findall(blanked(source.text)):
            if parent.lower() in found:
                found.add(name.lower())
    return found


def ledger_breaches(source: Source, postings: set[str]) -> list[Breach]:
    """Law 3 of the money: postings are never changed or removed."""
    message = "postings are never changed or removed; add a posting that references the one it corrects"
    return [
        Breach(source.path, line, f"{verb} on `{table}`: {message}")
        for line, verb, table in writes(blanked(source.text))
        if verb in {"UPDATE", "DELETE", "TRUNCATE", "MERGE"}
        and (table in postings or table.startswith(POSTINGS))
    ]


def form_breaches(source: Source, users: Iterable[Source] = ()) -> list[Breach]:
    """Each statement has a name that is unique in the file, and fits on a screen; a list of columns is shared by several, of the
    file or of those that use it.
    """
    found: list[Breach] = []
    first_lines: dict[str, int] = {}
    for statement in statements(source):
        place, name = (source.path, statement.line), statement.name
        if not name:
            found.append(Breach(*place, "SQL before the first header; add `-- name: verb_noun`"))
        elif name in first_lines:
            found.append(
                Breach(*place, f"`{name}` is already at line {first_lines[name]}; choose another name")
            )
        elif not statement.line_count:
            found.append(Breach(*place, f"`{name}` has no statement; write it or remove the header"))
        if statement.line_count > STATEMENT_LINES_MAX:
            message = f"`{name}` has {statement.line_count} lines, at most {STATEMENT_LINES_MAX}; move a part of it to a view"
            found.append(Breach(*place, message))
        first_lines.setdefault(name, statement.line)
    texts = source.text + "".join(user.text for user in users)
    for columns in column_lists(source):
        if texts.count(f"{{{columns.name}}}") < 2:
            message = f"the columns `{columns.name}` are not shared; write them in the statement"
            found.append(Breach(source.path, columns.line, message))
    return found


def list_users(source: Source, tree: Iterable[Source]) -> list[Source]:
    """Returns the files whose statements may name the lists of ``source``."""
    package = source.path.rpartition("/")[0].replace("/", ".")
    return [other for other in tree if package in USED.findall(other.text)]


def function_breaches(sql_tree: Iterable[Source], python_tree: Iterable[Source]) -> list[Breach]:
    """Each statement has a function with its name in the slice's store, with the statement's parameters as keywords.

    The fields of a frozen value that the function receives are parameters too (``vars_of``); fields of a nested value
    are prefixed with the name of its field.
    """
    known: dict[tuple[str, str], set[str]] = defaultdict(set)
    python_tree = tuple(python_tree)
    fields = read_fields(python_tree)
    for source in python_tree:
        if source.stem.startswith("store") or source.part == "database":
            for function in functions(source):
                named = (*function.args.args, *function.args.kwonlyargs)
                known[source.part, function.name] |= {"", *_parameters(named, fields)}
    found = []
    for statement in (statement for source in sql_tree for statement in statements(source) if statement.name):
        keywords = known.get((statement.source.part, statement.name), set())
        found += _function_breach(statement, keywords)
    return found


def read_fields(python_tree: Iterable[Source]) -> dict[str, dict[str, str]]:
    """Returns the fields of each dataclass by its name, with their annotations as text."""
    own: dict[str, dict[str, str]] = defaultdict(dict)
    bases: dict[str, list[str]] = {}
    for source in python_tree:
        for owner in (node for node in nodes(source) if isinstance(node, ast.ClassDef)):
            if any("dataclass" in ast.unparse(mark) for mark in owner.decorator_list):
                lines = [line for line in owner.body if isinstance(line, ast.AnnAssign)]
                own[owner.name] |= {ast.unparse(line.target): ast.unparse(line.annotation) for line in lines}
                bases[owner.name] = [ast.unparse(base) for base in owner.bases]

    def collect(name: str) -> dict[str, str]:
        inherited = [collect(base) for base in bases.get(name, ())]
        return dict(item for fields in (*inherited, own.get(name, {})) for item in fields.items())

    return {name: collect(name) for name in own}


def _parameters(named: Iterable[ast.arg], fields: dict[str, dict[str, str]]) -> Iterator[str]:
    for argument in named:
        yield argument.arg
        kind = "" if argument.annotation is None else ast.unparse(argument.annotation)
        kind = kind.removeprefix("list[").removesuffix("]")  # for a list of values, each field is an array
        for name, inner in fields.get(kind, {}).items():
            yield name
            yield from (f"{name}_{deeper}" for deeper in fields.get(inner, {}))


def _function_breach(statement: Statement, keywords: set[str]) -> list[Breach]:
    place, name = (statement.source.path, statement.line), statement.name
    if not keywords:
        message = f"`{name}` has no function; add `async def {name}(...)` to jobmeter/{statement.source.part}/store.py"
        return [Breach(*place, message)]
    missing = [parameter for parameter in statement.parameters if parameter not in keywords]
    if missing:
        return [
            Breach(
                *place,
                f"the function `{name}` lacks {', '.join(missing)}; its keywords, or the fields of a value, must be the %(names)s",
            )
        ]
    return []


def value_breaches(sql_tree: Iterable[Source], python_tree: Iterable[Source]) -> list[Breach]:
    """An INSERT writes every field of a value that is only written, so that a new field cannot be missed.

    Values that a store also returns are exempt, because the database sets some of their fields.
    """
    python_tree = tuple(python_tree)
    fields = read_fields(python_tree)
    stores = [source for source in python_tree if source.stem.startswith("store")]
    takers = [(source.part, function) for source in stores for function in functions(source)]
    returned = " ".join(ast.unparse(function.returns) for _, function in takers if function.returns)
    read = set(re.findall(r"\w+", returned))
    texts = {
        (source.part, statement.name): statement for source in sql_tree for statement in statements(source)
    }
    found = []
    for part, function in takers:
        statement = texts.get((part, function.name))
        if statement is None or not function.name.startswith("insert_"):
            continue
        kinds = {ast.unparse(argument.annotation) for argument in function.args.args if argument.annotation}
        for kind in kinds - read:
            plain = [name for name, inner in fields.get(kind, {}).items() if inner not in fields]
            for name in sorted(set(plain) - set(statement.parameters)):
                message = f"`{statement.name}` omits `{name}` of `{kind}`"
                found.append(Breach(statement.source.path, statement.line, message))
    return found


def migrations() -> list[Source]:
    return [source for source in sources(".sql", "jobmeter") if is_migration(source)]


def named_files() -> list[Source]:
    return [source for source in sources(".sql", "jobmeter") if not is_migration(source)]


def test_statements_are_deterministic():
    asked = (
        "jobmeter/operations/queries.sql"  # a backup asks for the server's clock: what is restored goes by it
    )
    sources = [source for source in named_files() if source.path != asked]
    assert len(named_files()) == len(sources) + 1
    refuse(breach for source in sources for breach in banned_word_breaches(source))


def test_migrations_are_deterministic():
    refuse(breach for source in migrations() for breach in banned_word_breaches(source))


def test_postings_are_never_changed():
    postings = posting_tables(migrations())
    refuse(breach for source in named_files() for breach in ledger_breaches(source, postings))


def test_statements_are_named_and_short():
    files = named_files()
    refuse(breach for source in files for breach in form_breaches(source, list_users(source, files)))


def test_each_statement_has_a_function():
    refuse(function_breaches(named_files(), sources(".py", "jobmeter")))


def test_all_fields_of_a_value_are_written():
    refuse(value_breaches(named_files(), sources(".py", "jobmeter")))


def sample(text: str) -> Source:
    return Source("jobmeter/jobs/queries.sql", text)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("-- name: a\nSELECT *\n  FROM jobs;", [2]),
        ("CREATE FUNCTION f() RETURNS SETOF jobs AS $$\nSELECT * FROM jobs\n$$;\nSELECT * FROM jobs", [4]),
        ("SELECT DISTINCT *\nFROM jobs", [1]),
        ("SELECT id,\n       job.*\n  FROM job", [2]),
        ("DELETE FROM jobs RETURNING *", [1]),
        ("SELECT now()", [1]),
        ("SELECT id\n FROM jobs\n WHERE day < current_date", [3]),
        ("SELECT clock_timestamp ()", [1]),
        ("SELECT Random(), gen_random_uuid()", [1, 1]),
        ("SELECT id FROM jobs WHERE id = %s", [1]),
        ("SELECT count(*), 2 * price_micros, now FROM jobs -- SELECT * and now()", []),
        ("SELECT 'now()' AS text, %(now)s AS at, random FROM jobs", []),
    ],
)
def test_banned_words_are_found(text, lines):
    assert [breach.line for breach in banned_word_breaches(sample(text))] == lines


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("UPDATE ledger_postings SET amount_micros = 1", 1),
        ("DELETE FROM ledger_postings_2026_01 WHERE id = 1", 1),
        ("UPDATE clicks_2026 SET amount_micros = 1", 1),
        ("UPDATE clicks AS kept SET amount_micros = 1", 1),
        ("TRUNCATE ledger_postings", 1),
        ("INSERT INTO ledger_postings (id) VALUES (1)", 0),
        ("UPDATE ledger_balances SET amount_micros = 1", 0),
    ],
)
def test_changes_to_postings_are_found(text, count):
    partitions = (
        "CREATE TABLE clicks PARTITION OF ledger_postings; CREATE TABLE clicks_2026 PARTITION OF clicks;"
    )
    postings = posting_tables([Source("jobmeter/database/migrations/0001_before.sql", partitions)])
    assert len(ledger_breaches(sample(text), postings)) == count


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("SELECT 1;\n-- name: a\nSELECT 2;", [1]),
        ("-- name: a\nSELECT 1;\n-- name: a\nSELECT 2;", [3]),
        ("-- name: a\n-- nothing follows\n", [1]),
        ("-- name: a\nSELECT 1" + ",\n1" * STATEMENT_LINES_MAX, [1]),
        ("-- columns: job\nid, title\n-- name: a\nSELECT {job}", [1]),
        ("-- columns: job\nid, title\n-- name: a\nSELECT {job}\n-- name: b\nSELECT {job}", []),
        (
            "-- About this file.\n\n-- name: a\n"
            + "-- why\n" * 60
            + "SELECT 1"
            + ",\n1" * (STATEMENT_LINES_MAX - 1),
            [],
        ),
    ],
)
def test_bad_forms_of_statements_are_found(text, lines):
    assert [breach.line for breach in form_breaches(sample(text))] == lines


def test_a_list_that_another_file_uses_is_shared():
    owner = sample("-- columns: job\nid, title\n-- name: a\nSELECT {job}")
    user = Source("jobmeter/billing/queries.sql", "-- uses: jobmeter.jobs\n\n-- name: b\nSELECT {job}")
    assert list_users(owner, [owner, user]) == [user]
    assert form_breaches(owner, [user]) == []
    assert list_users(user, [owner, user]) == []


@pytest.mark.parametrize(
    ("path", "code", "count"),
    [
        ("jobs/store.py", "async def read_job(conn, *, shard, job_id): ...", 0),
        ("jobs/store_read.py", "def read_job(conn, shard, job_id, more): ...", 0),
        ("jobs/store.py", "async def read_job(conn, *, shard): ...", 1),
        ("jobs/store.py", "async def read_jobs(conn, *, shard, job_id): ...", 1),
        ("jobs/flow.py", "async def read_job(conn, *, shard, job_id): ...", 1),
        ("ledger/store.py", "async def read_job(conn, *, shard, job_id): ...", 1),
    ],
)
def test_statements_without_a_matching_function_are_found(path, code, count):
    statement = sample(
        "-- name: read_job\nSELECT id FROM jobs WHERE shard = %(shard)s AND id = %(job_id)s::bigint"
    )
    assert len(function_breaches([statement], [Source(f"jobmeter/{path}", code)])) == count


JOB = "@dataclass(frozen=True)\nclass Job(Key):\n    owner: Owner\n"
KEY = "@dataclass(frozen=True)\nclass Key:\n    shard: int\n"
OWNER = "@dataclass(frozen=True)\nclass Base:\n    id: int\n@dataclass(frozen=True)\nclass Owner(Base):\n    name: str\n"

RUN = "@dataclass(frozen=True)\nclass Run:\n    job_id: int\n"


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("WHERE shard = %(shard)s AND owner = %(owner_id)s AND day = %(day)s", 0),
        ("WHERE shard = %(shard)s AND owner = %(owner_name)s AND id = ANY(%(job_id)s)", 0),
        ("WHERE shard = %(shard)s AND owner = %(owner_number)s", 1),
        ("WHERE shard = %(shard)s AND id = %(id)s", 1),
    ],
)
def test_the_fields_of_a_value_are_parameters(text, count):
    python_tree = [
        Source("jobmeter/jobs/model.py", f"{JOB}\n{KEY}\n{OWNER}\n{RUN}"),
        Source("jobmeter/jobs/store.py", "async def read_job(conn, job: Job, runs: list[Run], *, day): ..."),
    ]
    statement = sample(f"-- name: read_job\nSELECT id FROM jobs {text}")
    assert len(function_breaches([statement], python_tree)) == count


@pytest.mark.parametrize(
    ("columns", "store", "count"),
    [
        ("shard", "async def insert_job(conn, job: Job): ...", 0),
        ("day", "async def insert_job(conn, job: Job, *, day): ...", 1),
        (
            "day",
            "async def insert_job(conn, job: Job, *, day): ...\nasync def find_job(conn) -> Job | None: ...",
            0,
        ),
    ],
)
def test_a_field_that_is_not_written_is_found(columns, store, count):
    python_tree = [
        Source("jobmeter/jobs/model.py", f"{JOB}\n{KEY}\n{OWNER}"),
        Source("jobmeter/jobs/store.py", store),
    ]
    statement = sample(f"-- name: insert_job\nINSERT INTO jobs ({columns}) VALUES (%({columns})s)")
    assert len(value_breaches([statement], python_tree)) == count
