"""Runs the command line as ``python -m jobmeter``."""

from jobmeter.cli.main import main

main()
