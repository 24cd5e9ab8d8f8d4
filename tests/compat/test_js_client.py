"""LinkedIn's official JavaScript client, unmodified, makes every call of a P4P integration against a sandbox."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.compat.js_clients import drive, install_clients
from tests.support.sandbox_client import make_event
from tests.support.server_process import start_sandbox_server


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install_clients(tmp_path_factory.mktemp("js")) / "driver.js"


def call(credentials: dict[str, Any], path: str, body: Any, key: str) -> Any:
    headers = {"Authorization": f"Bearer {credentials[key]}"}
    answer = httpx2.post(f"{credentials['base_url']}{path}", json=body, headers=headers)
    answer.raise_for_status()
    return answer.json()


def read_clock_ms(credentials: dict[str, Any]) -> int:
    headers = {"Authorization": f"Bearer {credentials['operator_key']}"}
    now_ms: int = httpx2.get(f"{credentials['base_url']}/sandbox/clock", headers=headers).json()["nowMs"]
    return now_ms


@pytest.mark.slow
def test_the_official_client_sees_no_difference(driver: Path, database_url: str, tmp_path: Path) -> None:
    with start_sandbox_server(database_url, tmp_path) as credentials:
        credentials["now_ms"] = read_clock_ms(credentials)
        posted = drive(driver, credentials, "post")
        _check_posted(posted)

        credentials["now_ms"] = read_clock_ms(credentials)
        job_id = int(posted["jobs"][0].rsplit(":", 1)[-1])
        events = [
            make_event(job_id, f"c{n}", credentials["now_ms"] + n, type="applyClick", visitor=f"v{n}")
            for n in range(4)
        ]
        assert call(credentials, "/events", events, "events_key")["accepted"] == 4
        day = datetime.fromtimestamp(credentials["now_ms"] / 1_000, UTC).date()
        midnight = datetime.combine(day + timedelta(days=1), datetime.min.time(), UTC)
        call(
            credentials,
            "/sandbox/clock",
            {"set": (midnight + timedelta(seconds=1)).isoformat()},
            "operator_key",
        )
        found = drive(driver, credentials | {"day": [day.year, day.month, day.day]}, "report")

    first = found["byIds"]["results"]["js-a"]
    assert first["jobPerformanceMetrics"][0]["applyClickCount"] == 4
    assert first["lifetimeJobBudgetInfo"]["lifetimeBudgetSpent"] == {"currencyCode": "USD", "amount": "6.00"}
    assert set(found["byIds"]["results"]) == {"js-a", "weird,(id):'x' é"}
    assert found["byIds"]["errors"]["none"]["code"] == "6013"
    assert [len(page["elements"]) for page in found["pages"]] == [2, 1]
    assert [page["paging"]["total"] for page in found["pages"]] == [3, 3]
    assert found["budget"]["partnerBudgetDetails"][0]["serviceTermBudgetSpent"]["amount"] == "6.00"


def _check_posted(posted: dict[str, Any]) -> None:
    assert (posted["child"]["life"], posted["child"]["active"]) == (1800, True)
    assert (posted["created"], posted["updated"], posted["tunnelledUpdate"]) == (201, 204, 204)
    assert "key" in posted["foundKeys"]
    assert posted["contract"]["value"]["contract"].startswith("urn:li:contract:")
    assert posted["rows"] == [202, 202, 202]
    assert posted["statuses"] == ["SUCCEEDED"] * 3
    # 98 ids do not fit in a query: the client tunnels them, and only the caller's own are returned
    assert (posted["wide"], posted["wideMethod"]) == (3, "post")
