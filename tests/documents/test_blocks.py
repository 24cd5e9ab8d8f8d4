"""Every block of the documents is run or checked, by its kind (CONTRIBUTING.md, "Documents")."""

import ast
import base64
import hashlib
import hmac
import json
import os
import re
import shlex
import subprocess
from pathlib import Path

import httpx2
import pytest
from lxml import etree

from jobmeter.cli.profiles import read_profiles
from tests.conftest import TEMPLATE, make_database
from tests.documents.blocks import (
    CHECKOUT,
    JSON,
    KINDS,
    NGINX,
    PAGES,
    PRODUCTION,
    PYTHON,
    ROOT,
    SHELL,
    TOML,
    XML,
    list_blocks,
    make_programs,
    read_blocks,
    run_shell,
)
from tests.stories.cli.commands import COMMANDS
from tests.support.missing_part import find_programs
from tests.support.sandbox_client import bearer
from tests.support.server_process import start_sandbox_server

# The tutorial has a test of its own, which also compares what it prints.
RUN_ELSEWHERE = {"docs/tutorial.md"}
# Statuses of 400 and above that a page provokes.
PROVOKED = {"docs/how-to/provoke-refusals.md": {500}, "docs/how-to/receive-webhooks.md": set()}
# Half of the time of all pages. What their commands do is tested without a shell as well.
DEAR = {
    "docs/how-to/bill.md",  # tests/stories/operator/billing
    "docs/how-to/pull-numbers.md",  # tests/client/numbers
    "docs/how-to/rehearse-certification.md",  # tests/stories/partner/test_certification.py
    "docs/how-to/run-in-production.md",  # tests/deployment
    "docs/how-to/use-the-client.md",  # tests/client/test_story.py
    "docs/how-to/use-the-command-line.md",  # tests/stories/cli
}
NAMING_VARIABLES = (ROOT / "docs/reference/settings.md", ROOT / "docs/how-to/use-the-command-line.md")
CLICKS_IN_TWO_DAYS = """
eval "$(jobmeter env)"
sed 's/"my-job"/"my-first-job"/' jobs.json > first.json
post() { curl -s $BASE/rest/simpleJobPostings -H "Authorization: Bearer $CHILD" -H 'LinkedIn-Version: 202504' \
              -H 'X-RestLi-Method: batch_create' -d @first.json; }
click() { curl -s "$BASE/events" -H "Authorization: Bearer $EVENTS_KEY" -H 'Content-Type: application/json' \
               -d "$(python3 -c "import json; print(json.dumps([dict(source='t', id=f'$1-{n}', type='applyClick',
                     job=$JOB, time=$NOW, visitor=f'$1-{n}') for n in range(5)]))")"; }
post
jobmeter clock advance 1m
eval "$(jobmeter env)"
click first
jobmeter clock advance 4d
eval "$(jobmeter env)"
click second
jobmeter clock advance 1d
"""


def script_of(path: Path, url: str = "") -> str:
    """Returns the page's commands, with the database of this test instead of one in a folder."""
    script = "\n".join(block.text for block in read_blocks(path) if block.kind == SHELL)
    script = script.replace(".venv/bin/jobmeter", "jobmeter")
    return re.sub(r"--data (?:~/\S+|\$DATA)", f"--database-url {shlex.quote(url)}", script)


