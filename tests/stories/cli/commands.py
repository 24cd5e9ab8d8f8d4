"""Owns the walk over all commands of the command line, with their arguments. Does not own any expectation."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, Literal, get_args, get_origin
from uuid import UUID

from cyclopts import App

from jobmeter.cli.main import make_app

# A value that parses, for each type; whether it exists does not matter, because the other argument is refused first.
VALID = {int: "1", float: "1", str: "x", UUID: str(UUID(int=7)), date: "2026-03-02"}
VALID_TEXTS = {
    "--span": "1d",
    "--month": "2026-10",
    "--time": "2026-03-02T09:00:00Z",
    "--valid-from": "2026-03-02T09:00:00Z",
    "--starts-at": "1",
    "--ends-at": "2",
}


@dataclass(frozen=True)
class Command:
    words: tuple[str, ...]
    app: App

    @cached_property
    def arguments(self) -> list[Any]:
        return list(self.app.assemble_argument_collection())

    def call_with(self, argument: Any, value: str) -> list[str]:
        """Returns the command line with ``value`` for one argument and valid values for the others it requires."""
        return [*self.call_with_required(but=argument.name), *write_argument(argument, value)]

    def call_with_required(self, *, but: str = "") -> list[str]:
        required = [one for one in self.arguments if one.required and one.name != but]
        return [*self.words, *(word for one in required for word in write_argument(one, valid_value(one)))]


def write_argument(argument: Any, value: str) -> list[str]:
    return [f"{argument.name}={value}"] if argument.name.startswith("--") else [value]


def valid_value(argument: Any) -> str:
    kind = base_type(argument.hint)
    if get_origin(kind) is Literal:
        return str(get_args(kind)[0])
    return VALID_TEXTS.get(argument.name) or VALID.get(kind, "x")


def base_type(hint: Any) -> Any:
    """Returns the type without ``None``."""
    if get_origin(hint) is Literal:
        return hint
    others = [one for one in get_args(hint) if one is not type(None)]
    return others[0] if others and type(None) in get_args(hint) else hint


def list_commands(app: App | None = None, words: tuple[str, ...] = ()) -> Iterator[Command]:
    """Yields every command that runs something."""
    app = app or make_app()
    for name in app:
        if not name.startswith("-"):
            inner = app[name]
            if inner.default_command is not None:
                yield Command((*words, name), inner)
            yield from list_commands(inner, (*words, name))


COMMANDS = {" ".join(command.words): command for command in list_commands()}
