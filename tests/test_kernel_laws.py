"""The three laws of the kernel: any split gives the same report, what workers send home travels, and nothing never passes."""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from random import Random

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from s3guard import hours, joins, ruletables, seconds
from s3guard.conclude import Conclusion, conclude
from s3guard.model import Hours, Result, Status
from s3guard.partial import Partial, merge
from s3guard.plan import Plan
from s3guard.results import Known
from tests.batches import Line, Worker, lines_of, policies_of, scattered, whole
from tests.laws import tried
from tests.lines import FORGED_CORE, SUFFIX, record
from tests.reference.worlds import World, worlds

SEEDS = st.integers(0, 2**32 - 1)


def plan_of(world: World) -> Plan:
    """The plan by which a world is judged."""
    return Plan(policies_of(world.policies), since=world.since, until=world.until)


@tried(6)
@given(worlds(10, 120), SEEDS)
def test_any_split_any_order_and_any_tree_of_merges_give_the_same_report(world: World, seed: int) -> None:
    plan, lines = plan_of(world), lines_of(world.files)
    known = Known(day=datetime.fromtimestamp(world.as_of, UTC).date())
    assert conclude(plan, scattered(plan, lines, Random(seed)), known) == conclude(plan, whole(plan, lines), known)


@tried(25)
@given(worlds(10, 40))
def test_a_line_apiece_gives_the_same_report(world: World) -> None:
    plan, lines = plan_of(world), lines_of(world.files)[:30]
    worker = Worker(plan)
    assert conclude(plan, merge(worker.scan([line]) for line in lines)) == conclude(plan, whole(plan, lines))


@tried(16)
@given(worlds(10, 120))
def test_a_partial_survives_arrow_and_pickle_and_a_plan_survives_pickle(world: World) -> None:
    plan, lines = plan_of(world), lines_of(world.files)
    found = whole(plan, lines)
    expected = conclude(plan, found)
    assert conclude(plan, Partial.from_ipc(found.to_ipc())) == expected
    assert conclude(plan, pickle.loads(pickle.dumps(found))) == expected  # noqa: S301 - its own bytes
    again = pickle.loads(pickle.dumps(plan))  # noqa: S301 - its own bytes
    assert again == plan
    assert conclude(again, whole(again, lines)) == expected


@tried(10)
@given(worlds(10, 20))
def test_nothing_to_look_at_is_undetermined_and_never_passes(world: World) -> None:
    plan = plan_of(world)
    idle = {one.name for one in plan.policies if any(getattr(bound.rule, "min_records", 1) == 0 for bound in one.rules)}
    for found in (Partial(), merge([]), whole(plan, []), whole(plan, [Line("o", 1, b"noise")])):
        concluded = conclude(plan, found)
        expected = {name: Status.PASS if name in idle else Status.UNDETERMINED for name in {one.name for one in plan.policies}}
        for result in concluded.results:
            assert (result.records, result.violations, result.unjudged, result.findings) == (0, 0, 0, ())
            assert result.status is (Status.UNDETERMINED if result.bucket is None else expected[result.policy])
            assert (result.reason is None) == (result.status is Status.PASS)
        assert concluded.coverage.records == 0


FLOOD = """
version: 1
policy: flood
buckets: [examplebucket, other]
rules:
  anonymous: {}
  requesters: {allow: ["arn:aws:iam::111122223333:user/none"], group_by: [requester]}
  acl_required: {max: 1, group_by: [remote_ip]}
  access_denied:
    - {max: 2, per: 10s}
    - {id: loose, max: 1000, per: 10s}
    - {id: ever, max: 3}
  errors: {codes: [4xx], max_share: 50%, min_requests: 2, per: 5s, group_by: [remote_ip]}
  volume:
    - {id: keys, distinct_keys: 2, per: 20s, group_by: [remote_ip]}
    - {id: many, requests: 3, bytes: 400, per: 7s, group_by: [remote_ip]}
"""
GROUPS_OF_FLOOD = {"anonymous", "access_denied", "acl_required", "errors", "volume"}


