"""Test results for CI systems (JUnit XML): a suite a policy and bucket, a case a rule.

A case fails where findings fail the run, errs where the rule could not be judged, and is skipped where all its findings are waived or
it does not apply. What fails no run (below ``--fail-on``, known from the baseline) passes and is told in the case's output. The suite
``s3guard`` holds the run itself: its cases err where log objects could not be read and where the run could not judge everything, so no
unjudged run shows as green.

Names of suites and cases come from the policy (and the bucket's name); log text stands in bodies only, visible, where no reader looks
for identity or commands. Two dialects: ``strict`` is valid under junit-10.xsd, which Jenkins' xunit plugin checks; ``extended`` adds
``file``, ``line`` and properties of a case for readers that jump to the policy.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET  # NOTE: it only writes here; nothing is parsed
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from s3guard import controls
from s3guard.model import Finding, Report, Result, Sample, Severity, Status, UsageError
from s3guard.outputs import Options, instant, plural, statements
from s3guard.text import ci_safe, shorten, shown
from s3guard.verdict import because, breaks_run, fails_run, worst

if TYPE_CHECKING:
    from junit_xml import TestCase

EXTENSION = ".xml"
DIALECTS = ("strict", "extended")
LISTED = 20
"""Findings told in the body of a case; the rest is counted. Readers trim long bodies, and the JSON report has all."""
LINE = 1000
"""Characters of a line of a body at most."""
NAME = 300
"""Characters of a suite's name at most."""


def render(report: Report, options: Options) -> Iterator[str]:
    """The report as JUnit XML; UsageError for an unknown dialect."""
    from junit_xml import TestSuite

    if options.junit_dialect not in DIALECTS:
        raise UsageError(f"there is no JUnit dialect '{shown(options.junit_dialect)}'; there are: {', '.join(DIALECTS)}")
    root = ET.Element("testsuites")
    stamp = instant(report.run.as_of).removesuffix("Z")  # NOTE: by the fixed clock, so that the same input gives the same bytes
    named: dict[str, int] = {}
    for title, results in _by_policy_and_bucket(report.results):
        suite = _unique(title, named)
        cases = list(_cases(report, suite, results))
        root.append(_finished(TestSuite(suite, [case for case, _ in cases], timestamp=stamp).build_xml_doc()))
        if options.junit_dialect == "extended":
            for element, (_, result) in zip(root[-1].iter("testcase"), cases, strict=True):
                _extend(element, result)
    suite = _unique("s3guard", named)
    green = report.exit_code == 1 and not any(breaks_run(result, report.run.fail_on) for result in report.results)
    own = TestSuite(suite, _of_the_run(report, suite, unexplained=green), timestamp=stamp, properties=_properties(report))
    root.append(_finished(own.build_xml_doc()))
    ET.indent(root)
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield ET.tostring(root, encoding="unicode")
    yield "\n"


@dataclass(frozen=True, slots=True)
class Case:
    """A test of a policy, for `of_tests`."""

    name: str
    failure: str | None
    """What is not as expected, in one line; None for a test that passed."""
    told: str
    """All lines of it."""


def of_tests(suites: Iterable[tuple[str, Iterable[Case]]]) -> str:
    """The tests inside policies as JUnit XML, valid under junit-10.xsd: a suite a policy, a case a test."""
    from junit_xml import TestCase, TestSuite

    root, taken = ET.Element("testsuites"), dict[str, int]()
    for title, tests in suites:
        suite, named = _unique(shorten(_safe(title), NAME), taken), dict[str, int]()
        cases = []
        for one in tests:
            case = TestCase(_unique(shorten(_safe(one.name), NAME), named), classname=suite)
            told = "\n".join(shorten(_safe(line), LINE) for line in one.told.split("\n"))
            if one.failure is None:
                case.stdout = told
            else:
                case.add_failure_info(shorten(_safe(one.failure), LINE), told, "expectation")
            cases.append(case)
        root.append(_finished(TestSuite(suite, cases).build_xml_doc()))
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _safe(text: str) -> str:
    return ci_safe(shown(text))


