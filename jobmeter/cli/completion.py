"""Owns the command ``jobmeter completion``, which prints a script that lets a shell complete commands and options.

Does not own the commands: the script is made from all of them that are installed.
"""

from typing import Annotated, Literal

from cyclopts import App, Parameter

from jobmeter.cli.main import make_app

Shell = Literal["bash", "zsh", "fish"]


def completion(shell: Annotated[Shell, Parameter(help="The shell: bash, zsh or fish.")]) -> None:
    """Prints the script of a shell, which completes commands, options and their values.

    Example: jobmeter completion bash
    """
    app = make_app()
    drop_missing(app)
    print(app.generate_completion(shell=shell))  # noqa: T201 -- a script


def drop_missing(app: App) -> None:
    """Removes the commands whose libraries are not installed, at every depth."""
    for name in [name for name in app if not name.startswith("-")]:
        try:
            inner = app[name]
        except ImportError:
            del app[name]
        else:
            drop_missing(inner)
