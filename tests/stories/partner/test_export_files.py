"""Excel and Parquet exports over HTTP: complete files that continue by range, found again by every process, and swept."""

import asyncio
import os
import sys
from contextlib import AsyncExitStack, ExitStack, contextmanager
from datetime import UTC

import pytest

from jobmeter.base.faults import CommandFailed, Fault, Refused
from jobmeter.exports.files import flow
from jobmeter.exports.files import folder as files
from jobmeter.exports.model import Column, ColumnType, ExportFormat, Table
from jobmeter.http.admission import ExportShares, OverloadedError
from jobmeter.http.responses import ExportResponse
from tests.conftest import TEMPLATE, make_database
from tests.stories.partner.test_exports import ask, list_rows
from tests.support.sandbox_client import add_partner, open_sandbox_client, reopen_sandbox_client

FORMATS = ("xlsx", "parquet")


@pytest.fixture
def downloads(tmp_path):
    return tmp_path / "downloads"


@pytest.fixture
def exporter(database_url, downloads):
    """A sandbox with a final day, whose downloads are in a folder of the test."""
    with open_exporter(database_url, downloads) as client:
        yield client


@pytest.fixture(scope="module")
def shared_exporter(cluster_url, tmp_path_factory):
    """The same for tests that only read."""
    for url in make_database(cluster_url, TEMPLATE):
        with open_exporter(url, tmp_path_factory.mktemp("shared") / "downloads") as client:
            yield client


@contextmanager
def open_exporter(database_url, downloads):
    with open_sandbox_client(database_url, download_folder=str(downloads)) as client:
        client.send_clicks(client.post_job("one"), 3)
        client.advance_to_midnight(days=4)
        assert list_rows(client, "jobReports")
        yield client


def fetch(client, file_format, *, who="child", kind="jobReports", **headers):
    return ask(
        client,
        kind,
        who,
        headers={name.replace("_", "-"): one for name, one in headers.items()},
        format=file_format,
    )


