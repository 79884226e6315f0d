"""The one form in which a pack is written and read: a tar whose every byte is settled by its members.

USTAR (POSIX.1-1988), members sorted by name, owner and group 0, mode 0644, one time for all, no compression: so the same members are the
same file on every machine, and a reader needs nothing but tar. A file in any other form is refused: what is not a member is not there.
"""

from __future__ import annotations

import hashlib
import os
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO, Final

from s3guard import files
from s3guard.evidence.members import PIECE, Content, PackError, is_name
from s3guard.model import UnableError, UsageError
from s3guard.text import shown

LARGEST: Final = (8 << 30) - 1
"""Bytes of a member: what a header of that form can say."""
MANY: Final = 10_000
"""Members of a pack."""
HELD: Final = 256 << 20
"""Bytes of a member that is read into memory at once."""
BEGINS: Final = b"README.txt\0"
"""How every pack begins: its first member by name, in the header of it."""
_BLOCK: Final = 512
_RECORD: Final = 20 * _BLOCK
_MODE: Final = 0o644
_END: Final = bytes(_BLOCK)


@dataclass(frozen=True, slots=True)
class Entry:
    """A member of an archive, whose bytes are still in it."""

    archive: Archive = field(repr=False)
    path: str
    offset: int
    size: int

    @property
    def sha256(self) -> str:
        """Of its bytes as they are now, hex; PackError where they cannot be read."""
        digest = hashlib.sha256()
        for piece in self.pieces():
            digest.update(piece)
        return digest.hexdigest()

    def pieces(self) -> Iterator[bytes]:
        """Its bytes; PackError where they cannot be read, and where the file is no longer the one that was read."""
        with self.archive.opened() as stream:
            stream.seek(self.offset)
            left = self.size
            while left:
                piece = stream.read(min(left, PIECE))
                if not piece:
                    raise PackError(f"{shown(str(self.archive.path))}: it ends within {self.path}")
                left -= len(piece)
                yield piece

    def lines(self) -> Iterator[bytes]:
        """Its lines, without their ends; each is held in memory, and one longer than `HELD` is a PackError."""
        rest = b""
        for piece in self.pieces():
            *lines, rest = (rest + piece).split(b"\n")
            yield from lines
            if len(rest) > HELD:
                raise PackError(f"{shown(str(self.archive.path))}: a line of {self.path} has more than {HELD:,} bytes")
        if rest:
            yield rest


@dataclass(frozen=True, slots=True, eq=False)
class Archive:
    """A pack that was read: which members it has; their bytes are read when they are asked for."""

    path: Path
    mtime: int
    """Seconds since 1970 that all members bear."""
    entries: Mapping[str, Entry]
    """By name, in order."""
    identity: tuple[int, ...] = field(repr=False)

    def __contains__(self, path: object) -> bool:
        return path in self.entries

    def data(self, path: str, limit: int = HELD) -> bytes:
        """The bytes of a member; PackError where there is none, and where it has more than `limit` bytes."""
        entry = self.entry(path)
        if entry.size > limit:
            raise PackError(
                f"{shown(str(self.path))}: {path} has {entry.size:,} bytes, more than the {limit:,} that such a member may have"
            )
        return b"".join(entry.pieces())

    def entry(self, path: str) -> Entry:
        """A member; PackError where there is none."""
        if path not in self.entries:
            raise PackError(f"{shown(str(self.path))}: {path} is missing")
        return self.entries[path]

    def under(self, folder: str) -> list[Entry]:
        """The members of a folder, which ends with a slash, in order."""
        return [entry for name, entry in self.entries.items() if name.startswith(folder)]

    def opened(self) -> BinaryIO:
        """The file, to read from; PackError where it is another one by now."""
        stream = _opened(self.path)
        if _identity(stream) != self.identity:
            stream.close()
            raise PackError(f"{shown(str(self.path))}: it was changed while it was read; read it again")
        return stream


def epoch(environ: Mapping[str, str] = os.environ) -> int:
    """The time that members bear, seconds since 1970: SOURCE_DATE_EPOCH (reproducible-builds.org), or 0; UsageError where it is none."""
    written = environ.get("SOURCE_DATE_EPOCH") or "0"
    if not (written.isascii() and written.isdigit()) or int(written) >= 1 << 33:
        raise UsageError(f"SOURCE_DATE_EPOCH={shown(written)}: seconds since 1970 are meant, such as 1760000000")
    return int(written)


def write(path: Path, members: Iterable[Content], mtime: int | None = None) -> None:
    """Write a pack, whole or not at all; `mtime` defaults to `epoch`.

    UnableError where it cannot be written, and for a member of more than `LARGEST` bytes. Two members of one name, and a name that is none
    (`is_name`), are a ValueError.
    """
    when = epoch() if mtime is None else mtime
    ordered = sorted(members, key=lambda member: member.path)
    names = [member.path for member in ordered]
    if len(set(names)) < len(names) or not all(map(is_name, names)):
        raise ValueError(f"no names of members, or one twice: {names}")
    with files.whole(path) as put:
        size = 2 * _BLOCK
        for member in ordered:
            put(_header(path, member, when))
            for piece in member.pieces():
                put(piece)
            put(bytes(-member.size % _BLOCK))
            size += _BLOCK + member.size + -member.size % _BLOCK
        put(bytes(2 * _BLOCK + -size % _RECORD))


