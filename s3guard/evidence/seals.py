"""Who says what about a pack: the signed statements beside it, read as a stranger's, and which of them hold under keys that are trusted."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from s3guard.attest import Key, Statement, canonical, dsse, parsed, predicates, stamps
from s3guard.evidence.archive import Archive
from s3guard.evidence.members import ATTESTATIONS, MANIFEST
from s3guard.evidence.untrusted import quoted
from s3guard.model import UnableError
from s3guard.outputs import instant

if TYPE_CHECKING:
    from s3guard.attest.stamps import Roots

ENVELOPE: Final = ".dsse.json"
STAMP: Final = ".tsr"
_NAME: Final = re.compile(r"attestations/([0-9]{4})-([a-z0-9-]+)(\.dsse\.json|\.tsr)")
_KINDS: Final = {predicates.TEST_RESULT: "test-result", predicates.EVALUATION: "evaluation", predicates.SIGN_OFF: "sign-off"}
"""Predicate types, and what members that hold one are called."""
_USUAL: Final = {1: "test-result.dsse.json", 2: "evaluation.dsse.json"}
"""What the first statements are."""
_SHOWN: Final = 16
"""Digits of a key's id that people are shown; machines that compare get all."""


@dataclass(frozen=True, slots=True)
class Seal:
    """One signed statement of a pack."""

    member: str
    kind: str
    """As the statement says: ``test-result``, ``evaluation``, ``sign-off``, or empty where it cannot be told."""
    said: dict[str, Any]
    """The predicate: a stranger's words, until a trusted key holds."""
    claimed: tuple[str, ...] = ()
    """Ids of the keys that it says it was signed with."""
    held: tuple[str, ...] = ()
    """Ids of trusted keys whose signatures hold."""
    faults: tuple[str, ...] = ()
    """What is wrong with it: a clause each."""
    about: str = ""
    """SHA-256 of the manifest that it is about."""
    stamped: datetime | None = None
    """When an authority says it saw the signature."""
    is_stamp_trusted: bool = False

    @property
    def keys(self) -> str:
        """The keys that it says it was signed with, for people."""
        return ", ".join(quoted(key[:_SHOWN]).strip("'") for key in self.claimed) or "none"


def seals(pack: Archive, manifest_sha256: str, keys: Sequence[Key], roots: Roots = ()) -> list[Seal]:
    """Every statement of a pack in the order of their numbers, with what is wrong with each; PackError where it cannot be read."""
    names = [entry.path for entry in pack.under(ATTESTATIONS)]
    found = [_seal(pack, name, manifest_sha256, keys) for name in names if name.endswith(ENVELOPE)]
    found = [_stamped(pack, seal, roots) for seal in found]
    return [*found, *_strange(names)]


def _strange(names: Collection[str]) -> Iterator[Seal]:
    """What does not belong among attestations, or is missing there."""
    numbers: list[int] = []
    for name in names:
        match = _NAME.fullmatch(name)
        if match is None:
            yield _faulty(name, "is nothing that s3guard puts among attestations")
        elif match[3] == ENVELOPE:
            numbers.append(int(match[1]))
        elif name.removesuffix(STAMP) + ENVELOPE not in names:
            yield _faulty(name, "is a time stamp of a statement that is not there")
    for at, number in enumerate(sorted(numbers), 1):
        if number != at:
            usual = _USUAL.get(at, "…")
            yield _faulty(
                f"{ATTESTATIONS}{at:04d}-{usual}", "is missing, or another one has its number: statements are numbered one by one"
            )
            return


def _faulty(name: str, fault: str) -> Seal:
    return Seal(name, "", {}, faults=(fault,))


def _seal(pack: Archive, name: str, manifest_sha256: str, keys: Sequence[Key]) -> Seal:
    try:
        data = pack.data(name, dsse.LARGEST)
        envelope = dsse.read(data)
        if canonical(parsed(data)) != data:
            return _faulty(name, "is an envelope, but not spelled as s3guard spells one")
        statement = Statement.of(envelope.payload)
    except (UnableError, ValueError) as error:
        return _faulty(name, f"cannot be read: {error}")
    kind = _KINDS.get(statement.predicate_type, "")
    seal = Seal(name, kind, statement.predicate, tuple(keyid for keyid, _ in envelope.signatures), about=statement.sha256)
    held = _held(seal, data, keys)
    return replace(held, faults=(*_alone(seal), *_belongs(seal, statement, manifest_sha256), *held.faults))


def _alone(seal: Seal) -> Iterator[str]:
    """NOTE: nobody signs how many signatures there are: whoever has the pack in hand could add one, and the name of its key."""
    if len(seal.claimed) > 1:
        yield f"has {len(seal.claimed):,} signatures; s3guard writes one, and who signs as well makes a statement of his own"


def _belongs(seal: Seal, statement: Statement, manifest_sha256: str) -> Iterator[str]:
    """What says that the statement is not one about this pack."""
    if statement.subject != MANIFEST or statement.sha256 != manifest_sha256:
        yield (
            f"is a statement about another pack, whose manifest has the SHA-256 {statement.sha256}; that of this one is {manifest_sha256}"
        )
    if not seal.kind:
        yield f"is a statement of a kind that s3guard does not know: {quoted(statement.predicate_type)}"
    elif (match := _NAME.fullmatch(seal.member)) is None or match[2] != seal.kind:
        yield f"is not what its name says, but a statement of the kind {seal.kind}"


def _held(seal: Seal, data: bytes, keys: Sequence[Key]) -> Seal:
    """With the trusted keys whose signatures hold."""
    if not keys:
        return seal
    try:
        verified = dsse.verify(data, keys)
    except dsse.UnsignedError as error:
        return replace(seal, faults=(str(error),) if error.broken else tuple(_renamed(data, keys)))
    broken = tuple(f"the signature of the key {keyid} does not hold" for keyid in verified.broken)
    return replace(seal, held=verified.keyids, faults=broken)


def _renamed(data: bytes, keys: Sequence[Key]) -> Iterator[str]:
    """Signatures of trusted keys under the id of another one: nobody who signs writes them so."""
    found = dsse.read(data)
    for keyid, signature in found.signatures:
        for key in keys:
            if key.verifies(signature, dsse.pae(found.payload)):
                yield f"was signed with the key {key.keyid}, and says that it was {quoted(keyid)}"


def _stamped(pack: Archive, seal: Seal, roots: Roots) -> Seal:
    """With what the time stamp beside it says, if there is one."""
    name = seal.member.removesuffix(ENVELOPE) + STAMP
    if name not in pack or not seal.claimed:
        return seal
    try:
        (_, signature), *_ = dsse.read(pack.data(seal.member, dsse.LARGEST)).signatures
        seen = stamps.seen(pack.data(name, stamps.LARGEST), signature, roots)
    except UnableError as error:
        return replace(seal, faults=(*seal.faults, f"the time stamp {name}: {error}"))
    return replace(seal, stamped=seen.time, is_stamp_trusted=seen.is_trusted)


def told(seal: Seal) -> str:
    """Who signed off what, in a sentence: the reviewer's own words, unless a trusted key holds."""
    reviewer, decision, time = (str(seal.said.get(name, "")) for name in ("reviewer", "decision", "time"))
    when = f", stamped by an authority at {instant(seal.stamped)}" if seal.stamped is not None else ""
    return f"{quoted(reviewer)}: {quoted(decision)} at {quoted(time)}, key {seal.keys}{when}"
