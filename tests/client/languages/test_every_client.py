"""One story, from the token to the final report, passes through every client; all of them get equal data for the same question."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import httpx2
import pytest

from tests.client.languages.clients import Curl, OurPython, OurTypeScript
from tests.client.languages.java import build_java
from tests.client.languages.plain_clients import GeneratedJava, LinkedInJavaScript, LinkedInPython
from tests.client.languages.story import play
from tests.client.languages.typescript import build_client
from tests.compat.js_clients import install_clients
from tests.support.sandbox_client import SandboxClient
from tests.support.server_process import start_sandbox_server

JAVA = "generated Java"
CLIENTS = {
    "our Python": OurPython,
    "our TypeScript": OurTypeScript,
    "our TypeScript over a network that fails": partial(OurTypeScript, failures=0.4),
    "curl": Curl,
    "LinkedIn's Python": LinkedInPython,
    "LinkedIn's JavaScript": LinkedInJavaScript,
    JAVA: GeneratedJava,
}
JOBS = 25
MANY_JOBS = 60  # two pages


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The folder of each client that is built or installed."""
    ours = build_client(tmp_path_factory.mktemp("typescript"))
    theirs = install_clients(tmp_path_factory.mktemp("js"))
    java = build_java(tmp_path_factory.mktemp("java"))
    return dict.fromkeys(CLIENTS, ours) | {"LinkedIn's JavaScript": theirs, JAVA: java}


@pytest.fixture
def sandbox_client(database_url: str, tmp_path: Path) -> Iterator[SandboxClient]:
    """A sandbox in a process of its own, for clients that need a real socket, and its actions."""
    with (
        start_sandbox_server(database_url, tmp_path) as credentials,
        httpx2.Client(base_url=credentials["base_url"], timeout=60, trust_env=False) as http,
    ):
        yield SandboxClient(http, credentials)


@pytest.mark.slow
@pytest.mark.parametrize("name", CLIENTS)
def test_the_story_passes_through(name: str, sandbox_client: SandboxClient, folders: dict[str, Path]) -> None:
    play(CLIENTS[name](sandbox_client.credentials, folders[name]), sandbox_client, jobs=JOBS)


@pytest.mark.slow
def test_all_clients_get_equal_data_for_the_same_question(
    sandbox_client: SandboxClient, folders: dict[str, Path]
) -> None:
    clients = {name: make(sandbox_client.credentials, folders[name]) for name, make in CLIENTS.items()}
    question = play(clients["our Python"], sandbox_client, jobs=MANY_JOBS)
    expected = clients["our Python"].report(question)
    assert len(expected.by_days) == 2 * MANY_JOBS
    for name, client in clients.items():
        assert client.report(question) == expected, name
