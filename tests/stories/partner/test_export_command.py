"""``jobmeter exports`` writes last month's numbers to a file in one command."""

import pytest

from jobmeter.cli.main import main
from tests.properties.exports.readers import read_csv, read_sheets
from tests.support.server_process import start_sandbox_server


@pytest.fixture
def export(database_url, tmp_path, capsys, monkeypatch):
    """Runs the command against a sandbox; returns its exit code and what it prints."""
    with start_sandbox_server(database_url, tmp_path) as credentials:
        monkeypatch.setenv("JOBMETER_BASE_URL", credentials["base_url"])
        for kind, who in (("CLIENT", "child"), ("PARENT", "parent")):
            monkeypatch.setenv(f"JOBMETER_{kind}_ID", credentials[who]["client_id"])
            monkeypatch.setenv(f"JOBMETER_{kind}_SECRET", credentials[who]["client_secret"])

        def run(*words):
            code = 0
            try:
                main(["exports", *map(str, words)])
            except SystemExit as ended:
                code = ended.code or 0
            printed = capsys.readouterr()
            return code, printed.out + printed.err

        yield run


def test_the_rows_are_written_in_the_format_of_the_files_name(export, tmp_path):
    book = tmp_path / "month.xlsx"
    code, printed = export("charges", "--output", book)
    assert code == 0, printed
    assert f"bytes  {book.stat().st_size}" in printed
    (sheet,) = read_sheets(book.read_bytes())
    assert sheet[0][:2] == ["type", "developerApplication"]
    rows = tmp_path / "rows"
    code, printed = export("budget", "-o", rows, "--format", "csv", "--application", "environment")
    assert code == 0, printed
    assert read_csv(rows.read_bytes())[0][0] == "partnerContract"
    code, printed = export("jobReports", "--month", "2001-02", "-o", rows)
    assert (code, "jobmeter faults 6009" in printed) == (1, True)
    code, printed = export("jobReports", "--month", "2026-10", "--from", "2026-10-01")
    assert (code, "choose days by --month" in printed) == (1, True)
    code, printed = export("charges", "-o", tmp_path / "missing" / "file.csv")
    assert (code, "cannot be written" in printed) == (1, True)
    code, printed = export("charges", "--url", "linkedin")
    assert (code, "LinkedIn has no exports" in printed) == (1, True)
