"""What a channel is taken to know that was never told anything: what the finished runs of a state have reported."""

from __future__ import annotations

import json

from s3guard.model import UsageError
from s3guard.notify.model import Belief, Seen
from s3guard.notify.news import advance
from s3guard.outputs.json import parse
from s3guard.state.view import View


def reported(view: View, seen: Seen) -> Belief:
    """What finished runs have reported, as if the channel had been told of each; of runs that were compacted the fingerprints alone.

    `seen` is what the run of this moment saw, and is none of them.
    """
    belief, read = Belief(), frozenset[str]()
    for run in view.runs:
        try:
            report = parse(json.dumps(run.report).encode(), f"the report of run {run.run}")
        except UsageError:
            continue  # NOTE: of another version of s3guard; its fingerprints are known all the same.
        blind = {"unreadable": "Log objects could not be read to the end."} if report.coverage.unreadable else {}
        narrowed = run.buckets is not None
        belief = advance(belief, Seen(report, run.since, run.until, blind=blind, narrowed=narrowed))
        read |= run.fingerprints
    now, others = advance(Belief(), seen).known, view.reported - read
    return Belief({mark: one for mark, one in now.items() if mark in others} | dict(belief.known), belief.blind)
