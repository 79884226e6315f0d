"""Run records: what was judged already, by which rules, and the tables that it left; nothing that was written is ever changed.

A state is a sequence of numbered entries. An entry is written under the next number, which only one of several writers gets; whoever
loses reads what the winner wrote, and goes on from there. So no lock is needed, a killed run leaves none behind, and no object is counted
twice. A **batch** holds the tables of some log objects for some rules, and what those objects were; a **run** holds the report of a
finished run. Each entry names the SHA-256 of the one before.

A **compaction** is an entry, too, and stands in the place of all before it: its head names few parts (``parts/``), which hold their
tables by the month. It counts once a name beside it (``.compacted``) says that all of it is there; from then on readers begin with it, and
what it replaced is taken away, but for the records of runs, which are moved to ``runs/`` as they are. Who writes where an entry was taken
away finds that out once he has written, and writes anew.

Beside the entries lie the policies that runs judged by (``policies/``), each named by the SHA-256 of its bytes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, TypeVar

import polars as pl

from s3guard.aws import Access
from s3guard.model import UnableError
from s3guard.state.base import Base
from s3guard.state.parts import Compacted
from s3guard.state.store import GoneError, Store, opened
from s3guard.state.view import View
from s3guard.text import shown

_T = TypeVar("_T")

VERSION: Final = 3
"""Of what entries look like; entries of a later version are refused, those of an earlier one are read as they were meant.

