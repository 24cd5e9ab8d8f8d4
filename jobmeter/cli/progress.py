"""Owns the progress bar of commands: what is done, of how much, and how long the rest takes.

Does not own what is counted. Apart from ``output``, because it is not needed by most commands.
"""

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from jobmeter.base.terminal import Terminal


def make_progress(console: Terminal, *, is_shown: bool = True) -> Progress:
    """Returns a progress bar, which fits 60 columns; nothing is printed unless it ``is_shown``."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=not is_shown,
    )
