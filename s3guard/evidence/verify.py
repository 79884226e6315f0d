"""Verifies a pack: that it is whole, that its parts agree, who signed it, and, where that is asked, that its verdicts come out again.

Whoever made the pack is a stranger here: nothing of it is believed before it was held against something else, nothing is written, and
whatever is wrong is told with the member that it is in.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from s3guard.aws import Access
from s3guard.evidence import archive, manifest
from s3guard.evidence.agreement import RENDERED, disagreements
from s3guard.evidence.contents import Contents
from s3guard.evidence.members import MANIFEST, REPORT, PackError
from s3guard.evidence.promises import broken_promises
from s3guard.evidence.seals import Seal, seals, told
from s3guard.evidence.statements import misstatements
from s3guard.evidence.untrusted import WrongError
from s3guard.evidence.verification import Check, Mark, Verification
from s3guard.model import S3GuardError, UsageError
from s3guard.outputs import instant, plural
from s3guard.redaction import NOTHING, Redaction
from s3guard.text import shown

if TYPE_CHECKING:
    from s3guard.attest import Key
    from s3guard.attest.stamps import Roots
    from s3guard.evidence.sheet import Sheet

_PIECE: Final = 1 << 20
TRUST: Final = "give it with --key FILE, and take that file from the signer by another way than this pack"


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of a pack."""

    pack: Path
    keys: Sequence[Key] = ()
    """Public keys whose owners are trusted."""
    roots: Roots = ()
    """Certificates of authorities whose time stamps are trusted."""
    replay: Sequence[str] = ()
    """Logs over which the pack's policies are to give its verdicts again."""
    objects: bool = False
    """Whether the log objects are read, and held against the pack."""
    access: Access = field(default_factory=Access)
    """How ``s3://`` is reached."""
    redaction: Redaction = NOTHING
    """With the key that the pack was redacted with, where it was."""
    root: Path = field(default_factory=Path.cwd)
    """Where relative names of log objects begin."""
    jobs: int | None = None


def verified(request: Request) -> Verification:
    """All that was asked of the pack, each with what came of it; UsageError where there is no such file."""
    if not request.pack.is_file():
        raise UsageError(f"{shown(str(request.pack))}: there is no such file; name a pack, as in: s3guard evidence verify evidence.tar")
    digest = _digest(request.pack)
    return Verification(str(request.pack), digest, tuple(_checks(request)))


def shown_of(request: Request) -> tuple[Sheet, bool]:
    """The auditor's page, and whether anything in the pack is wrong; PackError where there is too little of a pack to show anything."""
    from s3guard.evidence.story import sheet

    found = verified(request)
    try:
        pack = archive.read(request.pack)
        data = pack.data(MANIFEST, manifest.LARGEST)
        contents = Contents(pack, manifest.parse(data))
        page = sheet(contents, seals(pack, hashlib.sha256(data).hexdigest(), request.keys, request.roots), found)
    except WrongError as error:
        raise PackError(f"{shown(str(request.pack))} cannot be shown: {error}") from error
    return page, found.exit_code == 1


def _checks(request: Request) -> Iterator[Check]:
    try:
        pack = archive.read(request.pack)
    except PackError as error:
        if isinstance(error.__cause__, OSError):
            raise
        yield Check("archive", Mark.BROKEN, "This is not a whole evidence pack: nothing in it can be relied on.", (str(error),))
        return
    what = f"The file is an archive of {plural(len(pack.entries), 'member')} in the one form of a pack; nothing else is in it."
    yield Check("archive", Mark.HOLDS, what)
    try:
        data = pack.data(MANIFEST, manifest.LARGEST)
        listed = manifest.parse(data)
    except (PackError, ValueError) as error:  # NOTE: what cannot be spelled as RFC 8785 says is a ValueError
        yield Check("manifest", Mark.BROKEN, f"There is no {MANIFEST} to hold the other members against.", (str(error),))
        return
    yield Check(
        "manifest", Mark.HOLDS, f"{MANIFEST} is spelled as it was signed (RFC 8785), and lists {plural(len(listed.files), 'member')}."
    )
    digest = hashlib.sha256(data).hexdigest()
    members = _members(pack, listed)
    yield members
    contents = Contents(pack, listed)
    sealed = seals(pack, digest, request.keys, request.roots)
    for name, check in _INSIDE:
        yield _guarded(name, check, contents)
    yield _guarded("statements", lambda contents: _statements(contents, sealed), contents)
    yield _signed(sealed, request.keys)
    yield _signed_off(sealed, request.keys)
    yield _stamped(sealed, request.roots)
    yield from _asked(request, contents, is_whole=members.mark is Mark.HOLDS)


