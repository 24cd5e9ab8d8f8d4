"""When a session ends, which role comes first, how addresses, browsers and networks are shown, what a typed code is."""

from datetime import UTC, datetime, timedelta

import pytest

from jobmeter.base.credentials import LOGIN_CODE_ALPHABET, make_login_code
from jobmeter.base.faults import Fault, Refused
from jobmeter.people import rules
from jobmeter.people.accounts.rules import check_grant
from jobmeter.people.logins.model import RecentLogins
from jobmeter.people.logins.rules import find_wait_minutes, normalize_code
from jobmeter.people.model import AS_MEMBER, Grant, Role

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
OPERATOR = Grant(id=1, role=Role.OPERATOR)
READER = Grant(id=2, role=Role.PARTNER_READER, partner_id=7)
CUSTOMER = Grant(id=3, role=Role.CUSTOMER, application_id=8)


@pytest.mark.parametrize(
    ("grants", "age", "idle", "left"),
    [
        ((), timedelta(0), timedelta(0), timedelta(hours=12)),
        ((READER,), timedelta(days=3), timedelta(hours=11), timedelta(hours=1)),
        ((READER,), timedelta(days=30, hours=-1), timedelta(0), timedelta(hours=1)),
        ((READER, OPERATOR), timedelta(0), timedelta(0), timedelta(hours=2)),
        ((Grant(id=4, role=Role.OPERATOR_READER),), timedelta(hours=11), timedelta(0), timedelta(hours=1)),
        ((OPERATOR,), timedelta(hours=12), timedelta(0), timedelta(0)),
    ],
)
def test_a_session_ends_when_it_is_idle_or_old_and_that_of_an_operator_sooner(grants, age, idle, left):
    end = rules.find_end(grants, began_at=NOW - age, last_used_at=NOW - idle)
    assert end - NOW == left


def test_a_person_begins_in_the_role_with_precedence_and_chooses_only_their_own():
    assert rules.choose_first([CUSTOMER, READER, OPERATOR]) == OPERATOR
    assert rules.choose_first([]) == AS_MEMBER
    assert rules.find_chosen([READER, CUSTOMER], 3) == CUSTOMER
    assert rules.find_chosen([READER], None) == AS_MEMBER
    assert rules.find_chosen([READER], 3) is None


@pytest.mark.parametrize(
    ("agent", "named"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        (
            "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140 Safari/537.36 Edg/140",
            "Edge on Windows",
        ),
        ("Mozilla/5.0 (Linux; Android 15) Chrome/140.0 Mobile Safari/537.36", "Chrome on Android"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18 Safari/604.1",
            "Safari on iPhone",
        ),
        ("curl/8.5.0", ""),
    ],
)
def test_a_browser_is_named_as_its_owner_knows_it(agent, named):
    assert rules.name_device(agent) == named


def test_a_network_is_what_one_subscriber_has():
    assert rules.name_network("203.0.113.77") == "203.0.113.0/24"
    assert rules.name_network("2001:db8:1:2:3::4") == "2001:db8:1:2::/64"
    assert rules.name_network(None) == ""


def test_addresses_are_compared_in_lower_case_and_shown_shortened():
    assert rules.normalize_email(" Ida@Hafenkontor.Example ") == "ida@hafenkontor.example"
    assert rules.mask_email("ida@hafenkontor.example") == "i…@hafenkontor.example"


def test_a_code_has_no_characters_that_look_alike_and_is_read_as_it_is_typed():
    code = make_login_code()
    assert len(code) == 8
    assert set(code) <= set(LOGIN_CODE_ALPHABET)
    assert not set(LOGIN_CODE_ALPHABET) & set("01IO")
    assert normalize_code(f" {code[:4].lower()}-{code[4:]} ") == code


@pytest.mark.parametrize(
    ("count", "age_minutes", "wait"), [(0, None, 0), (4, 1, 0), (5, 1, 59), (5, 59.5, 1), (9, 0, 60)]
)
def test_who_asked_for_too_many_mails_waits_until_the_earliest_is_an_hour_old(count, age_minutes, wait):
    earliest = None if age_minutes is None else NOW - timedelta(minutes=age_minutes)
    recent = RecentLogins(count=count, earliest_at=earliest)
    assert find_wait_minutes(recent, mails_max=5, now=NOW) == wait


@pytest.mark.parametrize(
    ("grant", "field"),
    [
        (Grant(role=Role.MEMBER), "role"),
        (Grant(role=Role.OPERATOR, partner_id=1), "partnerId"),
        (Grant(role=Role.PARTNER_MANAGER), "partnerId"),
        (Grant(role=Role.PARTNER_READER, partner_id=1, application_id=2), "applicationId"),
        (Grant(role=Role.CUSTOMER), "applicationId or hiringContractId"),
        (Grant(role=Role.CUSTOMER, application_id=1, hiring_contract_id=2), "applicationId or"),
        (Grant(role=Role.CUSTOMER, partner_id=1), "partnerId"),
    ],
)
def test_a_role_is_bound_to_what_it_is_about_and_to_nothing_else(grant, field):
    with pytest.raises(Refused) as refused:
        check_grant(grant)
    assert refused.value.fault is Fault.OPERATOR_INPUT
    assert refused.value.message.startswith(field)


@pytest.mark.parametrize(
    "grant",
    [
        Grant(role=Role.OPERATOR),
        Grant(role=Role.PARTNER_MANAGER, partner_id=1),
        CUSTOMER,
        Grant(role=Role.CUSTOMER, hiring_contract_id=2),
    ],
)
def test_a_role_with_what_it_needs_is_accepted(grant):
    check_grant(grant)
