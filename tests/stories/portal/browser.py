"""Owns a real browser for the tests of pages: at three widths, light and dark, with and without script.

Every page that it opens is checked at the end: nothing was reported on its console or requested from another host.
"""

import json
import os
import re
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Page, sync_playwright

from tests.conftest import TEMPLATE, make_database
from tests.support.missing_part import find_programs
from tests.support.server_process import start_sandbox_server

WIDTHS = {"desk": (1280, 860), "phone": (390, 844), "small phone": (320, 600)}
PICTURES = os.environ.get("JOBMETER_TESTS_PICTURES", "")  # a folder in which a picture of each page is kept
# Each page is judged in one of the first two looks, and at each width; where pictures are kept, it is opened in every look.
LOOKS = [("desk", "light"), ("phone", "dark")]
LOOKS += [("desk", "dark"), ("phone", "light"), ("small phone", "light")] if PICTURES else []
WITH_SCRIPT, WITHOUT_SCRIPT = ("desk", True), ("phone", False)
JOURNEYS = [WITH_SCRIPT, WITHOUT_SCRIPT]  # on which screen, and whether with script
PATIENCE_MS = 10_000
PAGE_BYTES_MAX = 60_000
# Replaces the list of Playwright: of it, what may concern pages of this machine, and the last two.
FEATURES_OFF = (
    "AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "HttpsUpgrades",
    "HttpsFirstBalancedModeAutoEnable", "MediaRouter", "OptimizationHints", "PaintHolding", "PreconnectToSearch",
    "ThirdPartyStoragePartitioning",
    "RenderDocument",  # a fifth of the time of opening a page
    "SpareRendererForSitePerProcess",
)  # fmt: skip
ARGUMENTS = [
    "--no-sandbox",  # root, in CI
    f"--disable-features={','.join(FEATURES_OFF)}",
    "--js-flags=--no-opt --no-maglev",  # axe runs once in each page: to compile it well takes longer than it runs
]
MAIL = re.compile("<article>.*?</article>", re.DOTALL)
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}
# Only violations are looked up and sent: what is right is a hundred times as much, and took two thirds of the time.
JUDGE = f"""async () => ({{
    violations: (await axe.run({json.dumps(RULES)})).violations,
    headings: document.querySelectorAll("h1").length,
}})"""


def one_journey(usual: tuple[str, bool]) -> pytest.MarkDecorator:
    """Gives a test its ``size`` and ``has_script``: the usual ones, and among the slow tests the others."""
    cases = [one if one == usual else pytest.param(*one, marks=pytest.mark.slow) for one in JOURNEYS]
    return pytest.mark.parametrize(("size", "has_script"), cases, ids=["script", "no script"])


@contextmanager
def open_site(
    cluster_url: str, folder: Path, *, host: str = "127.0.0.1", **environment: str
) -> Iterator[tuple[str, dict[str, Any]]]:
    """A sandbox in a process of its own: the URL of its database, and its credentials. It looks for work once a second.

    By default it does so four times, which takes a tenth of a processor for as long as the tests wait for the browser.
    """
    find_programs("chromium")
    environment |= {"JOBMETER_CHORE_INTERVAL_MS": "1000"}
    for url in make_database(cluster_url, TEMPLATE):
        with start_sandbox_server(url, folder, host=host, **environment) as credentials:
            yield url, credentials


@contextmanager
def open_browser() -> Iterator[Browser]:
    (chromium,) = find_programs("chromium")
    with sync_playwright() as started:
        opened = started.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield opened
        opened.close()


@contextmanager
def open_page(
    browser: Browser,
    base_url: str,
    size: str,
    *,
    theme: str = "",
    cookie: str = "",
    has_script: bool = True,
    is_judged: bool = False,
) -> Iterator[Page]:
    """The usual theme is that of the screen in ``LOOKS``. ``is_judged``: each page is loaded with axe, which takes long to send to one."""
    (width, height), faults = WIDTHS[size], []
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme=theme or dict(LOOKS[:2])[size],
        base_url=base_url,
        java_script_enabled=has_script,
    )
    context.set_default_timeout(PATIENCE_MS)
    if is_judged:
        context.add_init_script(AXE_SCRIPT)
    page = context.new_page()
    use_session(page, base_url, cookie)
    page.on("console", lambda line: faults.append(line.text) if line.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on(
        "request",
        lambda asked: None if asked.url.startswith((base_url, "data:")) else faults.append(asked.url),
    )
    yield page
    context.close()
    # Chromium reports a status of 400 and above itself.
    assert [fault for fault in faults if "the server responded with a status of" not in fault] == []


def use_session(page: Page, base_url: str, token: str) -> None:
    """Continues as somebody else, or as nobody: a browser of its own for each would take twice the time."""
    page.context.clear_cookies()
    if token:
        page.context.add_cookies([{"name": "jobmeter", "value": token, "url": base_url}])


def list_in_look(names: Iterable[str], look: tuple[str, str], every: int = 1) -> list[str]:
    """The pages that are judged in this look, or one of ``every`` of them."""
    return list(names) if PICTURES else list(names)[LOOKS.index(look) :: len(LOOKS) * every]


def is_wider(page: Page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")


def list_faults_at(page: Page, path: str, status: int = 200) -> list[str]:
    """Opens a page, and returns what is wrong with it: its status, its size and its look."""
    answer = page.goto(path)
    wrong = [] if answer.status == status else [f"is answered with {answer.status}"]
    wrong += [] if len(answer.body()) < PAGE_BYTES_MAX else [f"has {len(answer.body())} bytes"]
    return wrong + list_faults(page)


def list_faults(page: Page) -> list[str]:
    """What is wrong with the look of a page: for people who do not see it, or whose screen is small."""
    return [*list_violations(page), *(f"is wider than the screen: {size}" for size in list_too_small(page))]


def list_too_small(page: Page) -> list[str]:
    """The sizes of screens that are too narrow for the page."""
    usual, too_small = page.viewport_size, []
    # The usual one is the last, and is then left as it was.
    for size, (width, height) in sorted(WIDTHS.items(), key=lambda one: one[1][0] == usual["width"]):
        page.set_viewport_size({"width": width, "height": height})
        too_small += [size] if is_wider(page) else []
    return too_small


def list_violations(page: Page) -> list[str]:
    """What axe finds wrong with the page, and its headings, for people who do not see it, or use no mouse."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    found = page.evaluate(JUDGE)
    wrong = [f"{one['id']}: {node['html']}" for one in found["violations"] for node in one["nodes"]]
    return wrong if found["headings"] == 1 else [*wrong, "has no single heading"]


def find_in_mail(page: Page, *wanted: re.Pattern[str], to: str = "") -> list[str]:
    """What the newest mail to somebody has of each pattern, once there is one. The page stays where it is."""
    give_up_at = time.monotonic() + PATIENCE_MS / 1_000
    while time.monotonic() < give_up_at:
        for mail in MAIL.findall(page.request.get("/portal/sandbox/mails").text()):
            found = [one.search(mail) for one in wanted]
            if to in mail and all(found):
                return [one[0] for one in found]
        time.sleep(0.05)
    raise AssertionError(f"no mail has {wanted}")


def keep_picture(page: Page, name: str) -> None:
    if PICTURES:
        Path(PICTURES).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)
