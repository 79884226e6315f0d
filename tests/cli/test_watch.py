"""What `s3guard watch` prints, and what it is told when it cannot be."""

from __future__ import annotations

import json

import pytest

from s3guard.cli import stream
from s3guard.outputs import Options
from s3guard.text import visible
from s3guard.watching.news import Told
from tests.cli.project import CLEAN, STRANGER, Here
from tests.outputs import reports
from tests.outputs.runner import obeyed

REPORTS = {name: getattr(reports, name) for name in ("failing", "undetermined", "waived", "flood", "hostile", "clean")}
SINCE = ("--since", "2019-01-01", "--once")


@pytest.mark.parametrize("form", stream.FORMATS)
@pytest.mark.parametrize("name", REPORTS)
def test_no_line_drives_a_terminal_or_a_ci_system_whatever_strangers_wrote(name: str, form: str) -> None:
    news = Told().news(REPORTS[name](), frozenset(), again=True)
    for line in stream.lines(news, form, Options()):
        assert line.endswith("\n")
        assert visible(line[:-1]).replace("\\u{5c}", "\\") == line[:-1]
        assert [] == obeyed(line)


@pytest.mark.parametrize("name", REPORTS)
def test_every_line_of_json_is_an_event_that_says_what_the_report_does(name: str) -> None:
    news = Told().news(REPORTS[name](), frozenset(), again=True)
    events = [json.loads(line) for line in stream.lines(news, "json", Options())]
    assert all(("s3guard/watch/1", "2026-10-02T00:00:00Z", "run-1") == (one["schema"], one["time"], one["run"]) for one in events)
    findings = [one for one in events if one["event"] == "finding"]
    assert [finding.fingerprint for _, finding in news.findings] == [one["finding"]["fingerprint"] for one in findings]
    counts = {"flood": len(news.flooded), "undetermined": len(news.undetermined), "unreadable": len(news.unreadable)}
    assert counts == {kind: sum(one["event"] == kind for one in events) for kind in counts}


def test_a_finding_is_a_block_with_all_that_somebody_asks_first() -> None:
    news = Told().news(reports.failing(), frozenset(), again=True)
    text = "".join(stream.lines(news, "text", Options()))
    result, finding = news.findings[0]
    for said in (result.rule, str(result.bucket), finding.severity.value, finding.samples[0].object, "told 2026-10-02 00:00:00 UTC"):
        assert said in text


def test_a_folder_is_watched_once_and_what_is_new_is_told_once(here: Here) -> None:
    arguments = ("watch", "logs", "--state", "state", *SINCE, "-o", "json:now.json")
    first = here(*arguments, "-o", "text")
    assert (1, True) == (first.code, "user/eve" in first.out)
    assert "s3guard: nothing is left: 5 log objects, 1 batch, 1 finding told\n" == first.err
    assert ["examplebucket"] == [one["bucket"] for one in json.loads((here.folder / "now.json").read_text())["coverage"]["buckets"]]
    second = here(*arguments)
    assert (3, "") == (second.code, second.out)
    (here.folder / "logs" / "more.log").write_bytes(CLEAN + STRANGER)
    third = here(*arguments, "-o", "json")
    (told,) = (one for one in map(json.loads, third.out.splitlines()) if one["event"] == "finding")
    assert (1, 2) == (third.code, told["finding"]["records"])
    assert "" == here(*arguments, "-q").err


def test_a_report_that_cannot_be_written_is_told_and_nothing_passes(here: Here) -> None:
    ended = here("watch", "logs/clean.log", "--state", "state", *SINCE, "-o", "json:logs/clean.log/now.json")
    assert 3 == ended.code
    assert "could not write logs/clean.log/now.json" in ended.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["logs"], "--state: which state? As in: s3guard watch s3://org-access-logs/ --state .s3guard/state"),
        (["--state", "s"], "which logs? Give files, folders, globs, s3://bucket/prefix, or - for standard input, as in: s3guard watch"),
        (["-", "--state", "s"], "-: this can be read once; watch files, folders or s3://bucket/prefix"),
        (["logs", "--state", "s", "-o", "junit"], "--output junit: what is told as it goes is text or json; a report needs a file, as in"),
        (["logs", "--state", "s", "--every", "1ms"], "--every: a second is the least"),
        (["logs", "--state", "s", "--relist", "often"], "--relist: 'often' is not a duration"),
        (["logs", "--state", "s", "--since", "soon"], "--since: 'soon' is no instant"),
        (["logs", "--state", "s", "--queue", "https://sqs.eu-west-1.amazonaws.com/1/q"], "--queue: a queue tells of objects in S3; say wh"),
        (["s3://b", "--state", "s", "--queue", "q"], "--queue q: the URL of a queue is expected, as in https://sqs.eu-west-1.amazonaws"),
        (["nowhere", "--state", "s", "--once"], "nowhere: no such file or folder"),
    ],
)
def test_what_cannot_be_watched_is_wrong_usage(here: Here, arguments: list[str], said: str) -> None:
    ended = here("watch", *arguments)
    assert (2, "") == (ended.code, ended.out)
    assert ended.err.startswith(f"s3guard: error: {said}")
