"""Owns the client for Java: generated, and compiled with its session and its part of the story.

The libraries that the generated code needs are those in the generator's own file and Debian's: no repository for Maven is needed.
Does not own any expectation.
"""

import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

from jobmeter.cli.server.reference import encode_document
from tests.support.missing_part import find_programs, report_missing
from tests.support.paths import ROOT

SOURCES = ROOT / "clients" / "java"
LIBRARIES = [
    Path("/usr/share/java") / f"{name}.jar"
    for name in ("jakarta-annotation-api", "httpmime", "httpclient", "httpcore")
]
SECONDS_MAX = 300
GENERATOR = "generator.jar"
ONLY = "apis,models,supportingFiles,apiDocs=false,modelDocs=false,apiTests=false,modelTests=false"


def build_java(folder: Path) -> Path:
    """Returns the folder with the compiled classes; without a compiler or the generator the test is skipped."""
    find_programs("java", "javac")
    if not all(library.exists() for library in LIBRARIES):
        report_missing("the libraries of the Java client")
    _download_generator(folder)
    document = folder / "openapi.json"
    document.write_bytes(encode_document())
    words = [
        "-i",
        str(document),
        "-g",
        "java",
        "-c",
        str(SOURCES / "generator.json"),
        "-o",
        str(folder / "made"),
    ]
    _run(["java", "-jar", str(folder / GENERATOR), "generate", *words, "--global-property", ONLY], folder)
    sources = [*folder.glob("made/src/main/**/*.java"), *SOURCES.glob("**/*.java")]
    _run(["javac", "-nowarn", "-d", str(folder), "-cp", _list_classes(folder), *map(str, sources)], folder)
    return folder


def _download_generator(folder: Path) -> None:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
    command += ["-r", str(SOURCES / "requirements.txt"), "-d", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS_MAX, check=False)
    if done.returncode:
        report_missing(f"the generator of the Java client: {done.stderr[-300:]}")
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        (name,) = [name for name in packed.namelist() if name.endswith(".jar")]
        (folder / GENERATOR).write_bytes(packed.read(name))


def _list_classes(folder: Path) -> str:
    return ":".join(map(str, (folder, folder / GENERATOR, *LIBRARIES)))


def _run(command: list[str], folder: Path) -> str:
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=SECONDS_MAX, check=False
    )
    assert done.returncode == 0, done.stdout[-3_000:] + done.stderr[-3_000:]
    return done.stdout


def run_java(folder: Path, given: dict[str, Any], verb: str) -> Any:
    file = folder / "input.json"
    file.write_text(json.dumps(given))
    return json.loads(_run(["java", "-cp", _list_classes(folder), "Story", str(file), verb], folder))
