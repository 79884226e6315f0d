"""A report redacted: every field of it by what it holds, the contract's order kept, twice as once, and never with two keys."""

from __future__ import annotations

import dataclasses
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from s3guard import waivers
from s3guard.masks import MASK
from s3guard.model import Finding, Listed, Location, Report, Status, Unreadable, UsageError
from s3guard.outputs import Options
from s3guard.outputs.json import parse, render
from s3guard.redaction import NOTHING, Redaction
from s3guard.redaction.reports import part
from s3guard.subjects import subject_text
from s3guard.traffic import BucketTraffic, Entry, Line, Top, Traffic
from tests.outputs import reports
from tests.redaction.test_redaction import ALL, ANOTHER, ONE, only

USER = "arn:aws:iam::111122223333:user/eve"
NOON = datetime(2026, 10, 1, 12, tzinfo=UTC)


def finding(subject: dict[str, str | int | None], said: str = "did it (3 requests served)", **changes: Any) -> Report:
    found = reports.finding(subject=subject, message=f"{subject_text(subject)}: {said}", **changes)
    return reports.report(reports.result(status=Status.FAIL, findings=(found,)), status=Status.FAIL, exit_code=1)


def only_finding(report: Report) -> Finding:
    ((found,),) = (result.findings for result in report.results)
    return found


@pytest.mark.parametrize("kind", reports.SAMPLES)
@pytest.mark.parametrize("kinds", [("ip",), ("requester", "key"), ("ip", "requester", "key", "user_agent")])
def test_twice_is_as_once_and_so_is_one_kind_after_the_other(kind: str, kinds: tuple[str, ...]) -> None:
    report = reports.SAMPLES[kind]()
    once = only(*kinds).report(report)
    assert once == only(*kinds).report(once)
    assert once == only(kinds[0]).report(once)
    saved = parse(render(once, Options()).encode(), "r.json")
    assert render(saved, Options()) == render(only(*kinds).report(saved), Options()) == render(once, Options())


def test_more_of_a_redacted_report_can_be_redacted_with_its_key_alone() -> None:
    report = finding(
        {"remote_ip": "203.0.113.7", "principal": USER, "request_uri": "GET /k HTTP/1.1"}, f"asked, as {USER} from 203.0.113.7"
    )
    first = only("ip").report(report)
    both = only("requester").report(first)
    assert both.redacted is not None
    assert ("ip", "requester") == both.redacted.kinds
    assert only_finding(both) == only_finding(only("ip", "requester").report(report))
    assert 1 == len([note for note in both.notes if note.startswith("Redacted: ")])
    with pytest.raises(
        UsageError,
        match=f"^the report is redacted with the key {ONE.id}, and the key that was given is {ANOTHER.key.id if ANOTHER.key else ''}",
    ):
        ANOTHER.report(first)


def test_a_report_that_nobody_asks_to_redact_stays_as_it_is() -> None:
    for kind in reports.SAMPLES.values():
        assert kind() == NOTHING.report(kind()) == Redaction(key=ONE).report(kind())


def test_a_message_says_of_the_pseudonym_what_it_said_of_the_person() -> None:
    told = only_finding(ALL.report(finding({"principal": USER, "operation": "REST.PUT.OBJECT"}, f"wrote, and {USER} may not")))
    name = ALL.value("principal", USER)
    assert {"principal": name, "operation": "REST.PUT.OBJECT"} == told.subject
    assert f"principal {name}, operation REST.PUT.OBJECT: wrote, and {name} may not" == told.message


def test_a_message_in_which_the_subject_is_not_found_is_not_kept() -> None:
    report = reports.report(reports.result(findings=(reports.finding(subject={"key": "a/b"}, message="somebody read a/b"),)))
    assert f"key {ALL.value('key', 'a/b')}: what it did is redacted with its subject" == only_finding(ALL.report(report)).message


def test_a_message_that_says_what_was_compared_behind_whom_it_is_about_is_kept() -> None:
    report = finding({"measure": "requests", "change": "more", "principal": USER})
    said = replace(only_finding(report), message=f"principal {USER}: 9 requests, where 3 were expected")
    report = replace(report, results=(replace(report.results[0], findings=(said,)),))
    assert f"principal {ALL.value('principal', USER)}: 9 requests, where 3 were expected" == only_finding(ALL.report(report)).message


def test_who_is_nobody_stays_nobody() -> None:
    told = only_finding(ALL.report(finding({"principal": None, "remote_ip": None, "http_status": 403})))
    assert {"principal": None, "remote_ip": None, "http_status": 403} == told.subject
    assert told.message.startswith("principal anonymous, remote ip none, http status 403: ")


def test_findings_are_in_the_order_of_the_contract() -> None:
    report = ALL.report(reports.flood())
    for result in report.results:
        ranks = [
            (-one.severity.rank, ("served", "refused", "failed", None).index(one.outcome) % 3, -one.records, one.fingerprint)
            for one in result.findings
        ]
        assert ranks == sorted(ranks)
    assert {one.fingerprint for result in report.results for one in result.findings} == {
        ALL.fingerprint(one.fingerprint) for result in reports.flood().results for one in result.findings
    }


