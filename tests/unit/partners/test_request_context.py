"""What a request is given: its headers by name, and the process's resources as its tenant sees them."""

from dataclasses import dataclass, fields, replace
from typing import Any, cast

import pytest
from starlette.requests import Request

from jobmeter.database.connection import Tenant
from jobmeter.database.pool import Database
from jobmeter.http.context import TENANTS_REMEMBERED_MAX, AppContext, IncomingRequest

HEADERS = [
    (b"host", b"a"),
    (b"x-forwarded-for", b"192.0.2.1"),
    (b"x-forwarded-for", b"192.0.2.2"),
    (b"x-name", b"\xe9"),
]
SCOPE = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": HEADERS}


@pytest.mark.parametrize("name", ["host", "Host", "X-FORWARDED-FOR", "x-name", "cookie", ""])
def test_headers_are_those_of_any_request_found_by_name_at_once(name: str) -> None:
    plain, keyed = Request(SCOPE).headers, IncomingRequest(SCOPE).headers
    assert keyed.get(name) == plain.get(name)
    assert keyed.get(name, "none") == plain.get(name, "none")
    assert (name in keyed) == (name in plain)
    assert keyed.getlist(name) == plain.getlist(name)
    if name in plain:
        assert keyed[name] == plain[name]
    else:
        with pytest.raises(KeyError):
            keyed[name]


@dataclass(frozen=True)
class FakeDatabase:
    seen_by: Tenant | None = None

    def of_tenant(self, tenant: Tenant) -> "FakeDatabase":
        return FakeDatabase(tenant)


def make_app() -> AppContext:
    names = [field.name for field in fields(AppContext) if field.init]
    values: dict[str, Any] = dict.fromkeys(names) | {"database": cast("Database", FakeDatabase())}
    return AppContext(**values)


def test_each_tenant_has_its_own_view_of_the_database_also_after_many_others() -> None:
    app = make_app()
    tenants = [
        Tenant(application_id=number, partner_id=number // 2)
        for number in range(2 * TENANTS_REMEMBERED_MAX + 2)
    ]
    for tenant in [*tenants, *tenants[::-1], tenants[0]]:
        assert app.of_tenant(tenant).database == FakeDatabase(tenant)
    assert app.of_tenant(tenants[0]) is app.of_tenant(tenants[0])
    assert app.database == FakeDatabase()


def test_other_resources_do_not_share_what_is_remembered_of_tenants() -> None:
    """Those of a replica, for example: a tenant's view of the database is not one of the replica."""
    app, tenant = make_app(), Tenant(application_id=1, partner_id=2)
    before = app.of_tenant(tenant)
    other = replace(app, settings=cast("Any", "others"))
    assert other.of_tenant(tenant).settings == "others"
    assert app.of_tenant(tenant) is before
