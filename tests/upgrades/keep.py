"""``make release``: builds the wheel of a commit, lets it fill a database, keeps both for upgrade tests.

Owns writing tests/fixtures/releases/VERSION, and naming the commit in the changelog.
Does not own the requests sent to the release (``story``).
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx2
import psycopg

from jobmeter.cli.server.psql import read_environment
from jobmeter.database.embedded import find_program, start_embedded
from tests.support.paths import ROOT
from tests.support.sandbox_client import SandboxClient
from tests.support.server_process import WHOLE, start_sandbox_server
from tests.upgrades.release import FOLDER, LINKS_BEGIN_WITH, ROWS, SCHEMA, STORY, run_from
from tests.upgrades.story import ask, fill, list_questions

CHANGELOG = ROOT / "CHANGELOG.md"
DATABASE = "kept"
DUMP = ("--no-owner", "--no-privileges", "--no-comments")
# Understood only by psql, or only by a server as new as this one.
_NOT_EVERYWHERE = re.compile(r"^(\\(un)?restrict .*|SET transaction_timeout = .*)\n", re.MULTILINE)
_VERSION = re.compile(r'^__version__ = "([^"]+)"', re.MULTILINE)


def git(*arguments: str) -> str:
    command = ["git", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout.strip()


def build_wheel(commit: str, target: Path) -> Path:
    """Builds from the commit's files alone, dated by the commit: the output is reproducible."""
    with tempfile.TemporaryDirectory() as folder:
        packed = Path(folder) / "source.tar"
        git("archive", "--output", str(packed), commit)
        subprocess.run(["tar", "-xf", packed, "-C", folder], check=True)
        subprocess.run(
            [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(target)],
            cwd=folder,
            env=os.environ | {"SOURCE_DATE_EPOCH": git("log", "-1", "--format=%ct", commit)},
            check=True,
            stdout=subprocess.DEVNULL,
        )
    (wheel,) = target.glob("*.whl")
    return wheel


def play(database_url: str, code: Path, folder: Path) -> dict[str, Any]:
    """Runs the release on an empty database; returns its credentials, and time, jobs and responses at the end."""
    environment = run_from(code) | {"JOBMETER_BASE_URL": LINKS_BEGIN_WITH}
    with (
        start_sandbox_server(database_url, folder, program=WHOLE, **environment) as credentials,
        httpx2.Client(base_url=credentials.pop("base_url"), timeout=60) as client,
    ):
        sandbox_client = SandboxClient(client, credentials)
        filled = fill(sandbox_client)
        questions = list_questions(sandbox_client, filled)
        answers = [[*question, ask(sandbox_client, question)] for question in questions]
        time.sleep(1)
        again = [[*question, ask(sandbox_client, question)] for question in questions]
        assert answers == again, "a response changes by itself: it cannot be compared after an upgrade"
        now_ms = sandbox_client.now_ms
    credentials.pop("now")
    return {"credentials": credentials, "now_ms": now_ms, "jobs": filled.jobs, "answers": answers}


def dump(database_url: str, *options: str) -> str:
    """Dumps with the embedded server's own program, without statements that older servers reject."""
    done = subprocess.run(
        [find_program("pg_dump"), *DUMP, *options],
        env=os.environ | read_environment(database_url),
        capture_output=True,
        text=True,
        check=True,
    )
    return _NOT_EVERYWHERE.sub("", done.stdout)


def keep(commit: str) -> Path:
    """Recreates the folder of the commit's release; returns it."""
    found = _VERSION.search(git("show", f"{commit}:jobmeter/__init__.py"))
    assert found is not None
    target = FOLDER / found[1]
    target.mkdir(parents=True, exist_ok=True)
    for old in target.iterdir():
        old.unlink()
    wheel = build_wheel(commit, target)
    with tempfile.TemporaryDirectory() as scratch:
        code, data = Path(scratch) / "code", Path(scratch) / "data"
        subprocess.run([sys.executable, "-m", "zipfile", "-e", wheel, code], check=True)
        server = start_embedded(data)
        try:
            with psycopg.connect(server.url, autocommit=True) as connection:
                connection.execute(f"CREATE DATABASE {DATABASE}")
            url = server.url.replace("/postgres?", f"/{DATABASE}?")
            story = {"commit": commit} | play(url, code, data)
            (target / SCHEMA).write_text(dump(url, "--schema-only"), encoding="utf-8")
            rows = dump(url, "--data-only", "--rows-per-insert=500")
            (target / ROWS).write_text(rows, encoding="utf-8")
        finally:
            server.stop()
    (target / STORY).write_text(write_story(story), encoding="utf-8")
    return target


def write_story(story: dict[str, Any]) -> str:
    """JSON with one line per response, to make differences readable."""
    head = {key: value for key, value in story.items() if key != "answers"}
    answers = ",\n".join(json.dumps(answer, separators=(",", ":")) for answer in story["answers"])
    return f'{json.dumps(head)[:-1]}, "answers": [\n{answers}\n]}}\n'


def name_commit(changelog: str, version: str, commit: str) -> str:
    """Marks the version's section as released: it names its commit."""
    return changelog.replace(f"## {version} (in progress)", f"## {version} (commit {commit})")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.upgrades.keep", description="Keep a release.")
    parser.add_argument("commit", nargs="?", default="HEAD")
    commit = git("rev-parse", "--short=7", parser.parse_args().commit)
    folder = keep(commit)
    text = CHANGELOG.read_text(encoding="utf-8")
    CHANGELOG.write_text(name_commit(text, folder.name, commit), encoding="utf-8")
    sys.stdout.write(
        f"Kept {commit} in {folder.relative_to(ROOT)}. Next: commit it, git tag v{folder.name} {commit}\n"
    )


if __name__ == "__main__":
    main()
