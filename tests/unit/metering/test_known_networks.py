"""Addresses that were seen are found with their own networks, however few places there are for them."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from jobmeter.metering.intake.known_networks import CHARACTERS_MAX, WORDS, KnownNetworks

ADDRESSES = st.ip_addresses().map(str) | st.text("0123456789abcdef.:", min_size=1, max_size=CHARACTERS_MAX)


def to_rows(addresses):
    texts = b"".join(address.encode().ljust(CHARACTERS_MAX, b"\0") for address in addresses)
    return np.frombuffer(texts, dtype="<u8").reshape(-1, WORDS)


def remember(known, addresses, network_of):
    networks = np.array([network_of[address] for address in addresses], dtype=np.int64)
    known.remember(to_rows(addresses), networks=networks)


@given(st.integers(1, 6), st.lists(st.lists(ADDRESSES, min_size=1, max_size=9, unique=True), max_size=9))
def test_what_is_known_has_its_own_network(place_bits, batches):
    known = KnownNetworks(place_bits)
    network_of = {
        address: number for number, address in enumerate({one for some in batches for one in some}, 1)
    }
    for addresses in batches:
        networks, are_known = known.find(to_rows(addresses))
        for address, network, is_known in zip(addresses, networks.tolist(), are_known.tolist(), strict=True):
            assert not is_known or network == network_of[address]
        new = [address for address, is_known in zip(addresses, are_known, strict=True) if not is_known]
        remember(known, new, network_of)
        if new:
            networks, are_known = known.find(to_rows(new[-1:]))
            assert (networks.tolist(), are_known.tolist()) == ([network_of[new[-1]]], [True])


@given(st.lists(ADDRESSES, min_size=3, max_size=3, unique=True))
def test_two_addresses_have_room_in_a_pair_of_places_and_a_third_replaces_one(addresses):
    known, network_of = KnownNetworks(1), dict(zip(addresses, (7, 8, 9), strict=True))
    found = []
    for address in addresses:
        remember(known, [address], network_of)
        networks, are_known = known.find(to_rows(addresses))
        found.append(networks[are_known].tolist())
    assert found[:2] == [[7], [7, 8]]
    assert found[2] in ([7, 9], [8, 9])


def test_no_address_is_known_from_the_beginning():
    networks, are_known = KnownNetworks(4).find(np.zeros((1, WORDS), dtype=np.uint64))
    assert (networks.tolist(), are_known.tolist()) == ([0], [True])
