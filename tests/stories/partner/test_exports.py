"""Exports over HTTP: the rows of every kind, for whom, in which format, and how a broken one continues."""

from dataclasses import dataclass

import pyarrow.parquet
import pytest

from jobmeter.exports.model import ExportKind
from tests.conftest import TEMPLATE, make_database
from tests.properties.exports.readers import read_csv, read_json_lines, read_sheets
from tests.stories.partner.test_charge_stream import follow_until, make_history
from tests.support.sandbox_client import (
    SandboxClient,
    add_partner,
    bearer,
    make_event,
    open_sandbox_client,
)

FORMULA = "=HYPERLINK(1)"


def ask(sandbox_client, kind, who="child", headers=None, **parameters):
    return sandbox_client.client.get(
        f"/partner/exports/{kind}",
        headers=bearer(sandbox_client.token(who)) | (headers or {}),
        params=parameters,
    )


def export(sandbox_client, kind, who="child", file_format="jsonl", **parameters):
    answer = ask(sandbox_client, kind, who, format=file_format, **parameters)
    assert answer.status_code == 200, answer.text
    return answer.content


def list_rows(sandbox_client, kind, who="child", **parameters):
    return read_json_lines(export(sandbox_client, kind, who, **parameters))


@dataclass(frozen=True)
class History:
    """What several tests read, and none changes, of one sandbox."""

    sandbox_client: SandboxClient
    database_url: str


@pytest.fixture(scope="module")
def history(cluster_url):
    for database_url in make_database(cluster_url, TEMPLATE):
        with open_sandbox_client(database_url) as sandbox_client:
            play(sandbox_client)
            yield History(sandbox_client, database_url)


def play(sandbox_client):
    """Two jobs with charges, a late click, a reversed and a refused one, all of it final; one job's title is a formula."""
    make_history(sandbox_client)
    other = sandbox_client.post_job("other", title=FORMULA)
    at = sandbox_client.now_ms
    sandbox_client.send([make_event(other, f"view{n}", at + n) for n in range(3)])
    sandbox_client.send_clicks(other, 2, prefix="o")
    crawler = make_event(other, "robot", at + 5_000, type="applyClick", isCrawler=True)
    sandbox_client.send([crawler])
    sandbox_client.advance_to_midnight(days=4)
    follow_until(sandbox_client, 6)


def test_job_reports_are_those_of_the_report(history):
    sandbox_client = history.sandbox_client
    rows = list_rows(sandbox_client, "jobReports")
    days = sorted({row["date"] for row in rows})
    reported = {}
    for day in days:
        year, month, number = map(int, day.split("-"))
        shown = f"(year:{year},month:{month},day:{number})"
        found = sandbox_client.client.get(
            f"/rest/partnerJobReports?q=dateRange&dateRange=(start:{shown},end:{shown})",
            headers=sandbox_client.headers(),
        ).json()["elements"]
        for element in found:
            for figures in element.get("jobPerformanceMetrics", []):
                name = element["jobPostingInfo"]["externalJobPostingId"]
                reported[name, day] = (
                    figures["viewCount"],
                    figures["applyClickCount"],
                    figures["charge"]["amount"],
                    element["jobPostingInfo"]["jobTitle"],
                )
    exported = {
        (row["externalJobPostingId"], row["date"]): (
            row["viewCount"],
            row["applyClickCount"],
            row["charge"],
            row["jobTitle"],
        )
        for row in rows
    }
    assert exported == reported
    assert len(rows) == len(exported) == 2
    assert {row["isFinal"] for row in rows} == {True}
    assert {row["currencyCode"] for row in rows} == {"USD"}


def test_a_day_that_may_still_change_is_marked_as_an_estimate(sandbox_client):
    job_id = sandbox_client.post_job("open")
    sandbox_client.send_clicks(job_id, 2)
    sandbox_client.advance_to_midnight()
    (row,) = list_rows(sandbox_client, "jobReports")
    assert (row["isFinal"], row["charge"]) == (False, "3.00")
    sandbox_client.advance_to_midnight(days=3)
    (row,) = list_rows(sandbox_client, "jobReports")
    assert row["isFinal"] is True


def test_charges_are_the_entries_of_the_stream_and_their_sum_is_the_ledgers(history):
    sandbox_client = history.sandbox_client
    entries = [entry for entry in follow_until(sandbox_client, 6) if entry["type"] != "RESTATEMENT"]
    rows = list_rows(sandbox_client, "charges")
    assert {row["reference"]: (row["type"], row["amount"], row["day"], row["corrects"]) for row in rows} == {
        one["reference"]: (one["type"], one["amount"]["amount"], one["day"], one["corrects"])
        for one in entries
    }
    assert [row["type"] for row in rows] == ["CHARGE"] * 3 + ["REVERSE"]
    explained = sum(float(row["net"]) for row in rows)
    reported = sum(float(row["charge"]) for row in list_rows(sandbox_client, "jobReports"))
    assert explained == reported == 6.0


