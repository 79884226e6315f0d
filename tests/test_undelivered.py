"""Columns that a delivery leaves out: what needs them is unjudged, all else is as if they were there, and any split says the same."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3guard.conclude import Conclusion, conclude
from s3guard.engines import local
from s3guard.model import Result, Status
from s3guard.origin import Block, Piece
from s3guard.partial import Partial, merge
from s3guard.plan import Plan
from s3guard.policy import BoundRule, load
from s3guard.records import COLUMN_BITS, JSON_NAMES
from s3guard.rules import catalog
from s3guard.undelivered import needs_of
from tests.batches import Line, lines_of, policies_of, sent
from tests.deliveries import record_of, written
from tests.laws import tried
from tests.lines import ORDINARY, SUFFIX, record
from tests.reference.worlds import World, world, worlds
from tests.test_kernel_laws import FLOOD, bounds, flood

ROOT = Path(__file__).parent.parent
SEEDS = st.integers(0, 2**32 - 1)
NEWEST = 26
"""Fields of the oldest lines that a rule can lack nothing of."""


def plan_of(made: World) -> Plan:
    return Plan(policies_of(made.policies), since=made.since, until=made.until)


def records_of(made: World) -> list[dict[str, Any]]:
    """The records of a world as they would be delivered."""
    newest = [line.data for line in lines_of(made.files) if len(line.data) < 10_000]
    found = [record_of(line.removesuffix(b"\r")) for line in newest]
    return [one for one in found if one is not None]


def delivered(records: Sequence[dict[str, Any]]) -> list[Line]:
    """One document a line."""
    return [Line("o", number, written(one).encode("utf-8", "replace")) for number, one in enumerate(records, 1)]


def scan(plan: Plan, batch: Sequence[Line]) -> Partial:
    """The partial of documents and of lines of log."""
    worker = local._Worker(plan, keep=False)
    for form in ("json", "classic"):
        mine = [line for line in batch if line.data.startswith(b"{") == (form == "json")]
        if mine:
            pieces = tuple(Piece(place, line.number, 1, line.torn) for place, line in enumerate(mine))
            data = b"".join(line.data + b"\n" for line in mine)
            worker.parse(Block(data, pieces, tuple(line.object for line in mine), form=form))
    return worker.scan()


def scattered(plan: Plan, lines: Sequence[Line], rng: Random) -> Partial:
    """The documents in any order and any batches, the partials sent or not, and merged in any tree."""
    shuffled = rng.sample(lines, len(lines))
    cuts = sorted(rng.choices(range(len(lines) + 1), k=rng.randint(1, 4) - 1))
    partials = [sent(scan(plan, shuffled[a:b]), rng) for a, b in zip([0, *cuts], [*cuts, len(lines)], strict=True)]
    while len(partials) > 1:
        some = [partials.pop(rng.randrange(len(partials))) for _ in range(min(len(partials), 2))]
        partials.append(sent(merge(some), rng))
    return partials[0]


def judged(plan: Plan, lines: Sequence[Line]) -> Conclusion:
    return conclude(plan, merge([scan(plan, lines)]))


def thinned(rng: Random, records: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The records without some fields: some of them without any value, some that no record has, some that a few records lack."""
    fields = [field for field in JSON_NAMES.values() if field not in ("bucket_name", "request_time")]
    never, now_and_then = (rng.sample(fields, rng.choice([0, 0, 1, 3])) for _ in range(2))
    without_nulls = rng.random() < 0.5
    return [
        {
            field: value
            for field, value in one.items()
            if field not in never and not (field in now_and_then and rng.random() < 0.5) and not (without_nulls and value is None)
        }
        for one in records
    ]


@tried(16)
@given(worlds(10, 50), SEEDS)
def test_any_split_any_order_and_any_tree_of_merges_give_the_same_report(made: World, seed: int) -> None:
    rng, plan = Random(seed), plan_of(made)
    records = records_of(made)
    lines = delivered(thinned(rng, records))
    if rng.random() < 0.4:
        lines += lines_of(made.files)[:40]
    assert conclude(plan, scattered(plan, lines, rng)) == judged(plan, lines)


