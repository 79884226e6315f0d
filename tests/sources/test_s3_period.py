"""Of a bucket no more is listed and read than a run looks at, and the report says what was left out."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from s3guard.check import Request, check
from s3guard.cli import ending
from s3guard.dump import Dump, Wanted
from s3guard.model import Listed, Report
from s3guard.outputs import PROVES, Options
from s3guard.outputs.json import parse, render
from s3guard.sources import Scope, Sources
from tests.cli.project import Here
from tests.lines import record
from tests.s3 import proxy, shelf
from tests.s3.access import alone, reached
from tests.s3.shelf import Shelf, served

POLICY = """\
version: 1
policy: p
buckets: [examplebucket]
rules:
  requesters: {allow: [arn:aws:iam::111122223333:user/ann]}
"""
DAY = timedelta(days=1)
FIRST = datetime(2026, 10, 1, tzinfo=UTC)
LATER = datetime(2026, 11, 1, tzinfo=UTC)
Serve = Callable[[Mapping[str, bytes]], proxy.Proxy]


def line(time: datetime, bucket: bytes = b"examplebucket") -> bytes:
    """A record of that time."""
    return record(bucket=bucket, logged_time=time.strftime("[%d/%b/%Y:%H:%M:%S +0000]").encode()).render() + b"\n"


def simple(delivered: datetime, number: int = 0) -> str:
    """The key of an object in the simple format."""
    return f"logs/{delivered:%Y-%m-%d-%H-%M-%S}-{number:016X}"


def partitioned(day: datetime, bucket: str) -> str:
    """The key of an object in the partitioned format."""
    return f"logs/111122223333/eu-west-1/{bucket}/{day:%Y/%m/%d/%Y-%m-%d}-00-00-00-0123456789ABCDEF"


@contextmanager
def serving(contents: Mapping[str, bytes], patch: pytest.MonkeyPatch) -> Iterator[proxy.Proxy]:
    """The bucket ``logs`` with these objects, behind a proxy that counts."""
    with served(Shelf(contents)) as address, proxy.proxied(address) as before:
        reached(patch, before.url.removeprefix("http://"))
        yield before


def judged(folder: Path, more: str = "", **changes: Any) -> Report:
    """The report of a check of all logs, by a policy that is about `more` buckets."""
    policy = folder / "p.yaml"
    policy.write_text(POLICY.replace("examplebucket", f"examplebucket{more}"), encoding="utf-8")
    return check(Request(**{"logs": ["s3://logs/logs/"], "policies": [policy], "as_of": LATER, "jobs": 1, **changes}))


def test_one_day_out_of_two_hundred_thousand_objects_takes_the_requests_of_that_day(monkeypatch: pytest.MonkeyPatch) -> None:
    contents = {simple(FIRST + (number - 100_000) * DAY / 2_000, number): b"" for number in range(200_000)}
    with serving(contents, monkeypatch) as before:
        scope = Scope(since=FIRST, until=FIRST + DAY, late=timedelta(0))
        found = [entry.name for entry in Sources(scope).objects(["s3://logs/logs/"])]
        assert found == [f"s3://logs/{key}" for key in sorted(contents)[100_000:102_000]]
        # NOTE: the first page tells how names look, two hold the day, one shows that it is over, one that no other prefix follows.
        assert [(one.query["prefix"], one.query.get("start-after", "")) for one in before.listings] == [
            ("logs/", ""),
            ("logs/", "logs/2026-10-01-00-00-00"),
            ("logs/", ""),
            ("logs/", ""),
            ("logs/", "logs/2026-~"),
        ]
        assert len(before.asked) == 6


def test_what_is_delivered_late_is_found_within_the_margin_and_the_report_says_what_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    last = FIRST + DAY - timedelta(seconds=1)
    contents = {
        simple(FIRST - timedelta(seconds=1)): line(FIRST - DAY),
        simple(FIRST + timedelta(hours=1)): line(FIRST) + line(FIRST - DAY),
        simple(FIRST + 2 * DAY): line(last),
        simple(FIRST + 3 * DAY - timedelta(seconds=1)): line(last),
        simple(FIRST + 3 * DAY): line(last),
    }
    with serving(contents, monkeypatch):
        report = judged(tmp_path, since=FIRST, until=FIRST + DAY)
        assert (0, 3, 3) == (report.exit_code, report.coverage.objects, report.coverage.records)
        assert report.coverage.listed == (Listed("s3://logs/logs/", FIRST, FIRST + 3 * DAY, 48 * 3600, 0, ()),)
        assert report.notes[:-1] == (
            (
                "s3://logs/logs/: only log objects named for the time from 2026-10-01T00:00:00Z to 2026-10-04T00:00:00Z were read, "
                "which is 2d after the period, for late deliveries."
            ),
        )
        assert judged(tmp_path, since=FIRST, until=FIRST + DAY, late=4 * DAY).coverage.records == 4
        assert judged(tmp_path, since=FIRST, until=FIRST + DAY, late=timedelta(0)).coverage.records == 1
        early = judged(tmp_path, since=FIRST, until=FIRST + DAY, as_of=FIRST + DAY)
        assert "s3://logs/logs/: records of the period may still be delivered: the run looked before 2026-10-04T00:00:00Z." in early.notes
        assert judged(tmp_path, until=datetime(9999, 12, 31, tzinfo=UTC)).coverage.records == 6
        everything = judged(tmp_path)
        assert (5, 6, (PROVES,)) == (everything.coverage.objects, everything.coverage.records, everything.notes)


def test_the_report_carries_what_was_listed_and_reads_it_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving({simple(FIRST): line(FIRST), "logs/copy.log": line(FIRST)}, monkeypatch):
        report = judged(tmp_path, since=FIRST)
    assert parse(render(report, Options()).encode(), "x").coverage == report.coverage
    assert report.coverage.listed == (Listed("s3://logs/logs/", FIRST, None, 0, 1, ()),)
    assert "s3://logs/logs/: the names of 1 log object tell no time, so all of them were listed and read." in report.notes


def test_sources_that_no_policy_is_about_are_not_read_and_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["examplebucket", "other", "scratch", "team-a"]
    contents = {partitioned(FIRST + day * DAY, name): line(FIRST + day * DAY, name.encode()) for name in names for day in range(4)}
    with serving(contents, monkeypatch) as before:
        report = judged(tmp_path, ", 'team-*'", since=FIRST + DAY, until=FIRST + 2 * DAY, late=timedelta(0))
        assert (0, 2, 2) == (report.exit_code, report.coverage.objects, report.coverage.records)
        assert [listed.skipped for listed in report.coverage.listed] == [("other", "scratch")]
        assert "s3://logs/logs/: the logs of 2 buckets were not read, since no policy is about them: other, scratch." in report.notes
        assert not any("/other/" in one.path or "/other/" in one.query.get("prefix", "") for one in before.asked)

        strict = judged(tmp_path, ", 'team-*'", since=FIRST + DAY, until=FIRST + 2 * DAY, late=timedelta(0), require_policy=True)
        assert (3, 4, [()]) == (strict.exit_code, strict.coverage.objects, [listed.skipped for listed in strict.coverage.listed])
        assert any("2 buckets with records has no policy" in note or "no policy" in note for note in strict.notes)

        one = judged(tmp_path, ", 'team-*'", buckets=["team-a"])
        assert (4, ["team-a"]) == (one.coverage.objects, [bucket.bucket for bucket in one.coverage.buckets])
        assert any("since --bucket names others: examplebucket, other, scratch." in note for note in one.notes)


def test_where_nothing_is_covered_nothing_is_judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving({partitioned(FIRST, "other"): line(FIRST, b"other")}, monkeypatch):
        report = judged(tmp_path)
    assert (4, 0, [("other",)]) == (report.exit_code, report.coverage.objects, [listed.skipped for listed in report.coverage.listed])


def test_records_of_a_bucket_and_a_period_are_listed_as_narrowly(monkeypatch: pytest.MonkeyPatch) -> None:
    contents = {partitioned(FIRST + day * DAY, name): line(FIRST + day * DAY, name.encode()) for name in ("aaa", "bbb") for day in range(9)}
    with serving(contents, monkeypatch) as before:
        dump = Dump(Wanted(["s3://logs"], ["bucket", "time"], buckets=["bbb"], since=FIRST + 3 * DAY, until=FIRST + 4 * DAY))
        assert sum(frame.height for frame in dump.frames()) == dump.rows == 1
        assert len(before.readings) == 3


def test_the_same_traffic_has_the_same_report_from_files_and_from_a_bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    demo = Path(__file__).parent.parent / "logs" / "demo"
    policies = [Path(__file__).parent.parent.parent / "policies"]
    monkeypatch.chdir(demo.parent.parent)
    files = {f"demo/{path.relative_to(demo).as_posix()}": path.read_bytes() for path in demo.rglob("*") if path.is_file()}
    asked: dict[str, Any] = {"policies": policies, "as_of": datetime(2026, 10, 2, tzinfo=UTC)}
    local = check(Request(logs=[str(demo)], **asked))
    with serving(files, monkeypatch):
        remote = check(Request(logs=["s3://logs/demo/"], jobs=2, **asked))
    assert comparable(remote, "s3://logs/demo/") == comparable(local, "tests/logs/demo/")


def comparable(report: Report, prefix: str) -> str:
    """The report without what names the run and the place of the logs."""
    document = json.loads(render(report, Options()))
    del document["run"], document["coverage"]["listed"]
    document["notes"] = [note for note in document["notes"] if not note.startswith("s3://")]
    return json.dumps(document).replace(prefix, "demo/")


def test_a_run_with_a_state_lists_what_its_report_covers_and_reads_what_is_new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    as_of = FIRST + 40 * DAY
    contents = {simple(FIRST + day * DAY, day): line(FIRST + day * DAY) for day in range(40)}
    state = str(tmp_path / "state")
    with serving(contents, monkeypatch) as before:
        first = judged(tmp_path, state=state, as_of=as_of)
        assert (0, 30, 30) == (first.exit_code, first.coverage.records, len(before.readings))
        assert first.coverage.listed == (Listed("s3://logs/logs/", FIRST + 10 * DAY, None, 0, 0, ()),)
        before.asked.clear()
        again = judged(tmp_path, state=state, as_of=as_of)
        assert (0, 30, []) == (again.exit_code, again.coverage.records, before.readings)


def test_what_could_not_be_listed_once_is_told_once_where_there_is_a_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hasty: None
) -> None:
    state = str(tmp_path / "state")
    with serving({simple(FIRST): line(FIRST)}, monkeypatch) as before:
        before.plan = lambda asked: proxy.DENIED if asked.is_listing else None
        denied = judged(tmp_path, state=state, as_of=FIRST + DAY)
        assert (3, ["s3://logs/logs/"]) == (denied.exit_code, [one.object for one in denied.coverage.unreadable])
        before.plan = lambda asked: proxy.GONE if asked.is_reading else None
        gone = judged(tmp_path, state=state, as_of=FIRST + DAY)
        assert (3, [f"s3://logs/{simple(FIRST)}"]) == (gone.exit_code, [one.object for one in gone.coverage.unreadable])
        before.plan = lambda _: None
        assert (0, 1) == ((report := judged(tmp_path, state=state, as_of=FIRST + DAY)).exit_code, report.coverage.records)


def test_an_object_with_another_etag_is_read_and_compared_with_what_was_judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state, key, plain = str(tmp_path / "state"), simple(FIRST), shelf.etag
    with serving({key: line(FIRST)}, monkeypatch) as before:
        judged(tmp_path, state=state, as_of=FIRST + DAY)
        monkeypatch.setattr(shelf, "etag", lambda content: f'"copied-{plain(content)[1:]}')
        before.asked.clear()
        copied = judged(tmp_path, state=state, as_of=FIRST + DAY)
        assert (0, 1, 1) == (copied.exit_code, copied.coverage.records, len(before.readings))
        before.plan = lambda asked: proxy.DENIED if asked.is_reading else None
        denied = judged(tmp_path, state=state, as_of=FIRST + DAY)
        assert 3 == denied.exit_code
        assert "perhaps changed since it was judged" in denied.coverage.unreadable[0].reason
    with serving({key: line(FIRST).replace(b"examplebucket", b"exampleBucket")}, monkeypatch):
        exchanged = judged(tmp_path, state=state, as_of=FIRST + DAY)
        assert 3 == exchanged.exit_code
        assert exchanged.coverage.unreadable[0].reason.startswith("changed since it was judged (its content is another")


def test_the_command_reads_a_bucket_and_says_what_it_left_out(here: Here) -> None:
    contents = {partitioned(FIRST, "examplebucket"): line(FIRST), partitioned(FIRST, "other"): line(FIRST, b"other")}
    with serving(contents, here.patch) as before:
        here.patch.delenv("AWS_ENDPOINT_URL_S3")
        period = ("--since", "2026-10-01", "--until", "2026-10-02", "--late", "6h")
        ended = here("check", "s3://logs/logs/", *period, S3GUARD_ENDPOINT_URL=before.url)
        assert (ending.CLEAN, "") == (ended.code, ended.err)
        assert "s3://logs/logs/: the logs of 1 bucket were not read, since no policy is about them: other." in " ".join(ended.out.split())
        assert "to 2026-10-02T06:00:00Z were read, which is 6h after the period" in " ".join(ended.out.split())
        rows = here("records", "s3://logs/logs/", "--columns", "bucket", "--to", "csv", "--endpoint-url", before.url)
        assert (0, ["bucket", "examplebucket", "other"], "") == (rows.code, rows.out.split(), rows.err)
        rows = here("records", "s3://logs/logs/", "--bucket", "other", "--columns", "bucket", "--to", "csv", "--endpoint-url", before.url)
        assert (0, ["bucket", "other"]) == (rows.code, rows.out.split())
        assert "the logs of 1 bucket were not read, since --bucket names others: examplebucket." in rows.err


def test_without_credentials_the_way_to_some_is_told(here: Here) -> None:
    alone(here.patch)
    ended = here("check", "s3://logs/")
    assert 2 == ended.code
    assert "no AWS credentials: set AWS_PROFILE" in ended.err
    ended = here("check", "s3://logs/", "--profile", "nobody")
    assert 2 == ended.code
    assert "The config profile (nobody) could not be found" in ended.err
