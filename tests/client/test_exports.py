"""Exports through the client: rows and files over a network that breaks, complete and without repeated rows."""

from datetime import UTC, date, timedelta
from random import Random

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobmeter.base.faults import Fault
from jobmeter.client import ClientError, Filters, RefusedError, UnreadableError
from jobmeter.client.exports import CsvSplitter, JsonSplitter
from jobmeter.exports.formats.text import write_csv, write_csv_header, write_json_lines
from jobmeter.exports.model import CURRENCY, Column, ColumnType, Table
from tests.client.doubles import AppTransport, GivenResponses, make_client, open_given, refuse
from tests.conftest import TEMPLATE, make_database
from tests.support.sandbox_client import open_sandbox_client

COLUMNS = (Column("title", ColumnType.TEXT, ""), Column(CURRENCY, ColumnType.TEXT, ""))


class BreakingStream(httpx2.SyncByteStream):
    """Sends some bytes of a body, then breaks."""

    def __init__(self, content, length):
        self._content, self._length = content, length

    def __iter__(self):
        for start in range(0, self._length, 97):
            yield self._content[start : min(start + 97, self._length)]
        raise httpx2.ReadError("connection reset by peer")


class BreakingTransport(httpx2.BaseTransport):
    """Breaks nine of ten exports after some bytes."""

    def __init__(self, inner, rng):
        self._inner, self._rng = inner, rng
        self.breaks = 0

    def handle_request(self, request):
        response = self._inner.handle_request(request)
        if "/partner/exports/" not in request.url.path or self._rng.random() < 0.1:
            return response
        content = response.read()
        self.breaks += 1
        headers = {name: value for name, value in response.headers.items() if name != "content-length"}
        length = min(len(content), self._rng.randrange(2_000))
        return httpx2.Response(response.status_code, headers=headers, stream=BreakingStream(content, length))


@pytest.fixture(scope="module")
def exporting(cluster_url):
    """A sandbox with a day of several jobs, whose titles end lines and quotes. No test changes what it has."""
    for database_url in make_database(cluster_url, TEMPLATE):
        with open_sandbox_client(database_url) as sandbox_client:
            for number in range(8):
                job_id = sandbox_client.post_job(f"job-{number}", title=f'Pilot, "{number}"')
                sandbox_client.send_clicks(job_id, 2, prefix=f"{number}-")
            sandbox_client.advance_to_midnight()
            yield sandbox_client


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (1, 2))])
def test_rows_are_complete_over_a_connection_that_breaks(exporting, seed):
    transport = BreakingTransport(AppTransport(exporting), Random(seed))
    for kind in ("jobReports", "charges", "events"):
        whole = list(make_client(exporting, "parent").exports.rows(kind))
        assert len(whole) >= 8
        assert list(make_client(exporting, "parent", transport=transport).exports.rows(kind)) == whole
        after = whole[3]["cursor"]
        assert (
            list(make_client(exporting, "parent", transport=transport).exports.rows(kind, after=after))
            == whole[4:]
        )
    assert transport.breaks > 3


@pytest.mark.parametrize("file_format", ["csv", "jsonl", "xlsx", "parquet"])
def test_a_file_is_complete_over_a_connection_that_breaks(exporting, tmp_path, file_format):
    transport = BreakingTransport(AppTransport(exporting), Random(5))
    day = exporting.now.date() - timedelta(days=1)
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    size = make_client(exporting).exports.save("jobReports", whole, day, day, file_format=file_format)
    make_client(exporting, transport=transport).exports.save(
        "jobReports", broken, day, day, file_format=file_format
    )
    assert transport.breaks
    assert len(whole.read_bytes()) == size
    assert broken.read_bytes() == whole.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["broken", "whole"]


