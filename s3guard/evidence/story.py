"""The auditor's page of a pack: who reviewed what, when, by which rules, what was found, what is missing, and who stands for it.

All of it is what the pack says; what was verified of that, and what was not, stands at its top and in a part of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from s3guard.evidence.contents import Contents
from s3guard.evidence.members import ATTESTATIONS
from s3guard.evidence.reviewed import became, controls, covered, found, limits, rows, verdict
from s3guard.evidence.seals import Seal, told
from s3guard.evidence.sheet import Part, Rows, Said, Sheet, Tone
from s3guard.evidence.timeline import asked, changes, runs, silent, waivers
from s3guard.evidence.verification import Check, Mark, Verification
from s3guard.outputs import plural
from s3guard.verdict import because

_TONES: Final = {Mark.HOLDS: Tone.GOOD, Mark.BROKEN: Tone.BAD, Mark.UNKNOWN: Tone.OPEN, Mark.SKIPPED: Tone.SOFT}


def sheet(contents: Contents, sealed: Sequence[Seal], verification: Verification) -> Sheet:
    """The page; WrongError where a member that it needs is not what it must be."""
    report = contents.report
    kind, word, first = _verdict(contents, verification)
    parts = (
        runs(contents),
        found(report),
        covered(report, silent(contents), contents.manifest.promises.quarantined),
        changes(contents),
        controls(report),
        waivers(contents),
        _policies(contents),
        _signed(sealed, verification),
        limits(report, _LIMITS),
        _how(verification.pack),
    )
    return Sheet(
        kind=kind,
        word=word,
        headline=first,
        because=_capital(because(report)),
        alarms=tuple(_alarms(contents, sealed, verification)),
        facts=tuple(_facts(contents, sealed)),
        parts=parts,
        made=f"Made by s3guard of the evidence pack {verification.pack}, SHA-256 {verification.sha256}.",
    )


def _verdict(contents: Contents, verification: Verification) -> tuple[str, str, str]:
    """How the page is coloured, its largest words, and the sentence below: of a pack that was altered, nothing is told as if it were so."""
    kind, word = verdict(contents.report)
    first = _capital(became(contents.report))
    if verification.exit_code == 1:
        return "fail", "Do not rely on this pack", f"It says: {word}. {first}"
    if kind == "pass" and contents.manifest.not_looked_at:
        return "undetermined", "No violation in what was reviewed, and not everything was", first
    return kind, word, first


def _alarms(contents: Contents, sealed: Sequence[Seal], verification: Verification) -> Iterator[Said]:
    wrong = [check for check in verification.checks if check.mark is Mark.BROKEN]
    if wrong:
        yield Said("DO NOT RELY ON THIS PACK: it was altered, or contradicts itself. What follows is only what it says.", Tone.BAD)
        yield from (Said(f"{check.says} {'; '.join(check.details[:5])}", Tone.BAD) for check in wrong)
    for check in verification.checks:
        if check.name in ("signature", "sign-off") and check.mark is Mark.UNKNOWN:
            yield Said(f"Not verified: {check.says}", Tone.OPEN)
    for seal in sealed:
        if seal.kind == "sign-off" and seal.said.get("decision") == "rejected":
            yield Said(f"A reviewer rejected this pack: {told(seal)}", Tone.BAD)
    yield from (Said(f"Missing, or not looked at: {reason}", Tone.OPEN) for reason in contents.manifest.not_looked_at)


def _facts(contents: Contents, sealed: Sequence[Seal]) -> Iterator[tuple[str, str]]:
    report, listed = contents.report, contents.manifest
    looked = report.coverage
    ends = " and ".join({"since": "beginning", "until": "end"}[one] for one in listed.period.open)
    nobody = f" (nobody asked for the {ends}: all that was there was judged)" if ends else ""
    yield "Period reviewed", f"{_time(listed.period.since)} to {_time(listed.period.until)} UTC{nobody}"
    yield "Clock", f"{_time(listed.as_of)} UTC: what counts as late or expired by then"
    yield "Records", f"{looked.records:,} log records of {plural(len(looked.buckets), 'bucket')}, in {plural(looked.objects, 'log object')}"
    yield "Rules", f"{plural(len(report.policies), 'policy', 'policies')}: {', '.join(one.policy for one in report.policies[:10])}"
    yield "Reviews", asked(contents)
    signers = dict.fromkeys(seal.keys for seal in sealed if seal.kind in ("test-result", "evaluation"))
    yield "Signed with", ", ".join(f"key {key}" for key in signers) or "nothing: nobody signed it"
    offs = [str(seal.said.get("reviewer", "")) for seal in sealed if seal.kind == "sign-off"]
    yield "Signed off by", ", ".join(offs) or "nobody"
    if listed.redacted is not None:
        yield "Redacted", f"pseudonyms stand for {', '.join(listed.redacted.kinds)}; made with the key {listed.redacted.key}"
    yield "Made with", f"s3guard {listed.tool.version}"


def _policies(contents: Contents) -> Part:
    report = contents.report
    listed = [(one.policy, one.file, one.sha256) for one in report.policies]
    blocks: list[Said | Rows] = [
        Said("The rules of the review, by the very files that judged; each lies in the pack, and its SHA-256 says which version it is."),
        rows("Policies", ("Policy", "File", "SHA-256"), listed),
    ]
    begun = rows("Policies", ("Policy", "SHA-256 begins"), [(name, sha256[:_DIGITS]) for name, _, sha256 in listed])
    return Part("policies", "The policies that judged", tuple(blocks), "Policies", f"{len(listed):,}", brief=(blocks[0], begun))


def _signed(sealed: Sequence[Seal], verification: Verification) -> Part:
    """Who stands for the pack, and what of it was verified."""
    blocks: list[Said | Rows] = []
    stated = []
    for seal in sealed:
        held = "holds, by a key that you trust" if seal.held else "not verified"
        said = "; ".join(seal.faults) or (told(seal) if seal.kind == "sign-off" else f"key {seal.keys}")
        stated.append((seal.member.removeprefix(ATTESTATIONS), "wrong" if seal.faults else held, said))
    if stated:
        blocks.append(rows("Signed statements", ("Statement", "Signature", "Who"), stated))
    blocks += [Said(f"The reviewer's own words: {seal.said.get('statement', '')}") for seal in sealed if seal.kind == "sign-off"]
    blocks.append(Said("What was verified of this pack, before this page was made:"))
    holding = [check for check in verification.checks if check.mark is Mark.HOLDS]
    rest = [_check(check) for check in verification.checks if check.mark is not Mark.HOLDS]
    brief = (*blocks, Said(f"Verified: {plural(len(holding), 'thing')}, which evidence verify names.", Tone.GOOD), *rest)
    blocks += [_check(check) for check in verification.checks]
    note = f"{len(stated):,}"
    return Part("signed", "Who made, signed and signed off", tuple(blocks), short="Signatures", note=note, brief=brief)


def _check(check: Check) -> Said:
    return Said(f"{check.mark.value.capitalize()}: {check.says}", _TONES[check.mark])


_DIGITS: Final = 16
"""Of a SHA-256, on the first page."""
_LIMITS: Final = (
    "The pack says what these policies found in the log records that were delivered, not whether the policies ask for what must be asked.",
    "Signatures say who signed and that nothing was changed since; not that the signer told the truth: --replay judges the logs again.",
    "When the pack was signed is the signer's word, unless an authority stamped it. A sign-off that was taken out leaves no trace.",
)


def _how(pack: str) -> Part:
    blocks = (
        Said(f"With s3guard: s3guard evidence verify {pack} --key signer.pub.pem"),
        Said("Without it: README.txt in the pack tells how, with tar, sha256sum and openssl alone. The pack is a plain tar file."),
        Said("Ask the signer for the public key by another way than the pack: whoever forges a pack can put a key into it, too."),
    )
    return Part("how", "How to check this yourself", blocks, short="Check it")


def _time(text: str) -> str:
    return text.replace("T", " ").removesuffix("Z")


def _capital(clause: str) -> str:
    return clause[:1].upper() + clause[1:]
