"""How far a run is, on a terminal: bytes, records, records a second, and the time left where the size of the input is known."""

from __future__ import annotations

import contextlib
import itertools
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from s3guard.cli import ending, terminal
from s3guard.model import S3GuardError

Progress = Callable[[int, int], None]
"""Told stored bytes and records so far."""

_LISTED: Final = 20_000
"""Objects that are looked at for their size before the run lists them itself: some hundredths of a second, even of millions."""


@contextlib.contextmanager
def shown(logs: Sequence[str], environ: Mapping[str, str], *, wanted: bool, color: bool) -> Iterator[Progress | None]:
    """What to tell how far the run is; None where nobody would see it: no terminal, in CI, not wanted."""
    if not wanted or environ.get("CI") or environ.get("TERM") == "dumb" or not terminal.is_terminal(sys.stderr):
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, FileSizeColumn, ProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    total = size(logs)
    known: tuple[ProgressColumn, ...] = (BarColumn(bar_width=24), DownloadColumn(binary_units=True), TimeRemainingColumn(compact=True))
    unknown: tuple[ProgressColumn, ...] = (FileSizeColumn(), TimeElapsedColumn())
    told = TextColumn("{task.fields[records]:,} records, {task.fields[rate]:,}/s")
    console = Console(stderr=True, no_color=not color, highlight=False)
    with Bar(*(known if total else unknown), told, console=console, transient=True, redirect_stdout=False, redirect_stderr=False) as bar:
        task = bar.add_task("", total=total, records=0, rate=0)

        def tell(read: int, records: int) -> None:
            elapsed = bar.tasks[0].elapsed or 0
            bar.update(task, completed=read, records=records, rate=int(records / elapsed) if elapsed else 0)

        yield tell


@contextlib.contextmanager
def counted(noun: str, environ: Mapping[str, str], *, wanted: bool, color: bool) -> Iterator[Progress | None]:
    """What to tell how many of how many are done; None where nobody would see it."""
    if not wanted or environ.get("CI") or environ.get("TERM") == "dumb" or not terminal.is_terminal(sys.stderr):
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    console = Console(stderr=True, no_color=not color, highlight=False)
    columns = (BarColumn(bar_width=24), MofNCompleteColumn(), TextColumn(noun), TimeRemainingColumn(compact=True))
    with Bar(*columns, console=console, transient=True, redirect_stdout=False, redirect_stderr=False) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def waiting(logs: Sequence[str], *, verbose: bool) -> None:
    """Say what the run reads that may keep it waiting: on a terminal, where somebody wonders, and where it is wanted."""
    if not verbose and not terminal.is_terminal(sys.stderr):
        return
    from s3guard.sources import pipe, stdin

    for argument in logs:
        if pipe.claims(argument):
            ending.tell(f"waits for what is written to {argument}, until its writer closes it")
        elif stdin.claims(argument) and terminal.is_terminal(sys.stdin):
            ending.tell("waits for log lines from this terminal, until Ctrl-D")


def size(logs: Sequence[str]) -> int | None:
    """Stored bytes of all objects; None where that is not known without listing very many, or at all."""
    from s3guard import sources
    from s3guard.repository import report_root

    try:
        if not all(sources.catalog()[sources.claiming(argument)].is_quick for argument in logs):
            return None
        listed = list(itertools.islice(sources.objects(logs, str(report_root(Path.cwd()))), _LISTED + 1))
    except (S3GuardError, OSError):
        return None  # NOTE: the run itself tells what is wrong with its input.
    sizes = [entry.size for entry in listed if entry.size is not None]
    return sum(sizes) if len(sizes) == len(listed) <= _LISTED else None
