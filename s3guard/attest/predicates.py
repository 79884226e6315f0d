"""What s3guard says about a pack of evidence: the predicates of its Statements, small enough that any key may sign them.

Times are texts, RFC 3339 in UTC. Where much is to be named (hundreds of policies), a Statement holds how many there are and the SHA-256 of
the whole list, as RFC 8785 writes it; the manifest, which is the subject, names every one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final

from s3guard.attest import dsse
from s3guard.attest.canonical import canonical
from s3guard.attest.statement import statement
from s3guard.model import UsageError

SUBJECT: Final = "manifest.json"
"""What every Statement of a pack is about."""
TEST_RESULT: Final = "https://in-toto.io/attestation/test-result/v0.1"
"""https://github.com/in-toto/attestation/blob/main/spec/predicates/test-result.md; other tools know it."""
# NOTE: names, not places: s3guard owns no domain, and one that it does not own could be made to say something else.
EVALUATION: Final = "urn:s3guard:evaluation/v1"
"""See `Evaluation`."""
SIGN_OFF: Final = "urn:s3guard:sign-off/v1"
"""See `SignOff`."""
NAME: Final = 200
"""Characters of a reviewer's name or role at most."""
WORDS: Final = 1_000
"""Characters of a reviewer's statement at most."""
DECISIONS: Final = ("reviewed", "accepted", "rejected")
"""What a reviewer decided; the first one is only that he looked."""


class Outcome(Enum):
    """How a run ended, in the three words that test-result has; it has none for "could not be judged", which is no pass."""

    PASSED = "PASSED"
    """All was judged and nothing was found."""
    WARNED = "WARNED"
    """All was judged, and what was found fails no run, or was waived."""
    FAILED = "FAILED"
    """Violations, or not everything could be judged."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What was judged, by what, when, and how it ended: the predicate `EVALUATION`, whose keys are these names."""

    time: str
    """When the pack was made."""
    tool: Mapping[str, str]
    """``name`` and ``version``."""
    environment: Mapping[str, str]
    """What it ran on, without the name of a machine or a person."""
    period: Mapping[str, Any]
    """``since`` and ``until``, and what else the manifest says of it."""
    as_of: str
    status: str
    """Of the report."""
    exit_code: int
    policies: Mapping[str, str]
    """SHA-256 by name."""
    members: Mapping[str, str]
    """SHA-256 of what the pack holds, by path."""
    findings: Mapping[str, int | str]
    """How many there are, and ``sha256`` of the JSON (RFC 8785) of their fingerprints in order."""
    results: Mapping[str, int]
    """How many results there are of each status."""
    coverage: Mapping[str, int | str]
    """What was looked at, and what could not be: counts, gaps."""
    controls: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """How many controls there are of each status, by framework."""


@dataclass(frozen=True, slots=True)
class SignOff:
    """What a person says who reviewed a pack: the predicate `SIGN_OFF`. UsageError for a text that is empty, too long, or no Unicode."""

    reviewer: str
    role: str | None
    decision: str
    """Of `DECISIONS`."""
    statement: str
    """In the reviewer's own words."""
    time: str
    reviewed: Mapping[str, Any]
    """What was looked at: the pack's own words."""

    def __post_init__(self) -> None:
        """NOTE: whatever a reviewer writes is shown through `visible`; what it cannot show back is refused here."""
        if self.decision not in DECISIONS:
            raise UsageError(f"--decision: say {', '.join(DECISIONS[:-1])} or {DECISIONS[-1]}")
        for name, text, most in (("reviewer", self.reviewer, NAME), ("role", self.role, NAME), ("statement", self.statement, WORDS)):
            if text is None:
                continue
            if not text.strip():
                raise UsageError(f"--{name}: there is nothing in it")
            if len(text) > most:
                raise UsageError(f"--{name}: {len(text):,} characters are too many; {most:,} are signed at most")
            try:
                text.encode()
            except UnicodeEncodeError as error:
                raise UsageError(f"--{name}: this is no UTF-8") from error


def judged(
    manifest: bytes,
    outcome: Outcome,
    policies: Mapping[str, str],
    passed: Sequence[str] = (),
    warned: Sequence[str] = (),
    failed: Sequence[str] = (),
) -> bytes:
    """The Statement `TEST_RESULT` about a manifest; `policies` are SHA-256 by name, the rest rules by name.

    Where the rules are too many to be named, none is; where the policies are, the manifest stands for them, which names them.
    """
    configuration = [{"name": name, "digest": {"sha256": digest}} for name, digest in sorted(policies.items())]
    whole = [{"name": SUBJECT, "digest": {"sha256": hashlib.sha256(manifest).hexdigest()}}]
    named = {"passedTests": sorted(passed), "warnedTests": sorted(warned), "failedTests": sorted(failed)}
    brief = {"result": outcome.value, "configuration": configuration or whole}
    return _fitting(manifest, TEST_RESULT, (brief | named, brief, brief | {"configuration": whole}))


def evaluated(manifest: bytes, evaluation: Evaluation) -> bytes:
    """The Statement `EVALUATION` about a manifest."""
    said: dict[str, Any] = {name: getattr(evaluation, name) for name in Evaluation.__dataclass_fields__}
    smaller = said | {"policies": summed(evaluation.policies)}
    return _fitting(manifest, EVALUATION, (said, smaller, smaller | {"members": summed(evaluation.members)}))


def signed_off(manifest: bytes, said: SignOff) -> bytes:
    """The Statement `SIGN_OFF` about a manifest; UsageError for texts that are too long together."""
    predicate = {name: getattr(said, name) for name in SignOff.__dataclass_fields__}
    made = _stated(manifest, SIGN_OFF, predicate)
    if len(dsse.pae(made)) > dsse.LIMIT:
        raise UsageError("--statement: this is too long to be signed together with the reviewer's name and role")
    return made


def _stated(manifest: bytes, kind: str, predicate: Mapping[str, Any]) -> bytes:
    return statement(SUBJECT, hashlib.sha256(manifest).hexdigest(), kind, predicate)


def _fitting(manifest: bytes, kind: str, predicates: Iterable[Mapping[str, Any]]) -> bytes:
    """The first Statement that may be signed; the last one where none may, which signing then refuses."""
    made = b""
    for predicate in predicates:
        made = _stated(manifest, kind, predicate)
        if len(dsse.pae(made)) <= dsse.LIMIT:
            break
    return made


def summed(many: Mapping[str, str] | Sequence[str]) -> dict[str, int | str]:
    """What stands for digests or fingerprints where they are too many to be named: their number, and the SHA-256 of their RFC 8785 JSON."""
    plain = dict(many) if isinstance(many, Mapping) else list(many)
    return {"count": len(many), "sha256": hashlib.sha256(canonical(plain)).hexdigest()}