@contextmanager
def packing(rows: int, piece: int) -> Iterator[None]:
    """Bounds so small that counts of a few seconds are packed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(seconds, "ROWS", rows)
        patch.setattr(seconds, "PIECE", piece)
        yield


@tried(12)
@given(worlds(10, 120), SEEDS, st.sampled_from([(0, 1), (3, 4), (10, 2)]))
def test_counts_by_the_second_that_were_packed_give_the_same_report(world: World, seed: int, most: tuple[int, int]) -> None:
    plan, lines = plan_of(world), lines_of(world.files)
    with packing(*most):
        found = scattered(plan, lines, Random(seed))
        assert conclude(plan, found) == conclude(plan, Partial.from_ipc(found.to_ipc()))
    assert conclude(plan, found) == conclude(plan, whole(plan, lines))


@contextmanager
def bounds(groups: int, sampled: int) -> Iterator[None]:
    """Bounds so small that a few lines are a flood."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ruletables, "GROUPS", groups)
        patch.setattr(joins, "SAMPLED_SECONDS", sampled)
        yield


def flood(rng: Random, count: int) -> list[Line]:
    """Requests of up to forty addresses and thirty users within a minute."""
    cores = [
        (b"200", b"-", b"%d" % rng.randrange(300), b"1", b"1", b"1"),
        (b"403", b"AccessDenied", b"1", b"-", b"1", b"1"),
        (b"404", b"NoSuchKey", b"1", b"-", b"1", b"1"),
    ]
    found = []
    for number in range(count):
        line = record(
            remote_ip=b"10.0.0.%d" % rng.randrange(40),
            logged_time=b"[06/Feb/2019:00:00:%02d +0000]" % rng.randrange(60),
            requester=rng.choice([b"-", b"arn:aws:iam::111122223333:user/u%d" % rng.randrange(30)]),
            core=rng.choice(cores),
            suffix=(*SUFFIX[:-1], rng.choice([b"-", b"Yes"])),
            bucket=rng.choice([b"examplebucket", b"examplebucket", b"other"]),
            key_logged=b"k%d" % rng.randrange(20),
            request_id=b"R%d" % rng.randrange(50),
            referer=b'"' + FORGED_CORE + b'-" "y' if rng.random() < 0.03 else b"-",
        )
        found.append(Line(f"o{number % 3}", 1 + number // 3, line.render()))
    return found


@tried(8)
@given(SEEDS, st.sampled_from([30, 120, 300]), st.sampled_from([(10, 10), (10, 10_000), (1000, 10), (3, 100)]))
@example(4, 300, (10, 10))
def test_a_flood_is_cut_alike_in_any_order(seed: int, count: int, most: tuple[int, int]) -> None:
    rng, plan = Random(seed), Plan(policies_of([FLOOD]))
    lines = flood(rng, count)
    with bounds(*most):
        expected = conclude(plan, whole(plan, lines))
        with packing(5, 8):
            assert conclude(plan, scattered(plan, lines, rng)) == expected
        assert conclude(plan, scattered(plan, lines, rng)) == expected


def without_samples(result: Result) -> dict[str, tuple[object, ...]]:
    """A result's findings but for their samples, by fingerprint."""
    return {
        finding.fingerprint: (finding.subject, finding.outcome, finding.records, finding.first_seen, finding.last_seen, finding.message)
        for finding in result.findings
    }


def subset(small: Result, full: Result) -> bool:
    """Whether every finding of one result is among those of the other, the same but for samples."""
    mine, theirs = without_samples(small), without_samples(full)
    return all(theirs[name] == told for name, told in mine.items())


@tried(10)
@given(SEEDS, st.sampled_from([2, 10]))
def test_a_flood_hides_no_count_and_changes_no_finding_that_is_kept(seed: int, groups: int) -> None:
    plan, lines = Plan(policies_of([FLOOD])), flood(Random(seed), 250)
    full = conclude(plan, whole(plan, lines)).results
    with bounds(groups, 10):
        cut = conclude(plan, whole(plan, lines)).results
    assert [result.rule for result in cut] == [result.rule for result in full]
    for small, large in zip(cut, full, strict=True):
        assert (small.records, small.unjudged) == (large.records, large.unjudged)
        assert subset(small, large)
        if small.kind in ("anonymous", "requesters"):
            assert (small.violations, small.status, small.severity) == (large.violations, large.status, large.severity)
            assert small.omitted.records + sum(finding.records for finding in small.findings) == large.violations
        assert small.status is not Status.PASS or small.kind not in GROUPS_OF_FLOOD


def test_a_group_rule_that_overflowed_without_a_finding_is_undetermined() -> None:
    plan, lines = Plan(policies_of([FLOOD])), flood(Random(1), 250)
    with bounds(5, 10):
        results = {(result.rule, result.bucket): result for result in conclude(plan, whole(plan, lines)).results}
    loose = results["flood/access_denied/loose", "examplebucket"]
    assert (loose.status, loose.findings) == (Status.UNDETERMINED, ())
    assert loose.reason == "more groups than can be told apart (100,000); those that were kept are within the limit"
    assert results["flood/requesters", "examplebucket"].status is Status.FAIL


@pytest.mark.parametrize("ambiguous", [False, True])
def test_a_flood_of_one_batch_alone_is_cut_too(ambiguous: bool) -> None:  # noqa: FBT001 - pytest passes it by name
    plan = Plan(policies_of([FLOOD]))
    lines = [line for line in flood(Random(2), 250) if ambiguous or b"404 NoSuchKey 1 1 1 1" not in line.data]
    with bounds(5, 10):
        alone = conclude(plan, Worker(plan).scan(lines))
        apart = conclude(plan, merge(Worker(plan).scan(part) for part in halves(lines)))
    assert alone == apart


def halves(lines: Sequence[Line]) -> tuple[Sequence[Line], Sequence[Line]]:
    """The lines in two parts."""
    return lines[: len(lines) // 2], lines[len(lines) // 2 :]


def told(concluded: Conclusion) -> list[tuple[str, str | None, int]]:
    """Rule, bucket and records of each result."""
    return [(result.rule, result.bucket, result.records) for result in concluded.results]


def test_records_out_of_the_period_and_of_other_buckets_are_told_apart_and_not_judged() -> None:
    policies = policies_of([FLOOD])
    lines = [Line("o", second, record(logged_time=b"[06/Feb/2019:00:00:%02d +0000]" % second).render()) for second in range(10)]
    begin = 1549411200
    plan = Plan(policies, since=begin + 2, until=begin + 5, buckets=frozenset({"examplebucket"}), rules=frozenset({"flood/anonymous"}))
    concluded = conclude(plan, whole(plan, lines))
    assert told(concluded) == [("flood/anonymous", "examplebucket", 3)]
    assert (concluded.coverage.records, concluded.coverage.warnings["outside-period"]) == (3, 7)
    elsewhere = conclude(Plan(policies, buckets=frozenset({"other"})), whole(Plan(policies), lines))
    assert {(result.bucket, result.status) for result in elsewhere.results} == {("other", Status.UNDETERMINED)}
    assert [bucket.policies for bucket in elsewhere.coverage.buckets] == [()]


@tried(6)
@given(worlds(10, 120), st.sampled_from([60, 3600, 86_400]), st.floats(0, 1), st.floats(0, 1), SEEDS)
def test_a_part_of_the_period_is_concluded_from_cells_as_from_its_records_alone(
    world: World, cell: int, begin: float, end: float, seed: int
) -> None:
    open_ended, lines = replace(plan_of(world), since=None, until=None), lines_of(world.files)
    spans = whole(open_ended, lines).buckets[0].select(pl.col("first").min(), pl.col("last").max()).row(0)
    first, last = (0, 0) if spans[0] is None else spans
    since, until = sorted(int(first + (last - first) * part) // cell * cell for part in (begin, end))
    part = replace(open_ended, since=since, until=until + cell)
    kept_apart = scattered(replace(open_ended, cell=cell), lines, Random(seed))
    found = conclude(replace(part, cell=cell), kept_apart)
    expected = conclude(part, whole(part, lines))
    assert found.results == expected.results
    seen, wanted = found.coverage.buckets, expected.coverage.buckets
    if cell > hours.SPANS[0]:  # of which nobody can tell hours
        seen, wanted = (tuple(replace(bucket, hours=Hours(), gaps=()) for bucket in buckets) for buckets in (seen, wanted))
    assert seen == wanted
    assert found.coverage.ambiguous == expected.coverage.ambiguous