@tried(14)
@given(SEEDS, st.sampled_from([(10, 10), (10, 10_000), (1000, 10), (100_000, 8_192)]))
def test_it_makes_no_difference_which_records_come_as_json_however_many_groups_there_are(seed: int, most: tuple[int, int]) -> None:
    rng, plan = Random(seed), Plan(policies_of([FLOOD]))
    lines = [line for line in flood(rng, 150) if b"404 NoSuchKey 1 1 1 1" not in line.data]
    mixed = [line if rng.random() < 0.5 else Line(line.object, line.number, written(record_of(line.data)).encode()) for line in lines]
    with bounds(*most):
        assert conclude(plan, scattered(plan, mixed, rng)) == judged(plan, lines)


@pytest.mark.parametrize("seed", range(5))
def test_whoever_needs_a_field_that_is_left_out_judges_nothing_and_whoever_does_not_judges_the_same(seed: int) -> None:
    """Over random policies of every rule: so it is known as well that no rule needs more than it says."""
    made, rng = world(seed, 60), Random(seed)
    plan, records = plan_of(made), records_of(made)
    bound = {one.name: one for policy in plan.policies for one in policy.rules}
    full = {(result.rule, result.bucket): result for result in judged(plan, delivered(records)).results}
    for name in rng.sample([name for name in COLUMN_BITS if name not in ("bucket", "time", "request_id")], 5):
        fewer = [{field: value for field, value in one.items() if field != JSON_NAMES[name]} for one in records]
        for result in judged(plan, delivered(fewer)).results:
            before = full[result.rule, result.bucket]
            needs = needs_of(bound[result.rule]).all if result.rule in bound else frozenset[str]()
            if result.bucket in {one["bucket_name"] for one in records} and name in needs:
                assert is_blinded(result, before, JSON_NAMES[name]), (name, result, before)
            elif name in ("remote_ip", "request_uri") and result.unjudged > before.unjudged:
                # NOTE: what looks like a record of S3's own, and cannot be told from one: that one alone is unjudged.
                assert (before.records, before.violations) >= (result.records, result.violations)
                assert result.status is not Status.PASS
            else:
                assert before == result, name


def is_blinded(result: Result, before: Result, field: str) -> bool:
    """Whether a result that needed the field says so, and claims nothing."""
    if (result.records, result.violations, result.findings) != (0, 0, ()):
        return False
    if result.status is Status.UNDETERMINED and result.unjudged:
        return field in str(result.reason) and result.unjudged >= before.records + before.unjudged
    # NOTE: the rule looks at no record of the bucket, and could tell so.
    return (before.records, before.unjudged, result.unjudged) == (0, 0, 0) and result.status is before.status


POLICIES = load([ROOT / "policies"], ROOT)
SHIPPED = [(policy.names[0], bound) for policy in POLICIES for bound in policy.rules]
KINDS = [b"REST.GET.OBJECT", b"REST.PUT.OBJECT", b"REST.DELETE.OBJECT", b"REST.PUT.BUCKETPOLICY", b"REST.GET.BUCKET"]


@pytest.mark.parametrize(("bucket", "bound"), SHIPPED, ids=[bound.name for _, bound in SHIPPED])
def test_every_shipped_rule_is_undetermined_over_a_delivery_without_a_field_that_it_needs(bucket: str, bound: BoundRule) -> None:
    plan = Plan(POLICIES, rules=frozenset({bound.name}))
    keys = [b"exports/a", b"public/a", b"tokens/a", b"settlement/a"]
    whole = [record_of(record(bucket=bucket.encode(), operation=kind, key_logged=key).render()) or {} for kind in KINDS for key in keys]
    fields = {JSON_NAMES[name] for name in needs_of(bound).all}
    assert fields or bound.rule.kind == "completeness"
    (before,) = [one for one in judged(plan, delivered(whole)).results if one.bucket == bucket]
    blind = 0
    for field in fields:
        fewer = [{name: value for name, value in one.items() if name != field} for one in whole]
        (result,) = [one for one in judged(plan, delivered(fewer)).results if one.bucket == bucket]
        assert is_blinded(result, before, field), field
        blind += result.status is Status.UNDETERMINED
    assert blind or not fields


