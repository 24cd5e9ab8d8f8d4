"""The pictures of the documents: each page is opened as its reader sees it, in a sandbox whose visitors came for some days.

`make pictures` writes them into docs/pictures, to be looked at before they are committed; the test alone keeps none.
"""

import io
import os
from pathlib import Path

import httpx2
import pytest
from PIL import Image

from tests.conftest import TEMPLATE, make_database
from tests.stories.portal.browser import open_browser, open_page
from tests.support.paths import ROOT
from tests.support.sandbox_client import SandboxClient, bearer
from tests.support.server_process import start_sandbox_server

KEPT = os.environ.get("JOBMETER_TESTS_DOCUMENT_PICTURES", "")
BYTES_MAX = 70_000
COLOURS = 96
DAYS = 6
POSTER = "recruiter@example.com"  # who logs in as the poster of the demonstration
TITLES = (
    "Harbour pilot", "Warehouse lead, night shift", "Steuerfachangestellte (m/w/d)", "Crane operator", "Data engineer",
    "Payroll specialist", "Nurse, intensive care", "Bus driver", "Baker", "Electrician, wind turbines",
)  # fmt: skip
# Each picture: who looks (an entry of the demonstration), the size of the screen, and the page.
PICTURES = {
    "sandbox": ("partner", "desk", "/portal/sandbox"),
    "rehearsal": ("partner", "desk", "/portal/sandbox/rehearsal"),
    "partner-overview": ("partner", "desk", "/portal/partner"),
    "partner-jobs": ("partner", "desk", "/portal/partner/jobs?order=spent"),
    "partner-job": ("partner", "desk", "/portal/partner/jobs/{job_id}"),
    "partner-reports": ("partner", "desk", "/portal/partner/reports"),
    "partner-contracts": ("partner", "desk", "/portal/partner/contracts"),
    "my-jobs": ("poster", "desk", "/portal/my/jobs"),
    "my-job": ("poster", "phone", "/portal/my/jobs/{job_id}"),
    "my-job-close": ("poster", "phone", "/portal/my/jobs/{job_id}/close"),
    "operator": ("operator", "desk", "/portal/operator"),
    "operator-traffic": ("operator", "desk", "/portal/operator/invalid-traffic"),
}

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def site(cluster_url, tmp_path_factory):
    """A sandbox with jobs that cost something; its address, and the id of the first of them."""
    made = make_database(cluster_url, TEMPLATE)
    with start_sandbox_server(next(made), tmp_path_factory.mktemp("pictures")) as credentials:
        with httpx2.Client(base_url=credentials["base_url"], timeout=300) as client:
            job_id = make_scene(SandboxClient(client, credentials))
        yield credentials["base_url"], {"job_id": job_id}
    made.close()


def make_scene(sandbox_client):
    budget = {"payForPerformanceTotalBudget": {"currencyCode": "USD", "amount": "180.00"}}
    ids = [
        sandbox_client.post_job(f"job-{at}", title=title, budget=budget, posterEmail=POSTER)
        for at, title in enumerate(TITLES)
    ]
    operator = bearer(sandbox_client.credentials["operator_key"])
    traffic = {"isOn": True, "viewsPerJobDay": 120}
    assert sandbox_client.client.put("/sandbox/traffic", json=traffic, headers=operator).status_code == 200
    for _ in range(DAYS):
        sandbox_client.advance("1d")
    sandbox_client.budget()
    return ids[0]


@pytest.mark.parametrize("who", ["partner", "poster", "operator"])
def test_the_pictures_of_the_documents_can_be_made(site, tmp_path, who):
    base_url, names = site
    folder = ROOT / KEPT if KEPT else tmp_path
    folder.mkdir(parents=True, exist_ok=True)
    with open_browser() as browser:
        for size in ("desk", "phone"):
            with open_page(browser, base_url, size, theme="light") as page:
                page.goto("/portal/login")
                page.locator(f'button[name="who"][value="{who}"]').click()
                page.wait_for_url("**/portal/**")
                for name, (looks, on, path) in PICTURES.items():
                    if (looks, on) == (who, size):
                        assert page.goto(path.format_map(names)).status == 200, name
                        write_picture(page.screenshot(), folder / f"{name}.png")


def write_picture(shot: bytes, path: Path) -> None:
    """With few colours, of which the pages have few: a fifth of the bytes."""
    with Image.open(io.BytesIO(shot)) as picture:
        picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
    assert path.stat().st_size < BYTES_MAX, path