def test_budget_is_the_sum_of_the_job_reports(history):
    sandbox_client = history.sandbox_client
    (mine,) = list_rows(sandbox_client, "budget")
    (whole,) = list_rows(sandbox_client, "budget", who="parent")
    assert (mine["jobs"], mine["viewCount"], mine["applyClickCount"], mine["charge"]) == (2, 3, 4, "6.00")
    assert mine["serviceTermBudgetLimit"] is None
    report = sandbox_client.budget().json()["partnerBudgetDetails"][0]
    assert whole["serviceTermBudgetSpent"] == report["serviceTermBudgetSpent"]["amount"] == "6.00"
    assert whole["serviceTermBudgetLimit"] == report["serviceTermBudgetLimit"]["amount"]
    assert {name: whole[name] for name in mine if mine[name] is not None} == {
        name: value for name, value in mine.items() if value is not None
    }


def test_events_have_their_verdicts_and_nothing_of_the_visitor(history):
    sandbox_client = history.sandbox_client
    rows = list_rows(sandbox_client, "events")
    outcomes = sorted((row["type"], row["verdict"], row["outcome"] or "") for row in rows)
    assert outcomes == [
        *[("applyClick", "COUNTED", "CHARGED")] * 4,
        ("applyClick", "COUNTED", "REVERSED"),
        ("applyClick", "CRAWLER", "REFUSED"),
        *[("view", "COUNTED", "")] * 3,
    ]
    assert sum(float(row["amount"] or 0) for row in rows) == 6.0
    assert not {"visitor", "address", "source", "id"} & set(rows[0])
    charges = {row["reference"] for row in list_rows(sandbox_client, "charges") if row["type"] == "CHARGE"}
    assert {row["charge"] for row in rows if row["charge"]} == charges


def test_each_click_that_was_not_charged_has_its_filter_and_reason(history):
    sandbox_client = history.sandbox_client
    rows = list_rows(sandbox_client, "clicksNotCharged")
    assert [(row["externalJobPostingId"], row["filter"]) for row in rows] == [
        ("followed", "REPEATED_CLICK"),
        ("other", "CRAWLER"),
    ]
    assert all(row["reason"] for row in rows)


def test_a_click_beyond_the_budget_is_one_that_was_not_charged(sandbox_client):
    job_id = sandbox_client.post_job(
        "small", budget={"payForPerformanceTotalBudget": {"currencyCode": "USD", "amount": "3.00"}}
    )
    sandbox_client.send_clicks(job_id, 3)
    rows = list_rows(sandbox_client, "clicksNotCharged")
    assert [row["filter"] for row in rows] == ["BEYOND_BUDGET"]
    outcomes = [row["outcome"] for row in list_rows(sandbox_client, "events")]
    assert sorted(outcomes) == ["BEYOND_BUDGET", "CHARGED", "CHARGED"]


@pytest.mark.parametrize("kind", list(ExportKind))
def test_all_formats_have_the_same_rows(history, kind):
    sandbox_client = history.sandbox_client
    lines = list_rows(sandbox_client, kind, who="parent")
    cursors = [line.pop("cursor") for line in lines]
    header, *cells = read_csv(export(sandbox_client, kind, who="parent", file_format="csv"))
    assert [row[-1] for row in cells] == cursors
    names = header[:-1]
    for row, line in zip(cells, lines, strict=True):
        assert names == list(line)
        for name, cell in zip(names, row, strict=False):
            value = line[name]
            text = "" if value is None else str(value).lower() if value in {True, False} else str(value)
            assert cell in {text, f"'{text}"} or cell == str(value)
    table = pyarrow.parquet.read_table(
        pyarrow.BufferReader(export(sandbox_client, kind, who="parent", file_format="parquet"))
    )
    assert (table.column_names, table.num_rows) == (names, len(lines))
    (sheet,) = read_sheets(export(sandbox_client, kind, who="parent", file_format="xlsx"))
    assert (sheet[0], len(sheet) - 1) == (names, len(lines))
    for place, name in enumerate(names):
        texts = [line[name] for line in lines]
        if all(isinstance(text, str) for text in texts) and str(table.schema.field(name).type) == "string":
            assert table[name].to_pylist() == texts == [row[place] for row in sheet[1:]]


@pytest.mark.parametrize("kind", [kind for kind in ExportKind if kind is not ExportKind.INVOICES])
@pytest.mark.parametrize("file_format", ["csv", "jsonl"])
def test_a_cursor_continues_after_every_row_without_a_gap(history, kind, file_format):
    sandbox_client = history.sandbox_client
    whole = export(sandbox_client, kind, who="parent", file_format=file_format)
    rows = read_csv(whole)[1:] if file_format == "csv" else read_json_lines(whole)
    cursors = [row[-1] if file_format == "csv" else row["cursor"] for row in rows]
    assert len(set(cursors)) == len(rows) > 0
    for place, cursor in enumerate(cursors, start=1):
        rest = export(sandbox_client, kind, who="parent", file_format=file_format, cursor=cursor)
        found = read_csv(rest) if file_format == "csv" else read_json_lines(rest)
        assert found == rows[place:]
        assert whole.endswith(rest)


