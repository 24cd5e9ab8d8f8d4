"""Decoded events become columns: keys, jobs, visitors, networks, crawlers."""

import crawleruseragents
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobmeter.metering.intake.agents import is_crawler
from jobmeter.metering.intake.columns import (
    address_number,
    key_halves,
    list_external_names,
    make_columns,
    number_addresses,
)
from jobmeter.sandbox.traffic.generator import BROWSER_AGENTS
from jobmeter.wire.events import Event, Malformed

AT = 1_709_253_000_000
TEXT = st.text(st.characters(), min_size=1, max_size=20).filter(lambda text: "\0" not in text)
ADDRESSES = st.ip_addresses().map(str) | st.sampled_from(
    ["", "x", "1.2.3", "::1%eth0", "1.2.3.4\0", "\ud800", "::ffff:1.2.3.4"]
)


def event(**changed):
    return Event(**({"source": "board", "id": "1", "type": "view", "time": AT, "job": 5} | changed))


@given(TEXT, TEXT, st.integers(0, (1 << 47) - 1))
def test_a_key_begins_with_the_time_and_is_the_same_on_a_retry(source, identity, time_ms):
    first, again, other = make_columns(
        [
            event(source=source, id=identity, time=time_ms),
            event(source=source, id=identity, time=time_ms, job=6, type="applyClick", visitor="v"),
            event(source=source, id=identity + "x", time=time_ms),
        ],
        {},
    ).keys
    assert first.tobytes()[:6] == time_ms.to_bytes(6)
    assert first == again
    assert first != other


def test_source_and_id_are_distinguished():
    keys = make_columns([event(source="ab", id="c"), event(source="a", id="bc")], {}).keys
    assert keys[0] != keys[1]


@given(st.lists(st.binary(min_size=16, max_size=16), max_size=20))
def test_halves_of_keys_sort_like_the_keys(keys):
    high, low = key_halves(np.array(keys, dtype="V16"))
    order = np.lexsort((low, high)).tolist()
    assert [keys[place] for place in order] == sorted(keys)


@pytest.mark.parametrize(
    ("job", "number"),
    [
        (5, 5),
        ("5", 5),
        ("urn:li:jobPosting:5", 5),
        (2**63 - 1, 2**63 - 1),
        (2**63, 0),
        (10**40, 0),
        (0, 0),
        (-5, 0),
        ("-5", 0),
        ("", 0),
        ("9" * 19, 0),
        ("urn:li:job:5", 0),
        ("\u0665", 0),
    ],
)
def test_a_job_is_named_by_its_id(job, number):
    # alone, and in a batch that names jobs in several ways
    assert make_columns([event(job=job)], {}).job_ids.tolist() == [number]
    assert make_columns([event(job=job), event(job="7")], {}).job_ids.tolist() == [number, 7]


def test_a_job_is_named_by_application_and_external_id():
    known = {(100_002, "fitter"): 77}
    named = [
        ({"child_application": 100_002, "external_job_posting_id": "fitter"}, 77),
        (
            {"child_application": "urn:li:developerApplication:100002", "external_job_posting_id": "fitter"},
            77,
        ),
        ({"child_application": 100_002, "external_job_posting_id": "Fitter"}, 0),
        ({"child_application": 100_003, "external_job_posting_id": "fitter"}, 0),
        ({"child_application": 2**63, "external_job_posting_id": "fitter"}, 0),
        ({"child_application": "100002", "external_job_posting_id": "fitter"}, 0),
        ({"child_application": 100_002, "external_job_posting_id": "a\0b"}, 0),
    ]
    events = [event(job=None, **fields) for fields, _ in named]
    assert make_columns(events, known).job_ids.tolist() == [number for _, number in named]
    # only ids that can exist are looked up, each once
    assert list_external_names([*events, *events, event(), Malformed("spoiled")]) == [
        (100_002, "Fitter"),
        (100_002, "fitter"),
        (100_003, "fitter"),
    ]


@given(st.lists(ADDRESSES | st.none(), max_size=20))
def test_a_batch_of_addresses_gets_the_same_numbers_as_single_ones(addresses):
    expected = [address_number(address) if address else 0 for address in addresses]
    assert number_addresses(addresses).tolist() == expected


@given(st.ip_addresses(v=4), st.integers(0, 255))
def test_only_the_network_of_an_address_is_kept(address, last):
    neighbour = str(address).rsplit(".", 1)[0] + f".{last}"
    assert address_number(str(address)) == address_number(neighbour)
    assert 0 < address_number(neighbour) < 2**63


def test_networks_differ():
    texts = ["10.0.0.1", "10.0.1.1", "2001:db8::1", "2001:db8:1::1", "0.0.0.0", "nowhere"]
    assert len({address_number(text) for text in texts}) == len(texts)


def test_visitors_are_kept_as_distinct_numbers():
    visitors = ["", "ann", "bob", "ann", "\ud800", "é"]
    kept = make_columns([event(visitor=visitor) for visitor in visitors], {}).visitors.tolist()
    assert kept[0] == 0
    assert kept[1] == kept[3]
    assert len(set(kept)) == 5
    assert all(0 <= number < 2**63 for number in kept)


def test_a_crawler_is_recognized_by_its_user_agent():
    agents = [
        "Googlebot/2.1",
        "",
        None,
        "Mozilla/5.0 (X11; Linux x86_64; rv:124.0) Gecko/20100101 Firefox/124.0",
    ]
    columns = make_columns([event(user_agent=agent) for agent in agents], {})
    assert columns.crawlers.tolist() == [True, False, False, False]
    assert not is_crawler("x" * 512 + "Googlebot/2.1")


CASES = [str, str.lower, str.upper, str.swapcase]


@pytest.mark.parametrize("write", CASES, ids=lambda write: write.__name__)
def test_a_crawlers_name_is_known_in_any_case(write):
    known = [agent for row in crawleruseragents.CRAWLER_USER_AGENTS_DATA for agent in row["instances"]]
    known = [agent for agent in known if crawleruseragents.is_crawler(agent[:512])]
    assert len(known) > 2_000
    assert [agent for agent in known if not is_crawler(write(agent))] == []
    assert not any(is_crawler(write(agent)) for agent in BROWSER_AGENTS)


@pytest.mark.parametrize(
    "time", [-1, 1 << 47, 10**30, "yesterday", "2024-03-01T00:30:00", "1969-12-31T23:59:59Z"]
)
def test_a_time_outside_the_range_of_keys_rejects_only_its_event(time):
    columns = make_columns([event(), event(time=time), event(id="2")], {})
    assert columns.malformed.tolist() == [False, True, False]
    assert [flaw is None for flaw in columns.flaws] == [True, False, True]
    assert columns.times_ms.tolist() == [AT, 0, AT]


def test_a_batch_may_be_empty():
    columns = make_columns([], {})
    assert (len(columns), len(columns.flaws)) == (0, 0)
