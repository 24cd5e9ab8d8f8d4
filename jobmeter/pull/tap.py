"""Owns the start of ``jobmeter-tap``: a message in one line if the library of Singer taps is not installed.

Does not own the tap (``singer_tap``).
"""

import importlib
import sys

EXTRA_MISSING = 3


def main() -> None:
    """The console script."""
    try:
        loaded = importlib.import_module("jobmeter.pull.singer_tap")
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith("jobmeter"):
            raise
        sys.stderr.write(
            f"jobmeter-tap: this needs {error.name}, which is not installed: pip install 'jobmeter[singer]'\n"
        )
        sys.exit(EXTRA_MISSING)
    loaded.JobmeterTap.cli()
