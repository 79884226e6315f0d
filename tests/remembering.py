"""Runs with a state, as a process of its own that can be killed: ``python -m tests.remembering FOLDER N WHEN``.

The run ends itself with SIGKILL at the N-th entry that it writes: `WHEN` is ``before`` the entry has a name, or ``after``. With 0 it lives.
"""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from s3guard import remembered
from s3guard.check import Judged, Request, judged
from s3guard.model import Report
from s3guard.state import store

AS_OF = datetime(2026, 10, 4, tzinfo=UTC)


def run(folder: Path, state: str, as_of: datetime = AS_OF, **asked: Any) -> Judged:
    """Judge ``logs`` of a folder by its ``policies``, with a state in it."""
    return judged(Request(logs=[str(folder / "logs")], policies=[folder / "policies"], as_of=as_of, jobs=2, state=state, **asked))


def finished(folder: Path, state: str, **asked: Any) -> Report:
    """The report of a run that came to its end."""
    done = run(folder, state, **asked)
    done.finish()
    return done.report


def essence(report: Report) -> tuple[object, ...]:
    """All of a report but for the run and what is known from before."""
    results = tuple(
        replace(result, findings=tuple(replace(finding, baseline="new") for finding in result.findings)) for result in report.results
    )
    return results, report.coverage, report.policies


def main(folder: Path, number: int, when: str) -> int:
    """One run, a batch an object, that is killed at an entry."""
    remembered.OBJECTS = 1  # type: ignore[misc] # batches of one object, so that there are many
    create, left = store.Folder.create, [number]

    def deadly(self: store.Folder, name: str, data: bytes) -> bool:
        left[0] -= 1
        if left[0] == 0 and when == "before":
            (folder / "state" / ".half").write_bytes(data[: len(data) // 2])
            os.kill(os.getpid(), signal.SIGKILL)
        made = create(self, name, data)
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return made

    store.Folder.create = deadly  # type: ignore[method-assign] # the point of this module
    finished(folder, str(folder / "state"))
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]))
