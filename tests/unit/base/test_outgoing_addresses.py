"""Outgoing requests reach hosts of the public internet only, in whichever form their address is written."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobmeter.outbound.addresses import AddressRefusedError, find_address

PUBLIC = ["8.8.8.8", "192.0.9.1", "2606:4700:4700::1111", "2001:4860:4860::8888", "2a00:1450::1"]
PRIVATE_V4 = [
    "127.0.0.1",
    "10.1.2.3",
    "169.254.169.254",
    "192.168.0.1",
    "172.16.0.1",
    "100.64.0.1",
    "0.0.0.0",
]
OTHERS = [
    *PRIVATE_V4,
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "192.0.2.1",
    "198.18.0.1",
    "192.88.99.1",
    "::",
    "::1",
    "fe80::1",
    "fec0::1",
    "fc00::1",
    "fd12::1",
    "ff0e::1",
    "100::1",
    "5f00::1",
    "2001::1",
    "2001:db8::1",
    "3fff::1",
]
# Each form of IPv6 in which a translator, a tunnel or an old stack reads an IPv4 address.
FORMS = [
    "::ffff:{0}",
    "::{0}",
    "::ffff:0:{0}",
    "64:ff9b::{0}",
    "64:ff9b:1::{0}",
    "2002:{1}::1",
    "2606:4700::5efe:{0}",
    "2606:4700::200:5efe:{0}",
]


def url_of(address):
    return f"https://[{address}]/" if ":" in address else f"https://{address}/"


def form_of(form, address):
    packed = ipaddress.IPv4Address(address).packed.hex()
    return form.format(address, f"{packed[:4]}:{packed[4:]}")


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_reached(address):
    assert find_address(url_of(address), is_sandbox=False) == address


@pytest.mark.parametrize("address", [*OTHERS, *(form_of(form, one) for form in FORMS for one in PRIVATE_V4)])
def test_every_other_address_is_refused(address):
    with pytest.raises(AddressRefusedError, match="not on the public internet"):
        find_address(url_of(address), is_sandbox=False)
    assert find_address(url_of(address), is_sandbox=True)


@pytest.mark.parametrize("form", FORMS[1:])
def test_a_form_that_hides_an_address_is_refused_for_public_ones_too(form):
    """A translator may send them anywhere. Only the mapped form is what resolvers return for IPv4."""
    with pytest.raises(AddressRefusedError):
        find_address(url_of(form_of(form, "8.8.8.8")), is_sandbox=False)
    assert find_address(url_of(form_of(FORMS[0], "8.8.8.8")), is_sandbox=False)


@given(st.ip_addresses(v=6))
def test_only_the_public_part_of_ipv6_is_reached(address):
    try:
        find_address(url_of(str(address)), is_sandbox=False)
    except AddressRefusedError:
        return
    assert address in ipaddress.IPv6Network("2000::/3") or address.ipv4_mapped is not None
