"""Makes the allocators keep memory that a run frees, since the next block of log asks for as much again.

Each block of log makes columns of several times its size and frees them. Left alone, the allocators give those pages back to the system and
the next block faults each of them in anew: measured over a million records, half of the wall clock. A run keeps its working set instead,
which it needs again anyway.
"""

from __future__ import annotations

import os
import sys
from typing import Final

_JEMALLOC: Final = "dirty_decay_ms:2000,muzzy_decay_ms:0,background_thread:false,narenas:1,oversize_threshold:8000000"
"""What a thread frees the next one gets, and what nobody has needed for two seconds goes back to the system.

NOTE: measured: buffers of a few lines' parts (`s3guard.shape`) are kept, or they would be faulted in anew for each block. What is larger is
a block or a column of a shard, and goes back at once: kept, such pieces are cut up for smaller ones, and a run of 10,000,000 records needs
a third more memory than one of 1,000,000.
"""
_POLARS: Final = "dirty_decay_ms:500,muzzy_decay_ms:1000"
"""What Polars itself says to it, and a process that has loaded Polars leaves to those that it starts: nobody's choice."""
_M_TRIM_THRESHOLD: Final = -1
_M_MMAP_THRESHOLD: Final = -3
"""Parameters of https://man7.org/linux/man-pages/man3/mallopt.3.html."""


def keep(environ: os._Environ[str] = os.environ) -> None:
    """Tell the allocators; to be called before polars is imported, else Polars' own does not hear of it.

    What the user has set in ``_RJEM_MALLOC_CONF`` stays. On systems without these allocators nothing happens.
    """
    # NOTE: Polars brings a jemalloc of its own, which reads this variable when it is loaded.
    if environ.get("_RJEM_MALLOC_CONF", "") in ("", _POLARS):
        environ["_RJEM_MALLOC_CONF"] = _JEMALLOC
    if not sys.platform.startswith("linux"):
        return
    import ctypes

    # NOTE: blocks that are read and decompressed are Python's, so the C library's malloc hands them out; musl has no mallopt.
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, 1 << 30)
        mallopt(_M_TRIM_THRESHOLD, (1 << 31) - 1)
