"""Signs packs: what s3guard says of one when it is made, and what a reviewer says of it later; each a member of its own, numbered."""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from s3guard.attest import Signer, Statement, dsse, predicates, stamps
from s3guard.evidence import archive, assertions, manifest
from s3guard.evidence.archive import Archive
from s3guard.evidence.manifest import Manifest
from s3guard.evidence.members import ATTESTATIONS, FRAMEWORKS, MANIFEST, REPORT, Member, PackError
from s3guard.model import Report, UnableError
from s3guard.text import shown

if TYPE_CHECKING:
    from s3guard.attest.predicates import SignOff

ENVELOPE: Final = ".dsse.json"
STAMP: Final = ".tsr"
_NUMBERED: Final = re.compile(r"attestations/([0-9]{4})-[a-z0-9-]+\.dsse\.json")
_MOST: Final = 9_999


@dataclass(frozen=True, slots=True)
class Seal:
    """What statements are signed with."""

    signer: Signer
    authority: str | None = None
    """The URL of a time-stamping authority, which is asked about each signature."""

    def members(self, number: int, what: str, statement: bytes) -> list[Member]:
        """A signed statement, and the time stamp of its signature if one is asked for; UnableError where either cannot be made."""
        name = f"{ATTESTATIONS}{number:04d}-{what}"
        envelope = dsse.sign(statement, self.signer)
        made = [Member(name + ENVELOPE, envelope)]
        if self.authority is not None:
            ((_, signature),) = dsse.read(envelope).signatures
            made.append(Member(name + STAMP, stamps.stamp(signature, self.authority)))
        return made


def sealed(listed: Manifest, report: Report, seal: Seal) -> list[Member]:
    """The statements of a new pack, signed: ``0001-test-result`` and ``0002-evaluation``; UnableError where they cannot be signed."""
    data = listed.member().data
    result = predicates.judged(data, assertions.outcome(listed, report), listed.policies, **assertions.rules(report))
    evaluation = predicates.evaluated(data, assertions.evaluation(listed, report, moment()))
    return [*seal.members(1, "test-result", result), *seal.members(2, "evaluation", evaluation)]


def sign_off(path: Path, say: Callable[[dict[str, Any]], SignOff], seal: Seal) -> str:
    """Add a reviewer's statement to a pack, whole or not at all, and tell which member it is; no other member is touched.

    `say` is given what the reviewer has before him, in the pack's own words. PackError where the pack does not hold (`whole`): nobody
    signs off what was altered. UnableError where it cannot be signed or written.
    """
    with _alone(path):
        return _signed_off(path, say, seal)


def _signed_off(path: Path, say: Callable[[dict[str, Any]], SignOff], seal: Seal) -> str:
    pack = archive.read(path)
    listed = whole(pack)
    numbers = [int(match[1]) for entry in pack.under(ATTESTATIONS) if (match := _NUMBERED.fullmatch(entry.path))]
    number = max(numbers, default=0) + 1
    if number > _MOST:
        raise UnableError(f"{shown(str(path))}: it has {_MOST:,} signed statements, and there is room for no more")
    added = seal.members(number, "sign-off", predicates.signed_off(listed.member().data, say(_reviewed(listed))))
    # NOTE: of the pack that was looked at; where another one is in its place by now, that is told, and it stays as it is.
    archive.write(path, [*pack.entries.values(), *added], pack.mtime)
    return added[0].path


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    """One at a time: of two who sign off at once, the second one adds to what the first one wrote.

    NOTE: a lock of the file itself leaves nothing behind. Who waited holds one of a file that is no longer there, and so looks again.
    Windows has none, and there the later one of two at the same moment wins.
    """
    if sys.platform == "win32":
        yield
        return
    import fcntl

    while True:
        try:
            stream = path.open("rb")
        except OSError as error:
            raise PackError(f"{shown(str(path))} could not be read: {error.strerror or error}") from error
        with stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            if _is_there(path, stream.fileno()):
                yield
                return


def _is_there(path: Path, descriptor: int) -> bool:
    """Whether the file is still the one that was opened."""
    with contextlib.suppress(FileNotFoundError):
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    return False


def _reviewed(listed: Manifest) -> dict[str, Any]:
    report = next((one.sha256 for one in listed.files if one.path == REPORT), None)
    return {
        "period": listed.period.model_dump(),
        "status": listed.status,
        "exit_code": listed.exit_code,
        "members": len(listed.files),
        "report_sha256": report,
    }


def frameworks(path: Path) -> list[str]:
    """The frameworks for which a pack holds evidence, as they are named there; PackError where it cannot be read."""
    return [entry.path.removeprefix(FRAMEWORKS).removesuffix(".yaml") for entry in archive.read(path).under(FRAMEWORKS)]


def whole(pack: Archive) -> Manifest:
    """The manifest of a pack whose members are those that it lists, and whose statements are about it; PackError names one that is not.

    Whether the signatures hold is another question, which takes keys.
    """
    name = shown(str(pack.path))
    data = pack.data(MANIFEST, manifest.LARGEST)
    listed = manifest.parse(data)
    for fault in manifest.mismatches(pack, listed):
        raise PackError(f"{name}: {fault}")
    for entry in pack.under(ATTESTATIONS):
        _about(pack, entry.path, data)
    return listed


def _about(pack: Archive, path: str, manifest_data: bytes) -> None:
    """PackError for an attestation that is none, or one of another pack."""
    if path.endswith(STAMP):
        return
    try:
        statement = Statement.of(dsse.read(pack.data(path, dsse.LARGEST)).payload)
    except (ValueError, dsse.FormatError) as error:
        raise PackError(f"{shown(str(pack.path))}: {path}: {error}") from error
    if (statement.subject, statement.sha256) != (MANIFEST, Member(MANIFEST, manifest_data).sha256):
        raise PackError(f"{shown(str(pack.path))}: {path} is a statement about another pack")


def moment(now: datetime | None = None) -> str:
    """When something is signed: SOURCE_DATE_EPOCH where it is set, else `now`, else this second; RFC 3339, UTC."""
    epoch = archive.epoch()
    when = datetime.fromtimestamp(epoch, UTC) if epoch else now or datetime.now(UTC)
    return f"{when:%Y-%m-%dT%H:%M:%SZ}"
