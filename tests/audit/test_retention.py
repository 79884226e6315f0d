"""What a lifecycle does to logs, against a day by day account of what becomes of one log object."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3guard.audit.case import Answer, Case
from s3guard.audit.checks import catalog
from s3guard.audit.expected import Expected
from s3guard.audit.facts import Absent, NotKnownError, Value
from s3guard.audit.graph import Graph
from s3guard.audit.likeness import text
from s3guard.audit.retention import applied, deletion
from s3guard.audit.rows import Lifecycle, LifecycleRule, Versioning
from s3guard.retained import Days
from tests.audit.rowmaking import NOW, bucket, facts, logs_to

ASKED = 6
ORDER = [Answer.PASS, Answer.WARN, Answer.FAIL]
PREFIXES = ["", "a", "app", "app/", "app/2", "app/2026-10-01", "app/2026-10-02-00-00-00-0123456789ABCDEF", "app/x", "b"]
KEYS = [f"app/{day}-00-00-00-0123456789ABCDEF" for day in ("2026-10-01", "2026-10-02", "1999-01-01")]
SIZES = [1, 10_000]
RULES = st.builds(
    LifecycleRule,
    st.just("r"),
    st.sampled_from(["Enabled", "Enabled", "Enabled", "Disabled"]),
    st.sampled_from(PREFIXES),
    tags=st.sampled_from([(), (), (), (("a", "b"),)]),
    object_size_greater_than=st.sampled_from([None, None, 100]),
    expiration_days=st.none() | st.integers(1, 9),
    noncurrent_days=st.none() | st.integers(1, 9),
    newer_noncurrent_versions=st.sampled_from([None, None, 1]),
)
STATES = st.sampled_from([Absent(), Value(Versioning("Enabled")), Value(Versioning("Suspended"))])


def judged(rules: list[LifecycleRule], versioning: Any, check: str = "SAL-028", **expected: Any) -> Answer:
    row = bucket("logs", lifecycle=Value(Lifecycle(tuple(rules))), versioning=versioning)
    graph = Graph(facts(row, bucket("app", logging=logs_to("logs"))))
    case = Case(row, None, graph, Expected("p", **expected), NOW, graph.sources("logs"))
    return max((verdict.answer for verdict in catalog()[check].verdicts(case)), key=list(Answer).index)


def kept(rules: list[LifecycleRule], *, is_versioned: bool) -> Answer:
    asked = Days(ASKED, "the policy")
    return judged(rules, Value(Versioning("Enabled")) if is_versioned else Absent(), keep=asked, keep_firmly=asked)


def lives(rules: list[LifecycleRule], key: str, size: int, *, is_versioned: bool) -> tuple[int | None, int | None]:
    """How many days one log object is listed, and is there at all; None: for ever."""
    mine = [rule for rule in rules if rule.status == "Enabled" and not rule.tags and key.startswith(rule.prefix)]
    mine = [rule for rule in mine if rule.object_size_greater_than is None or size > rule.object_size_greater_than]
    listed = next((day for day in range(1, 10) if any(rule.expiration_days == day for rule in mine)), None)
    if listed is None or not is_versioned:
        return listed, listed
    # NOTE: it is its bucket's only version of that key, so a rule that keeps the newest ones keeps it.
    nights = [rule.noncurrent_days for rule in mine if rule.noncurrent_days is not None and rule.newer_noncurrent_versions is None]
    return listed, None if not nights else listed + min(nights)


def lifetimes(rules: list[LifecycleRule], *, is_versioned: bool) -> Iterator[tuple[int, int]]:
    for key in KEYS:
        for size in SIZES:
            listed, there = lives(rules, key, size, is_versioned=is_versioned)
            yield 10**6 if listed is None else listed, 10**6 if there is None else there


@given(rules=st.lists(RULES, max_size=4), is_versioned=st.booleans())
def test_no_log_is_deleted_early_where_it_passes_and_none_is_hidden_early_without_a_warning(
    rules: list[LifecycleRule], *, is_versioned: bool
) -> None:
    answer = kept(rules, is_versioned=is_versioned)
    for listed, there in lifetimes(rules, is_versioned=is_versioned):
        assert answer is Answer.FAIL or there >= ASKED
        assert answer is not Answer.PASS or listed >= ASKED


@given(rules=st.lists(RULES.filter(lambda rule: rule.noncurrent_days is None), max_size=4))
def test_where_it_fails_some_log_is_deleted_early(rules: list[LifecycleRule]) -> None:
    # NOTE: with noncurrent versions too, two rules that meet no key in common may fail together; that errs on the safe side.
    if kept(rules, is_versioned=False) is Answer.FAIL:
        assert min(there for _, there in lifetimes(rules, is_versioned=False)) < ASKED


@given(rules=st.lists(RULES, max_size=4), is_versioned=st.booleans())
def test_no_log_outlives_a_maximum_that_passes(rules: list[LifecycleRule], *, is_versioned: bool) -> None:
    state = Value(Versioning("Enabled")) if is_versioned else Absent()
    if judged(rules, state, keep_at_most=Days(ASKED, "the policy")) is Answer.PASS:
        assert max(there for _, there in lifetimes(rules, is_versioned=is_versioned)) <= ASKED


@given(rules=st.lists(RULES, max_size=3), one=RULES, is_versioned=st.booleans())
def test_one_more_rule_never_makes_logs_live_longer(rules: list[LifecycleRule], one: LifecycleRule, *, is_versioned: bool) -> None:
    before, after = (kept(some, is_versioned=is_versioned) for some in (rules, [*rules, one]))
    assert ORDER.index(before) <= ORDER.index(after)


@given(rules=st.lists(RULES, max_size=3), state=STATES, place=st.integers(0, 3))
def test_the_order_of_rules_does_not_matter(rules: list[LifecycleRule], state: Any, place: int) -> None:
    asked = Days(ASKED, "the policy")
    assert judged(rules, state, keep=asked, keep_firmly=asked) is judged(
        [*rules[place:], *rules[:place]], state, keep=asked, keep_firmly=asked
    )


def test_a_rule_is_for_all_logs_for_some_or_for_none() -> None:
    lifecycle = Lifecycle(tuple(LifecycleRule(prefix, "Enabled", prefix, expiration_days=1) for prefix in ("", "app/", "app/x", "b")))
    found = {one.rule.id: one.is_for_all for one in applied(lifecycle, (*text("app/"), *text("x1")))}
    assert {"": True, "app/": True, "app/x": True} == found


def test_a_name_of_a_template_that_decides_makes_it_unknown() -> None:
    lifecycle = Lifecycle((LifecycleRule("r", "Enabled", "${var.prefix}", expiration_days=1),))
    with pytest.raises(NotKnownError):
        applied(lifecycle, text("app/x"))
    assert deletion(applied(lifecycle, text("${var.prefix}x"))).everywhere is not None
