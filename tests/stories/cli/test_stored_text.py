"""Every command that prints stored text prints it as plain text: no style, no second line, no control characters."""

import asyncio
import json
from datetime import timedelta
from uuid import UUID

import pytest

from jobmeter.base.clock import to_ms
from jobmeter.base.days import day_of
from jobmeter.base.terminal import Terminal
from jobmeter.cli.main import main
from jobmeter.cli.output import print_record, print_rows
from jobmeter.sandbox.demo import tables
from tests.stories.cli.commands import COMMANDS
from tests.support.feed_documents import serialize_feed, serialize_job
from tests.support.scenario import PRICE_MICROS, START, make_element, make_event, open_scenario

# What a partner may post as a title and as its id (both up to 200 characters), and how it is printed.
HOSTILE = {
    "Dev [/b] nights": "Dev [/b] nights",
    "[red]Dev[/red] :smile:": "[red]Dev[/red] :smile:",
    "a\x1b[2J\x07b\nJob 1: paid": "a\\x1b[2J\\x07b\\x0aJob 1: paid",
    "\u202egpj.exe\u2069": "\\u202egpj.exe\\u2069",
    "Möbelpacker " * 33 + "(end)": "Möbelpacker " * 33 + "(end)",
}
# These print no text that anybody sent: figures, times, paths, or their own words.
PRINT_NO_STORED_TEXT = {
    *(
        "serve",
        "worker",
        "consume",
        "doctor",
        "erase member",
        "erase visitor",
        "settings",
        "capacity",
        "sandbox",
        "clock show",
        "clock set",
        "clock advance",
        "traffic",
        "traffic score",
    ),
    *(
        "db upgrade",
        "db plan",
        "db distribute",
        "db reseal",
        "db head",
        "db backup",
        "db archive",
        "db restore",
        "docs",
        "env",
        "networks load",
        "faults",
        "completion",
        "pull",
        "exports",
    ),
    "openapi",
}
# psql is a program of its own; the others are tested below.
COVERED = {
    "db psql",
    "db check",
    "explain job",
    "explain day",
    "explain charge",
    "explain event",
    "feeds load",
    "demo",
    "certify",
    "listen",
}
# These print what a server responds, by the module of output, which is tested below.
GROUPS = (
    *(
        "partners",
        "contracts",
        "prices",
        "hiring-contracts",
        "applications",
        "keys",
        "people",
        "billing",
        "feeds",
        "settle",
    ),
    *("audit", "exclusions", "networks", "webhooks", "jobs", "campaigns", "budget", "reports", "overview"),
)
PRINT_RESPONSES = {name for name in COMMANDS if name.partition(" ")[0] in GROUPS} - {
    "feeds load",
    "networks load",
}


def test_every_command_is_covered() -> None:
    assert set(COMMANDS) == PRINT_NO_STORED_TEXT | COVERED | PRINT_RESPONSES


async def make_history(database_url: str, text: str) -> tuple[int, UUID, int]:
    async with open_scenario(database_url) as scenario:
        customer = scenario.customers[0]
        element = make_element(customer, text[:200], START, budget_micros=20 * PRICE_MICROS)
        task = await scenario.take(customer, element | {"title": text[:200]}, START)
        await scenario.run_due(START)
        job_id = await scenario.job_of_task(customer, task, START)
        assert job_id is not None
        await scenario.ingest([make_event(job_id, "c1", START)], START + timedelta(hours=1))
        ((reference,),) = await scenario.rows("SELECT reference FROM charge_postings")
        # A broken law names what it found.
        await scenario.execute("UPDATE job_budgets SET day_charged = day_charged - 1")
        return job_id, reference, scenario.parent.id


def run(capsys, *words: object, code: int = 0) -> str:
    with pytest.raises(SystemExit) as ended:
        main([str(word) for word in words])
    printed = capsys.readouterr()
    assert (ended.value.code or 0) == code, printed.err
    assert all(line.isprintable() or "\u00ad" in line for line in (printed.out + printed.err).splitlines())
    return printed.out + printed.err


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_a_command_prints_a_title_as_it_is_stored(text, database_url, capsys, tmp_path) -> None:
    job_id, reference, application = asyncio.run(make_history(database_url, text))
    where = ("--database-url", database_url)
    found = [
        run(capsys, "explain", "job", job_id, *where),
        run(capsys, "explain", "day", job_id, day_of(START), *where),
        run(capsys, "explain", "charge", reference, *where),
    ]
    run(capsys, "explain", "event", "board", "c1", to_ms(START), *where)
    run(capsys, "db", "check", *where, code=1)
    for printed in found:
        (line,) = [line for line in printed.splitlines() if line.startswith(f"Job {job_id} ")]
        # Once as the id, once as the title, each of up to 200 characters.
        assert line.count(HOSTILE[text][:190].strip()) == 2

    (tmp_path / "feed.xml").write_bytes(
        serialize_feed([serialize_job("good"), serialize_job(as_xml(text[:80]), applyUrl=as_xml(text))])
    )
    run(capsys, "feeds", "load", tmp_path / "feed.xml", "--application", application, *where)


def as_xml(text: str) -> str:
    kept = "".join(
        character for character in text if character.isprintable() or character in "\n\u202e\u2069"
    )
    return kept.replace("&", "&amp;").replace("<", "&lt;")


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_the_demo_s_tables_print_a_title_as_it_is_stored(text, capsys) -> None:
    amount = {"amount": "0.00", "currencyCode": "USD"}
    row = {
        "date": {"year": 2026, "month": 3, "day": 2},
        "viewCount": 1,
        "applyClickCount": 1,
        "charge": amount,
    }
    report = {
        "jobPostingInfo": {"externalJobPostingId": "x", "jobTitle": text},
        "lifetimeJobBudgetInfo": {"lifetimeBudgetSpent": amount, "lifetimeBudgetLimit": amount},
        "jobPerformanceMetrics": [row],
    }
    tables.show_exhausted(Terminal(), [report])
    assert HOSTILE[text].strip() in capsys.readouterr().out
    tables.show_job(Terminal(), report, day_of(START), day_of(START))
    tables.show_page(Terminal(), {"paging": {"count": 1, "total": 1}, "elements": [report]}, day_of(START))
    assert all(line.isprintable() for line in capsys.readouterr().out.splitlines())


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_a_response_is_printed_as_it_is_stored(text, capsys) -> None:
    row = {"name": text, "names": [text], "inner": {"name": text}, "rows": [{text: text}]}
    print_record(row, as_json=False)
    print_rows([row], ("name", "names", "inner.name"), as_json=False, title=text)
    printed = capsys.readouterr().out
    assert HOSTILE[text][:60].strip() in printed
    assert all(line.isprintable() for line in printed.splitlines())

    print_rows([row], ("name",), as_json=True)
    printed = capsys.readouterr().out
    assert printed.isascii()
    assert json.loads(printed) == [row]
