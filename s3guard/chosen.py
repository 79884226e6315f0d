"""What a run is narrowed to by name: the policies of a framework, and the findings that a baseline knows."""

from __future__ import annotations

from collections.abc import Container, Sequence
from pathlib import Path

from s3guard import policy
from s3guard.model import UsageError
from s3guard.names import FRAMEWORKS
from s3guard.outputs.json import read
from s3guard.problems import did_you_mean
from s3guard.redaction import NOTHING, Redaction
from s3guard.text import shown


def of_frameworks(loaded: tuple[policy.Policy, ...], wanted: Sequence[str]) -> tuple[policy.Policy, ...]:
    """The policies that give evidence for one of the frameworks; all where none is asked for."""
    for name in wanted:
        if name not in FRAMEWORKS:
            raise UsageError(f"--framework {name}: no framework has this name{did_you_mean(name, FRAMEWORKS)}")
    return tuple(one for one in loaded if not wanted or set(wanted) & set(one.frameworks))


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
