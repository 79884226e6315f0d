"""Makes the allocators keep memory that a run frees, since the next block of log asks for as much again.

Each block of 16 MiB makes columns of some hundred MiB and frees them. Left alone, the allocators give those pages back to the system and
the next block faults each of them in anew: measured over a million records, half of the wall clock. A run keeps its largest working set
instead, which it needs again anyway; what it has not needed for ten seconds goes back, so that a long run holds no more than a short one.
"""

from __future__ import annotations

import gc
import os
import sys
from typing import Final

_M_TRIM_THRESHOLD: Final = -1
_M_MMAP_THRESHOLD: Final = -3
"""Parameters of https://man7.org/linux/man-pages/man3/mallopt.3.html."""


def keep(environ: os._Environ[str] = os.environ) -> None:
    """Tell the allocators; to be called before polars is imported, else Polars' own does not hear of it.

    What the user has set in ``_RJEM_MALLOC_CONF`` stays. On systems without these allocators nothing happens.
    """
    # NOTE: a run makes few objects that refer to each other in circles, and the collector looked for them through all that is loaded.
    gc.set_threshold(100_000, 50, 50)
    # NOTE: Polars brings a jemalloc of its own, which reads this variable when it is loaded.
    environ.setdefault("_RJEM_MALLOC_CONF", "dirty_decay_ms:10000,muzzy_decay_ms:0,narenas:2,background_thread:false")
    if not sys.platform.startswith("linux"):
        return
    import ctypes

    # NOTE: blocks that are read and decompressed are Python's, so the C library's malloc hands them out; musl has no mallopt.
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, 1 << 30)
        mallopt(_M_TRIM_THRESHOLD, (1 << 31) - 1)
