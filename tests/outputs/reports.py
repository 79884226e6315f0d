"""Sample reports, each of one kind, that the tests of every output render."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from s3guard.model import (
    BucketCoverage,
    Control,
    ControlStatus,
    Counts,
    Coverage,
    Evidenced,
    Expected,
    Finding,
    Gap,
    Hours,
    Location,
    Omitted,
    PolicyFile,
    Report,
    Result,
    Run,
    Sample,
    Severity,
    Status,
    Unreadable,
)
from tests.outputs.corpus import HOSTILE, SECRETS

START = datetime(2026, 10, 1, tzinfo=UTC)
ARN = "arn:aws:iam::111122223333:role/analyst"
POLICY = "phi-records"


def run(fail_on: Severity | None = Severity.MEDIUM) -> Run:
    return Run("run-1", START + timedelta(days=1), START + timedelta(days=1, seconds=7), START + timedelta(days=1), "local", fail_on)


def sample(number: int = 1, **changes: object) -> Sample:
    usual = Sample(f"s3://logs/{POLICY}/2026-10-01-00-{number:02}", number, f"REQ{number:013}", START + timedelta(minutes=number))
    return replace(usual, **changes)  # type: ignore[arg-type]  # a test's own keywords


def finding(name: str = ARN, **changes: object) -> Finding:
    usual = Finding(
        fingerprint="",
        message=f"{name} wrote 3 times and is not an allowed writer",
        subject={"principal": name, "operation": "REST.PUT.OBJECT"},
        outcome="served",
        severity=Severity.CRITICAL,
        records=3,
        first_seen=START,
        last_seen=START + timedelta(hours=1),
        samples=(sample(1), sample(2)),
    )
    return replace(usual, **changes)  # type: ignore[arg-type]  # a test's own keywords


def result(kind: str = "writers", **changes: object) -> Result:
    usual = Result(
        rule=f"{POLICY}/{kind}",
        kind=kind,
        policy=POLICY,
        bucket=POLICY,
        title="Only the ingest service writes",
        status=Status.PASS,
        severity=Severity.CRITICAL,
        reason=None,
        records=1000,
        violations=0,
        unjudged=0,
        controls=(Control("hipaa", "164.308(a)(3)(ii)(A)"), Control("pci-dss", "10.2.1")),
        location=Location("policies/phi-records.yaml", 17),
        findings=(),
        help="Whoever writes records must be named in the policy. Find out who it is, then add the principal or withdraw its access.",
    )
    made = replace(usual, **changes)  # type: ignore[arg-type]  # a test's own keywords
    return replace(made, findings=tuple(replace(one, fingerprint=_fingerprint(made, one)) for one in made.findings))


def _fingerprint(made: Result, one: Finding) -> str:
    return hashlib.sha256(repr((made.rule, made.bucket, one.outcome, one.subject)).encode()).hexdigest()


def hours(of: int, silent: int = 0) -> Hours:
    """As many hours from `START`, the last `silent` ones before the last one without records."""
    return Hours(3600, of - silent, of, (Counts(START, (*range(40, 39 + of - silent), *(0,) * silent, 7)),))


def expected(**changes: object) -> Expected:
    usual = Expected(f"{POLICY}/completeness", 6 * 3600, 1, Status.PASS)
    return replace(usual, **changes)  # type: ignore[arg-type]  # a test's own keywords


def control(id_: str = "164.308(a)(3)(ii)(A)", **changes: object) -> ControlStatus:
    usual = ControlStatus(
        framework="hipaa",
        control=id_,
        title="Authorization and supervision",
        status=Evidenced.EVIDENCED.value,
        results=(f"{POLICY}/writers",),
        reason="Direct evidence of 1 check.",
        strength="direct",
        confidence="interpretation",
    )
    return replace(usual, **changes)  # type: ignore[arg-type]  # a test's own keywords


def controlled() -> Report:
    """A control of each status, of two frameworks, one with hostile text in all that a policy may name."""
    odd = [*HOSTILE.values(), *SECRETS.values()]
    return report(
        result(),
        result("requesters", status=Status.FAIL, findings=(finding(),), violations=3, controls=(Control("mine", "M-1"),)),
        controls=(
            control(),
            control("164.312(b)", title="Audit controls", status="partly", reason="No check of the configuration speaks for it (--audit)."),
            control("164.312(d)", status="violations found", results=(f"{POLICY}/requesters",), reason="1 check found violations."),
            control(
                "10.2.1", framework="pci-dss-4.0.1", status="undetermined", results=(), reason="1 check could not be judged.", strength=None
            ),
            control("4.2.1", framework="pci-dss-4.0.1", status="not evidenced", results=(), reason="", strength=None, run=("E-RUN",)),
            *(control(f"{text}", framework="mine", title=text, reason=f"because {text}", results=(text,)) for text in odd),
        ),
        status=Status.FAIL,
        exit_code=1,
    )


def report(*results: Result, **changes: object) -> Report:
    usual = Report(
        version="1.2.3",
        run=run(),
        status=Status.PASS,
        exit_code=0,
        coverage=Coverage(
            objects=3,
            bytes=123_456,
            records=1000,
            ambiguous=0,
            quarantined=0,
            unreadable=(),
            warnings={},
            first_record=START,
            last_record=START + timedelta(hours=23),
            buckets=(BucketCoverage(POLICY, 1000, (POLICY,), START, START + timedelta(hours=23), hours(24), (), (expected(),)),),
        ),
        policies=(PolicyFile(POLICY, "policies/phi-records.yaml", "ab" * 32),),
        results=results,
        controls=(control(),),
    )
    return replace(usual, **changes)  # type: ignore[arg-type]  # a test's own keywords


def empty() -> Report:
    """No policy matched, nothing was looked at: exit code 4."""
    coverage = Coverage(0, 0, 0, 0, 0, (), {}, None, None, ())
    return report(
        status=Status.NOT_APPLICABLE, exit_code=4, coverage=coverage, policies=(), controls=(), notes=("No record lies in the window.",)
    )


def clean() -> Report:
    return report(result(), result("anonymous", severity=Severity.HIGH), result("latency", severity=Severity.MEDIUM, records=0))


def failing() -> Report:
    """All that a judged run can hold: failures, attempts below the threshold, waived and known findings, a rule that does not apply."""
    attempt = finding("arn:aws:iam::111122223333:user/eve", outcome="refused", severity=Severity.LOW, records=2)
    known = finding("arn:aws:iam::111122223333:user/known", baseline="unchanged", severity=Severity.HIGH)
    waiver = {"reason": "Migration", "ticket": "SEC-1412", "approved_by": "ciso@example.org", "expires": "2027-03-31"}
    waived = finding("arn:aws:iam::111122223333:user/batch-legacy", waiver=waiver, severity=Severity.CRITICAL)
    address = {"remote_ip": "198.51.100.7", "operation_class": "read"}
    anonymous = finding(message="3 anonymous reads", subject=address, severity=Severity.HIGH, samples=())
    return report(
        result(status=Status.FAIL, findings=(finding(), known, attempt, waived), violations=11),
        result("anonymous", status=Status.FAIL, severity=Severity.HIGH, findings=(anonymous,), violations=3),
        result("requesters", status=Status.WAIVED, findings=(waived,), violations=3),
        result("transport", status=Status.FAIL, severity=Severity.LOW, findings=(attempt,), violations=2),
        result("schedule", status=Status.NOT_APPLICABLE, reason="the rule is not enabled for this bucket", records=0),
        result("errors", rule=f"{POLICY}/errors/reads", severity=Severity.MEDIUM),
        status=Status.FAIL,
        exit_code=1,
    )


def undetermined() -> Report:
    """Everything that could not be looked at."""
    usual = report()
    coverage = replace(
        usual.coverage,
        ambiguous=2,
        quarantined=41,
        unreadable=(Unreadable("s3://logs/broken.gz", "the gzip stream ends early"), Unreadable("logs/denied", "access denied")),
        warnings={"clock": 3},
        buckets=(
            BucketCoverage(
                POLICY,
                1000,
                (POLICY,),
                START,
                START + timedelta(hours=47),
                hours(48, 20),
                (Gap(START + timedelta(hours=26, minutes=58), START + timedelta(hours=47)),),
                (expected(status=Status.FAIL), expected(rule=f"{POLICY}/completeness/writes", max_gap=None, min_records=1000)),
            ),
            BucketCoverage("nobody-looks", 5, (), START, START, Hours(3600, 1, 1, (Counts(START, (5,)),))),
        ),
    )
    return report(
        result(status=Status.UNDETERMINED, reason="no record of this bucket lies in the period", records=0),
        result("transport", status=Status.UNDETERMINED, reason="the lines have no TLS columns", unjudged=1000),
        result("requesters", status=Status.UNDETERMINED, bucket=None, reason="no bucket matches phi-*", records=0),
        result("anonymous"),
        status=Status.UNDETERMINED,
        exit_code=3,
        coverage=coverage,
        notes=("More lines were quarantined than --max-unparsed allows.",),
    )


def unjudgeable() -> Report:
    """Not one result, yet not clean: the only object was unreadable."""
    coverage = Coverage(1, 10, 0, 0, 0, (Unreadable("logs/a.gz", "not a gzip file"),), {}, None, None, ())
    return report(status=Status.UNDETERMINED, exit_code=3, coverage=coverage)


def waived() -> Report:
    waiver = {"reason": "Migration", "ticket": "SEC-1412", "approved_by": "ciso@example.org", "expires": "2027-03-31"}
    return report(result(status=Status.WAIVED, findings=(finding(waiver=waiver),), violations=3), result("anonymous"))


def flood(findings: int = 1000) -> Report:
    shown = tuple(finding(f"arn:aws:iam::111122223333:user/u{number}", severity=Severity.HIGH) for number in range(findings))
    return report(
        result(status=Status.FAIL, severity=Severity.HIGH, findings=shown, violations=9_000_000, omitted=Omitted(98_000, 5_000_000)),
        status=Status.FAIL,
        exit_code=1,
    )


def hostile() -> Report:
    """Each hostile string in every place where log text can stand."""
    results = tuple(_hostile(number, text) for number, text in enumerate([*HOSTILE.values(), *SECRETS.values()]))
    usual = report()
    texts = [*HOSTILE.values(), *SECRETS.values()]
    coverage = replace(
        usual.coverage,
        unreadable=tuple(Unreadable(text, f"cannot read {text}") for text in texts),
        buckets=tuple(BucketCoverage(text, 1, (), START, START, hours(1), (), (expected(rule=text),)) for text in texts),
    )
    return report(*results, status=Status.FAIL, exit_code=1, coverage=coverage, notes=tuple(f"Seen: {text}." for text in texts))


def _hostile(number: int, text: str) -> Result:
    waiver = {"reason": text, "ticket": text, "approved_by": text, "expires": "2027-03-31", "match": {"key": [text]}, "number": 1}
    odd = sample(object=f"s3://logs/{text}", request_id=text)
    usual = finding(message=f"{text} wrote", subject={"principal": text, "key": f"x{text}", "user_agent": None}, samples=(odd,))
    found = (
        usual,
        replace(usual, subject={"key": text}, waiver=waiver),
        replace(usual, subject={"key": f"{text}x"}, outcome="refused", severity=Severity.LOW),
    )
    return result(
        rule=f"{POLICY}/writers/r{number}", status=Status.FAIL, bucket=text, reason=f"because {text}", findings=found, violations=9
    )


SAMPLES: dict[str, Callable[[], Report]] = {
    "empty": empty,
    "clean": clean,
    "failing": failing,
    "undetermined": undetermined,
    "unjudgeable": unjudgeable,
    "waived": waived,
    "controlled": controlled,
    "hostile": hostile,
}
"""Every kind of report but the flood, which is big; call to build."""
