"""Messages: what stands in them, what is left out, and that hostile text does nothing in them."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest

from s3guard.model import Severity, Status
from s3guard.notify.message import ITEMS, SUBJECT, Message, chat, plain
from s3guard.notify.model import Belief, News, Seen
from s3guard.notify.news import advance, crashed
from s3guard.notify.payload import ROOM, SCHEMA, payload
from s3guard.text import unvisible, visible
from tests.notify.sights import finding, message, result, seen
from tests.outputs import reports
from tests.outputs.corpus import HOSTILE, SECRETS
from tests.outputs.runner import obeyed

KINDS = {**reports.SAMPLES, "flood": reports.flood}


def texts(told: Message) -> list[str]:
    return [told.subject, told.text(), told.text(chat), payload(told).decode()]


@pytest.mark.parametrize("details", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_no_message_drives_a_terminal_hides_a_line_or_holds_a_credential(kind: str, *, details: bool) -> None:
    told = message(KINDS[kind](), details=details)
    assert [] == obeyed("\n".join(texts(told)))
    for text in texts(told):
        for line in text.removesuffix("\n").split("\n"):
            assert visible(line).replace("\\u{5c}", "\\") == line
        assert "TOPSECRET" not in text


@pytest.mark.parametrize("start", range(0, len(HOSTILE) + len(SECRETS), 6))
def test_each_hostile_text_stands_in_a_message_as_text_and_nothing_else(start: int) -> None:
    """Six at a time: a text tells of so many findings."""
    report = reports.hostile()
    told = message(replace(report, results=report.results[start : start + 6], notes=()), details=True)
    shape = re.compile(
        r"FAIL: exit code|  Only the ingest|  NEW|    .*( wrote|…)$|    2026|    finding [0-9a-f]{16}$|Run run-1|And \d+ more|$"
        r"|.*: phi-records/writers/r\d+$|COULD NOT BE JUDGED|  .*: phi-records/writers/r\d+: because |  And \d+ more"
    )
    for text in texts(told)[1:3]:
        assert [] == [line for line in text.split("\n") if not shape.match(line)]
    assert told.text().count("finding ") == min(ITEMS, len(told.news.items)) + text.count("more finding")
    assert [] == obeyed("".join(texts(told)))


@pytest.mark.parametrize("kind", KINDS)
def test_a_subject_is_one_short_line_of_ascii_without_a_word_of_a_log(kind: str) -> None:
    subject = message(KINDS[kind]()).subject
    assert subject.isascii()
    assert subject.isprintable()
    assert len(subject) <= SUBJECT < 100
    assert subject.startswith("s3guard: ")
    assert re.fullmatch(r"s3guard: [a-z0-9, -]*( \([a-z]+\))?( in phi-records)?", subject)


def test_the_subject_of_policies_with_odd_or_long_names_is_one_that_sns_takes() -> None:
    odd = result(finding(), policy="é\n" + "x" * 300)
    told = message(reports.report(odd))
    assert SUBJECT == len(told.subject)
    assert "s3guard: 1 new (high) in ??xxx" == told.subject[:30]


@pytest.mark.parametrize("text", [*HOSTILE.values(), *SECRETS.values()])
def test_values_of_a_chat_hold_no_markup_no_mention_and_no_link_and_come_back(text: str) -> None:
    assert not re.search(r"[<>&@\[\]|*~`#]|://", chat(text))
    assert "://" not in plain(text)
    if text in HOSTILE.values():
        assert text in (unvisible(chat(text)), unvisible(unvisible(chat(text))))


def test_keys_and_user_agents_are_left_out_unless_asked_for() -> None:
    subject = {"principal": "arn:aws:iam::111122223333:user/eve", "key": "patients/doe.pdf", "user_agent": "curl/8", "my_column": "odd"}
    private = finding(message="eve: patients/doe.pdf curl/8 odd", subject=subject)
    told = message(reports.report(result(private)))
    for text in texts(told):
        assert not any(value in text for value in ("patients", "doe.pdf", "curl", "odd"))
    assert "principal arn:aws:iam::111122223333:user/eve, key (left out), user agent (left out), my column (left out)" in told.text()
    assert "Object keys, user agents and the like are left out here, and stand in the report." in told.text()
    (one,) = json.loads(payload(told))["findings"]
    assert ({"principal": subject["principal"]}, ["key", "my_column", "user_agent"], None) == (
        one["subject"],
        one["left_out"],
        one["message"],
    )
    detailed = replace(told, details=True)
    assert "patients/doe.pdf" in detailed.text()
    (one,) = json.loads(payload(detailed))["findings"]
    assert (subject, [], private.message) == (one["subject"], one["left_out"], one["message"])


def test_the_keys_of_a_resolved_finding_are_left_out_too() -> None:
    belief = advance(Belief(), seen(result(finding(subject={"principal": "eve", "key": "doe.pdf"}))))
    told = message(seen(result(), since=0).report, belief)
    assert ["resolved"] == [item.what.value for item in told.news.items]
    assert not any("doe" in text for text in texts(told))
    assert "principal eve, key (left out)" in told.text()


def test_a_text_says_who_did_what_where_how_often_when_and_how_the_run_ended() -> None:
    told = message(reports.failing(), lowest=Severity.MEDIUM)
    assert (
        told.text()
        == """\
