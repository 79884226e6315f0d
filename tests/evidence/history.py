"""Ninety days of reviews in a state, written fast: one missing day, one run that was killed, one that could not judge all, a new policy."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from s3guard import policy
from s3guard.engines import Work, local
from s3guard.model import Coverage, Location, Omitted, PolicyFile, Report, Result, Run, Severity, Status
from s3guard.outputs import Options
from s3guard.outputs.json import render
from s3guard.plan import CELL, Plan
from s3guard.remembered import keys
from s3guard.sources import LogObject, Scope, Sources
from s3guard.state import State, batch_head, run_head
from tests import lines

BEGIN = datetime(2026, 7, 1, tzinfo=UTC)
DAYS = 90
END = BEGIN + timedelta(days=DAYS)
MISSING, CHANGED, KILLED, UNDECIDED = 40, 50, 60, 70
"""Days of the period, counted from 0."""
OLD = """\
version: 1
policy: phi
buckets: [examplebucket]
rules:
  requesters: {allow: [arn:aws:iam::111122223333:user/ann]}
review: {every: 1d, grace: 6h}
"""
NEW = OLD + "description: Nobody else.\n"
"""As it is from the day of the change on."""


def at(day: int) -> datetime:
    """When the run of a day ended."""
    return BEGIN + timedelta(days=day, hours=2)


def name(day: int) -> str:
    """The id of the run of a day."""
    return f"00000000-0000-4000-8000-{day:012}"


def written(folder: Path, days: int = DAYS, more: str = "") -> State:
    """The state in ``folder/state``, of logs in ``folder/logs`` judged by ``folder/policies``, which are left as the last run had them.

    `more` is written behind the policy.
    """
    (folder / "logs").mkdir(parents=True)
    (folder / "policies").mkdir()
    (folder / ".git").mkdir()
    state = State(str(folder / "state"))
    state.view()
    loaded = _policy(state, folder, OLD + more)
    for day in range(days):
        if day == CHANGED:
            loaded = _policy(state, folder, NEW + more)
        time = BEGIN + timedelta(days=day, hours=1)
        (folder / "logs" / f"{day:02}.log").write_bytes(
            lines.record(logged_time=f"{time:[%d/%b/%Y:%H:%M:%S +0000]}".encode()).render() + b"\n"
        )
        if day != MISSING:
            _reviewed(state, folder, loaded, day)
    return state


def _policy(state: State, folder: Path, text: str) -> policy.Policy:
    (folder / "policies" / "phi.yaml").write_text(text, encoding="utf-8")
    (loaded,) = policy.load([folder / "policies"], folder)
    state.keep({source.sha256: source.path for source in loaded.sources})
    return loaded


def _reviewed(state: State, folder: Path, judged: policy.Policy, day: int) -> None:
    sources = Sources(Scope(str(folder)))
    plan = Plan((judged,), cell=CELL, traffic=True)
    logs = [str(folder / "logs" / f"{one:02}.log") for one in ((day - 1, day) if day - 1 == MISSING else (day,))]
    partial = local.run(Work(plan, _listed(sources, logs), read=sources.read, jobs=1))
    rules = keys((judged,))
    assert state.append(batch_head(name(day), rules, again=False, at=at(day).timestamp()), partial.to_ipc())
    seen = state.view().last
    if day == KILLED:
        return
    until = int(at(day).timestamp()) + 7_200
    covered = {"seen": seen, "since": until - 30 * 86_400, "until": until, "rules": rules, "buckets": None, "at": at(day).timestamp()}
    report = _report(judged, day)
    assert state.append(run_head(name(day), **covered), render(report, Options()).encode())
    state.view()


def _listed(sources: Sources, logs: list[str]) -> Iterator[LogObject]:
    yield from sources.objects(logs)


def _report(judged: policy.Policy, day: int) -> Report:
    undecided = day == UNDECIDED
    result = Result(
        rule="phi/requesters",
        kind="requesters",
        policy="phi",
        bucket="examplebucket",
        title="t",
        status=Status.UNDETERMINED if undecided else Status.PASS,
        severity=Severity.HIGH,
        reason="nobody could tell" if undecided else None,
        records=1,
        violations=0,
        unjudged=0,
        controls=(),
        location=Location("policies/phi.yaml", 1),
        findings=(),
        omitted=Omitted(),
    )
    return Report(
        version="0",
        run=Run(name(day), at(day), at(day), at(day), "local"),
        status=result.status,
        exit_code=3 if undecided else 0,
        coverage=Coverage(1, 1, 1, 0, 0, (), {}, None, None, ()),
        policies=(PolicyFile("phi", "policies/phi.yaml", judged.sha256),),
        results=(result,),
    )