def extend(path: Path, more: Iterable[Content]) -> None:
    """Add members to a pack that is there, whole or not at all; the others stay as they are, byte by byte.

    PackError where it cannot be read or has one of them, UnableError where it cannot be written.
    """
    found = read(path)
    added = list(more)
    for member in added:
        if member.path in found:
            raise PackError(f"{shown(str(path))}: it has a member {member.path} already")
    write(path, [*found.entries.values(), *added], found.mtime)


def read(path: Path) -> Archive:
    """The members of a pack, and that it has the one form that `write` gives it; PackError says what is wrong with it, and where."""
    with _opened(path) as stream:
        archive = Archive(path, 0, {}, _identity(stream))
        entries: dict[str, Entry] = {}
        times: set[int] = set()
        for offset, info in _headers(stream, shown(str(path))):
            if entries and info.name <= next(reversed(entries)):
                what = "there twice" if info.name in entries else "not in its place; members are sorted by name"
                raise PackError(f"{shown(str(path))}: {info.name} is {what}")
            entries[info.name] = Entry(archive, info.name, offset, info.size)
            times.add(int(info.mtime))
            if len(entries) > MANY:
                raise PackError(f"{shown(str(path))}: it has more than {MANY:,} members")
    if len(times) > 1:
        raise PackError(f"{shown(str(path))}: its members bear {len(times)} different times; a pack has one")
    mtime = times.pop() if times else 0
    whole = Archive(path, mtime, MappingProxyType(entries), archive.identity)
    entries.update({name: Entry(whole, name, entry.offset, entry.size) for name, entry in entries.items()})
    return whole


def _header(path: Path, member: Content, when: int) -> bytes:
    if member.size > LARGEST:
        raise UnableError(f"could not write {shown(str(path))}: {member.path} would have {member.size:,} bytes; ask for a shorter period")
    return _info(member.path, member.size, when).tobuf(tarfile.USTAR_FORMAT, "ascii", "strict")


def _info(name: str, size: int, when: int) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.size, info.mtime, info.mode = size, when, _MODE
    return info


def _headers(stream: BinaryIO, name: str) -> Iterator[tuple[int, tarfile.TarInfo]]:
    """Where the bytes of each member begin, and its header; that nothing else is there."""
    size = os.fstat(stream.fileno()).st_size
    if not size or size % _RECORD:
        raise PackError(f"{name}: this is no evidence pack, or its end is missing: {size:,} bytes")
    at = 0
    while (block := stream.read(_BLOCK)) != _END:
        info = _parsed(block, name, at)
        end = at + _BLOCK + info.size
        if end > size - 2 * _BLOCK:
            raise PackError(f"{name}: {info.name} is said to have {info.size:,} bytes, and the file ends before")
        yield at + _BLOCK, info
        stream.seek(end)
        if any(stream.read(-end % _BLOCK)):
            raise PackError(f"{name}: there is something behind the end of {info.name}")
        at = end + -end % _BLOCK
    rest = stream.read(_RECORD + 1)
    if any(rest) or at + _BLOCK + len(rest) != size or size != at + 2 * _BLOCK + -(at + 2 * _BLOCK) % _RECORD:
        raise PackError(f"{name}: there is something behind the last member")


def _parsed(block: bytes, name: str, at: int) -> tarfile.TarInfo:
    try:
        info = tarfile.TarInfo.frombuf(block, "ascii", "strict")
    except (tarfile.TarError, UnicodeError) as error:
        raise PackError(f"{name}: this is no evidence pack, or it was altered: byte {at:,} begins no member") from error
    same = is_name(info.name) and 0 <= info.size <= LARGEST and 0 <= info.mtime < 1 << 33
    if not same or _info(info.name, info.size, int(info.mtime)).tobuf(tarfile.USTAR_FORMAT, "ascii", "strict") != block:
        raise PackError(f"{name}: the member {shown(info.name[:200])} is described in a way in which s3guard describes none")
    return info


def _opened(path: Path) -> BinaryIO:
    try:
        if files.is_stream(path):
            raise PackError(f"{shown(str(path))}: a pack is read from a file, not from a pipe or a device")
        return path.open("rb")
    except OSError as error:
        raise PackError(f"{shown(str(path))} could not be read: {error.strerror or error}") from error


def _identity(stream: BinaryIO) -> tuple[int, ...]:
    told = os.fstat(stream.fileno())
    return told.st_dev, told.st_ino, told.st_size, told.st_mtime_ns
