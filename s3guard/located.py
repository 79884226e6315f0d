"""The line that a finding names: ``FILE:LINE`` becomes the bytes of that line, unpacked as they were judged."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from s3guard import formats
from s3guard.formats import Plain, Reading
from s3guard.model import UnableError, UsageError
from s3guard.reading import MAX_LINE
from s3guard.sources import LogObject, UnreadableError, local
from s3guard.text import shown

_PLACE: Final = re.compile(r"(?P<file>[^\n]+):(?P<line>[0-9]{1,18})")


def line_at(place: str, root: Path) -> bytes | None:
    """The line of a log object, without its newline, that reports name ``FILE:LINE``; None for a text that is no such place.

    The file is looked for from the working directory, then from `root`, where reports begin. Of a line too long for a record the first MiB
    is given. UsageError for a file or a line that is not there and for what cannot be read so, UnableError for what cannot be read.
    """
    found = _PLACE.fullmatch(place)
    if found is None:
        return None
    file, number = found["file"], int(found["line"])
    if file.startswith("s3://"):
        given = shown(file)
        command = f"aws s3 cp {given} - | sed -n {number}p | s3guard explain -"
        raise UsageError(f"{given}: explain reads files alone; give it the line: {command}")
    path = next((path for path in (Path(file), root / file) if path.is_file()), None)
    if path is None:
        if "/" not in file:
            return None
        raise UsageError(f"{shown(file)}: no such file, neither here nor in {shown(str(root))}")
    plain = Plain(LogObject(file, str(path), None, "local"), local.chunks(str(path)), Reading())
    if formats.claiming(plain.head) == "parquet":
        raise UsageError(f"{shown(file)}: Parquet has no lines; s3guard records {shown(file)} shows its records")
    try:
        line = _line(plain, number) if number else None
    except UnreadableError as error:
        raise UnableError(f"could not read {shown(file)}: {error}") from error
    if line is None:
        raise UsageError(f"{shown(file)}: it has no line {number:,}")
    if not line.strip(b"\r"):
        raise UsageError(f"{shown(file)}: line {number:,} is blank")
    return line


def _line(chunks: Iterable[bytes], number: int) -> bytes | None:
    """The line of that number, counted from 1; None where there are fewer. Memory is that of a piece and a line."""
    before, kept = 0, b""
    for chunk in chunks:
        start, end = 0, chunk.find(b"\n") + 1
        if before + (here := chunk.count(b"\n")) < number - 1:
            before += here
            continue
        while before < number - 1:
            before += 1
            start, end = end, chunk.find(b"\n", end) + 1
        kept = (kept + chunk[start : end or len(chunk)])[: MAX_LINE + 1]
        if end:
            return kept.removesuffix(b"\n")
    return kept if before == number - 1 and kept else None
