"""Runs the command line as ``python -m jobmeter``."""

from jobmeter.cli import main

main()
