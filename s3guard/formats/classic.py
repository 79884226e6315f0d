"""Records as S3 writes them into a bucket: a line a record, fields separated by spaces."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from s3guard.formats import Part, Plain
from s3guard.parse import SHORTEST, Parser
from s3guard.reading import MAX_LINE
from s3guard.sources import UnreadableError

__all__ = ["ORDER", "Parser", "claims", "parts"]

ORDER = 9

_OURS: Final = re.compile(rb"\[[0-9]{2}/[A-Za-z]{3}/[0-9]{4}:")
"""Part of every record. NOTE: of an object that is packed or encoded in a way that is not known, records by the thousand may seem a single
line that is none, which is less than what is tolerated; so an object that holds no time at all is not looked at, rather than clean."""


def claims(head: bytes) -> bool:
    """Whatever no other format claims: every line that is no record is told of."""
    del head
    return True


def parts(plain: Plain) -> Iterator[Part]:
    """Whole lines, as many as each piece of the object brings."""
    rest, is_ours = bytearray(), False
    if plain.head[257:262] == b"ustar" and b"\0" in plain.head[:100]:
        # NOTE: its members are read as they lie, and the first line of each stands behind a header of zeros, which no client can write.
        plain.unreadable("a tar archive; unpack it and give what is inside")
    try:
        for data in plain:
            cut = data.rfind(b"\n") + 1
            if not cut:
                # NOTE: two MiB say as much of a line that is too long as all of it.
                rest += data[: max(0, 2 * MAX_LINE - len(rest))]
                continue
            whole = b"".join((rest, memoryview(data)[:cut])) if rest or cut < len(data) else data
            is_ours = is_ours or _OURS.search(whole) is not None
            yield Part(whole)
            rest = bytearray(memoryview(data)[cut:])
    except UnreadableError as error:
        plain.unreadable(str(error))
        if rest:
            plain.reading.warn("unterminated-line")
        return
    if plain.size >= SHORTEST and not is_ours and not _OURS.search(rest):
        plain.unreadable("no line of it is a log record; neither is it JSON or Parquet, gzip or Zstandard")
    if rest:
        yield Part(bytes(rest) + b"\n", torn=True)
