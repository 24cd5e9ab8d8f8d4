"""A server takes over from another one: the socket that a service manager passes, readiness, and connections that are handed over."""

import http.client
import os
import signal
import socket
import time
from contextlib import ExitStack, closing
from urllib.parse import urlsplit

import pytest

from jobmeter.api.shutdown import count_connections
from jobmeter.cli.server.serve import StartCount
from jobmeter.operations.handover import take_listener
from tests.deployment.processes.service_manager import manage_services
from tests.deployment.serving import serve, wait_until

SOON_SECONDS = 10  # an idle connection lives for 15


@pytest.fixture
def manager(database_url, tmp_path):
    with manage_services(tmp_path, database_url) as made:
        yield made


@pytest.fixture
def connect():
    """Makes connections, which are closed at the end."""
    with ExitStack() as opened:

        def make(base_url):
            parts = urlsplit(base_url)
            made = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
            return opened.enter_context(closing(made))

        yield make


def ask(connection):
    """Sends one request over the connection, and returns the status, and whether the connection stays open."""
    connection.request("GET", "/livez")
    answer = connection.getresponse()
    answer.read()
    return answer.status, answer.headers["connection"] != "close"


def test_workers_that_serve_are_counted():
    count = StartCount()
    assert count.has_reached(0, seconds_max=0)
    assert not count.has_reached(1, seconds_max=0)
    count.add_one()
    count.add_one()
    assert count.has_reached(2, seconds_max=SOON_SECONDS)
    assert not count.has_reached(1, seconds_max=0)
    # Those that replace others later are counted by nobody, and do not wait for it.
    for _ in range(100_000):
        count.add_one()
    for end in count.ends:
        os.close(end)


def test_two_servers_listen_at_one_socket_and_one_remains(manager, connect):
    first, connection = manager.start("first", workers=1), connect(manager.base_url)
    assert ask(connection) == (200, True)
    manager.start("second", workers=1)
    # An idle connection is not closed at once: its next request is served, and says that it is the last.
    begun_at = time.monotonic()
    first.send_signal(signal.SIGTERM)
    wait_until(lambda: ask(connection) == (200, False), manager.log_of("first"))
    assert first.wait(30) == 0
    assert time.monotonic() - begun_at < SOON_SECONDS
    # Every new connection reaches the server that is left.
    connections = [connect(manager.base_url) for _ in range(20)]
    assert [ask(one) for one in connections] == [(200, True)] * 20
    assert "Traceback" not in manager.log_of("first").read_text()


def test_a_connection_that_waits_while_no_server_runs_is_served_by_the_next(manager, connect):
    manager.stop(manager.start("first", workers=1))
    connection = connect(manager.base_url)
    connection.request("GET", "/livez")
    manager.start("second", workers=1)
    assert connection.getresponse().status == 200


def test_an_interrupted_server_does_not_wait_for_its_connections(manager, connect):
    server, connection = manager.start("first", workers=1), connect(manager.base_url)
    assert ask(connection) == (200, True)
    begun_at = time.monotonic()
    manager.stop(server, signal.SIGINT)
    assert time.monotonic() - begun_at < SOON_SECONDS


def test_a_second_signal_ends_the_wait(manager, connect):
    server, connection = manager.start("first", workers=1), connect(manager.base_url)
    assert ask(connection) == (200, True)
    begun_at = time.monotonic()
    server.send_signal(signal.SIGTERM)
    # It is draining once the manager knows.
    assert manager.reports.recv(100) == b"STOPPING=1"
    manager.stop(server)
    assert time.monotonic() - begun_at < SOON_SECONDS


def test_a_server_with_a_socket_of_its_own_hands_its_connections_over_too(database_url, tmp_path, connect):
    """Another machine of the same proxy takes them."""
    with serve(database_url, tmp_path) as (server, client):
        connection = connect(str(client.base_url))
        assert ask(connection) == (200, True)
        server.send_signal(signal.SIGTERM)
        wait_until(lambda: ask(connection) == (200, False), tmp_path / "log")
        assert server.wait(SOON_SECONDS) == 0


def test_what_else_a_service_manager_passes_is_refused():
    environment = {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "2", "LISTEN_FDNAMES": "a:b"}
    with pytest.raises(ValueError, match="passed 2 sockets"):
        take_listener(environment)
    assert environment == {}, "the next program would take them for its own"


def test_what_is_passed_to_another_process_is_not_taken():
    assert take_listener({"LISTEN_PID": "1", "LISTEN_FDS": "1"}) is None
    assert take_listener({}) is None


def test_connections_of_clients_are_counted_and_no_others():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert count_connections(port) == 0
        with socket.create_connection(("127.0.0.1", port)):
            accepted, _ = listener.accept()
            assert count_connections(port) == 1
            accepted.close()
            assert count_connections(port) == 0
