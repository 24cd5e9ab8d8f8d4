"""Owns one effective request for each write of the operator's named keys, and of applications' credentials. Does not own any expectation."""

from typing import Any

from tests.stories.repeats.world import Make, World, Write

KEYS = "/operator/keys"


async def create_key(world: World, path: str) -> Write:
    return Write("POST", path, world.operator, {"name": world.name(), "role": "READER"})


def on_key(method: str, body: dict[str, Any] | None, *, rotations: int = 0) -> Make:
    """Makes a write to a new key that has been rotated so many times."""

    async def make(world: World, path: str) -> Write:
        made = await world.call(await create_key(world, KEYS))
        for _ in range(rotations):
            await world.call(Write("POST", f"{KEYS}/{made['name']}/secrets", world.operator, {}))
        return Write(method, path.replace("{name}", made["name"]), world.operator, body)

    return make


async def retire_replaced(world: World, path: str) -> Write:
    child = await world.make_child(is_set_up=False)
    own = f"/operator/applications/{child.number}"
    await world.call(Write("POST", f"{own}/secrets", world.operator, {}))
    return Write("POST", f"{own}/retirements", world.operator)


async def revoke_tokens(world: World, path: str) -> Write:
    child = await world.make_child(is_set_up=False)
    return Write("POST", path.replace("{application_id:int}", child.number), world.parent)


KEY_MAKERS: dict[tuple[str, str], Make] = {
    ("POST", KEYS): create_key,
    ("POST", f"{KEYS}/{{name}}/secrets"): on_key("POST", {"retiresOlder": True}, rotations=1),
    ("POST", f"{KEYS}/{{name}}/retirements"): on_key("POST", None, rotations=1),
    ("DELETE", f"{KEYS}/{{name}}"): on_key("DELETE", None),
}
