"""Figures of the last run for Prometheus: verdict, findings, coverage and when it was; for alerts on a check that no longer runs.

OpenMetrics text, read by Prometheus and by the textfile collector of node_exporter, for which the file is named ``*.prom``; it is written
whole or not at all. Alert on ``time() - s3guard_last_run_timestamp_seconds`` as on ``s3guard_last_run_exit_code``: a check that stopped
running shows the figures of its last run for ever. Every sample has the label ``policies``, made of their names, so that several checks of
one machine may write a file each.

Labels hold names of policies, rules and the buckets that they are about, never text of a log: who requests what makes no series and no
label. Of more than 2,000 checks 2,000 have series of their own, those that fail or could not be judged before the others; the sums
hold all.

https://prometheus.io/docs/specs/om/open_metrics_spec/
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Final

from s3guard.events import is_whole, run_status
from s3guard.model import Evidenced, Report, Result, Severity, Status
from s3guard.outputs import Options, proves
from s3guard.text import ci_safe, shorten, shown
from s3guard.verdict import fails_run, standing

EXTENSION = ".prom"
MOST: Final = 2_000
"""Checks that have series of their own."""
_LABEL: Final = 200
"""Characters of a label."""

Samples = Iterable[tuple[dict[str, str], int]]
Family = tuple[str, str, Samples]


def render(report: Report, _options: Options) -> Iterable[str]:
    """The families, each with its help and type, and the end that the format asks for."""
    run = {"policies": _policies(report)}
    for name, help_, samples in (
        *_of_run(report),
        *_of_coverage(report),
        *_of_findings(report),
        *_of_controls(report),
        *_of_checks(report),
    ):
        lines = [f"{name}{_labels(run | labels)} {value}\n" for labels, value in samples]
        # NOTE: gauges alone, for the older text format, which node_exporter reads, knows no other type that fits.
        yield "".join([f"# HELP {name} {help_}\n# TYPE {name} gauge\n", *lines] if lines else [])
    yield "# EOF\n"


def _policies(report: Report) -> str:
    """Their names; those of many by number and digest."""
    names = "+".join(sorted({policy.policy for policy in report.policies}))
    if len(names) > _LABEL:
        return f"{len(report.policies)}-policies-{hashlib.sha256(shown(names).encode()).hexdigest()[:8]}"
    return shown(names)


def _labels(labels: dict[str, str]) -> str:
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items()) + "}"


def _escaped(value: str) -> str:
    return ci_safe(value).replace("\\", "\\\\").replace('"', '\\"')


def _seconds(time: datetime) -> int:
    return int(time.timestamp())


def _of_run(report: Report) -> Iterator[Family]:
    told = {"verdict": run_status(report).value, "version": shown(report.version), "proves": proves(report)}
    yield "s3guard_last_run_verdict", "One; the labels say what became of the last run and what that proves.", [(told, 1)]
    yield "s3guard_last_run_timestamp_seconds", "When the last run ended.", [({}, _seconds(report.run.finished))]
    yield "s3guard_last_run_exit_code", "0 clean, 1 violations, 3 not everything could be judged, 4 nothing was.", [({}, report.exit_code)]
    yield "s3guard_last_run_whole", "1 where everything that was there could be looked at, else 0.", [({}, int(is_whole(report)))]
    yield "s3guard_last_run_unwritten_outputs", "Other outputs of the run that could not be written.", [({}, len(report.unwritten))]


def _of_coverage(report: Report) -> Iterator[Family]:
    coverage = report.coverage
    yield "s3guard_objects", "Log objects that were looked at.", [({}, coverage.objects)]
    yield "s3guard_objects_unreadable", "Log objects that could not be read to their end.", [({}, len(coverage.unreadable))]
    yield "s3guard_object_bytes", "Bytes of the log objects as they are stored.", [({}, coverage.bytes)]
    yield "s3guard_records", "Records that were judged.", [({}, coverage.records)]
    yield "s3guard_lines_ambiguous", "Lines that can be read in more than one way.", [({}, coverage.ambiguous)]
    yield "s3guard_lines_quarantined", "Lines that are no record, judged by no rule.", [({}, coverage.quarantined)]
    named = [bucket for bucket in coverage.buckets if bucket.policies]
    yield "s3guard_buckets_unnamed", "Buckets with records that no policy names.", [({}, len(coverage.buckets) - len(named))]
    last: dict[str, int] = {}
    for bucket in named[:MOST]:
        if bucket.last_record is not None:
            last[_label(bucket.bucket)] = _seconds(bucket.last_record)
    yield (
        "s3guard_last_record_timestamp_seconds",
        "When the last record of a bucket is of.",
        [({"bucket": b}, at) for b, at in last.items()],
    )


def _of_findings(report: Report) -> Iterator[Family]:
    counts = Counter(result.status for result in report.results)
    yield "s3guard_checks", "Checks by what became of them.", [({"status": status.value}, counts[status]) for status in Status]
    yield "s3guard_checks_failing", "Checks that fail the run.", [({}, len(standing(report).violations))]
    found = [finding for result in report.results for finding in result.findings]
    shown_ = Counter((finding.severity, "waived" if finding.waiver else finding.baseline) for finding in found)
    kinds = [(severity, baseline) for severity in Severity for baseline in ("new", "unchanged", "waived")]
    samples = [({"severity": severity.value, "baseline": baseline}, shown_[severity, baseline]) for severity, baseline in kinds]
    yield "s3guard_findings", "Findings that the report lists.", samples
    omitted = sum(result.omitted.findings for result in report.results)
    yield "s3guard_findings_omitted", "Findings that the report counts and does not list.", [({}, omitted)]
    failing = sum(fails_run(finding, report.run.fail_on) for finding in found)
    yield "s3guard_findings_failing", "Listed findings that fail the run.", [({}, failing)]


def _of_controls(report: Report) -> Iterator[Family]:
    counts = Counter((_label(one.framework), one.status) for one in report.controls)
    kinds = sorted({framework for framework, _ in counts})[:MOST]
    samples = [
        ({"framework": framework, "status": status.value}, counts[framework, status.value]) for framework in kinds for status in Evidenced
    ]
    yield "s3guard_controls", "Controls by what the run shows of them.", samples


def _of_checks(report: Report) -> Iterator[Family]:
    """The figures of each check; two of one name in labels are one."""
    rank = {Status.FAIL: 0, Status.UNDETERMINED: 1}
    chosen = sorted(report.results, key=lambda result: rank.get(result.status, 2))[:MOST]
    checks = [({"rule": _label(result.rule), "bucket": _label(result.bucket or "")}, result) for result in chosen]
    worst = {(*labels.values(),): (labels, result) for labels, result in reversed(checks)}
    each = [worst[key] for key in sorted(worst)]
    states = [(labels | {"status": result.status.value}, 1) for labels, result in each]
    yield "s3guard_check_status", "One; the label says what became of the check.", states
    figures: tuple[tuple[str, str, Callable[[Result], int]], ...] = (
        ("violations", "Records that violate the rule.", lambda result: result.violations),
        ("records", "Records that were judged by the rule.", lambda result: result.records),
        ("unjudged", "Records that the rule should have judged and could not.", lambda result: result.unjudged),
        ("findings", "Findings of the check, listed or not.", lambda result: len(result.findings) + result.omitted.findings),
    )
    for name, help_, figure in figures:
        yield f"s3guard_check_{name}", help_, [(labels, figure(result)) for labels, result in each]


def _label(text: str) -> str:
    return shorten(shown(text), _LABEL)
