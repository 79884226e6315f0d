"""A view of a state in little memory, for whoever looks at it for days: all is concluded from it as before, and its entries are one."""

from __future__ import annotations

from s3guard.partial import merge
from s3guard.state import Batch, FinishedRun, View


def fold(view: View, run: str) -> None:
    """Join the batches of a view, but for those of the present `run` apart from all others, and the fingerprints of its finished runs.

    `View.merged` for the same run, `View.lacking`, `View.changed` and what was reported stay as they are; who wrote which batch, and the
    reports of finished runs, are forgotten. What is stored is not touched.
    """
    alike: dict[tuple[bool, frozenset[tuple[str, str]], bool], list[Batch]] = {}
    for batch in view.batches:
        alike.setdefault((batch.run == run, frozenset(batch.rules.items()), batch.again), []).append(batch)
    view.batches = [_joined(batches) for batches in alike.values()]
    if len(view.runs) > 1:
        view.runs = [_reported(view.runs)]


def _joined(batches: list[Batch]) -> Batch:
    last = batches[-1]
    if len(batches) == 1:
        return last
    return Batch(last.number, last.run, last.rules, last.again, merge(batch.partial for batch in batches))


def _reported(runs: list[FinishedRun]) -> FinishedRun:
    """One run that reported what these did."""
    last, prints = runs[-1], sorted(frozenset[str]().union(*(run.fingerprints for run in runs)))
    return FinishedRun(last.number, last.run, {"results": [{"findings": [{"fingerprint": one} for one in prints]}]})
