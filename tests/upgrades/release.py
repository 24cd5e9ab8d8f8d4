"""Owns the releases that are kept under tests/fixtures/releases: finding, loading and running one.

Each folder contains the wheel, the schema, the rows of a small database that the release itself filled, and
its responses. Does not own creating them (``keep``) or any expectation.
"""

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from jobmeter.base.clock import read_machine_clock, to_ms
from tests.support.paths import FIXTURES
from tests.upgrades.story import Question

FOLDER = FIXTURES / "releases"
WHEEL, SCHEMA, ROWS, STORY = "jobmeter-{version}-py3-none-any.whl", "schema.sql", "rows.sql", "story.json"
LINKS_BEGIN_WITH = "http://board.example"  # in responses; the port of a server would differ each time


@dataclass(frozen=True, slots=True)
class Release:
    """``now_ms`` is the sandbox's time at which the database was kept; ``answers`` are the responses at that time."""

    version: str
    folder: Path
    commit: str
    now_ms: int
    credentials: dict[str, Any]
    jobs: dict[str, int]
    answers: list[tuple[Question, Any]]

    @property
    def wheel(self) -> Path:
        return self.folder / WHEEL.format(version=self.version)

    def load(self, database_url: str) -> None:
        """Loads the kept database into an empty one, and resets its clock to the moment at which it was kept."""
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute((self.folder / SCHEMA).read_bytes())
            # The rows are already consistent: foreign keys and guards need not check them one by one.
            connection.execute("SET session_replication_role = replica")
            connection.execute((self.folder / ROWS).read_bytes())
            offset_ms = self.now_ms - to_ms(read_machine_clock())
            connection.execute("UPDATE public.sandbox_clock SET offset_ms = %s", [offset_ms])

    def write_credentials(self, folder: Path) -> None:
        """Writes the credentials where a sandbox with this data folder looks for its existing partner."""
        (folder / "partner.json").write_text(json.dumps(self.credentials), encoding="utf-8")

    def unpack(self, folder: Path) -> dict[str, str]:
        """Returns the environment in which ``python -m jobmeter`` is this release."""
        with zipfile.ZipFile(self.wheel) as wheel:
            wheel.extractall(folder)
        return run_from(folder)


def run_from(folder: Path) -> dict[str, str]:
    """Safe path: otherwise the working directory, which may contain the current code, would come first."""
    return {"PYTHONPATH": str(folder), "PYTHONSAFEPATH": "1"}


def read_release(folder: Path) -> Release:
    kept = json.loads((folder / STORY).read_text(encoding="utf-8"))
    answers = [(Question(who, path), answer) for who, path, answer in kept["answers"]]
    return Release(
        folder.name, folder, kept["commit"], kept["now_ms"], kept["credentials"], kept["jobs"], answers
    )


def list_releases() -> list[Release]:
    """The oldest first."""
    folders = [folder for folder in FOLDER.iterdir() if folder.is_dir()]
    by_version = sorted(folders, key=lambda folder: [int(part) for part in folder.name.split(".")])
    return [read_release(folder) for folder in by_version]
