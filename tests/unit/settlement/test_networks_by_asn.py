"""Networks of autonomous systems: selected from a CSV line by line, and used by the rule for data centres."""

import tracemalloc
from collections.abc import Iterator

import psycopg
import pytest

from jobmeter.base.faults import CommandFailed, Fault, Refused
from jobmeter.cli.server import networks as command
from jobmeter.settlement.click_rules.networks import select_networks


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["network,asn", "198.51.100.0/24,64500", "203.0.113.0/24,64501"], ["198.51.100.0/24"]),
        (["ASN,Network,Name", "AS64500,198.51.100.7/24,Cloud", "as64500,2001:db8::/40,"], ["198.51.100.0/24", "2001:db8::/40"]),
        (["start,end,asn", "198.51.100.0,198.51.101.255,64500"], ["198.51.100.0/23"]),
        (["start,end,asn,country,name", "2001:db8::,2001:db8:0:ffff:ffff:ffff:ffff:ffff,64500,,"], ["2001:db8::/48"]),
        (["network,asn"], []),
    ],
)  # fmt: skip
def test_networks_are_selected_by_their_asn(lines, expected):
    assert select_networks(lines, {64500}) == expected


@pytest.mark.parametrize(
    ("lines", "field"),
    [
        ([], "line 1"),
        (["network", "198.51.100.0/24"], "line 1"),
        (["start,asn", "198.51.100.0,64500"], "line 1"),
        (["network,asn", "198.51.100.0/24,cloud"], "line 2"),
        (["network,asn", "198.51.100.0/24,1", "here,64500"], "line 3"),
        (["network,asn", ",64500"], "line 2"),
        (["start,end,asn", "198.51.100.9,198.51.100.0,64500"], "line 2"),
        (["start,end,asn", "198.51.100.9,2001:db8::,64500"], "line 2"),
    ],
)
def test_a_line_that_cannot_be_read_is_named(lines, field):
    with pytest.raises(Refused, match=field) as caught:
        select_networks(lines, {64500})
    assert caught.value.fault is Fault.OPERATOR_INPUT


def test_memory_does_not_grow_with_the_file():
    def write_lines() -> Iterator[str]:
        yield "network,asn"
        for number in range(50_000):
            yield f"10.{number // 256 % 256}.{number % 256}.0/24,{number % 100}"

    tracemalloc.start()
    found = select_networks(write_lines(), {7})
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(found) == 500
    assert peak < 500_000


def test_the_command_replaces_a_list(database_url, tmp_path, capsys):
    path = tmp_path / "asn.csv"
    path.write_text(
        "network,asn\n198.51.100.0/24,64500\n203.0.113.0/25,64500\n192.0.2.0/24,64501\n", encoding="utf-8"
    )

    def load(asn: str) -> list[str]:
        command.load(path, asn=asn, name="clouds", database_url=database_url)
        with psycopg.connect(database_url) as connection:
            return [row[0] for row in connection.execute("SELECT list_name FROM blocked_networks").fetchall()]

    assert load("64500,AS64502") == ["clouds"]
    assert "1 networks added, 1 too narrow" in capsys.readouterr().out
    assert load("64502") == []
    path.write_text("network\n", encoding="utf-8")
    with pytest.raises(CommandFailed, match="line 1"):
        load("64500,AS64502")
    with pytest.raises(CommandFailed, match="--asn must be numbers"):
        load("cloud")
