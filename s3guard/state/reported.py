"""What finished runs have reported: which rules over which buckets and hours, as far as the state went by then."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from s3guard.ruletables import RuleTables


@dataclass(frozen=True, slots=True, eq=False)
class FinishedRun:
    """A run that came to its end, with its report."""

    number: int
    run: str
    report: Mapping[str, Any]
    seen: int | None = None
    """The last entry that its report is made of; None: all before its own."""
    since: int | None = None
    until: int | None = None
    """The seconds that its report covers, the second one not included; None: all."""
    rules: Mapping[str, str] | None = None
    """Names of the rules that it reported on, and the keys of their tables; None: all."""
    buckets: frozenset[str] | None = None
    """The buckets that it reported on; None: all."""
    at: float = float("inf")
    """When it was, seconds since 1970."""
    changed: tuple[tuple[str, str], ...] = ()
    """Log objects that were others than those of their names that were judged, and how that was seen."""
    restored: tuple[str, ...] = ()
    """Those of earlier runs that were what was judged again."""

    @property
    def fingerprints(self) -> frozenset[str]:
        """Of the findings that it reported and that nobody had waived then."""
        return frozenset(finding["fingerprint"] for finding in self._findings if finding.get("waiver") is None)

    @property
    def waived(self) -> frozenset[str]:
        """Fingerprints of the findings that it reported as waived: once no waiver covers them any more they are new."""
        return frozenset(finding["fingerprint"] for finding in self._findings if finding.get("waiver") is not None)

    @property
    def _findings(self) -> Iterator[Mapping[str, Any]]:
        return (finding for result in self.report["results"] for finding in result["findings"])

    def tells(self, number: int, rule: str, key: str) -> bool:
        """Whether its report is made of a rule's tables in the entry of that number, too."""
        seen = self.number - 1 if self.seen is None else self.seen
        return number <= seen and (self.rules is None or self.rules.get(rule) == key)


def summary(run: FinishedRun) -> dict[str, Any]:
    """What is told of a run without its report."""
    told = run.report
    return {
        **{name: told["run"].get(name) for name in ("as_of", "started", "finished", "engine")},
        **{name: told[name] for name in ("status", "exit_code")},
        "findings": sum(len(result["findings"]) for result in told["results"]),
    }


def marked(tables: RuleTables, told: Iterable[FinishedRun]) -> list[pl.DataFrame]:
    """The counts of a rule, each with how many of its records none of these runs has reported on: ``fresh``."""
    spans: dict[frozenset[str] | None, list[tuple[int | None, int | None]]] = {}
    for run in told:
        spans.setdefault(run.buckets, []).append((run.since, run.until))
    return [_marked(frame, tables.groups, spans) for frame in tables.counts]


def _marked(
    counts: pl.DataFrame, groups: list[pl.DataFrame], spans: Mapping[frozenset[str] | None, list[tuple[int | None, int | None]]]
) -> pl.DataFrame:
    time = pl.col("cell" if "cell" in counts.columns else "tick")
    known = pl.lit(value=False)
    for buckets, periods in spans.items():
        inside = pl.lit(value=False)
        for since, until in _joined(periods):
            inside |= (pl.lit(value=True) if since is None else time >= since) & (pl.lit(value=True) if until is None else time < until)
        if buckets is not None:
            inside &= pl.col("g").is_in([g for frame in groups for g in frame.filter(pl.col("bucket").is_in(list(buckets)))["g"]])
        known |= inside
    # NOTE: counts of a compaction know already what the runs before it reported.
    unknown = "fresh" if "fresh" in counts.columns else "n"
    return counts.with_columns(pl.when(known).then(pl.lit(0, pl.Int64)).otherwise(unknown).alias("fresh"))


def _joined(periods: list[tuple[int | None, int | None]]) -> list[tuple[int | None, int | None]]:
    """The same times in as few periods as possible: those of a daily job are one."""
    joined: list[tuple[int | None, int | None]] = []
    for since, until in sorted(set(periods), key=lambda one: (one[0] is not None, one[0] or 0)):
        before = joined[-1] if joined else None
        if before is not None and (before[1] is None or since is None or since <= before[1]):
            end = None if before[1] is None or until is None else max(before[1], until)
            joined[-1] = (before[0], end)
        else:
            joined.append((since, until))
    return joined
