"""What a channel is taken to know that was never told anything: what the finished runs of a state have reported."""

from __future__ import annotations

import json

from s3guard.notify.news import Belief, Seen, advance
from s3guard.outputs.json import parse
from s3guard.state.view import View


def reported(view: View, seen: Seen) -> Belief:
    """What finished runs have reported, as if the channel had been told of each; of runs that were compacted the fingerprints alone.

    `seen` is what the run of this moment saw, and is none of them.
    """
    belief = Belief()
    for run in view.runs:
        report = parse(json.dumps(run.report).encode(), f"the report of run {run.run}")
        blind = {"unreadable": "Log objects could not be read to the end."} if report.coverage.unreadable else {}
        narrowed = run.buckets is not None
        belief = advance(belief, Seen(report, run.since, run.until, blind=blind, narrowed=narrowed))
    now = advance(Belief(), seen).known
    return Belief({mark: one for mark, one in now.items() if mark in view.reported} | dict(belief.known), belief.blind)
