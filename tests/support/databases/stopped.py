"""Owns a folder with a database that was created and stopped, of which tests get copies: to create one takes six times as long.

Does not own any expectation. How a database is created has tests of its own.
"""

import subprocess
import tempfile
from functools import cache
from pathlib import Path

from jobmeter.database.embedded import EmbeddedServer, start_embedded
from tests.support.server_process import OPENED


@cache
def find_original() -> Path:
    folder = Path(OPENED.enter_context(tempfile.TemporaryDirectory(prefix="jobmeter-")))
    start_embedded(folder, durable=False).stop()
    return folder / "postgresql"


def put_stopped_database(folder: Path) -> None:
    """Copies the files, with their owner, into the folder, which exists."""
    subprocess.run(["cp", "-a", str(find_original()), str(folder)], check=True)


def start_copy(folder: Path) -> EmbeddedServer:
    """Starts the server of a new copy in the folder, which exists."""
    put_stopped_database(folder)
    return start_embedded(folder, durable=False)
