"""Makes the allocators keep memory that a run frees, since the next block of log asks for as much again.

Each block of log makes columns of several times its size and frees them. Left alone, the allocators give those pages back to the system and
the next block faults each of them in anew: measured over a million records, half of the wall clock. A run keeps its working set instead,
which it needs again anyway.
"""

from __future__ import annotations

import os
import sys
from typing import Final

_JEMALLOC: Final = "dirty_decay_ms:2000,muzzy_decay_ms:0,background_thread:false,narenas:1,oversize_threshold:20000000"
"""What a thread frees the next one gets, and what nobody has needed for two seconds goes back to the system.

NOTE: measured: texts that are split at a character get a buffer for each part, each as large as the whole block though they fill a tenth of
it. Up to 20 MB they are kept, else each block of log has thirty of them given back and faulted in anew, a fifth of the processor's time.
What is larger is made once a shard, and goes back at once, or a run of 10,000,000 records needs half as much again as one of 1,000,000.
"""
_M_TRIM_THRESHOLD: Final = -1
_M_MMAP_THRESHOLD: Final = -3
"""Parameters of https://man7.org/linux/man-pages/man3/mallopt.3.html."""


def keep(environ: os._Environ[str] = os.environ) -> None:
    """Tell the allocators; to be called before polars is imported, else Polars' own does not hear of it.

    What the user has set in ``_RJEM_MALLOC_CONF`` stays. On systems without these allocators nothing happens.
    """
    # NOTE: Polars brings a jemalloc of its own, which reads this variable when it is loaded.
    environ.setdefault("_RJEM_MALLOC_CONF", _JEMALLOC)
    if not sys.platform.startswith("linux"):
        return
    import ctypes

    # NOTE: blocks that are read and decompressed are Python's, so the C library's malloc hands them out; musl has no mallopt.
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, 1 << 30)
        mallopt(_M_TRIM_THRESHOLD, (1 << 31) - 1)