def test_every_rule_says_what_it_needs() -> None:
    kinds = {bound.rule.kind: needs_of(bound).all for _, bound in SHIPPED}
    assert set(catalog()) - {"first_seen", "anomalies"} == set(kinds)
    who = {"requester", "operation"}
    outcome = {"http_status", "error_code"}
    assert who | outcome | {"bucket_owner"} >= kinds["requesters"] >= who | outcome
    assert (
        {"remote_ip", "tls_version", "requester"} | outcome
        <= kinds["transport"]
        <= {"cipher_suite", "remote_ip", "tls_version", "requester"} | outcome
    )
    assert who | {"acl_required"} | outcome == kinds["acl_required"]
    assert set() == kinds["completeness"]
    assert who | {"user_agent"} | outcome == kinds["user_agents"]
    assert who | {"turn_around_time"} == kinds["latency"] - {"total_time"}


POLICY = """
version: 1
policy: p
buckets: [examplebucket]
rules:
  requesters: {allow: [arn:aws:iam::111122223333:user/bob]}
  access_denied: {max: 0, group_by: [requester]}
  networks: {allow: [10.0.0.0/8]}
  completeness: {min_records: 4}
  user_agents: {deny: ["aws-cli/*"], operations: [read], where: "referer IS NULL"}
  custom: {where: "referer IS NULL", measure: count, min: 100}
"""


def results(lines: Sequence[Line]) -> dict[str, Result]:
    return {result.kind: result for result in judged(Plan(policies_of([POLICY])), lines).results}


def without(*fields: str, count: int = 3, **changes: Any) -> list[Line]:
    found = record_of(record(**changes).render())
    return delivered([{field: value for field, value in (found or {}).items() if field not in fields}] * count)


def classic(count: int = 1) -> list[Line]:
    return [Line("c", number, ORDINARY.render()) for number in range(1, count + 1)]


def test_what_a_line_of_log_tells_is_judged_beside_a_delivery_that_tells_less() -> None:
    found = results(classic() + without("requester"))
    assert (Status.FAIL, 1, 3, 1) == tuple(getattr(found["requesters"], name) for name in ("status", "records", "unjudged", "violations"))
    assert (Status.PASS, 4, 0) == tuple(getattr(found["completeness"], name) for name in ("status", "records", "unjudged"))
    reason = "3 records could not be judged: the delivery leaves out what the rule needs (requester)"
    assert (Status.UNDETERMINED, reason) == (found["access_denied"].status, found["access_denied"].reason)


def test_a_field_that_one_record_carries_has_no_value_where_it_is_absent() -> None:
    fewer, carried = without("error_code", "user_agent"), without(count=1)
    nulls = delivered([json.loads(line.data) | {"error_code": None, "user_agent": None} for line in fewer] + [json.loads(carried[0].data)])
    assert results(nulls) == results(delivered([json.loads(line.data) for line in fewer + carried]))
    assert Status.PASS is results(fewer + carried)["access_denied"].status
    assert Status.UNDETERMINED is results(fewer)["access_denied"].status


def test_a_field_with_null_in_every_record_was_delivered() -> None:
    assert Status.PASS is results(without())["access_denied"].status
    assert record_of(ORDINARY.render())["error_code"] is None  # type: ignore[index]  # it is a record


def test_records_out_of_the_period_and_other_buckets_tell_what_a_delivery_carries() -> None:
    policies = policies_of([POLICY])
    lines = without("error_code") + without(count=1, logged_time=b"[06/Feb/2018:00:00:38 +0000]")
    plan = Plan(policies, since=1549411238)
    (found,) = [result for result in judged(plan, lines).results if result.kind == "access_denied"]
    assert (Status.PASS, 3) == (found.status, found.records)
    (found,) = [
        result
        for result in judged(plan, without("error_code") + without(count=1, bucket=b"other")).results
        if result.kind == "access_denied"
    ]
    assert (Status.UNDETERMINED, 3) == (found.status, found.unjudged)


