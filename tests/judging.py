"""Files judged by the engine of this machine, as `check` does it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from s3guard import sources, tables
from s3guard.conclude import Conclusion, conclude
from s3guard.dump import Dump, Wanted
from s3guard.engines import Work, local
from s3guard.model import Result
from s3guard.plan import Plan


def store(folder: Path, files: Mapping[str, bytes]) -> Path:
    """A folder of its own with these files."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def judged(plan: Plan, path: Path, root: Path | None = None, jobs: int = 1) -> Conclusion:
    """What the engine says of a file, or of a folder of them; objects are named relative to `root`, else to the folder."""
    named = str(root or (path if path.is_dir() else path.parent))
    return conclude(plan, local.run(Work(plan, sources.objects([str(path)], named), jobs=jobs)))


def parquet(logs: Path, file: Path) -> Dump:
    """Write the records of logs as Parquet that can be judged; names of objects are relative to the working directory."""
    dump = Dump(Wanted([str(logs)], is_judged=True))
    with file.open("wb") as sunk:
        tables.parquet(dump.frames(), dump.schema, sunk.write, dump.told)
    return dump


def told(conclusion: Conclusion) -> Conclusion:
    """A conclusion but for what was opened."""
    return replace(conclusion, coverage=replace(conclusion.coverage, objects=0, bytes=0))


def without_places(results: Sequence[Result]) -> list[Result]:
    """Results but for where the records of their findings stand."""
    return [replace(result, findings=tuple(replace(finding, samples=()) for finding in result.findings)) for result in results]
