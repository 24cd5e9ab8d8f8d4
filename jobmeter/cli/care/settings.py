"""Owns ``jobmeter settings``: what holds, and where each value came from."""

import os
from dataclasses import fields

from jobmeter.base.settings import FILE_SUFFIX, SECRET_SETTINGS, Settings, find_misspelt, variable_of
from jobmeter.base.terminal import Terminal
from jobmeter.cli.options import JsonOption
from jobmeter.cli.output import print_json

HIDDEN = "***"


def settings(*, json: JsonOption = False) -> None:
    """Prints each setting, its value, and whether it is the default, from the environment or from a file; of a secret only whether it is set.

    Example: jobmeter settings
    """
    found, misspelt = list_settings(), find_misspelt()
    if json:
        print_json({"settings": found, "unknown": misspelt})
        return
    console = Terminal()
    console.print_table(
        ("variable", "value", "from", "meaning"),
        [(one["variable"], one["value"] or "", one["from"], one["meaning"]) for one in found],
    )
    for name, nearest in misspelt.items():
        hint = f"; did you mean {nearest}?" if nearest else ""
        console.print_line(f"{name} is not a setting and has no effect{hint}", style="yellow")


def list_settings() -> list[dict[str, str | None]]:
    """Raises ``ValueError`` that names an invalid variable."""
    current = Settings.from_environment()
    return [
        {
            "variable": variable_of(one.name),
            "value": _show(one.name, getattr(current, one.name)),
            "from": _find_origin(variable_of(one.name)),
            "meaning": one.metadata["meaning"],
        }
        for one in fields(Settings)
        if one.name != "sandbox"  # set by the commands
    ]


def _find_origin(variable: str) -> str:
    if f"{variable}{FILE_SUFFIX}" in os.environ:
        return "file"
    return "environment" if variable in os.environ else "default"


def _show(name: str, value: object) -> str | None:
    if value is None or value == "":
        return None
    return HIDDEN if name in SECRET_SETTINGS else str(value)
