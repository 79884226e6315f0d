"""What a compaction puts in the place of many entries: few parts by the month of what they tell, and a head that names them."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

import polars as pl

from s3guard.partial import Partial
from s3guard.seen import OBJECT
from s3guard.state.judged import Batch

LEDGER: Final = {
    "number": pl.Int64,
    "sha256": pl.String,
    "kind": pl.String,
    "run": pl.String,
    "rules": pl.Int64,
    "again": pl.Boolean,
    "at": pl.Float64,
    "told": pl.String,
    "pruned": pl.Boolean,
}
"""A row of an entry that was compacted: its number, the SHA-256 of its bytes (hex), what it was (``batch``, ``run``, ``compacted``), the id
of its run, of a batch the index of its rules (`Compacted.rulings`) and whether they were not the first, when it was (seconds; infinity
where nobody wrote it down), of a run what `reported.summary` says (JSON), and whether its record was taken away by a pruning."""

JUDGED: Final = {**OBJECT, "entry": pl.Int64, "rules": pl.Int64, "again": pl.Boolean, "at": pl.Float64, "stands": pl.Boolean}
"""`s3guard.seen.OBJECT` of each reading of a log object, word for word, with the number of its entry, the index of its rules, and whether
other rules had judged the object before. What does not stand is a reading that ended early, and has a part of its own or was replaced."""

FAULT: Final = {"object": pl.String, "reason": pl.String, "entry": pl.Int64, "at": pl.Float64, "judged": pl.Boolean, "listed": pl.Boolean}
"""What could not be read to its end: whether some of it was judged, and whether there is a row of `JUDGED` for it."""

WARNED: Final = {"entry": pl.Int64, "kind": pl.String, "count": pl.Int64}
"""Warnings of an entry that stands: they are told wherever one of its objects is, so each month of these has them; they count once."""

BLOCK: Final = 4096
"""Entries of a part of the ledger."""


@dataclass(frozen=True, slots=True)
class Part:
    """One file of a compaction."""

    name: str
    kind: str
    """``objects`` (`JUDGED`, `FAULT`, `WARNED`), ``tables``, ``ledger``, ``torn`` (a batch alone) or ``forgotten`` (`forgotten.digest`)."""
    sha256: str
    size: int
    """Bytes."""
    month: int | None = None
    """The first second of the month that it is about; None: of no time. Of a ledger the number of its block, of a batch its number."""
    until: int | None = None
    """The second behind its last record."""
    group: int | None = None
    """Of tables: the index of their group."""
    fresh: bool = False
    """Of tables: whether they hold what no finished run had reported on."""

    def lies_in(self, since: int | None, until: int | None) -> bool:
        """Whether it tells of the time from `since` to before `until`; what is of no time is of all."""
        if self.month is None or self.until is None:
            return True
        return (until is None or self.month < until) and (since is None or self.until > since)


@dataclass(frozen=True, slots=True)
class Group:
    """Batches that nothing tells apart but their numbers."""

    rules: int
    """The index of their rules."""
    again: bool
    run: str
    """The run that judged them, where it had not come to its end; empty otherwise."""
    last: int
    """The last of their numbers."""


@dataclass(frozen=True, slots=True)
class Pruned:
    """What was taken away for good."""

    before: int
    """Nothing is known of records before that second."""
    objects: int
    """Log objects all records of which were older."""
    runs: int
    """Runs whose records were taken away."""


@dataclass(frozen=True, slots=True)
class Compacted:
    """What a compaction says of all entries up to one."""

    number: int
    """Of its own entry."""
    through: int
    """The last entry in whose place it stands."""
    digest: str
    """The SHA-256 of that."""
    previous: str
    """The SHA-256 of the entry before its own."""
    own: str
    """The SHA-256 of its own entry."""
    rulings: tuple[Mapping[str, str], ...] = ()
    """Names of rules to the keys of their tables, as they were used together."""
    groups: tuple[Group, ...] = ()
    parts: tuple[Part, ...] = ()
    changed: tuple[tuple[str, float, str], ...] = ()
    """Log objects that were seen changed: name, when, and how."""
    pruned: Pruned | None = None
    reported: frozenset[str] = field(default=frozenset(), repr=False)
    """Fingerprints of the findings of all runs."""

    def of(self, kind: str) -> list[Part]:
        """The parts of a kind."""
        return [part for part in self.parts if part.kind == kind]

    def head(self) -> dict[str, Any]:
        """What its entry says beside `body`."""
        return {
            "kind": "compacted",
            "through": self.through,
            "digest": self.digest,
            "rulings": [dict(one) for one in self.rulings],
            "groups": [asdict(one) for one in self.groups],
            "parts": [asdict(one) for one in self.parts],
            "changed": [list(one) for one in self.changed],
            "pruned": None if self.pruned is None else asdict(self.pruned),
        }

    def body(self) -> bytes:
        """The fingerprints, 32 bytes each."""
        return b"".join(bytes.fromhex(one) for one in sorted(self.reported))

    @classmethod
    def read(cls, head: Mapping[str, Any], body: bytes, own: str) -> Compacted:
        """The inverse of `head` and `body`; some error of Python where they are none."""
        if head["kind"] != "compacted":
            raise ValueError
        return cls(
            number=int(head["number"]),
            through=int(head["through"]),
            digest=str(head["digest"]),
            previous=str(head["previous"]),
            own=own,
            rulings=tuple({str(name): str(key) for name, key in one.items()} for one in head["rulings"]),
            groups=tuple(Group(**one) for one in head["groups"]),
            parts=tuple(Part(**one) for one in head["parts"]),
            changed=tuple((str(name), float(at), str(how)) for name, at, how in head["changed"]),
            pruned=None if head["pruned"] is None else Pruned(**head["pruned"]),
            reported=frozenset(body[at : at + 32].hex() for at in range(0, len(body), 32)),
        )


def frames(data: bytes) -> Iterator[pl.DataFrame]:
    """The inverse of `stored`."""
    at = 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 8], "big")
        yield pl.read_ipc_stream(io.BytesIO(data[at + 8 : at + 8 + size]))
        at += 8 + size


def stored(*tables: pl.DataFrame) -> bytes:
    """Tables as bytes: Arrow IPC streams, each behind its length."""
    pieces: list[bytes] = []
    for table in tables:
        buffer = io.BytesIO()
        table.write_ipc_stream(buffer, compression="zstd")
        pieces += [len(buffer.getvalue()).to_bytes(8, "big"), buffer.getvalue()]
    return b"".join(pieces)


def alone_stored(batch: Batch) -> bytes:
    """A batch as bytes, such as one of a log object that was read in part."""
    told = {name: getattr(batch, name) for name in ("number", "run", "again", "at")} | {"rules": dict(batch.rules)}
    head = json.dumps(told).encode()
    return b"".join([len(head).to_bytes(8, "big"), head, batch.partial.to_ipc()])


def alone_read(data: bytes) -> Batch:
    """The inverse of `alone_stored`."""
    begin = 8 + int.from_bytes(data[:8], "big")
    return Batch(**json.loads(data[8:begin]), partial=Partial.from_ipc(data[begin:]))
