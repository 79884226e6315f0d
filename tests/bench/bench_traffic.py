"""One check of a file that measures the traffic, or does not: ``python -m tests.bench.bench_traffic LOG POLICY traffic|without``."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

from s3guard import memory


def main(log: str, policy: str, which: str) -> int:
    """Judges the file; the traffic is concluded, too."""
    memory.keep()  # NOTE: before polars is imported
    from s3guard.check import Request, check

    asked = Request(logs=[log], policies=[Path(policy)], as_of=datetime(2026, 10, 4, tzinfo=UTC), traffic=which == "traffic")
    report = check(asked)
    assert (report.traffic is not None) == asked.traffic
    print(report.coverage.records, report.status.value)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