@pytest.mark.parametrize("file_format", FORMATS)
def test_a_range_continues_a_download(shared_exporter, file_format):
    whole = fetch(shared_exporter, file_format)
    assert (whole.status_code, whole.headers["accept-ranges"]) == (200, "bytes")
    size, tag = len(whole.content), whole.headers["etag"]
    assert whole.headers["content-length"] == str(size)
    for first in (0, 1, size // 2, size - 1):
        rest = fetch(shared_exporter, file_format, range=f"bytes={first}-", if_range=tag)
        assert rest.status_code == 206
        assert rest.headers["content-range"] == f"bytes {first}-{size - 1}/{size}"
        assert (rest.content, rest.headers["etag"]) == (whole.content[first:], tag)
    last = fetch(shared_exporter, file_format, range="bytes=-10")
    assert (last.status_code, last.content) == (206, whole.content[-10:])
    part = fetch(shared_exporter, file_format, range="bytes=2-5")
    assert part.content == whole.content[2:6]


def test_ranges_that_cannot_be_sent(shared_exporter):
    whole = fetch(shared_exporter, "xlsx")
    size = len(whole.content)
    beyond = fetch(shared_exporter, "xlsx", range=f"bytes={size}-")
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{size}")
    stale = fetch(shared_exporter, "xlsx", range="bytes=5-", if_range='"0123456789abcdef0123456789abcdef"')
    assert (stale.status_code, stale.content) == (200, whole.content)
    weak = fetch(shared_exporter, "xlsx", range="bytes=5-", if_range=f"W/{whole.headers['etag']}")
    assert weak.status_code == 200
    known = fetch(shared_exporter, "xlsx", if_none_match=whole.headers["etag"])
    assert (known.status_code, known.content) == (304, b"")


@pytest.mark.parametrize("file_format", FORMATS)
def test_a_file_that_is_gone_is_made_again_with_the_same_tag(exporter, downloads, file_format):
    whole = fetch(exporter, file_format)
    for path in downloads.iterdir():
        path.unlink()
    rest = fetch(exporter, file_format, range="bytes=7-", if_range=whole.headers["etag"])
    assert (rest.status_code, rest.content) == (206, whole.content[7:])


def test_a_file_of_changed_rows_begins_again(exporter):
    whole = fetch(exporter, "xlsx", kind="charges")
    exporter.send_clicks(exporter.post_job("two"), 1)
    again = fetch(exporter, "xlsx", kind="charges")
    assert again.headers["etag"] != whole.headers["etag"]
    rest = fetch(exporter, "xlsx", kind="charges", range="bytes=5-", if_range=whole.headers["etag"])
    assert (rest.status_code, rest.content) == (206, whole.content[5:])  # the old file is still there


def test_another_process_continues_the_download(exporter, database_url, downloads):
    whole = fetch(exporter, "parquet")
    made = {path.name for path in downloads.iterdir()}
    with reopen_sandbox_client(database_url, exporter.credentials, download_folder=str(downloads)) as other:
        rest = fetch(other, "parquet", range="bytes=9-", if_range=whole.headers["etag"])
        assert (rest.status_code, rest.content) == (206, whole.content[9:])
    assert {path.name for path in downloads.iterdir()} == made


def test_the_tag_of_anothers_file_opens_nothing(exporter, database_url):
    whole = fetch(exporter, "xlsx")
    stranger = add_partner(exporter, database_url)
    rest = fetch(stranger, "xlsx", range="bytes=0-", if_range=whole.headers["etag"])
    assert rest.status_code == 200
    assert rest.headers["etag"] != whole.headers["etag"]
    assert b"one" not in rest.content


@pytest.mark.parametrize("file_format", FORMATS)
def test_head_has_the_length_and_no_body(shared_exporter, file_format):
    whole = fetch(shared_exporter, file_format)
    answer = shared_exporter.client.head(
        "/partner/exports/jobReports", headers=shared_exporter.headers(), params={"format": file_format}
    )
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-length"] == str(len(whole.content))


@pytest.mark.parametrize("file_format", [ExportFormat.EXCEL, ExportFormat.PARQUET])
async def test_a_file_that_is_not_completed_leaves_nothing_on_the_disk(tmp_path, file_format):
    columns = (Column("id", ColumnType.NUMBER, ""),)

    async def break_off():
        yield Table(([1, 2],), ["1", "2"])
        raise ConnectionError

    with pytest.raises(ConnectionError):
        await flow.make_file(
            break_off(), columns, file_format=file_format, zone=UTC, folder=str(tmp_path / "kept"), key="key"
        )
    assert list((tmp_path / "kept").iterdir()) == []


async def test_a_file_beyond_the_space_of_the_folder_is_refused(tmp_path):
    columns = (Column("text", ColumnType.TEXT, ""),)

    async def read_much():
        for number in range(200):
            yield Table(
                ([f"{number}-{place}" * 9 for place in range(1_000)],), [str(n) for n in range(1_000)]
            )

    with pytest.raises(Refused) as refused:
        await flow.make_file(
            read_much(),
            columns,
            file_format=ExportFormat.PARQUET,
            zone=UTC,
            folder=str(tmp_path / "kept"),
            key="key",
            bytes_max=1_000,
        )
    assert refused.value.fault is Fault.EXPORT_TOO_LARGE
    assert list((tmp_path / "kept").iterdir()) == []


@pytest.mark.parametrize(("file_format", "module"), [("xlsx", "xlsxwriter"), ("parquet", "pyarrow")])
def test_a_server_without_the_library_says_what_is_missing(shared_exporter, monkeypatch, file_format, module):
    monkeypatch.setitem(sys.modules, module, None)
    answer = fetch(shared_exporter, file_format)
    assert (answer.status_code, answer.json()["code"]) == (501, "EXTRA_MISSING")
    extra = {"xlsx": "billing", "parquet": "parquet"}[file_format]
    assert answer.json()["message"].endswith(f"pip install 'jobmeter[{extra}]'")
    assert fetch(shared_exporter, "csv").status_code == 200


async def test_a_partner_runs_four_exports_at_once_and_pages_take_turns():
    shares = ExportShares(connections_max=8)
    with ExitStack() as running:
        for _ in range(4):
            running.enter_context(shares.enter(1))
        with pytest.raises(OverloadedError), shares.enter(1):
            pass
        running.enter_context(shares.enter(2))
    running.enter_context(shares.enter(1))
    read = []

    async def read_page(number):
        async with shares.take_turn():
            read.append(number)
            await asyncio.sleep(0)
            assert len(read) - len(done) <= 2
            done.append(number)

    done = []
    await asyncio.gather(*(read_page(number) for number in range(6)))
    assert sorted(done) == list(range(6))


async def test_a_client_that_leaves_ends_its_export():
    held, ended = AsyncExitStack(), []
    held.callback(ended.append, "export")

    async def send_rows():
        while True:
            yield b"row"

    async def send(_):
        await asyncio.sleep(0)

    async def receive():
        return {"type": "http.disconnect"}

    scope = {"type": "http", "asgi": {"spec_version": "2.3"}}
    await ExportResponse(send_rows(), held)(scope, receive, send)
    assert ended == ["export"]


async def test_a_file_is_made_once_for_all_who_ask_meanwhile(tmp_path):
    shares, made, may_end = ExportShares(connections_max=4), [], asyncio.Event()

    async def make():
        made.append(1)
        await may_end.wait()
        return tmp_path

    with pytest.raises(TimeoutError):
        await shares.make_once("key", make, seconds_max=0.01)
    again = asyncio.create_task(shares.make_once("key", make, seconds_max=60))
    other = asyncio.create_task(shares.make_once("other", make, seconds_max=60))
    await asyncio.sleep(0)
    may_end.set()
    assert await again == await other == tmp_path
    assert len(made) == 2
    assert await shares.make_once("key", make, seconds_max=60) == tmp_path
    assert len(made) == 3


def test_old_files_and_those_beyond_the_limit_are_swept(tmp_path):
    folder = files.open_folder(str(tmp_path / "kept"))
    for number in range(4):
        path = folder / f"key-{number}"
        path.write_bytes(b"x" * 10)
        os.utime(path, (number, number))
    (folder / "half.part").write_bytes(b"x" * 10)
    os.utime(folder / "half.part", (3, 3))
    assert files.sweep(folder, now_seconds=files.KEPT_SECONDS + 1, bytes_max=100) == 40
    assert files.sweep(folder, now_seconds=4, bytes_max=25) == 20
    assert sorted(path.name for path in folder.iterdir()) == ["half.part", "key-3"]
    assert files.sweep(folder, now_seconds=4, bytes_max=5) == 10  # what is in progress stays
    assert files.sweep(folder, now_seconds=files.KEPT_SECONDS + 4, bytes_max=5) == 0


def test_a_sweep_follows_the_clock_of_the_files(tmp_path):
    folder = files.open_folder(str(tmp_path / "kept"))
    for name, age_seconds in (("key-old", files.KEPT_SECONDS + 5), ("key-new", files.KEPT_SECONDS - 60)):
        (folder / name).write_bytes(b"x")
        at = (folder / name).stat().st_mtime - age_seconds
        os.utime(folder / name, (at, at))
    assert flow.sweep_old(folder) == 1
    assert [path.name for path in folder.iterdir()] == ["key-new"]


def test_a_folder_that_others_can_read_is_refused(tmp_path):
    folder = tmp_path / "open"
    folder.mkdir(mode=0o755)
    with pytest.raises(CommandFailed, match="only the user of the server can read"):
        files.open_folder(str(folder))
    target = files.open_folder(str(tmp_path / "ours"))
    assert target.stat().st_mode & 0o777 == 0o700
    (tmp_path / "link").symlink_to(target)
    with pytest.raises(CommandFailed):
        files.open_folder(str(tmp_path / "link"))
