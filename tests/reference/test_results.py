"""The reference's results as a whole: narrowing, waivers, idle buckets, the period, and what worlds say of themselves."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from . import conditions, lines, policies, rules
from .byhand import APP, NOON, counts, line, one, verdict
from .worlds import shuffled, world


def test_a_condition_over_a_column_that_the_line_lacks_leaves_the_record_unjudged() -> None:
    rule = {"where": "tls_version IS NULL"}
    assert counts(verdict("anonymous", rule, line(suffix="-"))) == (0, 0, 1, "undetermined")
    assert counts(verdict("anonymous", rule | {"operations": ["write"]}, line(suffix="-"))) == (0, 0, 0, "pass")
    assert counts(verdict("anonymous", {"group_by": ["user_agent"]}, line(agent='"a" "b"'))) == (0, 0, 1, "undetermined")


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("key = 'k'", True),
        ("referer = 'x'", None),
        ("NOT referer = 'x'", None),
        ("referer = 'x' AND key = 'other'", False),
        ("referer = 'x' OR key = 'k'", True),
        ("referer IS NULL", True),
        ("key IS NOT NULL AND http_status >= 200", True),
        ("key NOT IN ('a', 'k')", False),
        ("NOT (key = 'a' OR starts_with(key, 'k'))", False),
        ("key = 'it''s'", False),
    ],
)
def test_a_condition_has_three_truth_values(condition: str, expected: Any) -> None:
    assert conditions.evaluate(conditions.parse(condition), one(line())) is expected


def test_an_idle_bucket_is_undetermined_unless_it_may_be_idle() -> None:
    other = line(bucket="other")
    assert counts(verdict("transport", {}, other)) == (0, 0, 0, "undetermined")
    assert counts(verdict("completeness", {"min_records": 0}, other)) == (0, 0, 0, "pass")
    assert counts(verdict("transport", {}, line(), since=NOON + 1)) == (0, 0, 0, "undetermined")
    assert counts(verdict("transport", {}, line(), since=NOON, until=NOON + 1)) == (1, 0, 0, "pass")
    judged = rules.judge([one(line())], [{"policy": "p", "buckets": ["x*", "?"], "rules": {"transport": {}}}])
    assert {key: result["status"] for key, result in judged["results"].items()} == {
        ("p", None): "undetermined",
        ("p/transport", "b"): "pass",
    }


def test_requesters_and_writers_bring_anonymous_with_them() -> None:
    policy: dict[str, Any] = {"policy": "p", "buckets": "b", "rules": {"writers": [{"allow": [APP]}, {"id": "x", "allow": [APP]}]}}
    assert {name for name, _, _ in rules.entries_of(policy)} == {"p/writers", "p/writers/x", "p/anonymous"}
    policy["rules"]["anonymous"] = {"enabled": "false"}
    assert {name for name, _, _ in rules.entries_of(policy)} == {"p/writers", "p/writers/x"}


def test_a_waiver_holds_to_the_end_of_its_last_day() -> None:
    waiver = {"rule": "requesters", "match": {"principal": APP.replace("app", "e*")}, "expires": "2026-01-02"}
    world = [line(requester="arn:aws:sts::111122223333:assumed-role/eve/x")]
    for as_of, status in [(NOON, "waived"), (NOON + 43_199, "waived"), (NOON + 43_200, "fail")]:
        assert verdict("requesters", {"allow": [APP]}, *world, waivers=[waiver], as_of=as_of)["status"] == status
    world.append(line(requester="arn:aws:iam::111122223333:user/eve"))
    assert verdict("requesters", {"allow": [APP]}, *world, waivers=[waiver], as_of=NOON)["status"] == "fail"


@pytest.mark.parametrize("seed", range(12))
def test_the_reader_finds_in_a_world_what_was_put_there(seed: int) -> None:
    made = world(seed, 150)
    rows = lines.read(made.files)
    read = Counter("unknown" if row["status"] == "ok" and row["unknown"] else row["status"] for row in rows)
    written = made.truth.fates
    assert sum(read.values()) == sum(written.values())
    for fate in ("ok", "unknown", "ambiguous", "quarantined"):
        assert written[fate] <= read[fate] <= written[fate] + written["any"]


@pytest.mark.parametrize("seed", range(12))
def test_the_verdict_does_not_depend_on_files_or_order(seed: int) -> None:
    made = world(seed, 150)
    texts = [policies.load(text) for text in made.policies]
    first, second = (
        rules.judge(lines.read(each.files), texts, each.since, each.until, each.as_of) for each in (made, shuffled(made, seed))
    )
    assert first == second


def test_a_world_is_the_same_in_every_run() -> None:
    assert world(7, 80) == world(7, 80)
