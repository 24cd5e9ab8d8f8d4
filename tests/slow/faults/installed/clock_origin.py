"""Owns the process whose forks have a movable wall clock, and can sleep under it.

``python -m`` with a folder runs it. Does not own the clock (``clock``).
"""

import sys

from tests.slow.faults.installed.clock import make_sleep_work
from tests.support import preloaded

if __name__ == "__main__":
    make_sleep_work()
    preloaded.serve(sys.argv[1])