def _members(pack: archive.Archive, listed: manifest.Manifest) -> Check:
    """Every member is there, as it was when the manifest was written, and none beside them."""
    faults = [*manifest.mismatches(pack, listed)]
    named = {one.path for one in listed.files}
    faults += [f"{name} is missing, and not listed: every pack has one" for name in Contents.EVERY if name not in named]
    if faults:
        return Check(
            "members",
            Mark.BROKEN,
            f"{plural(len(faults), 'member')} of the pack {_is(len(faults))} not what the manifest lists.",
            tuple(faults),
        )
    return Check(
        "members",
        Mark.HOLDS,
        f"All {plural(len(listed.files), 'member')} are there, none beside them, each with the SHA-256 that the manifest says.",
    )


def _agree(contents: Contents) -> Check:
    """The report and its renderings say the same, and the manifest too."""
    report = contents.report
    faults = [f"{name} {fault}" for name, fault in disagreements(contents.rendered(), report)]
    faults += [f"{name} {fault}" for name, fault in contents.contradictions()]
    others = ", ".join(name for name in RENDERED if name != REPORT)
    if faults:
        return Check("agreement", Mark.BROKEN, "Members of the pack contradict each other.", tuple(faults))
    return Check(
        "agreement", Mark.HOLDS, f"{REPORT}, {others} and {MANIFEST} say the same: {report.status.value}, exit code {report.exit_code}."
    )


def _policies(contents: Contents) -> Check:
    faults = [f"{name} {fault}" for name, fault in contents.policy_faults()]
    if faults:
        return Check("policies", Mark.BROKEN, "The policies in the pack are not those that the report names.", tuple(faults))
    count = len(contents.manifest.policies)
    return Check(
        "policies",
        Mark.HOLDS,
        f"The {plural(count, 'policy', 'policies')} in the pack {_is(count)} the one that judged: by SHA-256, in report and manifest."
        if count == 1
        else f"The {count:,} policies in the pack are those that judged: by SHA-256, in report and manifest.",
    )


def _complete(contents: Contents) -> Check:
    faults = [f"{name} {fault}" for name, fault in broken_promises(contents)]
    promised = contents.manifest.promises
    counts = ", ".join(
        (
            plural(promised.objects, "log object"),
            plural(promised.records, "record"),
            plural(promised.hours, "hour with records", "hours with records"),
            plural(promised.runs, "run"),
            plural(promised.quarantined, "quarantined line"),
        )
    )
    if faults:
        return Check("completeness", Mark.BROKEN, f"The pack does not hold what it promises ({counts}).", tuple(faults))
    return Check("completeness", Mark.HOLDS, f"The pack holds what its manifest promises: {counts}.")


_INSIDE: Final = (("agreement", _agree), ("policies", _policies), ("completeness", _complete))


def _guarded(name: str, check: Callable[[Contents], Check], contents: Contents) -> Check:
    """The check, or that a member cannot be read as what it is."""
    try:
        return check(contents)
    except (WrongError, S3GuardError) as error:
        return Check(name, Mark.BROKEN, "A member of the pack is not what it must be.", (str(error),))


def _statements(contents: Contents, sealed: Sequence[Seal]) -> Check:
    """The signed statements are about this pack, and say of it what its members say."""
    faults = [f"{seal.member} {fault}" for seal in sealed for fault in seal.faults]
    others = {seal.about for seal in sealed if seal.about}
    if len(others) == 1 and others != {hashlib.sha256(contents.manifest.member().data).hexdigest()}:
        faults.insert(0, f"{MANIFEST} is not the one that was signed: every statement is about one with the SHA-256 {others.pop()}")
    if not faults:
        faults = [f"{name} {fault}" for name, fault in misstatements(sealed, contents.manifest, contents.report)]
    if faults:
        return Check("statements", Mark.BROKEN, "Signed statements in the pack are not what they must be.", tuple(faults))
    if not sealed:
        return Check("statements", Mark.SKIPPED, "There is no signed statement in the pack.")
    said = f"{plural(len(sealed), 'signed statement')} {_is(len(sealed))} about this pack"
    return Check("statements", Mark.HOLDS, f"{said}, and {_says(len(sealed))} of it what it says itself.")