def test_every_other_text_is_redacted_by_its_look() -> None:
    usual = finding({"principal": USER})
    coverage = replace(
        usual.coverage,
        unreadable=(Unreadable("s3://logs/111122223333/x", f"AccessDenied: User: {USER} from 203.0.113.7"),),
        listed=(Listed("s3://logs-111122223333/", None, None, 0, 0, ("b",)),),
    )
    waiver = {"match": {"principal": USER, "key": ["a/*"]}, "reason": f"see {USER}", "expires": NOON.date()}
    result = replace(
        usual.results[0],
        title=f"Not {USER}, by 10.2.1.5",
        reason=f"{USER} denied it",
        findings=(replace(usual.results[0].findings[0], waiver=waiver),),
    )
    account = reports.result("x", rule="account:111122223333/logging/SAL-010", policy="account:111122223333", findings=())
    told = ALL.report(replace(usual, coverage=coverage, notes=(f"by {USER}",), results=(result, account)))
    name = ALL.value("requester", USER)
    assert f"AccessDenied: User: {name} from {ALL.value('remote_ip', '203.0.113.7')}" == told.coverage.unreadable[0].reason
    assert ("s3://logs/111122223333/x", coverage.listed) == (told.coverage.unreadable[0].object, told.coverage.listed)
    assert (f"Not {name}, by 10.2.1.5", f"{name} denied it") == (told.results[0].title, told.results[0].reason)
    assert {
        "match": {"principal": [name], "key": [ALL.value("key", "a/*")]},
        "reason": f"see {name}",
        "expires": NOON.date(),
    } == told.results[0].findings[0].waiver
    assert f"by {name}" == told.notes[0]
    assert "111122223333" not in told.results[1].rule + told.results[1].policy
    assert usual.policies == told.policies


def traffic() -> Traffic:
    tops = tuple(
        Top(column, (Entry("zz", 9, 0, 1), Entry("aa", 9, 0, 1), Entry(None, 9, 0, 1), Entry("mm", 1, 0, 1)), 4, approximate=False)
        for column in ("principal", "remote_ip", "key", "user_agent", "error_code")
    )
    return Traffic(3600, (), tops, (BucketTraffic("b", (), (), 0, 0),), 0, (Line("errors", "p/errors", "at most 1 %", 0.01),))


def test_the_tables_of_traffic_are_redacted_and_say_nothing_by_their_order() -> None:
    told = ALL.report(replace(reports.report(), traffic=traffic())).traffic
    assert told is not None
    for top, before in zip(told.tops, traffic().tops, strict=True):
        assert {one.value for one in top.entries} == {
            None if one.value is None else ALL.value(top.column, one.value) for one in before.entries
        }
        assert [9, 9, 9, 1] == [one.requests for one in top.entries]
        ties = [one.value or "" for one in top.entries[:3]]
        assert ties == sorted(ties)
    assert traffic().lines == told.lines


def test_what_a_policy_masks_is_masked_in_every_field_whoever_is_redacted() -> None:
    text = "GET /k?x-token=SECRET&a=1 HTTP/1.1"
    report = finding({"request_uri": text, "key": "x-token=SECRET"}, f"asked {text}", waiver={"reason": text})
    report = replace(report, notes=(text,), coverage=replace(report.coverage, unreadable=(Unreadable(text, text),)))
    for redaction in (NOTHING, ALL):
        told = redaction.masking(["x-token"]).report(report)
        assert "SECRET" not in render(told, Options())
    assert f"GET /k?x-token={MASK}&a=1 HTTP/1.1" == NOTHING.masking(["x-token"]).report(report).notes[0]


def test_nothing_but_texts_changes() -> None:
    for kind in reports.SAMPLES.values():
        before, told = kind(), ALL.report(kind())
        for field in dataclasses.fields(Report):
            if field.name not in ("results", "notes", "redacted", "coverage", "policies", "controls", "unwritten"):
                assert getattr(before, field.name) == getattr(told, field.name)
        assert before.summary == told.summary
        assert [(one.status, one.records, len(one.findings)) for one in before.results] == [
            (one.status, one.records, len(one.findings)) for one in told.results
        ]


def test_a_waiver_keeps_its_words_and_names_nobody_that_it_matches() -> None:
    waiver = {"reason": "r", "approved_by": "ciso@example.org", "expires": "2027-03-31", "match": {"principal": [USER, "-"]}, "number": 1}
    told = only_finding(ALL.report(finding({"principal": USER}, waiver=waiver)))
    assert waiver | {"match": {"principal": [told.subject["principal"], "-"]}} == told.waiver
    assert USER != told.subject["principal"]


def test_an_entry_of_the_register_is_redacted_as_its_waiver_is_in_a_finding() -> None:
    waiver = {"reason": "r", "approved_by": None, "expires": "2027-03-31", "match": {"principal": [USER]}, "number": 1}
    entry = waivers.Entry("p", "p/writers", Location("policies/p.yaml", 3), waivers.Validity.IN_FORCE, waiver)
    told = part(entry, ALL)
    assert [ALL.value("principal", USER)] == told.waiver["match"]["principal"]
    assert (entry.rule, entry.location, entry.state) == (told.rule, told.location, told.state)