def _unique(name: str, taken: dict[str, int]) -> str:
    """The name, numbered where it stood before: of two cases with one name, readers count the first alone."""
    taken[name] = taken.get(name, 0) + 1
    return name if taken[name] == 1 else _unique(f"{name} ({taken[name]})", taken)


def _by_policy_and_bucket(results: Iterable[Result]) -> Iterator[tuple[str, list[Result]]]:
    groups: dict[tuple[str, str | None], list[Result]] = {}
    for result in results:
        groups.setdefault((result.policy, result.bucket), []).append(result)
    for (policy, bucket), grouped in groups.items():
        yield shorten(f"{_safe(policy)}: {'(no bucket)' if bucket is None else _safe(bucket)}", NAME), grouped


def _cases(report: Report, suite: str, results: Iterable[Result]) -> Iterator[tuple[TestCase, Result]]:
    from junit_xml import TestCase

    named: dict[str, int] = {}
    for result in results:
        name = _unique(_safe(result.rule.removeprefix(f"{result.policy}/")), named)
        case = TestCase(name, classname=suite, file=_safe(result.location.file), line=result.location.line)
        _judge(case, result, report.run.fail_on)
        yield case, result


def _judge(case: TestCase, result: Result, fail_on: Severity | None) -> None:
    """What became of the rule, told so that no status but a pass can show as one."""
    told = "\n".join(_told(result, fail_on))
    if result.status is Status.FAIL and breaks_run(result, fail_on):
        failing = sum(fails_run(finding, fail_on) for finding in result.findings)
        more = "at least " if result.omitted.findings else ""
        count = f"{more}{plural(max(failing, 1), 'finding')}"
        case.add_failure_info(f"{count} at or above {fail_on.value if fail_on else 'none'}", told, worst(result, fail_on).value)
    elif result.is_undecided:
        case.add_error_info(shorten(f"could not be judged: {_safe(result.reason or 'no reason given')}", LINE), told, "undetermined")
    elif result.status is Status.WAIVED:
        case.add_skipped_info(_waivers(result), told)
    elif result.status is Status.NOT_APPLICABLE:
        case.add_skipped_info(shorten(f"not applicable: {_safe(result.reason or 'no reason given')}", LINE), told)
    else:
        case.stdout = told


def _waivers(result: Result) -> str:
    waivers = (finding.waiver for finding in result.findings if finding.waiver is not None)
    return shorten("; ".join(dict.fromkeys(f"waived {_waiver(waiver)}" for waiver in waivers)) or "waived", LINE)


def _waiver(waiver: dict[str, object]) -> str:
    words = (("expires", "until"), ("approved_by", "by"), ("ticket", "ticket"), ("reason", "because"))
    return " ".join(f"{word} {_safe(str(waiver[key]))}" for key, word in words if waiver.get(key))


def _told(result: Result, fail_on: Severity | None) -> Iterator[str]:
    """The body of a case: the title, the counts, and the first findings, those that fail the run first."""
    yield shorten(_safe(result.title), LINE)
    if result.is_of_records:
        unjudged = f", {result.unjudged:,} could not be judged" if result.unjudged else ""
        yield f"{plural(result.records, 'record')} judged, {plural(result.violations, 'violation')}{unjudged}"
    if result.findings and result.is_undecided:
        yield shorten(f"not all of it could be judged: {_safe(result.reason or 'no reason given')}", LINE)
    findings = sorted(result.findings, key=lambda finding: not fails_run(finding, fail_on))
    for finding in findings[:LISTED]:
        yield from _finding(finding, counted=result.is_of_records)
    rest = len(findings[LISTED:]) + result.omitted.findings
    if rest:
        yield f"and {plural(rest, 'more finding')}; the JSON report has those that were kept"
    if result.help and findings:
        yield shorten(_safe(result.help), LINE)
    if result.controls:
        yield shorten(f"evidence for: {_safe(', '.join(f'{one.framework} {one.control}' for one in result.controls))}", LINE)