def _signed(sealed: Sequence[Seal], keys: Sequence[Key]) -> Check:
    own = [seal for seal in sealed if seal.kind in ("test-result", "evaluation")]
    if not own and not keys:
        return Check("signature", Mark.UNKNOWN, "Nobody signed this pack: whoever had it in hand could have made all of it anew.")
    if not keys:
        names = ", ".join(dict.fromkeys(seal.keys for seal in own))
        return Check("signature", Mark.UNKNOWN, f"Nobody verified who signed: the pack says that it was the key {names}; {TRUST}.")
    unsigned = [
        f"{seal.member} is not signed with a key that you trust, but, as it says, with {seal.keys}" for seal in own if not seal.held
    ]
    missing = [
        f"{kind} is missing: none of the keys signed such a statement"
        for kind in ("test-result", "evaluation")
        if kind not in {seal.kind for seal in own}
    ]
    if unsigned or missing:
        return Check("signature", Mark.BROKEN, "None of the keys that you gave signed this pack.", (*unsigned, *missing))
    held = ", ".join(dict.fromkeys(key for seal in own for key in seal.held))
    return Check("signature", Mark.HOLDS, f"The pack was signed with a key that you trust: {held}.")


def _signed_off(sealed: Sequence[Seal], keys: Sequence[Key]) -> Check:
    offs = [seal for seal in sealed if seal.kind == "sign-off"]
    if not offs:
        return Check("sign-off", Mark.SKIPPED, "Nobody has signed off this pack (one that was taken away again leaves no trace).")
    details = tuple(f"{seal.member}: {told(seal)}" + ("" if seal.held else ": not verified") for seal in offs)
    open_ = sum(not seal.held for seal in offs)
    if open_:
        why = f"the key of {plural(open_, 'reviewer')} was not given; {TRUST}" if keys else f"no key was given; {TRUST}"
        return Check(
            "sign-off", Mark.UNKNOWN, f"{plural(len(offs), 'sign-off')}, and {open_:,} of them could not be verified: {why}.", details
        )
    return Check("sign-off", Mark.HOLDS, f"{plural(len(offs), 'sign-off')}, each signed with a key that you trust.", details)


def _stamped(sealed: Sequence[Seal], roots: Sequence[object]) -> Check:
    stamps = [seal for seal in sealed if seal.stamped is not None]
    if not stamps:
        return Check("time", Mark.SKIPPED, "There is no time stamp of an authority: when the pack was signed is its signer's word alone.")
    details = tuple(f"{seal.member}: {instant(seal.stamped)}" for seal in stamps if seal.stamped is not None)
    if not all(seal.is_stamp_trusted for seal in stamps):
        why = "none of the certificates given vouches for them" if roots else "give the certificates that you trust with --tsa-roots FILE"
        return Check("time", Mark.UNKNOWN, f"{plural(len(stamps), 'time stamp')}, and nobody verified who made them: {why}.", details)
    return Check("time", Mark.HOLDS, f"{plural(len(stamps), 'time stamp')}, of an authority that you trust.", details)


def _asked(request: Request, contents: Contents, *, is_whole: bool) -> Iterator[Check]:
    """What takes the logs."""
    if not request.objects:
        yield Check("objects", Mark.SKIPPED, "Whether the log objects are still what they were: ask with --objects.")
    elif not is_whole:
        yield Check("objects", Mark.UNKNOWN, "Log objects were not read, because the pack itself does not hold.")
    else:
        from s3guard.evidence.again import same_objects

        yield _guarded("objects", lambda contents: same_objects(contents, request.root, request.access), contents)
    if not request.replay:
        yield Check("replay", Mark.SKIPPED, "Whether these policies give these verdicts over the logs: ask with --replay LOGS.")
    elif not is_whole:
        yield Check("replay", Mark.UNKNOWN, "Nothing was judged again, because the pack itself does not hold.")
    else:
        from s3guard.evidence.again import same_verdicts

        yield _guarded(
            "replay", lambda contents: same_verdicts(contents, request.replay, request.access, request.redaction, request.jobs), contents
        )


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise PackError(f"{shown(str(path))} could not be read: {error.strerror or error}") from error


def _is(count: int) -> str:
    return "is" if count == 1 else "are"


def _says(count: int) -> str:
    return "says" if count == 1 else "say"
