"""``base``, ``charts``, ``wire``, ``client`` and ``pull`` import only what ``pip install jobmeter`` brings; what reads XML, also what its extra brings.

The client, and every command that talks to a server, import these parts on machines where nothing else is installed.
"""

import pytest

from tests.client.light_install import list_requirements
from tests.tidy.code.test_dependencies import origins, third_party
from tests.tidy.documents.test_lock import normalize
from tests.tidy.source import Breach, Source, imports, refuse, sources

LIGHT = ("jobmeter/base", "jobmeter/charts", "jobmeter/wire", "jobmeter/client", "jobmeter/pull")
# Where the libraries of extras are imported, the innermost folder first. Feeds are read by the server alone.
WITH_EXTRAS = {
    "jobmeter/wire/xml/feed/": ("xml", "server"),
    "jobmeter/wire/xml/": ("xml",),
    "jobmeter/client/xml_jobs": ("xml",),
    "jobmeter/pull/destinations/duckdb_file": ("duckdb",),
    "jobmeter/pull/dlt_source": ("dlt",),
    "jobmeter/pull/singer_tap": ("singer",),
    "jobmeter/pull/destinations/parquet": ("parquet",),
    "jobmeter/pull/destinations/postgresql": ("postgresql",),
}


def extras_of(path: str) -> tuple[str, ...]:
    return next((extras for folder, extras in WITH_EXTRAS.items() if path.startswith(folder)), ())


def weight_breaches(source: Source) -> list[Breach]:
    extras = extras_of(source.path)
    allowed = {normalize(one) for extra in ("", *extras) for one in list_requirements(extra)}
    found = [
        Breach(source.path, line, f"`{module}` is not part of the light install; import it in a later part")
        for line, module in third_party(source)
        if not origins(module) & allowed
    ]
    for line, name in imports(source):
        needed = extras_of(name.replace(".", "/") + "/") if name.startswith("jobmeter.") else ()
        if not set(needed) <= set(extras):
            message = f"`{name}` needs the extra {' and '.join(needed)}, which may not be installed here"
            found.append(Breach(source.path, line, message))
    return found


def test_light_parts_import_light_libraries():
    refuse(breach for source in sources(".py", *LIGHT) for breach in weight_breaches(source))


@pytest.mark.parametrize(
    ("path", "statement", "count"),
    [
        ("base/ids.py", "import numpy.typing as npt", 1),
        ("base/money.py", "from babel.numbers import list_currencies", 1),
        ("client/session.py", "import psycopg", 1),
        ("client/session.py", "from lxml import etree", 1),
        ("client/session.py", "from jobmeter.wire.xml.reader import read_document", 1),
        ("client/xml_jobs.py", "from jobmeter.wire.xml.feed.stream import read_feed", 1),
        ("wire/xml/reader.py", "import xxhash", 1),
        ("wire/xml/reader.py", "from lxml import etree", 0),
        ("wire/xml/feed/record.py", "import xxhash", 0),
        ("client/xml_jobs.py", "from jobmeter.wire.xml.reader import read_document", 0),
        ("client/session.py", "import httpx2, msgspec, json", 0),
    ],
)
def test_heavy_imports_are_found(path, statement, count):
    assert len(weight_breaches(Source(f"jobmeter/{path}", statement))) == count
