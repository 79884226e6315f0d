"""The text on a terminal: what stands in it, and that no value of a log can drive the terminal or the CI system."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s3guard.fields import WARNINGS
from s3guard.layout import width
from s3guard.model import Notified, Omitted, Report, Severity, Status, Unclear
from s3guard.outputs import PROVES, Options, text
from s3guard.text import ci_safe, visible
from s3guard.text import shown as safe
from tests.outputs import golden, reports, runner
from tests.outputs.corpus import HOSTILE, SECRETS

PLAIN = Options(width=80)
SGR = re.compile(r"\x1b\[[0-9;]*m")
HALF_AN_ESCAPE = re.compile(r"\\u\{(?![0-9a-f]{1,6}\})")


def shown(report: Report, options: Options = PLAIN) -> str:
    return "".join(text.render(report, options))


def unwrapped(report: Report) -> str:
    return " ".join(shown(report, Options(width=120)).split())


@pytest.mark.parametrize("kind", golden.KINDS)
def test_each_kind_of_report_looks_as_in_its_golden_file(kind: str) -> None:
    golden.expect(f"text/{kind}.txt", shown(golden.KINDS[kind]()))


def test_colour_looks_as_in_its_golden_file() -> None:
    golden.expect("text/failing-color.txt", shown(reports.failing(), Options(width=80, color=True)))


def test_ascii_looks_as_in_its_golden_file() -> None:
    golden.expect("text/hostile-ascii.txt", shown(golden.hostile(), Options(width=80, ascii=True)))


def test_the_verdict_with_exit_code_and_reason_comes_first() -> None:
    first, second, *_ = shown(reports.failing()).splitlines()
    assert first.strip() == "FAIL  2 of 6 checks failed, 2 tolerated, 1 did not apply"
    assert second.strip() == "exit code 1: 2 findings at or above medium"


def test_what_is_longer_than_a_screen_tells_the_verdict_at_its_end_as_well() -> None:
    long, short = shown(reports.failing()).splitlines(), shown(reports.undetermined()).splitlines()[: text.SCREEN]
    assert long[:2] == long[-2:]
    assert sum("exit code" in line for line in short) == 1


def test_checks_that_could_not_be_judged_for_one_reason_are_told_together() -> None:
    alike = [reports.result(kind, status=Status.UNDETERMINED, reason="no record of it") for kind in ("writers", "anonymous", "volume")]
    other = reports.result("errors", status=Status.UNDETERMINED, reason="no record of it", bucket="another")
    told = unwrapped(reports.report(*alike, other, status=Status.UNDETERMINED, exit_code=3))
    assert 2 == told.count("no record of it")
    assert "undetermined 3 checks phi-records no record of it checks phi-records/writers, phi-records/anonymous, phi-records/volume" in told


def test_reasons_beyond_twenty_are_counted() -> None:
    unjudged = [reports.result(status=Status.UNDETERMINED, reason=f"reason {number}") for number in range(30)]
    told = unwrapped(reports.report(*unjudged, status=Status.UNDETERMINED, exit_code=3))
    assert 20 == told.count("reason ")
    assert "also 10 more checks could not be judged; --output json:FILE holds the reasons" in told


def test_a_warning_says_what_it_means() -> None:
    whole = reports.clean()
    warned = replace(whole, coverage=replace(whole.coverage, warnings={"carriage-return": 7}))
    assert f"7\N{MULTIPLICATION SIGN} carriage-return: {WARNINGS['carriage-return']}" in unwrapped(warned)


def test_an_outcome_that_the_sentence_tells_is_not_told_again() -> None:
    told = [reports.finding("ann", message=f"ann wrote ({end})") for end in ("3 requests served", "3 requests")]
    failed = reports.result(status=Status.FAIL, findings=tuple(told))
    assert 1 == unwrapped(reports.report(failed, status=Status.FAIL, exit_code=1)).count("served, 2026")


def test_a_violation_says_who_how_often_since_when_where_and_what_to_do() -> None:
    told = unwrapped(reports.failing())
    for part in (
        reports.ARN,
        "3\N{MULTIPLICATION SIGN}",
        "2026-10-01 00:00:00 to 01:00:00 UTC",
        "s3://logs/phi-records/2026-10-01-00-01:1",
        "help Whoever writes records",
        "policy policies/phi-records.yaml:17",
        "hipaa 164.308(a)(3)(ii)(A)",
    ):
        assert part in told


def test_a_subject_that_the_sentence_does_not_name_is_told() -> None:
    assert "3 anonymous reads remote_ip 198.51.100.7" in unwrapped(reports.failing())


def test_a_rule_without_help_or_controls_leaves_no_empty_label() -> None:
    bare = reports.finding(first_seen=None, last_seen=None, outcome=None, samples=())
    failed = reports.result(status=Status.FAIL, findings=(bare,), help="", controls=())
    labels = {line[:12].strip() for line in shown(reports.report(failed, notes=(PROVES,))).splitlines()}
    assert labels == {"PASS", "✗ critical", "", "3\N{MULTIPLICATION SIGN}", "policy", "controls", "records", "period", "hours", "proves"}


def test_success_is_quiet_and_still_says_what_it_covers_and_proves() -> None:
    lines = shown(reports.clean()).splitlines()
    assert len(lines) <= 13
    assert unwrapped(reports.clean()).endswith(PROVES)


def test_what_could_not_be_looked_at_is_told_with_its_reason() -> None:
    told = unwrapped(reports.undetermined())
    for part in (
        "UNDETERMINED 1 of 4 checks passed, 3 could not be judged",
        "exit code 3",
        "the lines have no TLS columns",
        "1,000 records could not be judged",
        "no bucket matches phi-*",
        "ambiguous 2 lines",
        "quarantined 41 lines",
        "s3://logs/broken.gz: the gzip stream ends early",
        "warning 3\N{MULTIPLICATION SIGN} clock",
        "nobody-looks, 5 records",
        "More lines were quarantined than --max-unparsed allows.",
    ):
        assert part in told


def test_lines_that_are_no_record_are_named_where_the_run_was_asked_for_them() -> None:
    lines = tuple(Unclear("logs/\x1b[2Jo", number, "quarantined", "it holds no time") for number in range(1, 9))
    told = unwrapped(replace(reports.undetermined(), unclear=(*lines, Unclear("logs/p", 9, "ambiguous", "two readings"))))
    assert "logs/\\u{1b}[2Jo:5: it holds no time" in told
    assert "logs/\\u{1b}[2Jo:6" not in told
    assert "logs/p:9: two readings" in told


def test_nothing_looked_at_does_not_read_as_a_pass() -> None:
    for report in (reports.empty(), reports.unjudgeable()):
        assert "PASS" not in shown(report)
        assert "passed" not in shown(report)


def test_a_pass_that_allows_undetermined_checks_says_so() -> None:
    allowed = replace(reports.undetermined(), status=Status.PASS, exit_code=0)
    assert "PASS 1 of 4 checks passed, 3 could not be judged exit code 0" in unwrapped(allowed)
    assert "what could not be judged was allowed" in unwrapped(allowed)


def test_who_was_told_and_who_was_not_is_told() -> None:
    usual = reports.failing()
    channels = (
        Notified("e-mail to ops@example.org", "sent", 2, 0, 1),
        Notified("webhook https://a.example", "quiet"),
        Notified("sns alerts", "failed", 3, reason="answered \x1b]0;500"),
    )
    told = unwrapped(replace(usual, run=replace(usual.run, notified=channels)))
    assert "told e-mail to ops@example.org: 2 new, 1 resolved" in told
    assert "told webhook https://a.example: nothing new" in told
    assert "not told sns alerts: 3 new; answered \\u{1b}]0;500" in told
    assert " told " not in unwrapped(usual)


def test_a_flood_shows_five_findings_and_counts_the_others() -> None:
    told = unwrapped(reports.flood())
    assert told.count("wrote 3 times") == 5
    assert "and 98,995 more findings with 5,002,985 records" in told


def test_a_flood_of_failed_checks_names_each_and_shows_twenty() -> None:
    failed = [
        reports.result(rule=f"p/writers/r{number}", status=Status.FAIL, findings=(reports.finding(f"user {number}"),))
        for number in range(30)
    ]
    told = unwrapped(reports.report(*failed, status=Status.FAIL, exit_code=1))
    assert told.count("help") == 20
    assert all(f"p/writers/r{number} " in told for number in range(30))


def test_findings_below_the_threshold_take_one_line() -> None:
    below = reports.result(status=Status.FAIL, findings=(reports.finding("mallory", severity=Severity.LOW),), omitted=Omitted(7, 70))
    lines = shown(reports.report(below)).splitlines()
    assert len([line for line in lines if "mallory" in line]) == 1
    assert "7 more findings with 70 records" in unwrapped(reports.report(below))


def test_a_waiver_says_until_when_who_and_why() -> None:
    assert "until 2027-03-31, by ciso@example.org, SEC-1412, Migration" in unwrapped(reports.waived())


def test_passed_checks_are_listed_only_when_asked_for() -> None:
    verbose = shown(reports.failing(), Options(width=80, verbose=True))
    assert "phi-records/errors/reads" not in shown(reports.failing())
    assert "phi-records/errors/reads" in verbose
    assert "the rule is not enabled for this bucket" in verbose


@pytest.mark.parametrize("columns", [1, 60, 61, 79, 80, 100, 119, 120, 500])
@pytest.mark.parametrize("kind", [*golden.KINDS, "everything hostile"])
def test_no_line_is_wider_than_the_terminal(kind: str, columns: int) -> None:
    report = golden.KINDS.get(kind, reports.hostile)()
    for line in shown(report, Options(width=columns, verbose=True)).splitlines():
        assert width(line) <= max(60, min(columns, 120))
        assert line == line.rstrip()


@pytest.mark.parametrize("columns", [60, 67, 80, 93, 120])
@pytest.mark.parametrize("ascii_only", [False, True])
def test_no_value_can_drive_a_terminal_or_a_ci_system_at_any_width(columns: int, *, ascii_only: bool) -> None:
    told = shown(reports.hostile(), Options(width=columns, ascii=ascii_only, verbose=True))
    assert runner.obeyed(told) == []
    assert visible(told.replace("\n", "").replace("\\u{", "")) == told.replace("\n", "").replace("\\u{", "")
    assert not HALF_AN_ESCAPE.search(told)
    assert "TOPSECRET" not in told
    assert told.isascii() or not ascii_only


def test_colour_is_the_only_control_and_changes_no_letter() -> None:
    coloured = shown(reports.hostile(), Options(width=80, color=True))
    assert SGR.sub("", coloured) == shown(reports.hostile())
    assert "\x1b" not in shown(reports.hostile())


def test_every_colour_is_switched_off_in_its_own_line() -> None:
    for line in shown(reports.failing(), Options(width=80, color=True)).splitlines():
        codes = SGR.findall(line)
        assert all(first != "\x1b[0m" and second == "\x1b[0m" for first, second in list(pairwise(codes))[::2])
        assert len(codes) % 2 == 0


def _anywhere(value: str) -> Iterator[Report]:
    found = reports.finding(value, subject={"key": value}, samples=(reports.sample(object=value),))
    yield reports.report(reports.result(status=Status.FAIL, bucket=value, findings=(found,)), status=Status.FAIL, exit_code=1)
    yield reports.report(reports.result(status=Status.UNDETERMINED, reason=value), status=Status.UNDETERMINED, exit_code=3, notes=(value,))


@settings(deadline=None, max_examples=60)
@given(st.text(st.one_of(st.characters(), st.sampled_from("#:[]-+~ \\u{}\x1b")), max_size=120), st.integers(60, 120))
def test_no_text_at_all_gets_through_unseen(value: str, columns: int) -> None:
    for report in _anywhere(value):
        told = shown(report, Options(width=columns))
        assert runner.obeyed(told) == []
        assert all(width(line) <= columns for line in told.split("\n"))
        assert not HALF_AN_ESCAPE.search(told)


def test_every_hostile_value_is_shown_in_its_visible_form() -> None:
    told = "".join(shown(reports.hostile(), Options(width=120)).split())
    short = [value for value in HOSTILE.values() if 0 < len(value) < 30 and value not in SECRETS.values()]
    for value in short:
        assert "".join(ci_safe(safe(value)).split()) in told
