"""Records as S3 writes them into a bucket: a line a record, fields separated by spaces."""

from __future__ import annotations

from collections.abc import Iterator

from s3guard.formats import Part, Plain
from s3guard.parse import Parser
from s3guard.reading import MAX_LINE
from s3guard.sources import UnreadableError

__all__ = ["ORDER", "Parser", "claims", "parts"]

ORDER = 9


def claims(head: bytes) -> bool:
    """Whatever no other format claims: every line that is no record is told of."""
    del head
    return True


def parts(plain: Plain) -> Iterator[Part]:
    """Whole lines, as many as each piece of the object brings."""
    rest = b""
    try:
        for data in plain:
            cut = data.rfind(b"\n") + 1
            if not cut:
                # NOTE: two MiB say as much of a line that is too long as all of it.
                rest = (rest + data)[: 2 * MAX_LINE]
                continue
            yield Part(b"".join((rest, memoryview(data)[:cut])) if rest or cut < len(data) else data)
            rest = data[cut:]
    except UnreadableError as error:
        plain.unreadable(str(error))
        if rest:
            plain.reading.warn("unterminated-line")
        return
    if rest:
        yield Part(rest + b"\n", torn=True)
