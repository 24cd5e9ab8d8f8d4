"""The client for TypeScript is built from the OpenAPI document, its own tests pass, and what a developer sees has names and types."""

import json
import re
from pathlib import Path

import pytest

from jobmeter import __version__
from tests.client.languages.typescript import SOURCES, build_client, run_npm
from tests.documents.blocks import TYPESCRIPT, list_blocks

LOCK = json.loads((SOURCES / "package-lock.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_client(tmp_path_factory.mktemp("typescript"))


def test_the_lock_names_no_registry_and_pins_the_generator_and_the_compiler() -> None:
    assert [name for name, package in LOCK["packages"].items() if "resolved" in package] == []
    wanted = json.loads((SOURCES / "package.json").read_text(encoding="utf-8"))
    assert wanted["version"] == LOCK["version"] == __version__.partition(".dev")[0]
    assert all(re.fullmatch(r"[0-9.]+", version) for version in wanted["devDependencies"].values())
    assert wanted["devDependencies"]["typescript"].startswith("5.9.")  # 7.0 has no interface for generators
    assert "dependencies" not in wanted


@pytest.mark.slow
def test_its_own_tests_pass(built: Path) -> None:
    done = run_npm(built, "test")
    assert done.returncode == 0, done.stdout[-5_000:] + done.stderr
    assert int(re.findall(r"^# pass (\d+)$", done.stdout, re.MULTILINE)[0]) > 90


@pytest.mark.slow
def test_every_operation_is_a_method_with_a_comment(built: Path) -> None:
    document = json.loads((built / "openapi.json").read_text(encoding="utf-8"))
    text = (built / "src" / "generated" / "sdk.gen.ts").read_text(encoding="utf-8")
    for operations in document["paths"].values():
        for operation in operations.values():
            name = operation["operationId"]
            comment, _, _ = text.partition(f"    public {name}<")[0].rpartition("*/")
            assert operation["summary"] in comment.rpartition("/**")[2], name


@pytest.mark.slow
def test_the_programs_of_the_documents_can_be_compiled(built: Path) -> None:
    """Against the built package, as a project that has installed it."""
    blocks = list_blocks(TYPESCRIPT)
    assert len(blocks) >= 2
    for number, block in enumerate(blocks):
        text = block.text.replace('"jobmeter-client"', '"./index.js"')
        (built / "src" / f"block{number}.ts").write_text(text)
    done = run_npm(built, "exec", "--", "tsc", "--noEmit")
    for file in built.glob("src/block*.ts"):
        file.unlink()
    assert done.returncode == 0, done.stdout