1: batches and runs. 2: some say when they were and what they covered, and a compaction may stand in the place of all before it.
3: batches hold tables of the traffic."""

PATIENCE: Final = 8
"""Times that a state is read anew because it was compacted meanwhile."""

_MAGIC: Final = b"s3guard state\n"
_NAME: Final = re.compile(r"[0-9]{10}\.s3guard")
_TEXTS: Final = "policies"
_TEXT: Final = re.compile(r"policies/[0-9a-f]{64}\.yaml")
_OURS: Final = re.compile(
    rf"(runs/)?[0-9]{{10}}\.s3guard|[0-9]{{10}}\.compacted|parts/[0-9]{{10}}-[0-9a-f]{{8}}-[0-9]{{4}}|{_TEXT.pattern}"
)
_ENDED: Final = re.compile(r"[0-9]{10}\.compacted")
_MALFORMED: Final = (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError, pl.exceptions.PolarsError)
"""What comes of reading an entry that somebody else wrote."""


class State:
    """A sequence of entries in some place."""

    def __init__(self, uri: str, access: Access | None = None) -> None:
        """Nothing is read yet; UsageError for a place that cannot be one. `access` is how AWS is reached."""
        self.uri = uri
        self.store: Store = opened(uri, access)
        self._view = View()

    def holds(self, location: str) -> bool:
        """Whether something is a part of this state, by the name that opens it."""
        return location.startswith(f"{self.store.place}/") and _OURS.fullmatch(location.removeprefix(f"{self.store.place}/")) is not None

    @property
    def viewed(self) -> View:
        """What `view` gives, which is always the same object, as it was read the last time."""
        return self._view

    def view(self) -> View:
        """All entries, those read before not read again; UnableError for what cannot be read or is not whole.

        Entries that another run compacted meanwhile are let go of, and what the compaction left is read: the view is the same object.
        """
        for _ in range(PATIENCE):
            newest = 0
            try:
                names = self.store.names()
                newest = _compactions(names)
                if newest > self._view.began:
                    self._begin(newest)
                self._walk(_numbers(names))
            except UnableError:
                # NOTE: a compaction takes away what was listed a moment ago; then there is a newer one.
                if _compactions(self.store.names()) == newest:
                    raise
            else:
                return self._view
        raise UnableError(f"the state in {shown(self.uri)} is compacted faster than it can be read")

    def steadily(self, look: Callable[[View], _T]) -> _T:
        """What `look` finds in the view of now, all of it in the same one.

        NOTE: what a compaction left is read as it is looked at, and another compaction may take it away meanwhile: then all is looked for
        again in the view that it left.
        """
        for left in reversed(range(PATIENCE)):
            began = self.view().began
            try:
                return look(self._view)
            except UnableError:
                if not left or _compactions(self.store.names()) == began:
                    raise
        raise AssertionError

    def append(self, head: Mapping[str, Any], body: bytes) -> bool:
        """Write an entry behind the last one that was read; False where another run was first."""
        number = self._view.last + 1
        told = {**head, "version": VERSION, "number": number, "previous": self._view.digest, "body": sha256(body).hexdigest()}
        text = json.dumps(told, sort_keys=True).encode()
        data = b"".join([_MAGIC, len(text).to_bytes(8, "big"), text, body])
        if not self.store.create(_name(number), data) and not self._is_ours(number, data):
            return False
        if number == 1 and self.store.create(_name(number), data):
            # NOTE: else of two runs at once one would take away what the other wrote, and nobody would know.
            raise UnableError(f"{shown(self.uri)} cannot hold a state: it writes again what is there already (it ignores If-None-Match)")
        if _compactions(self.store.names(after=_name(number))):
            # NOTE: the number is free because what had it was compacted: nobody will read what stands under it now.
            self.store.remove(_name(number))
            return False
        return True

    def stored(self, number: int) -> bytes:
        """The bytes of an entry that is still there: that of a run, or one that was not compacted; GoneError where there is none."""
        try:
            return self.store.read(_name(number))
        except GoneError:
            return self.store.read(kept(number))

    def _is_ours(self, number: int, data: bytes) -> bool:
        """Whether a number that is taken is taken by these very bytes: the answer to the request that wrote them was lost."""
        try:
            return self.store.read(_name(number)) == data
        except GoneError:
            return False

    def keep(self, texts: Mapping[str, Path]) -> None:
        """Keep policies' files by the SHA-256 of what was judged by, which is their name; one that is another by now is left out.

        NOTE: beside the entries and not in them: a text is the same in each run, and its name says what it must be.
        """
        known = set(self.store.names(_TEXTS))
        for digest, path in sorted(texts.items()):
            if f"{digest}.yaml" in known:
                continue
            try:
                data = path.read_bytes()
            except OSError:
                continue  # NOTE: what judged by it has read it; evidence says of which versions it has no text.
            if sha256(data).hexdigest() == digest:
                self.store.create(f"{_TEXTS}/{digest}.yaml", data)

    def text(self, digest: str) -> bytes | None:
        """The text of a policy's file by its SHA-256; None where nobody kept it. UnableError where it is not what its name says."""
        name = f"{_TEXTS}/{digest}.yaml"
        try:
            data = self.store.read(name)
        except GoneError:
            return None
        if sha256(data).hexdigest() != digest:
            raise UnableError(f"{name} of the state in {shown(self.uri)} is damaged: its bytes are not those that were written")
        return data

    def texts(self) -> list[str]:
        """The SHA-256 of all policies' files that are kept."""
        return [name.removesuffix(".yaml") for name in self.store.names(_TEXTS) if _TEXT.fullmatch(f"{_TEXTS}/{name}")]

    def ended(self, number: int) -> None:
        """Say of a compaction's entry that it was written whole: from then on readers begin with it."""
        self.store.create(_ending(number), b"")

    def _begin(self, number: int) -> None:
        """Read what a compaction left."""
        data = self.store.read(_name(number))
        head, body = self.opened(number, data)
        try:
            base = Base(Compacted.read(head, body, sha256(data).hexdigest()), self.store, shown(self.uri))
            self._view.begin(base)
            for batch in base.torn():
                self._view.add(batch)
        except _MALFORMED as error:
            raise UnableError(f"{self._entry(number)} is damaged: it says nothing that s3guard writes") from error

    def _walk(self, numbers: Mapping[int, str]) -> None:
        """Read what was written since."""
        for number, name in sorted(numbers.items()):
            base = self._view.base
            if number <= self._view.last:
                continue
            if number != self._view.last + 1:
                self.opened(number, self.store.read(name))  # NOTE: one of a later version may be no successor.
                raise UnableError(f"the state in {shown(self.uri)} has no entry {self._view.last + 1}, but one with the number {number}")
            if base is not None and number == base.compacted.number and base.compacted.previous == self._view.digest:
                self._view.pass_by(number, base.compacted.own)
            else:
                self._take(number, self.store.read(name))

    def _take(self, number: int, data: bytes) -> None:
        """Read one entry into the view."""
        head, body = self.opened(number, data)
        if head["previous"] != self._view.digest:
            raise UnableError(f"{self._entry(number)} does not belong behind the one before it: one of them was exchanged")
        try:
            what = self._view.take(number, head, body)
        except _MALFORMED as error:
            raise UnableError(f"{self._entry(number)} is damaged: it says nothing that s3guard writes") from error
        self._view.pass_by(number, sha256(data).hexdigest(), what)

    def _entry(self, number: int) -> str:
        return f"entry {number} of the state in {shown(self.uri)}"

    def opened(self, number: int, data: bytes) -> tuple[Mapping[str, Any], bytes]:
        """Head and body of an entry that is whole and ours."""
        start = len(_MAGIC) + 8
        where = self._entry(number)
        if not data.startswith(_MAGIC) or len(data) < start:
            raise UnableError(f"{where} is not one of s3guard's")
        end = start + int.from_bytes(data[len(_MAGIC) : start], "big")
        try:
            head: Mapping[str, Any] = json.loads(data[start:end])
            is_later = head["version"] > VERSION
            is_whole = head["body"] == sha256(data[end:]).hexdigest() and head["number"] == number
            is_known = head["kind"] in ("batch", "run", "compacted") and isinstance(head["previous"], str)
        except _MALFORMED as error:
            raise UnableError(f"{where} is damaged") from error
        if is_later:
            raise UnableError(f"{where} was written by a later version of s3guard; use that, or another state")
        if not is_whole:
            raise UnableError(f"{where} is damaged: its bytes are not those that were written")
        if not is_known:
            raise UnableError(f"{where} is damaged: it says nothing that s3guard writes")
        return head, data[end:]


def batch_head(run: str, rules: Mapping[str, str], *, again: bool, at: float | None = None) -> dict[str, Any]:
    """The head of an entry of tables, of objects that were read by the instant `at` (seconds since 1970)."""
    return {"kind": "batch", "run": run, "rules": dict(rules), "again": again, "at": at}


def run_head(run: str, **covered: Any) -> dict[str, Any]:  # noqa: ANN401 - what JSON can hold
    """The head of an entry of a finished run; what it covered is told by the fields of `FinishedRun` from `seen` on."""
    return {"kind": "run", "run": run, "covered": covered}


def _name(number: int) -> str:
    return f"{number:010}.s3guard"


def kept(number: int) -> str:
    """Under which name the entry of a run lies once it was compacted; its bytes are the same."""
    return f"runs/{_name(number)}"


def _ending(number: int) -> str:
    return f"{number:010}.compacted"


def _numbers(names: Iterable[str]) -> dict[int, str]:
    """The entries among the names of a place, by their numbers; other files are none of ours."""
    return {int(name[:10]): name for name in names if _NAME.fullmatch(name)}


def _compactions(names: Iterable[str]) -> int:
    """The number of the last compaction among the names of a place that came to its end; 0 where there is none."""
    return max((int(name[:10]) for name in names if _ENDED.fullmatch(name)), default=0)
