"""Commands beside a running sandbox: `listen` shows and forwards what happens, `certify` judges it. Real processes and sockets."""

import base64
import hashlib
import hmac
import json
import queue
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from jobmeter.cli.main import main
from tests.support.server_process import start_sandbox_server
from tests.support.webhook_receiver import open_receiver

PATIENCE_SECONDS = 30
HOSTILE_QUERY = "%1b%5b2J"


class Running:
    """A command whose lines are read as they come."""

    def __init__(self, *words: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "jobmeter", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.lines: list[str] = []
        self._arrived: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._arrived.put(line.rstrip("\n"))

    def wait_for(self, pattern: str) -> re.Match[str]:
        """Returns the match in the first line that fits, also an earlier one."""
        for line in self.lines:
            if found := re.search(pattern, line):
                return found
        while True:
            self.lines.append(self._arrived.get(timeout=PATIENCE_SECONDS))
            if found := re.search(pattern, self.lines[-1]):
                return found

    def interrupt(self, sent: signal.Signals = signal.SIGINT) -> tuple[int, str]:
        self.process.send_signal(sent)
        code = self.process.wait(PATIENCE_SECONDS)
        self._reader.join()
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        errors = self.process.stderr.read()
        self.process.stdout.close()
        self.process.stderr.close()
        while not self._arrived.empty():
            self.lines.append(self._arrived.get())
        return code, errors


@contextmanager
def running(*words: str) -> Iterator[Running]:
    command = Running(*words)
    try:
        yield command
    finally:
        if command.process.poll() is None:
            command.interrupt()


def sign_in(content: dict[str, Any]) -> dict[str, str]:
    keys = content["parent"]
    form = {
        "grant_type": "client_credentials",
        "client_id": keys["client_id"],
        "client_secret": keys["client_secret"],
    }
    answer = httpx2.post(f"{content['base_url']}/oauth/v2/accessToken", data=form, trust_env=False)
    return {"Authorization": f"Bearer {answer.json()['access_token']}", "LinkedIn-Version": "202504"}


def wait_for_record(content: dict[str, Any], *, after: int = 0) -> int:
    """Returns the number of the newest request, once one after this number is recorded."""
    headers = {"Authorization": f"Bearer {content['operator_key']}"}
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while True:
        answer = httpx2.get(
            f"{content['base_url']}/operator/requests?count=1", headers=headers, trust_env=False
        )
        for found in answer.json()["elements"]:
            if int(found["number"]) > after:
                return int(found["number"])
        assert time.monotonic() < give_up_at, "no request is recorded"
        time.sleep(0.05)


def is_genuine(headers: dict[str, str], body: bytes, secret: str) -> bool:
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    mine = hmac.new(base64.b64decode(secret.removeprefix("whsec_")), signed, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(mine).decode()}" in headers["webhook-signature"].split(" ")


@pytest.mark.slow  # the sandbox waits before it delivers again
def test_listening_shows_requests_and_forwards_webhooks(database_url: str, tmp_path: Path) -> None:
    where = ("--credentials", str(tmp_path / "credentials.json"))
    with (
        start_sandbox_server(database_url, tmp_path, JOBMETER_CHORE_INTERVAL_MS="50") as content,
        open_receiver() as receiver,
        running("listen", "--forward-to", receiver.url, *where) as listening,
    ):
        receiver.statuses = [500, 204]
        secret = listening.wait_for(r"the secret (whsec_\S+)")[1]
        listening.wait_for("end with Ctrl-C")
        headers = sign_in(content)
        root = f"{content['base_url']}/partner/webhooks"
        (webhook,) = httpx2.get(root, headers=headers, trust_env=False).json()["elements"]
        httpx2.get(
            f"{content['base_url']}/rest/partnerJobReports?q={HOSTILE_QUERY}",
            headers=headers,
            trust_env=False,
        )
        httpx2.post(f"{root}/{webhook['id']}/tests", headers=headers, json={}, trust_env=False)
        listening.wait_for(r"--> 202 POST /partner/webhooks/\d+/tests")
        listening.wait_for("<-- 500 ")
        listening.wait_for("<-- 204 ")
        assert all(is_genuine(*delivered, secret) for delivered in receiver.requests)
        assert len({sent["webhook-id"] for sent, _ in receiver.requests}) == 1
        code, errors = listening.interrupt()
        assert (code, errors) == (0, "")
        assert all(line.isprintable() for line in listening.lines)
        assert httpx2.get(root, headers=headers, trust_env=False).json()["elements"] == []

        with running("listen", "--json", *where) as killed:
            killed.wait_for('"type": "message"')
            killed.wait_for("end with Ctrl-C")
            killed.process.kill()
        with running("listen", "--json", *where) as again:
            again.wait_for("end with Ctrl-C")
            assert len(httpx2.get(root, headers=headers, trust_env=False).json()["elements"]) == 1
            assert json.loads(again.wait_for(r'^\{"type": "request".*')[0])["path"] == "/partner/webhooks"
            assert again.interrupt(signal.SIGTERM) == (0, "")
        assert httpx2.get(root, headers=headers, trust_env=False).json()["elements"] == []


@pytest.mark.long
def test_certifying_prints_and_saves_its_report(
    database_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ("--credentials", str(tmp_path / "credentials.json"))
    page, report = tmp_path / "report.html", tmp_path / "report.json"
    with start_sandbox_server(database_url, tmp_path, JOBMETER_CHORE_INTERVAL_MS="50") as content:
        with running(
            "certify", "--proxy", "--port", "0", "--undisturbed", "--html", str(page), *where
        ) as proxy:
            address = proxy.wait_for(r"listens at (http://127.0.0.1:\d+)")[1]
            found = httpx2.get(f"{address}/oauth/v2/accessToken?client_secret=x%1b%5b2J", trust_env=False)
            assert found.status_code == 405
            proxy.wait_for("405 GET /oauth/v2/accessToken")
            code, errors = proxy.interrupt()
        assert (code, errors) == (1, "jobmeter: 1 rules are broken: JP-A-01\n")
        assert all(line.isprintable() for line in proxy.lines)
        assert "<h1>" in page.read_text(encoding="utf-8")

        newest = wait_for_record(content)
        sign_in(content)
        env = [sys.executable, "-m", "jobmeter", "env", *where]  # its requests are left out
        subprocess.run(env, stdout=subprocess.DEVNULL, check=True)
        wait_for_record(content, after=newest)
        with pytest.raises(SystemExit) as ended:
            main(
                [
                    *("certify", "--json", "--after", str(newest), "--not-applicable", "X-11"),
                    *("--json-file", str(report), *where),
                ]
            )
        assert not ended.value.code
        printed = json.loads(capsys.readouterr().out)
        assert printed == json.loads(report.read_text())
        assert printed["requestsRecorded"] == 1
        verdicts = {one["id"]: one["verdict"] for one in printed["rules"]}
        assert (verdicts["X-11"], verdicts["JP-C-01"]) == ("not applicable", "not shown")
        with pytest.raises(SystemExit) as ended:
            main(["certify", "--not-applicable", "JD-002", *where])
        assert ended.value.code == 2
        assert "JD-002" in capsys.readouterr().err