COMMANDED = [path for path in PAGES if script_of(path) and str(path.relative_to(ROOT)) not in RUN_ELSEWHERE]
QUICK = [path for path in COMMANDED if str(path.relative_to(ROOT)) not in DEAR]
# Each on a sandbox of its own, so that they can run at the same time.
PARTS = {
    "one half": QUICK[: len(QUICK) // 2],
    "other half": QUICK[len(QUICK) // 2 :],
    "dear": [path for path in COMMANDED if path not in QUICK],
}


@pytest.fixture
def sandbox(cluster_url, tmp_path_factory):
    """A sandbox for several pages, found by ``jobmeter env`` as in a reader's home, and the shell's environment."""
    folder = tmp_path_factory.mktemp("documents")
    data = folder / "share" / "jobmeter" / "sandbox"
    data.mkdir(parents=True)
    made = make_database(cluster_url, TEMPLATE)
    url = next(made)
    with start_sandbox_server(url, data):
        environment = {
            "PATH": f"{make_programs(folder)}:{os.environ['PATH']}",
            "HOME": str(folder),
            "XDG_DATA_HOME": str(folder / "share"),
            "PYTHONPATH": str(ROOT),
        }
        jobs = re.search(r"^cat > jobs.json.*?^END$", script_of(ROOT / "README.md"), re.MULTILINE | re.DOTALL)
        prepared = run_shell(
            f'eval "$(jobmeter env)"\n{jobs[0]}\n{CLICKS_IN_TWO_DAYS}', folder / "made", **environment
        )
        assert failures("the preparation", prepared) == []
        check_variables(folder, environment)
        yield folder, url, environment
    made.close()


def check_variables(folder: Path, environment: dict[str, str]) -> None:
    shown = run_shell(
        'eval "$(jobmeter env)"; echo "$BASE $CHILD $PARENT"', folder / "variables", **environment
    )
    base, child, parent = shown.stdout.split()
    for token, status in ((child, 200), (parent, 200), ("x", 401)):
        assert httpx2.get(f"{base}/partner/webhooks", headers=bearer(token)).status_code == status


def failures(page: str, done) -> list[str]:
    statuses = re.findall(r"^HTTP (\d+) (\S+)$", done.stderr, re.MULTILINE)
    found = [
        f"{status} {url}"
        for status, url in statuses
        if int(status) >= 400 and int(status) not in PROVOKED.get(page, set())
    ]
    if done.returncode:
        found.append(f"exit code {done.returncode}\n{done.stdout[-800:]}\n{done.stderr[-800:]}")
    # A batch answers 200 although one of its elements was refused.
    return [*found, *re.findall(r'"errorDetails".{100}', done.stdout)]


@pytest.mark.parametrize("part", ["one half", "other half", pytest.param("dear", marks=pytest.mark.slow)])
def test_every_command_of_every_page_runs(sandbox, part):
    """In the order of the pages, as a reader would; each page in a folder of its own, with its own variables only."""
    folder, url, environment = sandbox
    found = {}
    for path in PARTS[part]:
        page = str(path.relative_to(ROOT))
        done = run_shell(script_of(path, url), folder / page.replace("/", "-"), **environment)
        found[page] = failures(page, done)
    assert {page: wrong for page, wrong in found.items() if wrong} == {}


def test_most_guides_have_commands():
    assert len(COMMANDED) >= 12
    assert len(PARTS["dear"]) == len(DEAR)


def test_every_block_has_a_kind():
    assert [(block.page, block.kind) for block in list_blocks() if block.kind not in KINDS] == []
    assert sum(path.read_text().count("\n```") for path in PAGES) == 2 * len(list_blocks())


@pytest.mark.parametrize("block", list_blocks(JSON), ids=lambda block: block.page)
def test_a_response_is_json(block):
    assert json.loads(block.text)


@pytest.mark.parametrize("block", list_blocks(TOML), ids=lambda block: block.page)
def test_toml_is_a_configuration_of_the_command_line(block, tmp_path):
    (tmp_path / "config.toml").write_text(block.text)
    default, profiles = read_profiles(tmp_path / "config.toml")
    assert default in profiles


@pytest.mark.parametrize("block", list_blocks(XML), ids=lambda block: block.page)
def test_a_document_is_xml(block):
    assert len(etree.fromstring(block.text))


@pytest.mark.parametrize("block", list_blocks(PYTHON), ids=lambda block: block.page)
def test_a_program_can_be_compiled(block):
    assert ast.parse(block.text).body


@pytest.mark.parametrize("block", list_blocks(NGINX), ids=lambda block: block.page)
def test_a_proxy_s_configuration_is_accepted_by_the_proxy(block, tmp_path):
    (nginx,) = find_programs("nginx")
    listening = block.text.replace("server {", f"server {{ listen unix:{tmp_path}/socket;")
    file = tmp_path / "nginx.conf"
    file.write_text(
        f"pid {tmp_path}/pid; error_log stderr; events {{}} http {{ access_log off; {listening} }}"
    )
    checked = subprocess.run([nginx, "-t", "-c", str(file)], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr


def test_the_program_that_verifies_a_signature_does():
    (program,) = [block for block in list_blocks(PYTHON) if "is_genuine" in block.text]
    names: dict = {}
    exec(program.text, names)
    secret, body = b"a secret", b'{"a": 1}'
    signature = base64.b64encode(
        hmac.new(secret, b"msg_1.1700000000." + body, hashlib.sha256).digest()
    ).decode()
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": "1700000000",
        "webhook-signature": f"v1,b3RoZXI= v1,{signature}",
    }
    written = "whsec_" + base64.b64encode(secret).decode()
    assert names["is_genuine"](headers, body, written)
    assert not names["is_genuine"](headers, body + b" ", written)


@pytest.mark.parametrize("block", list_blocks(CHECKOUT), ids=lambda block: block.page)
def test_commands_of_a_checkout_name_targets_programs_and_files_that_exist(block):
    """They install, run the whole suite or wait for a person, so they are not run here."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for line in block.text.splitlines():
        words = shlex.split(line, comments=True)
        if words[:1] == ["make"]:
            assert {word for word in words[1:] if "=" not in word} <= targets, line
        elif words:
            assert words[0].startswith(".venv/bin/") or words[0] in {"pre-commit", "git"}, line
            assert (
                words[0] == "pre-commit" or not words[0].startswith(".venv") or (ROOT / words[0]).exists()
            ), line
        for word in words:
            if word.startswith("tests/"):
                file, _, function = word.partition("::")
                assert (ROOT / file).exists(), line
                assert not function or f"def {function}(" in (ROOT / file).read_text(), line


@pytest.mark.parametrize("block", list_blocks(PRODUCTION), ids=lambda block: block.page)
def test_commands_for_production_can_be_read(block, tmp_path):
    """They need a real server, so only their form is checked: the shell's, the settings', the command line's."""
    checked = run_shell(f"set -n\n{block.text}", tmp_path / "production", PATH=os.environ["PATH"])
    assert (checked.returncode, checked.stderr) == (0, "")
    known = "".join(path.read_text() for path in NAMING_VARIABLES)
    # The value of a secret setting may be in a file.
    names = {name.removesuffix("_FILE") for name in re.findall(r"\bJOBMETER_\w+", block.text)}
    assert all(f"`{name}`" in known for name in names)
    for line in re.findall(r"^jobmeter (.*)$", block.text, re.MULTILINE):
        words = shlex.split(line)
        command = next(COMMANDS[name] for name in (" ".join(words[:2]), words[0]) if name in COMMANDS)
        _, bound, _ = command.app.parse_args(
            words[len(command.words) :], print_error=False, exit_on_error=False
        )
        assert bound.arguments
