"""From tables to the results and the coverage of a run."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from s3guard.conclude import conclude
from s3guard.model import BucketCoverage, Hours, Status
from s3guard.partial import Partial
from s3guard.plan import Plan
from tests.batches import policies_of
from tests.concluding import HEAD, NOBODY, at, concluded
from tests.lines import FORGED_CORE


def test_globs_that_match_no_bucket_make_one_undetermined_result_of_the_policy() -> None:
    text = 'version: 1\npolicy: p\nbuckets: ["phi-*", "example*", "?"]\nrules:\n  transport: {}\n  acl_required: {}\n'
    results = concluded(text, at(0)).results
    assert [(result.rule, result.bucket, result.status) for result in results] == [
        ("p/transport", "examplebucket", Status.PASS),
        ("p/acl_required", "examplebucket", Status.PASS),
        ("p", None, Status.UNDETERMINED),
    ]
    assert (results[2].kind, results[2].reason) == ("policy", "no bucket with records in the period matches phi-*, ?")
    narrowed = Plan(policies_of([text]), buckets=frozenset({"examplebucket"}))
    assert None not in {result.bucket for result in concluded(text, at(0), plan=narrowed).results}
    other = Plan(policies_of([text]), rules=frozenset({"q/transport"}))
    assert concluded(text, at(0), plan=other).results == ()


def test_two_policies_over_one_bucket_are_judged_apart() -> None:
    second = 'version: 1\npolicy: a\nbuckets: ["*"]\nrules:\n  requesters: {allow: [authenticated]}\n'
    plan = Plan(policies_of([HEAD + f"  {NOBODY}\n", second]))
    results = concluded("", at(0), plan=plan).results
    assert [(result.policy, result.kind, result.status) for result in results] == [
        ("a", "requesters", Status.PASS),
        ("a", "anonymous", Status.PASS),
        ("p", "requesters", Status.FAIL),
        ("p", "anonymous", Status.PASS),
    ]


def test_coverage_tells_what_was_seen_of_every_bucket() -> None:
    data = [at(5), at(60, bucket=b"other"), at(9, referer=b'"' + FORGED_CORE + b'-" "y'), b"noise", at(7)]
    coverage = concluded(NOBODY, *data).coverage
    moments = [datetime(2019, 2, 6, 0, second // 60, second % 60, tzinfo=UTC) for second in (5, 9, 60)]
    assert tuple(replace(bucket, hours=Hours()) for bucket in coverage.buckets) == (
        BucketCoverage("examplebucket", 3, ("p",), moments[0], moments[1]),
        BucketCoverage("other", 1, (), moments[2], moments[2]),
    )
    assert (coverage.records, coverage.ambiguous, coverage.quarantined) == (4, 1, 1)
    assert (coverage.first_record, coverage.last_record) == (moments[0], moments[2])
    empty = conclude(Plan(policies_of([HEAD + f"  {NOBODY}\n"])), Partial()).coverage
    assert (empty.first_record, empty.last_record, empty.buckets) == (None, None, ())
