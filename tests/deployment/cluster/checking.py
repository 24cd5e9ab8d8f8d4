"""Owns asking for the broken laws of a distributed database. Does not own any expectation."""

from jobmeter.database.pool import Database
from jobmeter.integrity.flow import check_laws
from jobmeter.integrity.model import LawCheck


async def list_broken(url: str) -> list[LawCheck]:
    async with Database.opened(url, connections_max=2) as opened, opened.transaction() as connection:
        assert opened.is_distributed
        found = await check_laws(connection, is_distributed=True)
    return [one for one in found if one.breaches]