FAIL: exit code 1: 2 findings at or above medium.

phi-records: phi-records/writers
  Only the ingest service writes
  NEW: critical, 3 records served
    arn:aws:iam::111122223333:role/analyst wrote 3 times and is not an allowed writer
    2026-10-01 00:00:00 to 01:00:00 UTC
    finding 53fc94ee1a02f315
  NEW: high, 3 records served
    arn:aws:iam::111122223333:user/known wrote 3 times and is not an allowed writer
    2026-10-01 00:00:00 to 01:00:00 UTC
    finding 602f38b0a0d8f933

phi-records: phi-records/anonymous
  Only the ingest service writes
  NEW: high, 3 records served
    3 anonymous reads
    2026-10-01 00:00:00 to 01:00:00 UTC
    finding cf7bbd2886184c60

Run run-1, s3guard 1.2.3.
"""
    )


def test_what_could_not_be_judged_stands_by_bucket_and_reason() -> None:
    blind = [
        reports.result(kind, rule=f"p/{kind}", status=Status.UNDETERMINED, bucket=bucket, reason="no record")
        for bucket in ("b", "a")
        for kind in ("writers", "anonymous")
    ]
    report = reports.report(*blind, status=Status.UNDETERMINED, exit_code=3)
    told = message(report)
    assert "COULD NOT BE JUDGED\n  a: 2 checks: no record\n  b: 2 checks: no record\n" in told.text()
    belief = advance(Belief(), Seen(report))
    again = message(reports.report(*(replace(one, status=Status.PASS) for one in blind)), belief)
    assert "CAN BE JUDGED AGAIN\n  a: 2 checks\n  b: 2 checks\n" in again.text()
    assert ("s3guard: could not judge everything", "s3guard: can judge again") == (told.subject, again.subject)


def test_of_many_findings_the_worst_are_told_and_the_rest_is_counted() -> None:
    told = message(reports.flood())
    text = told.text()
    assert ITEMS == text.count("  NEW: ")
    assert f"And {1001 - ITEMS:,} more findings of 1 check; the report has them." in text
    document = json.loads(payload(told))
    assert 1001 == document["summary"]["new"] == len(document["findings"]) + document["omitted"]["findings"]
    assert 20 < len(document["findings"])


def test_who_floods_one_check_leaves_room_for_the_others() -> None:
    flood = result(*(finding(f"flood{number}", records=100, severity=Severity.CRITICAL) for number in range(900)), rule="p/anonymous")
    thief = result(finding("thief", severity=Severity.HIGH), rule="p/requesters")
    told = message(reports.report(flood, thief))
    assert "thief" in told.text()
    assert ITEMS - 1 == told.text().count("flood")
    assert f"And {901 - ITEMS} more findings of 1 check; the report has them." in told.text()
    assert ["flood0", "thief"] == [one["subject"]["principal"] for one in json.loads(payload(told))["findings"][:2]]


def test_no_message_is_larger_than_sns_takes_whatever_strangers_write() -> None:
    long = [finding(f"{number}{'𒀀' * 5000}", subject={"principal": "𒀀" * 5000, "bucket": str(number)}) for number in range(300)]
    blind = [
        reports.result(rule=f"p/{number}", bucket=f"{number}{'𒀀' * 900}", status=Status.UNDETERMINED, reason="𒀀" * 900)
        for number in range(300)
    ]
    told = message(reports.report(result(*long), *blind))
    assert len(payload(told)) < 2 * ROOM + 4096
    assert len(told.text().encode()) < 150_000


def test_the_json_of_a_message_has_its_keys_in_order_and_its_id_twice_the_same() -> None:
    document = json.loads(payload(message(reports.failing())))
    assert SCHEMA == document["schema"] == "s3guard/notification/1"
    assert [
        *("schema", "id", "time", "tool", "subject", "trial", "run", "status", "exit_code", "severity", "remembers"),
        *("summary", "findings", "unjudged", "omitted"),
    ] == list(document)
    assert ("id-1", "run-1", "fail", 1, "critical") == tuple(document[name] for name in ("id", "run", "status", "exit_code", "severity"))


def test_a_message_without_a_memory_says_so() -> None:
    assert "There is no memory of what was told before" in message(reports.failing(), remembers=False).text()


@pytest.mark.parametrize("about", [{"trial": True}, {}])
def test_a_message_about_no_report_is_one_too(about: Any) -> None:
    told = Message("id", crashed(Belief(), 5)[0] if not about else News(), None, **about)
    assert "nothing was found" in told.text() if about else "ended before there was a report" in told.text()
    document = json.loads(payload(told))
    assert (None, None, bool(about)) == (document["run"], document["exit_code"], document["trial"])
    assert told.subject in ("s3guard: a test, nothing was found", "s3guard: could not judge everything")
