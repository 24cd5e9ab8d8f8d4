"""Owns how a worker process keeps memory that it has freed: the thresholds of glibc's allocator.

Does not own how much memory requests may use (``http.admission``).
"""

import ctypes
import multiprocessing
import os
from collections.abc import Mapping

# By the names of the environment's variables: the numbers of <malloc.h>, and the bytes.
# A batch of 10,000 events has three megabytes, as have many of its columns together. Below the first threshold memory
# comes from the heap: above, each piece is mapped and unmapped, and each of its pages cleared by the kernel and
# faulted in again for each batch. Below the second the heap's free end is kept for the next batch. The first is the most
# that glibc takes; the second covers the largest batch twice.
THRESHOLDS = {
    "MALLOC_MMAP_THRESHOLD_": (-3, 32 << 20),
    "MALLOC_TRIM_THRESHOLD_": (-1, 128 << 20),
}


def keep_freed_memory(environment: Mapping[str, str] = os.environ) -> None:
    """Sets the thresholds of a worker process, except those that the operator has set in the environment.

    In the process and not in its environment: that is read when a program starts, a worker may be a fork, and programs that
    it starts are not to inherit this. Other C libraries than glibc are left as they are.
    """
    if multiprocessing.parent_process() is None or "glibc.malloc." in environment.get("GLIBC_TUNABLES", ""):
        return
    set_option = getattr(ctypes.CDLL(None), "mallopt", None)
    for name, (option, size_bytes) in THRESHOLDS.items():
        if set_option is not None and name not in environment:
            set_option(option, size_bytes)