def test_filters_are_those_of_the_request(exporting):
    client = make_client(exporting, "parent")
    application = int(exporting.credentials["child"]["urn"].rsplit(":", 1)[-1])
    filters = Filters(
        partner_contract_id=exporting.credentials["partner_contract_id"],
        application_id=application,
        external_ids=("job-1", "job-2"),
        timezone="Europe/Amsterdam",
    )
    rows = list(client.exports.rows("charges", filters=filters))
    assert {row["externalJobPostingId"] for row in rows} == {"job-1", "job-2"}
    assert {row["bookedAt"][-6:] for row in rows} <= {"+01:00", "+02:00"}


def test_a_refusal_ends_the_export_and_leaves_no_file(exporting, tmp_path):
    client = make_client(exporting)
    with pytest.raises(RefusedError) as refused:
        client.exports.save("jobReports", tmp_path / "file", date(2001, 1, 1))
    assert refused.value.fault is Fault.RANGE_TOO_OLD
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_changed_begins_again(tmp_path):
    """The second response is another file: nothing of the first one may remain in it."""
    contents = [b"first file " * 50, b"second " * 50]

    def answer(request):
        number = len(transport.requests) - 1
        assert ("if-range" in request.headers) == (number > 0)
        headers = {"ETag": f'"{number}"'}
        if number == 0:
            return httpx2.Response(200, headers=headers, stream=BreakingStream(contents[0], 300))
        return httpx2.Response(200, headers=headers, content=contents[1])

    transport = GivenResponses(answer)
    with open_given(transport) as client:
        client.exports.save("invoices", tmp_path / "file", file_format="xlsx")
    assert (tmp_path / "file").read_bytes() == contents[1]


def test_attempts_without_any_progress_end():
    with (
        open_given(GivenResponses(lambda _: refuse(503, message="busy"))) as client,
        pytest.raises(ClientError),
    ):
        list(client.exports.rows("charges"))


def test_a_token_that_is_no_longer_valid_is_replaced():
    def answer(request):
        if request.headers["authorization"] == "Bearer token-1":
            return refuse(
                401, code="REVOKED_ACCESS_TOKEN", message="The token used in the request has been revoked"
            )
        return httpx2.Response(200, content=b'{"a":1,"cursor":"7"}\n')

    with open_given(GivenResponses(answer)) as client:
        assert list(client.exports.rows("charges")) == [{"a": 1, "cursor": "7"}]


@given(
    st.lists(st.text(st.sampled_from('a",\r\n=\u2028é'), max_size=8), min_size=1, max_size=6),
    st.lists(st.integers(1, 40), min_size=1, max_size=10),
    st.booleans(),
)
def test_pieces_of_any_size_are_cut_into_complete_rows(titles, sizes, is_csv):
    table = Table((titles, ["EUR"] * len(titles)), [f"5-{number}" for number in range(len(titles))])
    write = write_csv if is_csv else write_json_lines
    header = write_csv_header(COLUMNS) if is_csv else b""
    one_by_one = [
        write(COLUMNS, Table(([title], ["EUR"]), [cursor]), zone=UTC)
        for title, cursor in zip(titles, table.cursors, strict=True)
    ]
    content = header + b"".join(one_by_one)
    splitter = CsvSplitter() if is_csv else JsonSplitter()
    found, start, place = b"", 0, 0
    while start < len(content):
        size = sizes[place % len(sizes)]
        found += splitter.split(content[start : start + size])
        start, place = start + size, place + 1
        ends = [len(header) + sum(map(len, one_by_one[:count])) for count in range(len(titles) + 1)]
        assert len(found) in {0, *ends}
        if splitter.cursor:
            assert found == content[: ends[int(splitter.cursor.partition("-")[2]) + 1]]
    splitter.check_end()
    assert found == content


def test_a_response_that_ends_within_a_row_is_not_complete():
    splitter = CsvSplitter()
    assert splitter.split(b"title,cursor\r\nab") == b"title,cursor\r\n"
    with pytest.raises(UnreadableError):
        splitter.check_end()
    splitter.drop_rest()
    assert splitter.split(b"title,cursor\r\nabc,1\r\n") == b"abc,1\r\n"
    assert splitter.cursor == "1"