@pytest.mark.parametrize(
    ("field", "rule", "unjudged"),
    [
        ("operation", "user_agents", 5),  # at which it looks nobody knows
        ("user_agent", "user_agents", 5),  # nor which of them have a user agent
        ("referer", "user_agents", 3),  # at the reads
        ("requester", "user_agents", 5),
        ("error_code", "user_agents", 3),  # at those of them without Referer, and all are
        ("user_agent", "requesters", 0),
    ],
)
def test_as_many_are_unjudged_as_the_rule_may_have_looked_at(field: str, rule: str, unjudged: int) -> None:
    writes = without(field, count=2, operation=b"REST.PUT.OBJECT")
    assert unjudged == results(without(field) + writes)[rule].unjudged


def test_a_lower_limit_is_not_missed_by_records_that_nobody_could_count() -> None:
    found = results(classic() + without("referer"))["custom"]
    assert (Status.UNDETERMINED, ()) == (found.status, found.findings)
    assert Status.FAIL is results(classic() + without())["custom"].status


def test_records_that_look_like_those_of_s3_are_unjudged_where_the_delivery_could_have_told_otherwise() -> None:
    texts = {"request_uri": b"-", "referer": b"-", "user_agent": b"-"}
    own: dict[str, Any] = {"operation": b"S3.EXPIRE.OBJECT", "requester": b"AmazonS3", "remote_ip": b"-", "core": (b"-",) * 6, **texts}
    for field in ("request_uri", "remote_ip"):
        found = results(without(field) + without(field, count=2, **own))["requesters"]
        assert (Status.FAIL, 3, 2, 3) == tuple(getattr(found, name) for name in ("status", "records", "unjudged", "violations")), field
    found = results(without() + without(count=2, **own))["requesters"]
    assert (3, 0) == (found.records, found.unjudged)


KEYS = """
version: 1
policy: p
buckets: [examplebucket]
rules:
  requesters: {allow: [arn:aws:iam::111122223333:user/bob]}
  writers: {allow: [arn:aws:iam::111122223333:user/bob], except_keys: ["*"]}
  operations: {deny: ["REST.PUT.OBJECT"], keys: ["none/*"]}
  volume: {distinct_keys: 1}
  custom: {where: "key = 'a b'", max: 0}
"""


@pytest.mark.parametrize(("uri", "unjudged"), [(b"PUT /x HTTP/1.1", 1), (b"PUT /a%2Bb HTTP/1.1", 0)])
def test_rules_about_keys_leave_a_record_unjudged_whose_key_may_be_encoded(uri: bytes, unjudged: int) -> None:
    lines = without(count=1, operation=b"REST.PUT.OBJECT", key_logged=b"a%252Bb", request_uri=uri)
    found = {result.kind: result for result in judged(Plan(policies_of([KEYS])), lines).results}
    assert (1, 0) == (found["requesters"].records, found["requesters"].unjudged)
    for kind in ("writers", "operations", "volume", "custom"):
        assert unjudged == found[kind].unjudged, kind
        assert (found[kind].status is Status.UNDETERMINED) == bool(unjudged), kind


def test_two_reasons_stand_beside_each_other() -> None:
    old = Line("old", 1, record(suffix=()).render())
    policies = policies_of(["version: 1\npolicy: p\nbuckets: [examplebucket]\nrules:\n  transport: {}\n"])
    (found,) = judged(Plan(policies), [old, *without("tls_version", suffix=SUFFIX)]).results
    assert (4, Status.UNDETERMINED) == (found.unjudged, found.status)
    assert (
        "1 record could not be judged: the line is too old for a field that the rule needs, or leaves it undecided; "
        "3 records could not be judged: the delivery leaves out what the rule needs (tls_version)"
    ) == found.reason


def test_a_partial_tells_deliveries_apart_when_it_travels() -> None:
    plan = Plan(policies_of([POLICY]))
    found = merge([scan(plan, without("error_code")), scan(plan, without("requester"))])
    (row,) = Partial.from_ipc(found.to_ipc()).deliveries[0].rows(named=True)
    assert ("examplebucket", 6, sum(COLUMN_BITS.values())) == (row["bucket"], row["records"], row["columns"])
