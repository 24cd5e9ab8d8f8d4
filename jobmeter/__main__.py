"""Runs the command line: the console script, and ``python -m jobmeter``."""

import sys

try:
    from jobmeter.cli.main import main
except KeyboardInterrupt:  # Ctrl-C while the modules are imported
    sys.exit(130)

if __name__ == "__main__":
    main()
