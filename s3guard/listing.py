"""Lists the log objects below a prefix, and of those no more than a run looks at: by time, and by the bucket that they are of.

A key that does not tell its time or its bucket is always listed. What is left out is only what is named for another time, or lies in the
folder of a bucket that nobody asked for; the first begins with a root, a year and a separator that were seen in a delivered name.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Final

from s3guard.delivered import LAST, Level, Window, folder, named

AT_ONCE: Final = 16
"""Requests for a listing at a time: a bucket takes thousands a second, and each takes a tenth of one."""


EMPTY: Final = 100
"""Pages in a row with nothing on them, that promise another one, after which nobody believes it. NOTE: S3 has such pages, rarely."""


class ListingError(Exception):
    """Part of a bucket could not be listed; the message is the reason, for the report."""


@dataclass(frozen=True, slots=True)
class Stored:
    """One object of a listing."""

    key: str
    size: int
    etag: str | None
    """As the server writes it, quotes included."""
    is_named: bool = True
    """Whether its key told that it is wanted; else it is listed since nothing tells that it is not."""


@dataclass(frozen=True, slots=True)
class Unlisted:
    """A part of the bucket that could not be listed (to its end)."""

    prefix: str
    reason: str


@dataclass(frozen=True, slots=True)
class Page:
    """One answer of the server."""

    objects: list[Stored]
    folders: list[str]
    """Where they were asked for: what lies directly below the prefix, each with its slash."""
    token: str | None
    """What the next page is asked for with; None: there is none."""


@dataclass(frozen=True, slots=True)
class Query:
    """What a page is asked for with."""

    prefix: str
    folded: bool = False
    """Whether what lies below a folder is told by the folder's name alone."""
    behind: str = ""
    """Keys behind this one only."""
    token: str | None = None
    """Of the page before; then `behind` is not said again."""


Ask = Callable[[Query], Page]
"""A page of a listing; raises `ListingError`."""
Found = list[Stored | Unlisted]


@dataclass(slots=True)
class Listing:
    """A walk through a bucket."""

    ask: Ask
    window: Window = field(default_factory=Window)
    wanted: Callable[[str], bool] | None = None
    """Whether records of a bucket are looked at; None: those of all are."""
    skipped: set[str] = field(default_factory=set)
    """Buckets whose folders were met and not looked into: nobody asked for them. Whole once the walk is at its end."""

    def objects(self, prefix: str) -> Iterator[Stored | Unlisted]:
        """What begins with the prefix, in an order that is always the same; the next request is on its way meanwhile."""
        for page in self._walk(prefix) if self.is_narrow else _ordered([self._scan(prefix)]):
            yield from page

    @property
    def is_narrow(self) -> bool:
        """Whether not everything is wanted."""
        return self.wanted is not None or not self.window.is_open

    def _walk(self, prefix: str) -> Iterator[Found]:
        """What lies directly below the prefix, then each of its folders, several at a time."""
        folders: list[str] = []
        yield from _ordered([self._scan(prefix, folders)])
        yield from self.below(folders)

    def below(self, folders: list[str]) -> Iterator[Found]:
        """All below folders: those of the partitioned format are opened level by level until only years are left."""
        level, opened = folders, True
        pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="s3guard-list")
        try:
            while opened:
                opened, following = False, list[str]()
                for path, inside in zip(level, pool.map(self._opened, level), strict=True):
                    if inside is None:
                        following.append(path)
                    else:
                        opened = True
                        yield inside[0]
                        following += inside[1]
                level = following
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
        yield from _ordered(map(self._scan, level))

    def _opened(self, path: str) -> tuple[Found, list[str]] | None:
        """What a folder above the years holds, or nothing where it is not wanted; None for a folder that is to be scanned."""
        what = folder(path)
        if what is None:
            return None
        if what.bucket is not None and not self.wants(what.bucket):
            return [], []
        if what.level is Level.MONTHS:
            return None if self.window.has_year(what.year or "") else ([], [])
        folders: list[str] = []
        return [entry for page in self._scan(path, folders) for entry in page], folders

    def wants(self, bucket: str) -> bool:
        """Whether records of the bucket are looked at; where they are not, that is remembered."""
        if self.wanted is None or self.wanted(bucket):
            return True
        self.skipped.add(bucket)
        return False

    def _scan(self, prefix: str, folders: list[str] | None = None) -> Iterator[Found]:
        """The wanted objects of a prefix in pages; with `folders` only those directly below it, and its folders are added to them."""
        return _Scan(self, prefix, folders).pages()