def _finding(finding: Finding, *, counted: bool) -> Iterator[str]:
    marks = [finding.severity.value, *([finding.outcome] if finding.outcome else [])]
    marks += [plural(finding.records, "record")] if counted else []
    marks += ["known"] if finding.baseline != "new" else []
    marks += [f"waived {_waiver(finding.waiver)}"] if finding.waiver is not None else []
    yield shorten(f"- {_safe(finding.message)} [{', '.join(marks)}]", LINE)
    subject = (f"{_safe(name)}={'(none)' if value is None else _safe(str(value))}" for name, value in finding.subject.items())
    yield shorten(f"  {' '.join(subject)}", LINE)
    for sample in finding.samples[:1]:
        yield shorten(f"  first: {_place(sample)}", LINE)
    yield f"  fingerprint: {_safe(finding.fingerprint)}"


def _place(sample: Sample) -> str:
    request = f" request {_safe(sample.request_id)}" if sample.request_id is not None else ""
    return f"{instant(sample.time)}{request} {_safe(sample.object)} line {sample.line}"


def _of_the_run(report: Report, suite: str, *, unexplained: bool) -> list[TestCase]:
    """The cases of the run itself: were all objects read, could everything be judged."""
    from junit_xml import TestCase

    told = "\n".join(shorten(ci_safe(statement), LINE) for statement in statements(report))
    coverage, verdict = TestCase("coverage", classname=suite), TestCase("verdict", classname=suite)
    unreadable = report.coverage.unreadable
    if unreadable:
        lines = [shorten(f"- {_safe(one.object)}: {_safe(one.reason)}", LINE) for one in unreadable[:LISTED]]
        rest = [f"and {plural(len(unreadable) - LISTED, 'more object')}"] if len(unreadable) > LISTED else []
        message = f"{plural(len(unreadable), 'object')} could not be read to the end"
        coverage.add_error_info(message, "\n".join([*lines, *rest, told]), "unreadable")
    else:
        coverage.stdout = told
    if unexplained:
        verdict.add_failure_info(because(report), told, "violations")
    elif report.exit_code not in (0, 1):
        verdict.add_error_info(because(report), told, "undetermined")
    return [coverage, verdict]


def _properties(report: Report) -> dict[str, str]:
    return {
        "s3guard.version": _safe(report.version),
        "s3guard.exit_code": str(report.exit_code),
        "s3guard.fail_on": report.run.fail_on.value if report.run.fail_on else "none",
        "s3guard.records": str(report.coverage.records),
        "s3guard.quarantined": str(report.coverage.quarantined),
        "s3guard.ambiguous": str(report.coverage.ambiguous),
        "s3guard.unreadable": str(len(report.coverage.unreadable)),
        **{f"s3guard.controls.{_safe(name)}": controls.tally(statuses) for name, statuses in controls.by_framework(report).items()},
    }


def _finished(suite: ET.Element) -> ET.Element:
    """What junit-xml built, as junit-10.xsd wants it: no ``disabled``, times always there with three decimals, no file and line."""
    # NOTE: `time` is zero: how long a rule took is no property of the logs, and the same input is to give the same bytes.
    suite.attrib.pop("disabled", None)
    suite.set("time", "0.000")
    for case in suite.iter("testcase"):
        case.set("time", "0.000")
        case.attrib.pop("file", None)
        case.attrib.pop("line", None)
    return suite


def _extend(case: ET.Element, result: Result) -> None:
    """Adds what junit-10.xsd forbids and many readers use."""
    case.set("file", _safe(result.location.file))
    case.set("line", str(result.location.line))
    properties = ET.Element("properties")
    for name, value in (
        ("status", result.status.value),
        ("severity", result.severity.value),
        ("records", str(result.records)),
        ("violations", str(result.violations)),
        ("unjudged", str(result.unjudged)),
        *((f"control.{_safe(control.framework)}", _safe(control.control)) for control in result.controls),
    ):
        ET.SubElement(properties, "property", {"name": name, "value": value})
    case.insert(0, properties)
