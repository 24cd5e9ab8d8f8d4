"""Owns the statements of partners, one function each. Does not own when they run."""

from datetime import datetime

from jobmeter.database.connection import Connection
from jobmeter.database.rows import find_row, find_scalar, list_rows, list_scalars, read_scalar
from jobmeter.database.statements import load_statements, vars_of
from jobmeter.partners.model import (
    Application,
    ApplicationDraft,
    ListedPage,
    OwnApplication,
    Partner,
    PartnerChange,
)

SQL = load_statements("jobmeter.partners.applications")


async def next_application_id(connection: Connection) -> int:
    return await read_scalar(connection, int, SQL["next_application_id"])


async def insert_application(
    connection: Connection, application: Application, *, created_at: datetime
) -> bool:
    """Returns ``False`` when the parent already has a child with this foreign id."""
    parameters = vars_of(application) | {"created_at": created_at}
    return await find_scalar(connection, int, SQL["insert_application"], parameters) is not None


async def insert_secret(
    connection: Connection, *, application_id: int, secret_hash: bytes, last_four: str, created_at: datetime
) -> None:
    parameters = {
        "application_id": application_id,
        "secret_hash": secret_hash,
        "last_four": last_four,
        "created_at": created_at,
    }
    await connection.execute(SQL["insert_secret"], parameters)


async def lock_partner_name(connection: Connection, *, name: str) -> None:
    await connection.execute(SQL["lock_partner_name"], {"name": name})


async def find_parent_by_name(connection: Connection, *, name: str) -> Application | None:
    return await find_row(connection, Application, SQL["find_parent_by_name"], {"name": name})


async def find_partner(connection: Connection, *, partner_id: int) -> Partner | None:
    return await find_row(connection, Partner, SQL["find_partner"], {"partner_id": partner_id})


async def find_partner_by_reference(connection: Connection, *, reference: str) -> Partner | None:
    return await find_row(connection, Partner, SQL["find_partner_by_reference"], {"reference": reference})


async def list_partners(connection: Connection, page: ListedPage) -> list[Partner]:
    return await list_rows(connection, Partner, SQL["list_partners"], vars_of(page))


async def change_partner(connection: Connection, change: PartnerChange, *, partner_id: int) -> Partner | None:
    parameters = vars_of(change) | {"partner_id": partner_id}
    return await find_row(connection, Partner, SQL["change_partner"], parameters)


async def set_reference(connection: Connection, *, partner_id: int, reference: str) -> None:
    await connection.execute(SQL["set_reference"], {"partner_id": partner_id, "reference": reference})


async def list_applications(connection: Connection, *, after: int, rows_max: int) -> list[Application]:
    parameters = {"after": after, "rows_max": rows_max}
    return await list_rows(connection, Application, SQL["list_applications"], parameters)


async def list_partner_applications(
    connection: Connection, page: ListedPage, *, partner_id: int
) -> list[Application]:
    parameters = vars_of(page) | {"partner_id": partner_id}
    return await list_rows(connection, Application, SQL["list_partner_applications"], parameters)


async def list_own_applications(
    connection: Connection, page: ListedPage, *, partner_id: int, application_id: int | None
) -> list[OwnApplication]:
    parameters = vars_of(page) | {"partner_id": partner_id, "application_id": application_id}
    return await list_rows(connection, OwnApplication, SQL["list_own_applications"], parameters)


async def search_applications(connection: Connection, page: ListedPage) -> list[Application]:
    return await list_rows(connection, Application, SQL["search_applications"], vars_of(page))


async def find_by_client_id(connection: Connection, *, client_id: str) -> Application | None:
    return await find_row(connection, Application, SQL["find_by_client_id"], {"client_id": client_id})


async def find_by_foreign_id(
    connection: Connection, *, parent_id: int, unique_foreign_id: str
) -> Application | None:
    parameters = {"parent_id": parent_id, "unique_foreign_id": unique_foreign_id}
    return await find_row(connection, Application, SQL["find_by_foreign_id"], parameters)


async def find_by_id(connection: Connection, *, application_id: int) -> Application | None:
    return await find_row(connection, Application, SQL["find_by_id"], {"application_id": application_id})


async def update_application(connection: Connection, draft: ApplicationDraft, *, application_id: int) -> None:
    await connection.execute(SQL["update_application"], vars_of(draft) | {"application_id": application_id})


async def list_secret_hashes(connection: Connection, *, application_id: int) -> list[bytes]:
    return await list_scalars(
        connection, bytes, SQL["list_secret_hashes"], {"application_id": application_id}
    )
