"""The commands that check the laws, print the head of the chain, and check the chain against heads kept outside."""

import asyncio
from pathlib import Path

import pytest

from jobmeter.cli.main import main
from tests.properties.laws.test_laws import play
from tests.support.scenario import open_scenario


async def make_history(database_url: str) -> None:
    async with open_scenario(database_url) as scenario:
        await play(scenario)


async def change(database_url: str, *statements: str) -> None:
    async with open_scenario(database_url) as scenario:
        await scenario.execute("SET LOCAL session_replication_role = replica", *statements)


def run(capsys: pytest.CaptureFixture[str], *tokens: str) -> tuple[int, str]:
    """The exit code, and the output as one line."""
    code = 0
    try:
        main(["db", *tokens])
    except SystemExit as over:
        code = int(over.code or 0)
    printed = capsys.readouterr()
    return code, " ".join((printed.out + printed.err).split())


def test_a_head_kept_outside_notices_removed_seals(
    database_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asyncio.run(make_history(database_url))
    code, head = run(capsys, "head", "--database-url", database_url)
    assert code == 0
    assert run(capsys, "head", "--json", "--database-url", database_url) == (0, f'{{ "head": "{head}" }}')
    assert run(capsys, "upgrade", "--json", "--database-url", database_url) == (0, '{ "applied": [] }')
    kept = tmp_path / "heads.txt"
    kept.write_text(f"{head}\n")

    # the head is that of the check, and holds
    code, output = run(capsys, "check", "--database-url", database_url, "--since", str(kept))
    assert (code, head in output, "All laws hold." in output) == (0, True, True)

    # without its seals the database breaks no other law
    asyncio.run(
        change(
            database_url,
            "DELETE FROM ledger_seals",
            "DELETE FROM restatement_seals",
            "DELETE FROM audit_seals",
            "DELETE FROM ledger_seal_rounds",
        )
    )
    assert run(capsys, "check", "--database-url", database_url)[0] == 0
    code, output = run(capsys, "check", "--database-url", database_url, "--since", head)
    assert (code, "BROKEN: 1 of" in output, "that round is missing" in output) == (1, True, True)
    code, output = run(capsys, "head", "--database-url", database_url)
    assert (code, "nothing is sealed yet" in output) == (1, True)


def test_an_empty_database_has_nothing_to_check(
    database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, output = run(capsys, "check", "--database-url", database_url)
    assert (code, "nothing to check" in output, "All laws hold" in output) == (0, True, False)


def test_text_that_is_no_head_is_refused(database_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, output = run(capsys, "check", "--database-url", database_url, "--since", "17")
    assert (code, "a head is a round and a digest" in output) == (1, True)


def test_a_check_that_fails_is_one_broken_law(database_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    asyncio.run(make_history(database_url))
    asyncio.run(change(database_url, "ALTER TABLE job_months RENAME TO lost"))
    code, output = run(capsys, "check", "--database-url", database_url)
    assert (code, "the check failed" in output, "every contract's limit" in output) == (1, True, True)
