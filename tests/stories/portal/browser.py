"""Owns a real browser for the tests of pages: at three widths, light and dark, with and without script.

Every page that it opens is checked at the end: nothing was reported on its console or requested from another host.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from tests.support.missing_part import find_programs

WIDTHS = {"desk": (1280, 860), "phone": (390, 844), "small phone": (320, 600)}
PICTURES = os.environ.get("JOBMETER_TESTS_PICTURES", "")  # a folder in which a picture of each page is kept
# Each page is judged in one of the first two looks, and at each width; where pictures are kept, it is opened in every look.
LOOKS = [("desk", "light"), ("phone", "dark")]
LOOKS += [("desk", "dark"), ("phone", "light"), ("small phone", "light")] if PICTURES else []
PATIENCE_MS = 10_000
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


@contextmanager
def open_browser() -> Iterator[Browser]:
    (chromium,) = find_programs("chromium")
    with sync_playwright() as started:
        opened = started.chromium.launch(executable_path=chromium, args=["--no-sandbox"])  # root, in CI
        yield opened
        opened.close()


@contextmanager
def open_page(
    browser: Browser,
    base_url: str,
    size: str,
    *,
    theme: str = "dark",
    cookie: str = "",
    has_script: bool = True,
) -> Iterator[Page]:
    (width, height), faults = WIDTHS[size], []
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme=theme,
        base_url=base_url,
        java_script_enabled=has_script,
    )
    context.set_default_timeout(PATIENCE_MS)
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


def list_in_look(names: Iterable[str], look: tuple[str, str]) -> list[str]:
    """The pages that are judged in this look."""
    return list(names) if PICTURES else list(names)[LOOKS.index(look) :: len(LOOKS)]


def is_wider(page: Page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")


def list_faults(page: Page) -> list[str]:
    """What is wrong with the look of a page: for people who do not see it, or whose screen is small."""
    wrong = list_violations(page)
    wrong += ["has no single heading"] if page.locator("h1").count() != 1 else []
    return [*wrong, *(f"is wider than the screen: {size}" for size in list_too_small(page))]


def list_too_small(page: Page) -> list[str]:
    """The sizes of screens that are too narrow for the page."""
    usual, too_small = page.viewport_size, []
    for size, (width, height) in WIDTHS.items():
        page.set_viewport_size({"width": width, "height": height})
        too_small += [size] if is_wider(page) else []
    page.set_viewport_size(usual)
    return too_small


def list_violations(page: Page) -> list[str]:
    """What axe finds wrong with the page, for people who do not see it, or use no mouse."""
    found = Axe().run(page, options=RULES).response["violations"]
    return [f"{one['id']}: {node['html']}" for one in found for node in one["nodes"]]


def keep_picture(page: Page, name: str) -> None:
    if PICTURES:
        Path(PICTURES).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)