def test_a_cell_that_is_a_formula_is_guarded_in_csv_only(history):
    sandbox_client = history.sandbox_client
    text = export(sandbox_client, "jobReports", file_format="csv").decode()
    assert f"'{FORMULA}" in text
    titles = {row["jobTitle"] for row in list_rows(sandbox_client, "jobReports")}
    assert FORMULA in titles


def test_filters_choose_jobs_contracts_applications_and_days(history):
    sandbox_client = history.sandbox_client
    contract = sandbox_client.credentials["partner_contract_id"]
    application = sandbox_client.credentials["child"]["urn"].rsplit(":", 1)[-1]
    for kind in ("jobReports", "charges", "events", "clicksNotCharged", "budget"):
        rows = list_rows(sandbox_client, kind, who="parent")
        chosen = {"partnerContractId": contract, "applicationId": application}
        assert list_rows(sandbox_client, kind, who="parent", **chosen) == rows
        if kind != "budget":
            named = list_rows(sandbox_client, kind, externalJobPostingId="other")
            assert named == [row for row in rows if row["externalJobPostingId"] == "other"]
        assert list_rows(sandbox_client, kind, externalJobPostingId="unknown") == []
        unknown = ask(sandbox_client, kind, "parent", applicationId=999_999)
        assert (unknown.status_code, unknown.json()["code"]) == (404, "APPLICATION_UNKNOWN")
        assert ask(sandbox_client, kind, "parent", partnerContractId=999_999).status_code == 403
    days = sorted({row["day"] for row in list_rows(sandbox_client, "charges")})
    first = list_rows(sandbox_client, "charges", **{"from": days[0], "to": days[0]})
    assert {row["day"] for row in first} == {days[0]}


def test_exports_show_each_caller_its_own_rows(history):
    sandbox_client = history.sandbox_client
    stranger = add_partner(sandbox_client, history.database_url)
    for kind in ExportKind:
        for who in ("child", "parent"):
            assert list_rows(stranger, kind, who=who) == []
        rows = list_rows(sandbox_client, kind)
        if not rows:
            continue
        # The cursor of another's row is a position and no key.
        assert list_rows(stranger, kind, cursor=rows[0]["cursor"]) == []


def test_the_header_accept_or_the_parameter_chooses_the_format(history):
    sandbox_client = history.sandbox_client
    media = {
        "text/csv": "text/csv; charset=utf-8",
        "application/x-ndjson": "application/x-ndjson",
        "application/json;q=0.9, application/x-ndjson;q=0.5, text/csv;q=0.1": "application/x-ndjson",
        "*/*": "text/csv; charset=utf-8",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": None,
        "application/vnd.apache.parquet": None,
    }
    for accept, expected in media.items():
        answer = ask(sandbox_client, "charges", headers={"Accept": accept})
        assert answer.headers["content-type"] == (expected or accept)
    answer = ask(sandbox_client, "charges", headers={"Accept": "application/pdf"})
    assert (answer.status_code, answer.json()["code"]) == (406, "NOT_ACCEPTABLE")
    answer = ask(sandbox_client, "charges", format="pdf")
    assert (answer.status_code, answer.json()["message"]) == (400, "Parameter 'format' is invalid")


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"from": "2026-02-30"}, "PARAMETER_INVALID"),
        ({"from": "2200-01-02", "to": "2200-01-01"}, "RANGE_REVERSED"),
        ({"from": "2001-01-02"}, "RANGE_TOO_OLD"),
        ({"to": "2200-01-01"}, "RANGE_NOT_PAST"),
        ({"timezone": "Mars/Olympus"}, "PARAMETER_INVALID"),
        ({"timezone": "../../etc/passwd"}, "PARAMETER_INVALID"),
        ({"cursor": "x"}, "PARAMETER_INVALID"),
        ({"cursor": "1-2"}, "PARAMETER_INVALID"),
        ({"cursor": "1-2-" + "9" * 30}, "PARAMETER_INVALID"),
        ({"externalJobPostingId": ["x"] * 101}, "PARAMETER_INVALID"),
    ],
)
def test_a_wrong_question_is_refused(sandbox_client, parameters, code):
    answer = ask(sandbox_client, "jobReports", **parameters)
    assert answer.json()["code"] == code
    assert answer.status_code == 400


def test_an_empty_export_has_a_header_and_no_rows(sandbox_client):
    for kind in ExportKind:
        assert export(sandbox_client, kind) == b""
        (header,) = read_csv(export(sandbox_client, kind, file_format="csv"))
        assert header[-1] == "cursor"
        (sheet,) = read_sheets(export(sandbox_client, kind, file_format="xlsx"))
        assert sheet == [header[:-1]]
