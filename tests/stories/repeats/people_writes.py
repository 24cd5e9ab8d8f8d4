"""Owns one effective request for each write of the people who log in to the web pages. Does not own any expectation."""

from typing import Any, LiteralString

from tests.stories.repeats.world import Make, World, Write

PEOPLE, COLLEAGUES = "/operator/people", "/partner/people"
SESSION: LiteralString = (
    "INSERT INTO person_sessions (token_hash, person_id, device, network, began_at, confirmed_at, last_used_at)"
    " SELECT sha256(convert_to(%s::text, 'UTF8')), %s, '', '', at, at, at FROM (SELECT now() AS at) AS clock"
)


async def invite_person(world: World, path: str) -> Write:
    body = {"email": f"{world.name()}@a.example", "role": "OPERATOR"}
    return Write("POST", path, world.operator, body)


async def invite_colleague(world: World, path: str) -> Write:
    body = {"email": f"{world.name()}@a.example", "role": "PARTNER_MANAGER"}
    return Write("POST", path, world.parent, body)


def on_person(method: str, body: dict[str, Any] | None) -> Make:
    async def make(world: World, path: str) -> Write:
        person = await world.call(await invite_person(world, PEOPLE))
        own = path.replace("{person_id:int}", str(person["id"]))
        return Write(
            method, own.replace("{role_id:int}", str(person["roles"][0]["id"])), world.operator, body
        )

    return make


async def end_sessions(world: World, path: str) -> Write:
    """Makes a write to a person who is logged in."""
    person = await world.call(await invite_person(world, PEOPLE))
    await world.execute(SESSION, person["id"], person["id"])
    return Write("DELETE", path.replace("{person_id:int}", str(person["id"])), world.operator)


def on_colleague(method: str, body: dict[str, Any] | None) -> Make:
    """Makes a write to one of two managers: the other one stays."""

    async def make(world: World, path: str) -> Write:
        _, person = [await world.call(await invite_colleague(world, COLLEAGUES)) for _ in range(2)]
        return Write(method, path.replace("{colleague_id:int}", str(person["id"])), world.parent, body)

    return make


PERSON, COLLEAGUE = f"{PEOPLE}/{{person_id:int}}", f"{COLLEAGUES}/{{colleague_id:int}}"
PEOPLE_MAKERS: dict[tuple[str, str], Make] = {
    ("POST", PEOPLE): invite_person,
    ("DELETE", PERSON): on_person("DELETE", None),
    ("PUT", f"{PERSON}/roles/{{role_id:int}}"): on_person("PUT", {"role": "OPERATOR_READER"}),
    ("DELETE", f"{PERSON}/roles/{{role_id:int}}"): on_person("DELETE", None),
    ("DELETE", f"{PERSON}/sessions"): end_sessions,
    ("POST", COLLEAGUES): invite_colleague,
    ("PUT", COLLEAGUE): on_colleague("PUT", {"role": "PARTNER_READER"}),
    ("DELETE", COLLEAGUE): on_colleague("DELETE", None),
}
