"""What is read of other programs' output, and the load of a server that closes each connection."""

import json
import socketserver
import threading
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bench.__main__ import main
from bench.cluster import CLUSTER
from bench.machine import Machine
from bench.peers import AD_SERVER, TIGERBEETLE, measure_peers, read_links, read_transfers
from bench.pgbench import find_pgbench, read_rate
from bench.requests import make_get, send_all
from tests.unit.bench.test_results import TINY

NOW = datetime(2026, 5, 4, 9, tzinfo=UTC)
PGBENCH = """\
pgbench (18.0)
transaction type: bench/click.pgbench
scaling factor: 1
query mode: prepared
number of clients: 64
number of threads: 2
maximum number of tries: 1
number of transactions per client: 100
number of transactions actually processed: 6400/6400
number of failed transactions: 0 (0.000%)
latency average = 9.216 ms
initial connection time = 61.003 ms
tps = 6944.386 (without initial connection time)
"""
PGBENCH_13 = """\
latency average = 0.250 ms
tps = 3990.1 (including connections establishing)
tps = 4012.7 (excluding connections establishing)
"""
BENCHMARK = """\
info(benchmark): Benchmark seed = 42
123 batches in 12.34 s
transfer batch size = 8190 txs
transfer batch delay = 0 us
load accepted = 81037 tx/s
batch latency p1 = 40 ms
batch latency p100 = 311 ms

rss = 3061194752 bytes
"""


@pytest.mark.parametrize(("output", "rate"), [(PGBENCH, 6944.386), (PGBENCH_13, 4012.7)])
def test_the_rate_of_pgbench_is_that_without_connecting(output, rate):
    assert read_rate(output) == rate


def test_the_transfers_of_tigerbeetle_are_read():
    assert read_transfers(BENCHMARK) == 81_037
    assert read_transfers("load accepted = 1,081,037 tx/s") == 1_081_037


@pytest.mark.parametrize("read", [read_rate, read_transfers])
@pytest.mark.parametrize("output", ["", "error: no space left", "load offered = 5 tx/s\nlatency tps = 3"])
def test_output_without_a_rate_is_an_error_that_shows_it(read, output):
    with pytest.raises(RuntimeError, match="printed no line") as caught:
        read(output)
    assert output in str(caught.value)


def test_addresses_of_an_ad_server_are_read_and_spread_over_connections():
    lines = [f"http://localhost:5000/proxy/click/1/{number}/" for number in range(100)]
    links = read_links(["", *lines, "  "])
    assert (links.port, links.host, len(links.paths)) == (5000, "localhost:5000", 100)
    requests = links.list_requests()
    assert len(requests) == 64
    assert sorted(one.split(b" ")[1] for line in requests for one in line) == sorted(
        f"/proxy/click/1/{number}/".encode() for number in range(100)
    )
    assert b"Host: localhost:5000\r\n" in requests[0][0]


@pytest.mark.parametrize(
    "lines",
    [
        [],
        ["no address"],
        ["https://localhost/a"],
        ["http://localhost:1/a", "http://localhost:2/a"],
        ["http:///a"],
    ],
)
def test_addresses_that_are_not_of_one_server_are_refused(lines):
    with pytest.raises(ValueError, match="must list addresses of one server"):
        read_links(lines)


def test_programs_that_are_not_named_are_skipped_without_measuring_anything(monkeypatch):
    for name in (TIGERBEETLE, AD_SERVER, CLUSTER):
        monkeypatch.delenv(name, raising=False)
    found = measure_peers(Machine(""), TINY, NOW)
    assert [one.runs for one in found.values()] == [(), (), ()]
    assert all(one.note.startswith("skipped: JOBMETER_BENCH_") for one in found.values())


@pytest.mark.slow
def test_batches_are_compared_with_the_program_that_is_named(tmp_path, monkeypatch):
    program, results = tmp_path / "tigerbeetle", tmp_path / "results.json"
    program.write_text(
        f"#!/bin/sh\n[ $1 = benchmark ] || exit 1\ntouch its.file\ncat << END\n{BENCHMARK}END\n"
    )
    program.chmod(0o700)
    monkeypatch.setenv(TIGERBEETLE, str(program))

    name = "intake_batch_to_tigerbeetle"
    assert main(["--only", name, "--results", str(results)], sizes=TINY) == 0

    figure = json.loads(results.read_text())[name]
    assert figure["limit"] == 81_037
    assert figure["ratio"] == pytest.approx(figure["value"] / 81_037, abs=1e-3)
    assert not (Path.cwd() / "its.file").exists()


@pytest.mark.slow
def test_clicks_are_compared_with_pgbench_on_the_same_database(tmp_path):
    assert find_pgbench() is not None  # the embedded PostgreSQL has one
    results, name = tmp_path / "results.json", "intake_click_to_pgbench"
    few = replace(TINY, jobs=2)
    assert main(["--only", name, "--results", str(results)], sizes=few) == 0

    figure = json.loads(results.read_text())[name]
    assert figure["value"] > 0
    assert figure["limit"] > 0
    assert figure["isMet"] is (figure["ratio"] >= figure["target"])


class Closing(socketserver.StreamRequestHandler):
    """Answers one request of each connection."""

    def handle(self) -> None:
        path = self.rfile.readline().split()[1]
        while self.rfile.readline().strip():
            pass
        self.server.asked.append(path)
        self.wfile.write(b"HTTP/1.1 302 Found\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok")


def test_a_server_that_closes_after_each_response_gets_every_request_once():
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Closing) as server:
        server.asked = []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        lines = [[make_get(f"/{line}/{number}", {}) for number in range(5)] for line in range(3)]
        found = send_all(server.server_address[1], lines)
        server.shutdown()
    assert len(found.waits_ms) == 15
    assert sorted(server.asked) == sorted(
        f"/{line}/{number}".encode() for line in range(3) for number in range(5)
    )


def test_a_response_without_its_length_is_an_error():
    class Endless(Closing):
        def handle(self) -> None:
            self.rfile.readline()
            self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\nok")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Endless) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with pytest.raises(RuntimeError, match="does not say how long it is"):
            send_all(server.server_address[1], [[make_get("/", {})]])
        server.shutdown()
