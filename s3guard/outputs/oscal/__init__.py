"""Assessment results for GRC tools and auditors (OSCAL 1.2): observations, risks, and what they show of controls.

Each finding, and each check without findings, is an observation with its log records as relevant evidence; each check that found
violations or could not be judged is a risk; each control that the policies and checks bear on is a finding. Its state is ``satisfied``
only where all its evidence speaks for it and everything was looked at. OSCAL has no state for what could not be judged: that is
``not-satisfied`` with the reason ``other`` and a remark that says so, and what is waived is so too. A control on which nothing of the run
bears has no finding. Control ids are tokens: ``pci-10.2.1``, ``hipaa-164.312-b``; those of NIST SP 800-53 are as in its own catalogue.

UUIDs are made of what they stand for (version 5), so the same finding has the same one in every run, and the document's own is made of
all its text. The plan that OSCAL asks for are the policies, in the back matter with their SHA-256. Of more than 10,000 observations the
worst stay; the remarks say how many were left out.

https://pages.nist.gov/OSCAL-Reference/models/v1.2.1/assessment-results/json-reference/
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

from s3guard.events import Event, events, run_status, waiver_texts
from s3guard.model import Report, Result, Sample, Status
from s3guard.outputs import Options, instant, json_text, plural, statements
from s3guard.outputs.oscal.controls import findings, labels, reviewed
from s3guard.outputs.oscal.words import href, id_of, line, markup, prop
from s3guard.text import shown
from s3guard.verdict import because, headline

EXTENSION = ".json"
VERSION: Final = "1.2.1"
"""Of OSCAL."""
MOST: Final = 10_000
"""Observations at most."""
_TOOL: Final = id_of("tool")
_STATEMENTS: Final = 50
_UNREADABLE: Final = 200
_RISKS: Final = {Status.FAIL: "open", Status.UNDETERMINED: "open", Status.WAIVED: "deviation-approved"}


def render(report: Report, _options: Options) -> str:
    """The document; its own UUID is made of all else in it."""
    plan = id_of("plan")
    body = {
        "metadata": {
            "title": "Amazon S3 access logs, held against policies",
            "last-modified": instant(report.run.finished),
            "version": instant(report.run.as_of),
            "oscal-version": VERSION,
            "props": [prop("tool-version", report.version)],
        },
        "import-ap": {"href": f"#{plan}", "remarks": "The policies are the plan; the back matter holds them with their digests."},
        "results": [_result(report)],
        "back-matter": {"resources": [_plan(report, plan)]},
    }
    document = {"uuid": id_of("document", json.dumps(body, sort_keys=True))} | body
    return json_text({"assessment-results": document})


def _plan(report: Report, plan: str) -> dict[str, Any]:
    """The policies as they were judged."""
    files = sorted({(policy.file, policy.sha256) for policy in report.policies})
    links = [{"href": href(file), "hashes": [{"algorithm": "SHA-256", "value": shown(digest)}]} for file, digest in files]
    names = ", ".join(markup(policy.policy) for policy in report.policies) or "none"
    resource = {"uuid": plan, "title": "Policies as judged", "description": f"What was asked of the buckets: policies {names}."}
    return resource | ({"rlinks": links} if links else {})


def _result(report: Report) -> dict[str, Any]:
    """The one result: the run."""
    everything = list(events(report))
    kept = sorted(range(len(everything)), key=lambda at: (-_weight(everything[at]), at))[:MOST]
    told = [everything[at] for at in sorted(kept)]
    place = {id(result): number for number, result in enumerate(report.results)}
    observed: dict[int, list[str]] = {}
    for event in told:
        observed.setdefault(place[id(event.result)], []).append(id_of("observation", event.id))
    risks = {number: _risk(result) for number, result in enumerate(report.results) if result.status in _RISKS}
    *looked, proves = statements(report)
    left_out = len(everything) - len(told)
    more = [f"{plural(left_out, 'observation')} left out here; the JSON report has them."] if left_out else []
    shown_ = [markup(one) for one in looked[:_STATEMENTS]]
    made = list(findings(report, observed, {number: risk["uuid"] for number, risk in risks.items()}))
    body: dict[str, Any] = {
        "uuid": id_of("result", report.run.id),
        "title": f"s3guard run: {run_status(report).value}",
        "description": f"{headline(report)}; {because(report)}.",
        "start": instant(report.run.started),
        "end": instant(report.run.finished),
        "props": [*_props(report)],
        "local-definitions": _definitions(report),
        "reviewed-controls": reviewed(report),
        "observations": [_run(report), *(_observation(event, report) for event in told), *_unreadable(report)],
        **({"risks": list(risks.values())} if risks else {}),
        **({"findings": made} if made else {}),
        "remarks": " ".join([*shown_, *more, proves]),
    }
    return body


def _weight(event: Event) -> int:
    return {Status.FAIL: 10, Status.UNDETERMINED: 9, Status.WAIVED: 5}.get(event.status, 0) + event.severity.rank


def _props(report: Report) -> Iterator[dict[str, str]]:
    coverage = report.coverage
    yield prop("exit-code", report.exit_code)
    yield prop("as-of", instant(report.run.as_of))
    for name in ("objects", "bytes", "records", "ambiguous", "quarantined"):
        yield prop(f"log-{name}", getattr(coverage, name))
    yield prop("log-objects-unreadable", len(coverage.unreadable))


def _definitions(report: Report) -> dict[str, Any]:
    """The buckets, and who looked at them."""
    tool = {"uuid": _TOOL, "type": "software", "title": "s3guard", "description": "Judges Amazon S3 server access logs against policies."}
    buckets = list(dict.fromkeys(map(_subject, report.results)))
    items = [
        {"uuid": id_of("subject", kind, name), "description": f"{kind} {markup(name)}", "props": [prop("kind", kind), prop("name", name)]}
        for kind, name in buckets
    ]
    platform = {"uuid": id_of("platform"), "title": "s3guard", "uses-components": [{"component-uuid": _TOOL}]}
    assets = {"components": [tool | {"status": {"state": "operational"}}], "assessment-platforms": [platform]}
    return ({"inventory-items": items} if items else {}) | {"assessment-assets": assets}


def _subject(result: Result) -> tuple[str, str]:
    """What a check is about: a bucket; an account; or a policy that names buckets that nobody found."""
    if result.bucket is not None:
        return "bucket", result.bucket
    return ("account", result.policy.removeprefix("account:")) if result.policy.startswith("account:") else ("policy", result.policy)


_ORIGIN: Final = [{"actors": [{"type": "tool", "actor-uuid": _TOOL}]}]


def _observation(event: Event, report: Report) -> dict[str, Any]:
    result, finding = event.result, event.finding
    props = [prop("status", event.status.value), prop("severity", event.severity.value), prop("rule", result.rule)]
    props += [prop("policy", result.policy), prop("identity", event.id), *labels(result)]
    body: dict[str, Any] = {
        "uuid": id_of("observation", event.id),
        "title": markup(f"{result.rule}: {result.title}"),
        "description": f"{markup(result.title)}: {markup(event.message)}",
        "methods": ["EXAMINE"],
        "types": ["finding" if finding is not None else "control-objective"],
        "origins": _ORIGIN,
        "subjects": [{"subject-uuid": id_of("subject", *_subject(result)), "type": "inventory-item"}],
    }
    if finding is None:
        counts = [
            prop("said", event.message),
            prop("records", result.records),
            prop("violations", result.violations),
            prop("unjudged", result.unjudged),
        ]
        return body | {"props": [*props, *counts], "collected": instant(report.run.finished)}
    props += [prop("records", finding.records), prop("baseline", finding.baseline), prop("outcome", finding.outcome or "any")]
    props += [prop(f"subject-{name}", "-" if value is None else value) for name, value in finding.subject.items()]
    if finding.first_seen is not None and finding.last_seen is not None:
        props += [prop("first-seen", instant(finding.first_seen)), prop("last-seen", instant(finding.last_seen))]
    props += [prop(f"waiver-{key}", value) for key, value in waiver_texts(finding).items()]
    evidence = [_evidence(sample) for sample in finding.samples]
    return body | {"props": props, **({"relevant-evidence": evidence} if evidence else {}), "collected": instant(report.run.finished)}


def _evidence(sample: Sample) -> dict[str, Any]:
    request = [] if sample.request_id is None else [prop("request-id", sample.request_id)]
    return {
        "href": href(sample.object),
        "description": f"Line {sample.line} of a log object",
        "props": [prop("object", sample.object), prop("line", sample.line), prop("time", instant(sample.time)), *request],
    }


def _run(report: Report) -> dict[str, Any]:
    """That and what was looked at."""
    looked: Sequence[str] = statements(report)
    return {
        "uuid": id_of("observation", "run", report.run.id),
        "title": "What was looked at",
        "description": " ".join(map(markup, looked[: _STATEMENTS + 1])),
        "props": [prop("status", run_status(report).value)],
        "methods": ["EXAMINE"],
        "types": ["historic"],
        "origins": _ORIGIN,
        "collected": instant(report.run.finished),
    }


def _unreadable(report: Report) -> Iterator[dict[str, Any]]:
    """What could not be read, by log object."""
    for number, one in enumerate(report.coverage.unreadable[:_UNREADABLE]):
        yield {
            "uuid": id_of("observation", "unreadable", str(number), one.object),
            "title": "A log object that could not be read to its end",
            "description": f"{markup(one.object)}: {markup(one.reason)}",
            "props": [prop("status", Status.UNDETERMINED.value), prop("object", one.object), prop("reason", one.reason)],
            "methods": ["EXAMINE"],
            "origins": _ORIGIN,
            "relevant-evidence": [{"href": href(one.object), "description": "The log object"}],
            "collected": instant(report.run.finished),
        }


def _risk(result: Result) -> dict[str, Any]:
    """What a check that did not pass leaves open."""
    words = {
        Status.FAIL: f"{result.violations:,} records violate the rule." if result.is_of_records else "The configuration is not as asked.",
        Status.UNDETERMINED: f"Could not be judged: {markup(result.reason or 'no reason given')}.",
        Status.WAIVED: "Violations are waived.",
    }
    return {
        "uuid": id_of("risk", result.policy, result.rule, result.bucket),
        "title": markup(f"{result.rule}: {result.title}"),
        "description": f"{markup(_subject(result)[0])} {markup(_subject(result)[1])}: {words[result.status]}",
        "statement": markup(result.help or result.title),
        "props": [prop("status", result.status.value), prop("severity", line(result.severity.value))],
        "status": _RISKS[result.status],
    }
