"""What a run is narrowed to by name: the policies of a framework, and the findings that a baseline knows."""

from __future__ import annotations

from collections.abc import Container, Sequence
from pathlib import Path

from s3guard import frameworks, policy
from s3guard.model import UsageError
from s3guard.outputs.json import read
from s3guard.redaction import NOTHING, Redaction
from s3guard.text import shown


def of_frameworks(loaded: tuple[policy.Policy, ...], wanted: Sequence[str]) -> tuple[policy.Policy, ...]:
    """The policies that give evidence for one of the frameworks, a plain name asking for any version of it; all where none is asked for."""
    if not wanted:
        return loaded
    try:
        asked = frameworks.matching(wanted)
    except ValueError as error:
        raise UsageError(f"--framework: {error}") from error
    return tuple(one for one in loaded if any(frameworks.resolved(name) in asked for name in one.frameworks))


def baseline(path: Path | None, redaction: Redaction = NOTHING) -> Container[str]:
    """The fingerprints of an earlier report's findings, as they are before any redaction; not of those that a waiver covered.

    A waiver ends on its day, whatever a baseline says that was written before.

    UsageError for a report that was redacted with a key that is not the one of `redaction`.
    """
    if path is None:
        return frozenset()
    report = read(path)
    known = frozenset(finding.fingerprint for result in report.results for finding in result.findings if finding.waiver is None)
    return redaction.known(known, report.redacted, f"--baseline {shown(str(path))}")


def narrowed(loaded: Sequence[policy.Policy], buckets: Sequence[str], rules: Sequence[str]) -> list[str]:
    """What of the policies is left out where a run is asked for some buckets or rules alone, a clause each; none where nothing is."""
    told = []
    if buckets and not all({*one.buckets} <= {*buckets} for one in loaded):
        told.append("the run was narrowed to some buckets (--bucket)")
    if rules:
        told.append("the run was narrowed to some rules (--rule)")
    return told
