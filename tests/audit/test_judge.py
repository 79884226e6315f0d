"""How verdicts of checks become results."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from typing import Any

from s3guard.audit.case import About, AccountCase, Case, Verdict, failed, not_applicable, passed, unknown, warned
from s3guard.audit.checks import Check
from s3guard.audit.facts import Origin, Unknown, Value, known
from s3guard.audit.judge import SHOWN, Asked, judge
from s3guard.audit.rows import Bucket, Facts
from s3guard.declaration import Waiver
from s3guard.model import Location, Result, Severity, Status
from s3guard.policy import BoundWaiver
from s3guard.settings import Exclusion
from tests.audit.rowmaking import NOW, account, bucket, facts, logs_to, policy

ELSEWHERE = Location("s3guard.toml", 3)


def check(name: str, about: About, ask: Callable[[Any], Iterator[Verdict]], *needs: str) -> Check:
    return Check(name, f"{name} is right", "", Severity.HIGH, about, needs, ask)


def nothing(_case: object) -> Iterator[Verdict]:
    yield from ()


def judged(rows: Facts, *checks: Check, **asked: Any) -> tuple[Result, ...]:
    catalog = {one.id: one for one in checks}
    catalog.setdefault("SAL-010", check("SAL-010", About.ACCOUNT, nothing))
    policies = asked.pop("policies", (policy(),))
    wanted = asked.pop("wanted", lambda rule: "SAL-010" not in rule)
    return judge(rows, Asked(policies, catalog, NOW, ELSEWHERE, wanted, **asked))


def of(*verdicts: Verdict, **asked: Any) -> Result:
    (result,) = judged(facts(bucket("a")), check("SAL-099", About.SOURCE, lambda _case: iter(verdicts)), **asked)
    return result


def waiving(*verdicts: Verdict, expires: str = "2026-10-02", **match: tuple[str, ...]) -> Result:
    """The result under a policy that waives findings of it."""
    waiver = Waiver.model_validate({"rule": "logging/SAL-099", "reason": "r", "expires": expires} | ({"match": match} if match else {}))
    return of(*verdicts, policies=(replace(policy(), waivers=(BoundWaiver(waiver, ELSEWHERE),)),))


def test_the_gravest_verdict_says_the_status() -> None:
    results = [of(*verdicts) for verdicts in ((), (passed(),), (warned("w"), passed()), (failed("f"), unknown("u")))]
    assert [Status.PASS, Status.PASS, Status.FAIL, Status.FAIL] == [result.status for result in results]
    assert [Severity.HIGH, Severity.HIGH, Severity.LOW, Severity.HIGH] == [result.severity for result in results]


def test_what_nobody_could_look_at_outweighs_a_warning_and_is_told() -> None:
    result = of(warned("w", source="x"), unknown("denied", source="y"), passed())
    assert (Status.UNDETERMINED, "source y: denied") == (result.status, result.reason)
    assert ["w"] == [finding.message for finding in result.findings]


def test_a_waiver_covers_findings_of_a_check_until_its_last_day() -> None:
    verdicts = (failed("f", source="x"), warned("w", source="y"), passed())
    assert (Status.FAIL, Severity.HIGH) == ((bare := of(*verdicts)).status, bare.severity)
    assert (Status.WAIVED, Severity.HIGH) == ((all_ := waiving(*verdicts)).status, all_.severity)
    assert (Status.FAIL, Severity.LOW) == ((some := waiving(*verdicts, source=("x",))).status, some.severity)
    assert [True, False] == [finding.waiver is not None for finding in some.findings]
    assert Status.FAIL is (expired := waiving(*verdicts, expires="2026-10-01")).status
    assert ["f; waived until 2026-10-01, expired", "w; waived until 2026-10-01, expired"] == [one.message for one in expired.findings]
    assert [one.fingerprint for one in bare.findings] == [one.fingerprint for one in all_.findings]


def test_no_waiver_covers_what_could_not_be_looked_at() -> None:
    result = waiving(failed("f", source="x"), unknown("denied", source="y"), passed())
    assert (Status.UNDETERMINED, "source y: denied") == (result.status, result.reason)
    assert [True] == [finding.waiver is not None for finding in result.findings]
    assert Status.UNDETERMINED is waiving(unknown("denied")).status
    assert Status.NOT_APPLICABLE is waiving(not_applicable("log sink")).status
    assert Status.PASS is waiving(passed()).status


def test_whom_a_bucket_policy_names_is_matched_by_globs() -> None:
    root = failed("f", principal="arn:aws:iam::111122223333:root")
    assert Status.WAIVED is waiving(root, principal=("arn:aws:iam::*:root",)).status
    assert Status.FAIL is waiving(root, principal=("account:111122223333",)).status
    assert Status.FAIL is waiving(root, statement=("*",)).status


def test_of_many_findings_those_that_are_not_shown_are_waived_by_nobody() -> None:
    verdicts = [failed("f", source=str(number)) for number in range(SHOWN + 1)]
    result = waiving(*verdicts)
    assert (Status.FAIL, Severity.HIGH, 1) == (result.status, result.severity, result.omitted.findings)


def test_what_does_not_apply_says_why() -> None:
    assert (Status.NOT_APPLICABLE, "log sink") == ((result := of(not_applicable("log sink"))).status, result.reason)


def test_an_unknown_fact_makes_exactly_the_checks_unknown_that_take_it() -> None:
    def needs_policy(case: Case) -> Iterator[Verdict]:
        yield warned("seen before", source="s")
        known(case.bucket.policy)
        yield failed("never said")

    def needs_none(_case: Case) -> Iterator[Verdict]:
        yield passed()

    row = bucket("a", policy=Unknown("GetBucketPolicy was denied (AccessDenied); grant s3:GetBucketPolicy", "s3:GetBucketPolicy"))
    first, second = judged(facts(row), check("SAL-098", About.SOURCE, needs_policy), check("SAL-099", About.SOURCE, needs_none))
    assert (Status.UNDETERMINED, "GetBucketPolicy was denied (AccessDenied); grant s3:GetBucketPolicy") == (first.status, first.reason)
    assert ["seen before"] == [finding.message for finding in first.findings]
    assert Status.PASS is second.status


def test_a_finding_keeps_its_fingerprint_and_a_baseline_knows_it() -> None:
    one = check("SAL-099", About.SOURCE, lambda _case: iter([failed("told in one way", source="x")]))
    other = check("SAL-099", About.SOURCE, lambda _case: iter([failed("told in another", source="x")]))
    (first,), (second,) = (judged(facts(bucket("a")), judge) for judge in (one, other))
    assert first.findings[0].fingerprint == second.findings[0].fingerprint
    (known_,) = judged(facts(bucket("a")), one, known={first.findings[0].fingerprint})
    assert "unchanged" == known_.findings[0].baseline


def test_sinks_are_judged_with_the_sources_of_the_policy_alone() -> None:
    asked: list[tuple[str, list[str]]] = []

    def ask(case: Case) -> Iterator[Verdict]:
        asked.append((case.bucket.name, [edge.source.name for edge in case.sources]))
        yield passed()

    rows = facts(bucket("a", logging=logs_to("logs")), bucket("b", logging=logs_to("logs")), bucket("logs"))
    results = judged(rows, check("SAL-099", About.SINK, ask), policies=(policy("mine", ("a",)), policy("archive", ("logs",))))
    assert [("logs", ["a"]), ("logs", ["a", "b"])] == asked
    assert ["mine/logging/SAL-099", "archive/logging/SAL-099"] == [result.rule for result in results]
    assert {"logs"} == {result.bucket for result in results}


def test_what_a_policy_names_and_no_account_has_is_undetermined() -> None:
    results = judged(facts(bucket("a")), policies=(policy("p", ("a", "gone", "gone-*")),), wanted=lambda _rule: True)
    told = [(result.rule, result.bucket, result.status) for result in results if result.policy == "p"]
    assert [("p/logging/SAL-010", "gone", Status.UNDETERMINED), ("p/logging/SAL-010", None, Status.UNDETERMINED)] == told


def test_a_template_need_not_have_all_that_a_policy_names() -> None:
    assert [] == [one for one in judged(facts(source="template"), policies=(policy("p", ("gone",)),), wanted=lambda _: True) if one.bucket]


def test_an_account_is_asked_with_what_covers_its_buckets() -> None:
    asked: list[AccountCase] = []

    def ask(case: AccountCase) -> Iterator[Verdict]:
        asked.append(case)
        yield passed()

    rows = facts(bucket("a", logging=logs_to("logs")), bucket("free"), bucket("late"), bucket("logs"))
    exclusions = (Exclusion("fr*", "scratch", None, "s3guard.toml:3"), Exclusion("late", "soon", date(2026, 10, 1), "s3guard.toml:9"))
    mine = policy("mine", ("a",))
    (result,) = judged(rows, check("SAL-010", About.ACCOUNT, ask), policies=(mine,), exclusions=exclusions, wanted=lambda _rule: True)
    (case,) = asked
    assert {"a": ["mine"], "free": [], "late": [], "logs": ["mine"]} == {
        name: [one.policy for one in expected] for name, expected in case.covered.items()
    }
    assert ({"free": "scratch"}, {"late": "soon (until 2026-10-01, s3guard.toml:9)"}) == (case.excluded, case.expired)
    assert {"free"} == case.unending
    assert ("account:111122223333/logging/SAL-010", None, ELSEWHERE) == (result.rule, result.bucket, result.location)


def test_a_result_of_a_template_stands_at_the_resource_that_says_it() -> None:
    resource, own = Location("main.tf", 30), Location("main.tf", 10)
    ask = check("SAL-099", About.SOURCE, lambda _case: iter([failed("f")]), "policy", "logging")

    def at(row: Bucket) -> Location:
        return judged(facts(row, source="template"), ask)[0].location

    placed = bucket("a", location=own, logging=Value(logs_to("x").value, Origin("aws_s3_bucket_logging.a", resource)))
    assert [resource, own, Location("policies/p.yaml", 2)] == [at(placed), at(bucket("a", location=own)), at(bucket("a"))]


def test_results_are_narrowed_by_bucket_and_rule() -> None:
    ask = check("SAL-099", About.SOURCE, nothing)
    rows = facts(bucket("a"), bucket("b"))
    assert ["b"] == [result.bucket for result in judged(rows, ask, buckets=("b",))]
    assert [] == list(judged(rows, ask, wanted=lambda rule: rule.endswith("SAL-001")))


def test_every_account_is_judged_by_itself() -> None:
    rows = facts(bucket("a"), accounts=(account(), account(id="444455556666")))
    results = judged(rows, wanted=lambda _rule: True)
    assert ["account:111122223333", "account:444455556666"] == [result.policy for result in results]


def test_an_account_that_the_facts_leave_out_is_told() -> None:
    needs_list = check("SAL-010", About.ACCOUNT, lambda case: iter([passed(str(known(case.account.buckets)))]))
    none = facts(bucket("a", account=None)), Facts(NOW, "live", (), ())
    for rows, owner in (
        *((replace(one, accounts=()), "unknown") for one in none),
        (facts(bucket("a", account="444455556666")), "444455556666"),
    ):
        results = judged(rows, needs_list, wanted=lambda _rule: True)
        told = {result.policy: result.reason for result in results if result.policy.startswith("account:")}
        assert (told[f"account:{owner}"] or "").startswith("the facts have no row of this account")
    assert () == judged(Facts(NOW, "template", (), ()), needs_list, wanted=lambda _rule: True)


def test_a_bucket_that_is_gone_is_asked_nothing_more() -> None:
    ask, of_sinks = check("SAL-099", About.SOURCE, nothing), check("SAL-098", About.SINK, nothing)
    rows = facts(bucket("a", logging=logs_to("gone")), bucket("gone", exists=Value(value=False)))
    results = judged(rows, ask, of_sinks, policies=(policy("p", ("a", "gone")),), wanted=lambda _rule: True)
    told = [(result.rule, result.bucket, result.status) for result in results if result.policy == "p"]
    assert [("p/logging/SAL-099", "a", Status.PASS), ("p/logging/SAL-010", "gone", Status.UNDETERMINED)] == told