class _Scan:
    """A cursor through the keys of a prefix: where a name is not wanted, the next one that may be is asked for."""

    def __init__(self, walk: Listing, prefix: str, folders: list[str] | None) -> None:
        self._walk, self._prefix = walk, prefix
        self._is_folded, self._folders = folders is not None, [] if folders is None else folders
        self._within, self._hop = "", ""
        """What begins with the one and is not behind the other is passed over; nothing while the other is empty."""
        self._last = ""
        """The last key of the page before that was not passed over."""

    def pages(self) -> Iterator[Found]:
        """The wanted ones of each page that was asked for."""
        behind, token = self._start(), None
        met = _Met()
        while True:
            try:
                page = self._walk.ask(Query(self._prefix, self._is_folded, behind, token))
                met.add(page)
            except ListingError as error:
                yield [Unlisted(self._prefix, str(error))]
                return
            if self._walk.is_narrow:
                yield from self._wanted(page)
            else:
                yield [*page.objects]
            # NOTE: behind the last day of a year that is scanned nothing is to be asked for.
            if page.token is None or self._hop == self._prefix + LAST:
                return
            last = max([entry.key for entry in page.objects[-1:]] + page.folders[-1:], default="")
            behind, token = (self._hop, None) if self._hop > last else ("", page.token)

    def _start(self) -> str:
        """Behind which key the scan begins: in a year of the partitioned format, that of the window's first day."""
        what = folder(self._prefix)
        first = self._walk.window.first("2026/01/01/")
        return self._prefix + first[5:] if what is not None and what.year == first[:4] else ""

    def _wanted(self, page: Page) -> Iterator[Found]:
        """The wanted ones of a page; what it says of folders is added to those."""
        found: Found = []
        last = self._last
        folders = set(page.folders)
        # NOTE: folders stand among the keys, so that the page passes over just those that the server would.
        for entry in sorted([*page.objects, *(Stored(path, 0, None) for path in folders)], key=attrgetter("key")):
            if self._hop and entry.key <= self._hop and entry.key.startswith(self._within):
                continue
            name = named(entry.key)
            if entry.key in folders:
                self._folders.append(entry.key)
            elif name is None:
                found.append(Stored(entry.key, entry.size, entry.etag, is_named=False))
            elif len(name.account) > len(self._prefix) and not last.startswith(name.account):
                # NOTE: an account of the partitioned format begins below what is scanned: its folders are opened, and passed over here.
                yield found
                found = []
                yield from self._walk.below([name.account])
                self._within, self._hop = name.account, name.account + LAST
            elif name.bucket is not None and not self._walk.wants(name.bucket):
                self._within, self._hop = name.root, name.root + LAST
            elif (hop := self._walk.window.skipped(name)) is not None:
                self._within, self._hop = name.year, hop
            else:
                found.append(entry)
            last = entry.key
        self._last = last
        yield found


class _Met:
    """The pages of a prefix so far: a server that goes round in circles would be listed for ever."""

    def __init__(self) -> None:
        self._ends: set[tuple[str, str]] = set()
        self._empty = 0

    def add(self, page: Page) -> None:
        """`ListingError` for a page that came before, and for one too many in a row with nothing on it; the last page may be anything."""
        keys = [*(entry.key for entry in page.objects), *page.folders]
        ends = (min(keys), max(keys)) if keys else ("", "")
        self._empty = 0 if keys else self._empty + 1
        if page.token is not None and (ends in self._ends or self._empty > EMPTY):
            raise ListingError("listing failed: the server gives the same page again and again")
        if keys:
            self._ends.add(ends)


def _ordered(streams: Iterable[Iterator[Found]]) -> Iterator[Found]:
    """All pages, one stream after the other; the next page of this one and the first ones of those that follow are on their way."""
    waiting: deque[tuple[Iterator[Found], Future[Found | None]]] = deque()
    pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="s3guard-list")
    try:
        for stream in streams:
            waiting.append((stream, pool.submit(next, stream, None)))
            if len(waiting) == AT_ONCE:
                yield from _drained(waiting.popleft(), pool)
        while waiting:
            yield from _drained(waiting.popleft(), pool)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _drained(begun: tuple[Iterator[Found], Future[Found | None]], pool: ThreadPoolExecutor) -> Iterator[Found]:
    stream, future = begun
    while (page := future.result()) is not None:
        future = pool.submit(next, stream, None)
        yield page
