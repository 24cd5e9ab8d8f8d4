"""Bursts: clicks of one visitor or network beyond a limit are counted and never charged, whatever the batches."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobmeter.charging.windows.model import LiveWindows
from jobmeter.metering.filters.model import FilterPolicy
from jobmeter.metering.intake import bursts
from jobmeter.metering.intake.columns import make_columns as pack
from jobmeter.metering.model import EventColumns
from jobmeter.wire.events import Event
from tests.support.sandbox_client import SandboxClient
from tests.unit.metering.test_filters import click, operator, partner, reasons_of

CHROME = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"
)


def set_policy(sandbox_client: SandboxClient, **changed: Any) -> None:
    path = f"contracts/{sandbox_client.credentials['partner_contract_id']}/filters"
    assert operator(sandbox_client, "PUT", path, changed).status_code == 200


def test_one_visitor_does_not_empty_a_budget(sandbox_client):
    job_id = sandbox_client.post_job("burst")
    sandbox_client.advance("2h")
    set_policy(sandbox_client, refusesBursts=True, visitorClicksMax=5, burstWindowSeconds=3_600)
    start = sandbox_client.now_ms // 3_600_000 * 3_600_000
    batches = [
        [click(sandbox_client, job_id, f"b{part}-{number}", visitor="one", time=start + part * 10 + number) for number in range(4)]
        for part in range(4)
    ]  # fmt: skip
    refused = [len(reasons_of(sandbox_client.send(batch))) for batch in batches]
    assert refused == [0, 3, 4, 4]
    # A batch that is sent again neither counts nor fills the window.
    assert reasons_of(sandbox_client.send(batches[0])) == []
    others = [click(sandbox_client, job_id, f"o{number}", time=start + 100 + number) for number in range(6)]
    assert reasons_of(sandbox_client.send(others)) == []

    (row,) = partner(sandbox_client, "GET", "clicksNotCharged").json()["elements"]
    reasons = {entry["reason"]: entry["clicks"] for entry in row["notCharged"]}
    assert (row["received"], row["charged"], reasons["BURST"]) == (22, 11, 11)


def test_one_network_has_a_limit_of_its_own(sandbox_client):
    job_id = sandbox_client.post_job("office")
    sandbox_client.advance("2h")
    set_policy(sandbox_client, refusesBursts=True, networkClicksMax=7, burstWindowSeconds=3_600)
    start = sandbox_client.now_ms // 3_600_000 * 3_600_000
    events = [
        click(sandbox_client, job_id, f"n{number}", address=f"203.0.113.{number}", time=start + number) for number in range(10)
    ]  # fmt: skip
    # without an address, and without a visitor, nobody is known
    events += [
        click(sandbox_client, job_id, f"u{number}", visitor=None, time=start + 50 + number)
        for number in range(10)
    ]
    assert reasons_of(sandbox_client.send(events)) == ["BURST"] * 3


def test_a_new_window_begins_from_nothing_and_other_contracts_are_not_judged(sandbox_client):
    job_id = sandbox_client.post_job("windows")
    sandbox_client.advance("2h")
    start = sandbox_client.now_ms // 60_000 * 60_000 - 60_000
    clicks = [
        click(sandbox_client, job_id, f"w{number}", visitor="one", time=start + number * 10_000)
        for number in range(12)
    ]
    set_policy(sandbox_client, refusesBursts=True, visitorClicksMax=4)
    assert reasons_of(sandbox_client.send(clicks)) == ["BURST"] * 4  # two windows of six clicks
    set_policy(sandbox_client)
    later = [click(sandbox_client, job_id, f"x{number}", visitor="one") for number in range(12)]
    assert reasons_of(sandbox_client.send(later)) == []


def test_agents_that_are_no_browser_are_refused_where_the_contract_says_so(sandbox_client):
    job_id = sandbox_client.post_job("agents")

    def send(name: str) -> list[str]:
        given = {
            "person": CHROME,
            "fetcher": "UniversalFeedParser/4.1",
            "robot": "GOOGLEBOT/2.1",
            "absent": None,
        }
        events = [
            click(sandbox_client, job_id, f"{name}-{who}", **({"userAgent": agent} if agent else {}))
            for who, agent in given.items()
        ]
        return [
            f"{list(given)[row['index']]} {row['reason']}"
            for row in sandbox_client.send(events).json()["rejections"]
        ]

    assert send("default") == ["robot CRAWLER"]
    set_policy(sandbox_client, refusesNonBrowsers=True)
    assert send("strict") == ["fetcher NOT_A_BROWSER", "robot CRAWLER"]
    set_policy(sandbox_client, refusesNonBrowsers=True, refusesCrawlers=False, countsAbsentAgents=False)
    assert send("all") == ["fetcher NOT_A_BROWSER", "robot NOT_A_BROWSER", "absent NOT_A_BROWSER"]
    set_policy(sandbox_client, countsAbsentAgents=False)
    assert send("absent") == ["robot CRAWLER", "absent NOT_A_BROWSER"]

    (today,) = operator(sandbox_client, "GET", "filterLists").json()["elements"]
    assert today["day"] == sandbox_client.now.date().isoformat()
    assert "crawler-user-agents" in today["lists"]


@pytest.mark.parametrize(
    "changed",
    [
        {"burstWindowSeconds": 0},
        {"burstWindowSeconds": 3_601},
        {"visitorClicksMax": 0},
        {"networkClicksMax": "x"},
    ],
)
def test_limits_of_bursts_are_checked(sandbox_client, changed):
    path = f"contracts/{sandbox_client.credentials['partner_contract_id']}/filters"
    assert operator(sandbox_client, "PUT", path, changed).status_code == 400


def test_the_defaults_change_no_charge():
    policy = FilterPolicy()
    assert (policy.refuses_non_browsers, policy.counts_absent_agents, policy.refuses_bursts) == (
        False,
        True,
        False,
    )


CLICKS = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 2), st.integers(0, 30), st.booleans()),
    min_size=1,
    max_size=60,
)


@given(CLICKS, st.integers(1, 5), st.integers(1, 8))
def test_a_window_never_admits_more_than_its_limits(clicks, visitor_max, network_max):
    """In any batches: the clicks that count in a window of a visitor are at most the limit, and none is refused needlessly."""
    policies = {
        CONTRACT: FilterPolicy(
            refuses_bursts=True, visitor_clicks_max=visitor_max, network_clicks_max=network_max
        )
    }
    kept: dict[tuple[int, ...], int] = {}
    admitted: dict[tuple[int, int, int], int] = {}
    for batch in split(clicks):
        columns = make_columns(batch)
        verdicts = np.zeros(len(batch), dtype=np.int16)
        found = bursts.find_candidates(columns, verdicts, WINDOWS, policies)
        assert found is not None
        keys = list(
            zip(
                *(
                    column.tolist()
                    for column in (
                        found.groups.window_ms,
                        found.groups.contract_ids,
                        found.groups.kinds,
                        found.groups.subjects,
                    )
                ),
                strict=True,
            )
        )
        stored = np.array([kept.get(key, 0) for key in keys], dtype=np.int64)
        refused = set(bursts.find_bursts(found, stored, columns.times_ms).tolist())
        counted = bursts.count_new(found, np.arange(len(batch)))
        for *key, number in zip(
            counted.window_ms.tolist(),
            counted.contract_ids.tolist(),
            counted.kinds.tolist(),
            counted.subjects.tolist(),
            counted.clicks.tolist(),
            strict=True,
        ):
            kept[tuple(key)] = kept.get(tuple(key), 0) + number
        for row in range(len(batch)):
            if row not in refused:
                for kind, subject in ((1, int(columns.visitors[row])), (2, int(columns.addresses[row]))):
                    key = (int(columns.times_ms[row]) // 60_000, kind, subject)
                    admitted[key] = admitted.get(key, 0) + 1
    for (_, kind, subject), number in admitted.items():
        assert subject == 0 or number <= (visitor_max if kind == 1 else network_max)


CONTRACT = 7
WINDOWS = LiveWindows(**{
    name: np.array([value], dtype=np.int64)
    for name, value in {"job_ids": 5, "live_from_ms": 0, "live_until_ms": 1 << 50, "revisions": 1, "are_capped": 0, "contract_ids": CONTRACT, "markets": 0}.items()
})  # fmt: skip


def split(clicks: list[tuple[int, int, int, bool]]) -> list[list[tuple[int, int, int]]]:
    batches: list[list[tuple[int, int, int]]] = [[]]
    for visitor, network, second, starts in clicks:
        if starts and batches[-1]:
            batches.append([])
        batches[-1].append((visitor, network, second))
    return batches


def make_columns(batch: list[tuple[int, int, int]]) -> EventColumns:
    columns = pack(
        [
            Event("a", str(row), "applyClick", 1_000_000_000_000 + second * 4_000, 5)
            for row, (_, _, second) in enumerate(batch)
        ],
        {},
    )
    return replace(
        columns,
        visitors=np.array([visitor for visitor, _, _ in batch], dtype=np.int64),
        addresses=np.array([network for _, network, _ in batch], dtype=np.int64),
    )


def test_a_candidate_who_clicks_many_times_is_redirected_and_charged_up_to_the_limit(sandbox_client):
    job_id = sandbox_client.post_job("link")
    set_policy(sandbox_client, refusesBursts=True, visitorClicksMax=3, burstWindowSeconds=3_600)
    link = operator(sandbox_client, "GET", f"jobs/{job_id}/links").json()["apply"]
    for _ in range(8):  # the visitor's cookie is kept
        answer = sandbox_client.client.get(link, headers={"User-Agent": CHROME}, follow_redirects=False)
        assert answer.status_code == 302
    (row,) = partner(sandbox_client, "GET", "clicksNotCharged").json()["elements"]
    # The hour may change on the way: then there are two windows.
    assert row["received"] == 8
    assert row["charged"] in {3, 6}
