"""The control matrix: a status never says more than the results do."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s3guard import frameworks
from s3guard.frameworks.shape import ControlOf
from s3guard.matrix import Seen, alerted, matrix
from s3guard.model import (
    Control,
    ControlStatus,
    Coverage,
    Evidenced,
    Finding,
    Location,
    Notified,
    Omitted,
    PolicyFile,
    Report,
    Result,
    Run,
    Severity,
    Status,
    Unreadable,
)
from s3guard.policy import Policy, load

PLACE = Location("p.yaml", 1)
WHOLE = Coverage(1, 1, 100, 0, 0, (), {}, None, None, ())
NOW = datetime(2026, 10, 1, tzinfo=UTC)
RULES = """  requesters: {allow: [arn:aws:iam::111122223333:role/a]}
  transport: {}
  completeness: {}
"""


@pytest.fixture
def policies(tmp_path: Path) -> Policy:
    return written(tmp_path, RULES)


def written(folder: Path, rules: str, frameworks_: str = "[hipaa, pci-dss]", name: str = "p", more: str = "") -> Policy:
    text = f"version: 1\npolicy: {name}\nbuckets: [b-{name}]\nframeworks: {frameworks_}\n{more}rules:\n{rules}"
    (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return next(one for one in load([folder], folder) if one.name == name)


def finding(outcome: str | None = "served", severity: Severity = Severity.HIGH, **changes: object) -> Finding:
    usual = Finding("ab" * 32, "m", {}, outcome, severity, 1, NOW, NOW)
    return replace(usual, **changes)  # type: ignore[arg-type]  # a test's own keywords


def result(kind: str = "transport", status: Status = Status.PASS, **changes: object) -> Result:
    found = (finding(),) if status is Status.FAIL else ()
    usual = Result(f"p/{kind}", kind, "p", "b-p", "t", status, Severity.HIGH, None, 100, len(found), 0, (), PLACE, found, Omitted())
    return replace(usual, **changes)  # type: ignore[arg-type]  # a test's own keywords


def check(id_: str = "SAL-001", status: Status = Status.PASS, **changes: object) -> Result:
    usual = result("logging", status, rule=f"p/logging/{id_}", records=0)
    return replace(usual, **changes)  # type: ignore[arg-type]  # a test's own keywords


def of(
    policy: Policy | list[Policy], *results: Result, control: str = "164.312(e)(1)", framework: str = "hipaa", **seen: object
) -> ControlStatus:
    whole = Seen(policy if isinstance(policy, list) else [policy], results, WHOLE)
    _, statuses = matrix(replace(whole, **seen))  # type: ignore[arg-type]  # a test's own keywords
    return next(one for one in statuses if (one.framework, one.control) == (framework, control))


def test_a_rule_that_found_nothing_is_evidence(policies: Policy) -> None:
    one = of(policies, result())
    assert (Evidenced.EVIDENCED.value, "direct", "interpretation") == (one.status, one.strength, one.confidence)
    assert (("p/transport",), "Direct evidence of 1 check.") == (one.results, one.reason)


@pytest.mark.parametrize(
    ("changed", "status", "reason"),
    [
        ({"status": Status.FAIL, "findings": (finding(),)}, Evidenced.VIOLATIONS, "1 check (p/transport) found violations."),
        ({"status": Status.FAIL, "findings": (finding("failed", Severity.LOW),)}, Evidenced.PARTLY, "found attempts that failed"),
        ({"status": Status.FAIL, "findings": (finding("refused", Severity.LOW),)}, Evidenced.EVIDENCED, "attempts, which S3 refused"),
        ({"status": Status.FAIL, "findings": ()}, Evidenced.VIOLATIONS, "found violations"),
        (
            {"status": Status.FAIL, "findings": (finding("refused"),), "omitted": Omitted(1, 1)},
            Evidenced.VIOLATIONS,
            "found violations",
        ),
        ({"status": Status.FAIL, "findings": (finding(baseline="unchanged"),)}, Evidenced.VIOLATIONS, "found violations"),
        ({"status": Status.WAIVED, "findings": (finding(waiver={"reason": "r"}),)}, Evidenced.PARTLY, "has findings that are waived"),
        (
            {"status": Status.FAIL, "findings": (finding("refused", Severity.LOW),), "reason": "5 records could not be judged"},
            Evidenced.UNDETERMINED,
            "1 check (p/transport) could not be judged",
        ),
        ({"status": Status.FAIL, "findings": (finding(),), "reason": "why"}, Evidenced.VIOLATIONS, "found violations"),
        ({"status": Status.UNDETERMINED, "reason": "why"}, Evidenced.UNDETERMINED, "1 check (p/transport) could not be judged"),
        ({"records": 0}, Evidenced.PARTLY, "1 check (p/transport) had no record to look at"),
        ({"status": Status.NOT_APPLICABLE}, Evidenced.NOT_EVIDENCED, "Nothing in this run bears on it; transport, SAL-032 would"),
    ],
)
def test_each_end_of_a_rule_has_its_status(policies: Policy, changed: dict[str, object], status: Evidenced, reason: str) -> None:
    one = of(policies, replace(result(), **changed))  # type: ignore[arg-type]  # a test's own keywords
    assert status.value == one.status
    assert reason in one.reason


def test_what_could_not_be_judged_keeps_a_control_from_being_evidenced(policies: Policy) -> None:
    other = result(bucket="b2", status=Status.UNDETERMINED, reason="why")
    assert Evidenced.PARTLY.value == of(policies, result(), other).status


def test_a_violation_of_one_bucket_outweighs_passes_of_others(policies: Policy) -> None:
    passing = [result(bucket=f"b{number}") for number in range(20)]
    assert Evidenced.VIOLATIONS.value == of(policies, *passing, result(status=Status.FAIL)).status


def test_both_the_log_and_the_configuration_are_asked_for_where_the_control_has_both(policies: Policy) -> None:
    of_log = of(policies, result("completeness"), control="10.2.1", framework="pci-dss-4.0.1")
    of_both = of(policies, result("completeness"), check(), control="10.2.1", framework="pci-dss-4.0.1")
    of_setup = of(policies, check(), control="10.2.1", framework="pci-dss-4.0.1")
    assert ["partly", "evidenced", "partly"] == [of_log.status, of_both.status, of_setup.status]
    assert "no check of the configuration speaks for it (--audit)" in of_log.reason.lower()
    assert "no check of log records speaks for it" in of_setup.reason.lower()
    assert ("configuration", "published") == (of_setup.strength, of_setup.confidence)


def test_a_plan_is_no_evidence_of_what_is_there(policies: Policy) -> None:
    one = of(policies, result("completeness"), check(), control="10.2.1", framework="pci-dss-4.0.1", planned=True)
    assert "partly" == one.status
    assert "is of a plan, not of what is there" in one.reason


def test_a_warning_of_the_audit_is_no_violation_and_no_proof(policies: Policy) -> None:
    warned = check(status=Status.FAIL, findings=(finding(None, Severity.LOW),))
    one = of(policies, result("completeness"), warned, control="10.2.1", framework="pci-dss-4.0.1")
    assert ("partly", True) == (one.status, "has warnings" in one.reason)


def test_a_policy_without_evidence_is_named(tmp_path: Path) -> None:
    several = [written(tmp_path, RULES), written(tmp_path, "  errors: {}\n", name="q")]
    one = of(several, result())
    assert ("partly", True) == (one.status, "no check of log records speaks for it in 1 policy (q)" in one.reason.lower())


@pytest.mark.parametrize(
    ("rules", "kind", "control"),
    [
        ("  requesters: {allow: [authenticated]}\n", "requesters", "164.308(a)(3)(ii)(A)"),
        ('  requesters: {deny: ["arn:aws:iam::111122223333:user/*"]}\n', "requesters", "164.308(a)(3)(ii)(A)"),
        ('  transport: {min_tls: "1.0"}\n', "transport", "164.312(e)(1)"),
        ("  anonymous: {max: 5}\n", "anonymous", "164.312(a)(1)"),
    ],
)
def test_a_rule_that_lets_everybody_pass_is_no_evidence(tmp_path: Path, rules: str, kind: str, control: str) -> None:
    one = of(written(tmp_path, rules), result(kind), control=control)
    assert (Evidenced.NOT_EVIDENCED.value, ()) == (one.status, one.results)


@pytest.mark.parametrize(
    "narrowed", ['keys: ["a/*"]', 'except_keys: ["a/*"]', "operations: [read]", "outcome: served", "where: \"key = 'a'\""]
)
def test_a_rule_that_looks_at_a_part_is_evidence_of_a_part(tmp_path: Path, narrowed: str) -> None:
    one = of(written(tmp_path, f"  transport: {{{narrowed}}}\n"), result())
    assert ("partly", True) == (one.status, "looks at a part of the requests alone" in one.reason)


def test_rules_that_share_all_keys_among_them_are_whole(tmp_path: Path) -> None:
    rules = '  transport:\n    - {id: a, keys: ["a/*"]}\n    - {id: rest, except_keys: ["a/*"], min_tls: "1.2"}\n'
    both = [result(rule="p/transport/a"), result(rule="p/transport/rest")]
    assert "evidenced" == of(written(tmp_path, rules), *both).status
    assert "partly" == of(written(tmp_path, rules.replace('except_keys: ["a/*"]', 'except_keys: ["a/*", "b/*"]')), *both).status


def test_a_rule_is_about_the_audit_trail_where_its_bucket_is_a_log_bucket(tmp_path: Path) -> None:
    plain = written(tmp_path, RULES)
    target = written(tmp_path, RULES, more="logging: {target: {bucket: b-p}}\n")
    asked = {"control": "10.2.1.3", "framework": "pci-dss-4.0.1"}
    found = result("requesters")
    assert () == of(plain, found, **asked).results
    assert ("p/requesters",) == of(target, found, **asked).results
    assert "evidenced" == of(plain, found, **asked, log_buckets={"b-p"}).status
    assert "evidenced" == of(plain, check("SAL-030"), **asked).status


def test_a_rule_about_operations_is_evidence_of_what_it_denies(tmp_path: Path) -> None:
    asked = {"control": "10.2.1.6", "framework": "pci-dss-4.0.1"}
    named = result("operations", rule="p/operations")
    reading = written(tmp_path, "  operations: {deny: [read]}\n")
    assert () == of(reading, named, **asked).results
    logging = written(tmp_path, "  operations: {deny: [logging, read]}\n")
    assert ("p/operations",) == of(logging, named, **asked).results


def test_where_a_record_or_a_review_is_asked_for_a_violation_that_was_found_is_told_and_no_objection(tmp_path: Path) -> None:
    policy = written(tmp_path, "  access_denied: {}\n")
    broken = result("access_denied", Status.FAIL, findings=(finding(None),))
    one = of(policy, broken, check(), control="10.2.1.4", framework="pci-dss-4.0.1")
    assert ("evidenced", True) == (one.status, "1 check (p/access_denied) found violations" in one.reason)


def test_the_run_is_the_review(policies: Policy) -> None:
    asked = {"control": "10.4.1.1", "framework": "pci-dss-4.0.1"}
    one = of(policies, result(status=Status.FAIL), **asked)
    assert ("evidenced", ("E-RUN",)) == (one.status, one.run)
    blind = replace(WHOLE, unreadable=(Unreadable("o", "broken"),))
    lacking = [
        of(policies, result(), **asked, coverage=blind),
        of(policies, result(), result("completeness", Status.UNDETERMINED), **asked),
    ]
    assert [("partly", True)] * 2 == [(one.status, "could not look at everything" in one.reason) for one in lacking]
    for nothing in ((), (result(records=0),), (check(),)):
        assert ("not evidenced", ()) == ((one := of(policies, *nothing, **asked)).status, one.run)


def test_one_run_is_no_series_and_an_evidence_pack_is_named(policies: Policy) -> None:
    one = of(policies, result(), control="10.4.1", framework="pci-dss-4.0.1")
    assert ("partly", "supporting", True) == (one.status, one.strength, one.reason.startswith("An evidence pack would show it"))


def test_waivers_and_pseudonyms_support(policies: Policy) -> None:
    waived = result(status=Status.WAIVED, findings=(finding(waiver={"reason": "r"}),))
    assert ("E-RUN", "E-WAIVE") == of(policies, waived, control="164.308(a)(6)(ii)").run
    one = of(replace(policies, frameworks=("iso-27001",)), result(), control="A.5.34", framework="iso-27001-2022", redacts=True)
    assert ("partly", "supporting", ("E-REDACT",)) == (one.status, one.strength, one.run)


def test_that_somebody_was_told_is_evidence_once_he_was(policies: Policy) -> None:
    _, statuses = matrix(Seen([policies], [result()], WHOLE))
    run = Run("r", NOW, NOW, NOW, "local")
    report = Report("1", run, Status.PASS, 0, WHOLE, (PolicyFile("p", "p.yaml", ""),), (), statuses)
    failed, sent = (replace(report, run=replace(run, notified=(Notified("c", status),))) for status in ("failed", "sent"))
    assert (failed.controls, report.controls) == (alerted(failed).controls, alerted(report).controls)
    after = {(one.framework, one.control): one for one in alerted(sent).controls}
    assert ("partly", "supporting", ("E-ALERT",)) == (
        (one := after["pci-dss-4.0.1", "12.10.5"]).status,
        one.strength,
        one.run,
    )
    assert {(one.framework, one.control): one.status for one in statuses} | {
        key: "partly" for key, one in after.items() if "E-ALERT" in one.run and one.status == "partly"
    } == {key: one.status for key, one in after.items()}


def test_a_policy_adds_controls_by_its_word_alone(tmp_path: Path) -> None:
    policy = written(tmp_path, RULES, "[hipaa]")
    said = result("completeness", controls=(Control("hipaa", "164.312(e)(1)"), Control("mine", "M-1"), Control("pci-dss", "9.9")))
    results, statuses = matrix(Seen([policy], [said], WHOLE))
    assert {Control("mine", "M-1"), Control("pci-dss-4.0.1", "9.9"), Control("hipaa", "164.312(b)")} <= set(results[0].controls)
    found = {(one.framework, one.control): one for one in statuses}
    assert ("partly", "stated", "supporting", "") == (
        (mine := found["mine", "M-1"]).status,
        mine.confidence,
        mine.strength,
        mine.title,
    )
    assert "1 check (p/completeness) is evidence by the word of the policy alone." == mine.reason
    assert ("partly", True) == ((one := found["hipaa", "164.312(e)(1)"]).status, "by the word of the policy" in one.reason)
    assert "10.2.1" not in {one.control for one in statuses if one.framework == "pci-dss-4.0.1"}


def test_the_frameworks_that_are_asked_for_are_told_alone(policies: Policy) -> None:
    results, statuses = matrix(Seen([policies], [result()], WHOLE, ["pci-dss"]))
    assert {"pci-dss-4.0.1"} == {one.framework for one in statuses} == {one.framework for one in results[0].controls}


def test_without_a_framework_nothing_is_told(policies: Policy) -> None:
    bare = replace(policies, frameworks=())
    assert ((result(),), ()) == matrix(Seen([bare], (result(),), WHOLE))


def test_what_holds_of_an_account_holds_for_every_policy_over_it(tmp_path: Path) -> None:
    several = [written(tmp_path, RULES, "[cis-aws]"), written(tmp_path, RULES, "[cis-aws]", name="q")]
    one = of(
        several, check("SAL-035", policy="account:1", rule="account:1/logging/SAL-035", bucket=None), control="4.4", framework="cis-aws-7.0"
    )
    assert ("evidenced", "published") == (one.status, one.confidence)


CONTROLS = [(id_, control) for id_ in ("hipaa", "pci-dss-4.0.1") for control in frameworks.load(id_).controls]
KINDS = st.sampled_from(["requesters", "transport", "completeness"])
STATUSES = st.sampled_from([Status.PASS, Status.FAIL, Status.UNDETERMINED, Status.WAIVED])


@settings(max_examples=40)
@given(st.lists(st.tuples(KINDS, STATUSES), max_size=6), st.lists(st.tuples(st.sampled_from(["SAL-001", "SAL-028"]), STATUSES), max_size=3))
def test_no_status_says_more_than_the_results(kinds: list[tuple[str, Status]], ids: list[tuple[str, Status]]) -> None:
    policy = POLICY[0]
    results = [result(kind, status) for kind, status in kinds] + [check(id_, status) for id_, status in ids]
    _, statuses = matrix(Seen([policy], results, WHOLE))
    assert [(id_, control.id) for id_, control in CONTROLS] == [(one.framework, one.control) for one in statuses]
    for (_, control), one in zip(CONTROLS, statuses, strict=True):
        _is_honest(control, one, [each for each in results if each.rule in one.results])


def _is_honest(control: ControlOf, one: ControlStatus, bearing: list[Result]) -> None:
    if one.status == Evidenced.EVIDENCED.value:
        assert control.asked
        assert all(each.status is Status.PASS or _judged_only(control, each) for each in bearing)
        assert Status.UNDETERMINED not in {each.status for each in bearing}
        assert bearing or one.run
        assert one.strength != "supporting"
    if one.status == Evidenced.NOT_EVIDENCED.value:
        assert (None, ()) == (one.strength, one.run)
    if one.status == Evidenced.UNDETERMINED.value:
        assert {Status.UNDETERMINED} == {each.status for each in bearing}
    assert one.reason.endswith(".")
    assert "complian" not in one.reason.lower()


def _judged_only(control: ControlOf, each: Result) -> bool:
    name = each.rule.rpartition("/")[2]
    return all(entry.counts == "judged" for entry in control.evidence if name in (*entry.rules, *entry.checks))


POLICY: list[Policy] = []


@pytest.fixture(autouse=True, scope="module")
def _policy(tmp_path_factory: pytest.TempPathFactory) -> None:
    POLICY[:] = [written(tmp_path_factory.mktemp("law"), RULES)]


@pytest.mark.parametrize(
    ("seen", "clause"),
    [
        ({"coverage": replace(WHOLE, unreadable=(Unreadable("o", "cut"),))}, "1 log object could not be read to the end"),
        ({"unread": ["7 lines could not be read as records"]}, "7 lines could not be read as records"),
        ({"narrowed": ["the run was narrowed to some buckets (--bucket)"]}, "narrowed to some buckets"),
    ],
)
@pytest.mark.parametrize("control", ["164.312(e)(1)", "164.308(a)(6)(ii)"])
def test_a_rule_that_found_nothing_in_a_part_of_what_there_was_is_evidence_in_part(
    policies: Policy, seen: dict[str, object], clause: str, control: str
) -> None:
    one = of(policies, result(), check(), control=control, **seen)  # type: ignore[arg-type]  # a test's own keywords
    assert "partly" == one.status
    assert clause in f"{one.reason[:1].lower()}{one.reason[1:]}"


def test_what_could_not_be_read_of_logs_says_nothing_about_the_configuration(policies: Policy) -> None:
    one = of(policies, check("SAL-028"), control="10.5.1", framework="pci-dss-4.0.1", unread=["7 lines could not be read"])
    assert "evidenced" == one.status
