"""``FORMAT[:PATH]`` of verbs that write something else than reports: read, and each written whole."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from s3guard import files
from s3guard.cli import terminal
from s3guard.cli.delivery import keep_apart
from s3guard.model import UsageError
from s3guard.problems import did_you_mean, one_of, quoted
from s3guard.text import shown


@dataclass(frozen=True, slots=True)
class Paper:
    """One thing to write."""

    format: str
    path: Path | None
    """None: standard output."""


def papers(written: Sequence[str], formats: Sequence[str], *read: Path) -> tuple[Paper, ...]:
    """What ``--output`` asks for, else the first of `formats`; UsageError for another one, two in one place, or a file that is `read`."""
    found = tuple(_paper(one, formats) for one in written or formats[:1])
    keep_apart(*(paper.path for paper in found))
    for paper in found:
        if paper.path is not None and paper.path.exists() and any(one.exists() and one.samefile(paper.path) for one in read):
            raise UsageError(f"--output {paper.format}:{shown(str(paper.path))}: this file is what is read; give another name")
    if sum(paper.path is None for paper in found) > 1:
        raise UsageError(f"one thing at most goes to standard output; give the others a file, as in --output {formats[-1]}:FILE")
    return found


def deliver(wanted: Iterable[Paper], texts: Mapping[str, Callable[[], Iterable[str]]]) -> None:
    """Write each, files first; `texts` makes the text of a format, in pieces. UnableError where one cannot be written."""
    for paper in sorted(wanted, key=lambda paper: paper.path is None):
        if paper.path is None:
            terminal.put(texts[paper.format]())
        else:
            files.write(paper.path, texts[paper.format]())


def _paper(written: str, formats: Sequence[str]) -> Paper:
    name, colon, path = written.partition(":")
    if name not in formats:
        raise UsageError(f"--output {quoted(name)} is not {one_of(formats)}{did_you_mean(name, formats)}")
    if colon and not path:
        raise UsageError(f"--output {written}: a file's name is missing behind the colon")
    return Paper(name, Path(path) if colon else None)
