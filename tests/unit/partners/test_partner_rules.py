"""What a child application must contain, and when a token is valid."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from jobmeter.base.faults import Fault, Refused
from jobmeter.partners.applications.rules import change_application, check_draft
from jobmeter.partners.model import Application, ApplicationChange, ApplicationDraft, IssuedToken
from jobmeter.partners.tokens.rules import check_token

DRAFT = ApplicationDraft(
    unique_foreign_id="c-1",
    name="Harbour Logistics",
    description="Hires fitters",
    callback_urls=("https://a.example/back",),
    js_domains=("https://a.example",),
)
NOW = datetime(2024, 3, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
CHILD = Application(
    id=100_002,
    parent_id=100_001,
    shard=162,
    client_id="abc",
    name="Harbour Logistics",
    unique_foreign_id="c-1",
)
PARENT = replace(CHILD, id=100_001, parent_id=None, unique_foreign_id=None)


def test_a_complete_draft_has_no_flaw():
    assert check_draft(DRAFT) == []
    assert (
        check_draft(ApplicationDraft(unique_foreign_id="c" * 500, name="n" * 50, description="d" * 10_000))
        == []
    )


@pytest.mark.parametrize(
    ("changed", "lines"),
    [
        ({"unique_foreign_id": ""}, ["/uniqueForeignId :: field is required"]),
        ({"name": " \t"}, ["/name :: field is required"]),
        ({"description": ""}, ["/description :: field is required"]),
        ({"unique_foreign_id": "c" * 501}, ["/uniqueForeignId :: longer than 500"]),
        ({"name": "n" * 51}, ["/name :: length of"]),
        ({"name": "My LinkedIn jobs"}, ["/name :: the name may not contain"]),
        ({"name": "LINKEDIN " + "n" * 50}, ["/name :: length of", "/name :: the name may not contain"]),
        ({"js_domains": ("a.example", "b.example/")}, ["/validJsSdkDomains/1 :: b.example/ may not end"]),
        ({"name": "a\0b"}, ["/name :: the character U+0000"]),
        ({"callback_urls": ("a", "\0")}, ["/oauth2AuthorizedCallbackUrls :: the character U+0000"]),
        (
            {"unique_foreign_id": "", "name": "", "description": ""},
            ["/uniqueForeignId :: field", "/name :: field", "/description :: field"],
        ),
    ],
)
def test_every_broken_rule_has_its_line(changed, lines):
    found = check_draft(replace(DRAFT, **changed))
    assert len(found) == len(lines)
    for line, expected in zip(found, lines, strict=True):
        assert line.startswith(f"ERROR :: {expected}")


@pytest.mark.parametrize(
    ("token", "fault"),
    [
        (None, Fault.TOKEN_INVALID),
        (IssuedToken(CHILD, NOW + SECOND, None), None),
        (IssuedToken(CHILD, NOW, None), Fault.TOKEN_EXPIRED),
        (IssuedToken(CHILD, NOW - SECOND, None), Fault.TOKEN_EXPIRED),
        (IssuedToken(CHILD, NOW + SECOND, NOW), Fault.TOKEN_REVOKED),
        (IssuedToken(CHILD, NOW + SECOND, NOW + SECOND), None),  # to be revoked later
        (IssuedToken(CHILD, NOW - SECOND, NOW - SECOND), Fault.TOKEN_REVOKED),  # the table's order
    ],
)
def test_a_token_is_valid_until_it_expires_or_is_revoked(token, fault):
    if fault is None:
        assert check_token(token, NOW) is token
        return
    with pytest.raises(Refused) as refused:
        check_token(token, NOW)
    assert refused.value.fault is fault


def test_the_partner_of_an_application_is_its_parent_or_itself():
    assert (CHILD.partner_id, PARENT.partner_id) == (100_001, 100_001)
    assert CHILD.urn == "urn:li:developerApplication:100002"


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", "Harbour"), ("description", ""), ("callback_urls", ("https://b.example",)), ("js_domains", ())],
)
def test_a_change_leaves_other_fields_unchanged(field, value):
    application = replace(
        CHILD, description="Hires", callback_urls=("https://a.example",), js_domains=("a.example",)
    )
    whole = ApplicationDraft(
        unique_foreign_id="c-1",
        name=CHILD.name,
        description="Hires",
        callback_urls=("https://a.example",),
        js_domains=("a.example",),
    )
    unchanged = ApplicationChange(name=None, description=None, callback_urls=None, js_domains=None)

    assert change_application(application, unchanged) == whole
    assert change_application(application, replace(unchanged, **{field: value})) == replace(
        whole, **{field: value}
    )
    assert change_application(PARENT, unchanged).unique_foreign_id == ""
