"""The traffic as a report draws it: of a small log the numbers that one counts by hand, and the same from wherever it is read."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from s3guard import charted, heavy, kernel
from s3guard.check import Request, judged
from s3guard.model import Report
from s3guard.partial import TRAFFIC
from s3guard.plan import Plan
from s3guard.state import State, batch_head
from s3guard.state.compaction import compact
from s3guard.traffic import BucketTraffic, Entry, Flow, Interval, Line, Times, Top, Traffic, Unmeasured
from tests.batches import policies_of
from tests.deliveries import record_of
from tests.lines import record

POLICY = """
version: 1
policy: p
buckets: [examplebucket, other]
rules:
  anonymous: {}
  errors: {codes: [4xx, SlowDown], max_share: 2.5%, per: 30m}
  access_denied: {max: 20, per: 10m}
  volume: {requests: 1000, bytes: 50GiB, per: 1h, group_by: [principal, remote_ip]}
  latency:
    - {turn_around_time: {p50: 40ms, p99: 250ms, max: 5s}}
    - {id: slow, total_time: {mean: 2s}, per: 1h}
    - {id: "off", total_time: {mean: 1s}, enabled: false}
"""
AS_OF = datetime(2026, 10, 3, 12, tzinfo=UTC)
ANN, ROLE = b"arn:aws:iam::111122223333:user/ann", b"arn:aws:sts::111122223333:assumed-role/app/i-0"
READ = {"operation": b"REST.GET.OBJECT", "requester": ROLE, "key_logged": b"a%2520b", "user_agent": b"sdk"}
WRITE = {"operation": b"REST.PUT.OBJECT", "requester": ANN, "key_logged": b"c", "user_agent": b"-"}
LIST = {"operation": b"REST.GET.BUCKET", "requester": b"-", "key_logged": b"-", "remote_ip": b"2001:db8::1", "user_agent": b"sdk"}
LOG = (
    # hour, fields, status, error, bytes sent, object size, total time, turn-around time
    (1, READ, (b"200", b"-", b"100", b"100", b"10", b"5")),
    (1, READ, (b"200", b"-", b"200", b"200", b"30", b"6")),
    (1, READ, (b"403", b"AccessDenied", b"7", b"-", b"2", b"-")),
    (1, WRITE, (b"200", b"-", b"-", b"50", b"5000", b"20")),
    (1, LIST, (b"503", b"SlowDown", b"3", b"-", b"1", b"1")),
    (3, WRITE, (b"200", b"-", b"-", b"60", b"40", b"4")),
    (3, {**READ, "bucket": b"other"}, (b"404", b"NoSuchKey", b"9", b"-", b"8", b"8")),
    (3, {**READ, "bucket": b"third"}, (b"200", b"-", b"9", b"9", b"8", b"8")),
)


def line(hour: int, fields: dict[str, bytes], core: tuple[bytes, ...], day: int = 3) -> bytes:
    """A record of an hour of an October day."""
    return record(logged_time=f"[{day:02}/Oct/2026:{hour:02}:00:07 +0000]".encode(), core=core, **fields).render() + b"\n"


def moment(hour: int, day: int = 3) -> datetime:
    return datetime(2026, 10, day, hour, tzinfo=UTC)


EXPECTED = Traffic(
    span=3600,
    intervals=(
        Interval(
            moment(1),
            reads=Flow(3, client_errors=1, refused=1, bytes_sent=307),
            writes=Flow(1, bytes_received=50),
            others=Flow(1, server_errors=1, bytes_sent=3),
            total_time=Times(4, 5042, p50=10, p95=4958, p99=4958),
            turn_around_time=Times(3, 31, p50=6, p95=20, p99=20),
        ),
        Interval(moment(2)),
        Interval(
            moment(3),
            reads=Flow(1, client_errors=1, bytes_sent=9),
            writes=Flow(1, bytes_received=60),
            total_time=Times(2, 48, p50=8, p95=40, p99=40),
            turn_around_time=Times(2, 12, p50=4, p95=8, p99=8),
        ),
    ),
    tops=(
        Top(
            "principal",
            (
                Entry("arn:aws:iam::111122223333:role/app", 4, 1, 316),
                Entry("arn:aws:iam::111122223333:user/ann", 2, 0, 0),
                Entry(None, 1, 0, 3),
            ),
            2,
            approximate=False,
        ),
        Top("remote_ip", (Entry("192.0.2.3", 6, 1, 316), Entry("2001:db8::1", 1, 0, 3)), 2, approximate=False),
        Top("key", (Entry("a b", 4, 1, 316), Entry("c", 2, 0, 0)), 2, approximate=False),
        Top("user_agent", (Entry("sdk", 5, 1, 319), Entry(None, 2, 0, 0)), 1, approximate=False),
        Top(
            "error_code",
            (Entry("AccessDenied", 1, 1, 7), Entry("NoSuchKey", 1, 0, 9), Entry("SlowDown", 1, 0, 3)),
            3,
            approximate=False,
        ),
    ),
    buckets=(
        BucketTraffic("examplebucket", (5, 0, 1), (2, 0, 0), 310, 110),
        BucketTraffic("other", (0, 0, 1), (0, 0, 1), 9, 0),
    ),
    lines=(
        Line("errors", "p/errors", "4xx, SlowDown at most 2.5% in 30m", 0.025, 1800),
        Line("refused", "p/access_denied", "at most 20 refused of one remote_ip in 10m", 20.0, 600),
        Line("requests", "p/volume", "at most 1,000 requests of one principal and remote_ip in 1h", 1000.0, 3600),
        Line("bytes", "p/volume", "at most 50GiB of one principal and remote_ip in 1h", float(50 << 30), 3600),
        Line("turn_around_time", "p/latency", "p50 at most 40 ms", 40.0),
        Line("turn_around_time", "p/latency", "p99 at most 250 ms", 250.0),
        Line("turn_around_time", "p/latency", "max at most 5,000 ms", 5000.0),
        Line("total_time", "p/latency/slow", "mean at most 2,000 ms in 1h", 2000.0, 3600),
    ),
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two log objects, the lines of each hour in both, and a policy."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "p.yaml").write_text(POLICY, encoding="utf-8")
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "1.gz").write_bytes(gzip.compress(b"".join(line(*one) for one in LOG[::2])))
    (tmp_path / "logs" / "2").write_bytes(b"".join(line(*one) for one in LOG[1::2]))
    return tmp_path


def report(*logs: str, ends: bool = True, **asked: object) -> Report:
    """The report of a run that draws the traffic, and came to its end."""
    request = Request(logs=logs or ("logs",), policies=[Path("p.yaml")], as_of=AS_OF, traffic=True)
    done = judged(replace(request, **asked))  # type: ignore[arg-type] # fields of a request
    if ends:
        done.finish()
    return done.report


@pytest.mark.parametrize("jobs", [1, 3])
@pytest.mark.usefixtures("folder")
def test_a_small_log_has_the_numbers_that_one_counts_by_hand(jobs: int) -> None:
    assert EXPECTED == report(jobs=jobs).traffic


@pytest.mark.usefixtures("folder")
def test_a_state_tells_the_same_of_two_runs_and_of_one() -> None:
    assert EXPECTED == report(state="one").traffic
    first = report("logs/1.gz", state="two")
    assert first.traffic is not None
    assert first.traffic.unmeasured is None
    assert EXPECTED == report(state="two").traffic
    compact(State("two"))
    again = report(state="two")
    assert (EXPECTED, 7) == (again.traffic, again.coverage.records - 1)


@pytest.mark.usefixtures("folder")
def test_a_run_with_a_state_measures_what_a_later_one_draws_and_its_record_has_no_copy() -> None:
    assert report(state="state", traffic=False).traffic is None
    assert EXPECTED == report(state="state").traffic
    state = State("state")
    assert [False, False] == ["traffic" in run.report for run in state.view().runs]


@pytest.mark.usefixtures("folder")
def test_a_period_and_a_bucket_are_cut_out_of_a_state() -> None:
    report(state="state")
    late = report(state="state", since=moment(2)).traffic
    assert late is not None
    assert [EXPECTED.intervals[2]] == list(late.intervals)
    assert (2, [1, 1]) == (len(late.tops[0].entries), [entry.requests for entry in late.tops[0].entries])
    assert late == report(since=moment(2)).traffic
    assert report(buckets=["other"]).traffic == report(state="state", buckets=["other"]).traffic
    assert [bucket.bucket for bucket in report(state="state", buckets=["other"]).traffic.buckets] == ["other"]  # type: ignore[union-attr] # it was asked for


def test_hours_that_no_run_measured_are_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(kernel, "_meter", lambda *_: None)  # as a version did that knew no traffic
        report("logs/1.gz", state="state")
    found = report(state="state")
    traffic = found.traffic
    assert traffic is not None
    assert Unmeasured(4, moment(1), moment(3)) == traffic.unmeasured
    assert [(2, 3), (0, 0), (1, 1)] == [(interval.requests, interval.unmeasured) for interval in traffic.intervals]
    sentence = (
        "The traffic that is drawn lacks 4 records of the hours from 2026-10-03T01:00Z to 2026-10-03T03:00Z: they were judged by a run "
        "that measured no traffic, or before a policy was about their bucket."
    )
    assert sentence in found.notes
    (folder / "p.yaml").write_text(POLICY + "  transport: {min_tls: '1.2'}\n", encoding="utf-8")  # for which all is judged again
    assert sentence in report(state="state").notes


def test_records_of_a_bucket_that_a_policy_is_about_since_are_told(folder: Path) -> None:
    report(state="state")
    (folder / "p.yaml").write_text(POLICY.replace("other]", "other, third]"), encoding="utf-8")
    traffic = report(state="state").traffic
    assert traffic is not None
    assert Unmeasured(1, moment(3), moment(3)) == traffic.unmeasured
    assert EXPECTED.buckets == traffic.buckets


@pytest.mark.usefixtures("folder")
def test_a_killed_run_counts_nothing_twice() -> None:
    report("logs/1.gz", state="state", ends=False)
    assert EXPECTED == report(state="state").traffic


def test_many_hours_are_told_by_the_day(folder: Path) -> None:
    (folder / "logs" / "3").write_bytes(line(*LOG[0], day=1) + line(*LOG[0], day=31) + line(23, *LOG[0][1:], day=31))
    traffic = report(as_of=AS_OF + timedelta(days=60)).traffic
    assert traffic is not None
    assert (3600, 31 * 24 - 1) == (traffic.span, len(traffic.intervals))
    (folder / "logs" / "4").write_bytes(line(1, *LOG[0][1:], day=1).replace(b"/Oct/", b"/Nov/"))
    traffic = report(as_of=AS_OF + timedelta(days=60)).traffic
    assert traffic is not None
    assert (86_400, 32, [1, 0, 7, 0]) == (traffic.span, len(traffic.intervals), [one.requests for one in traffic.intervals[:4]])
    assert Times(6, 5090, 10, 4958, 4958) == traffic.intervals[2].total_time


def test_the_buckets_with_most_requests_are_told(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setattr(charted, "BUCKETS", 1)
    monkeypatch.setattr(charted, "ENTRIES", 1)
    traffic = report().traffic
    assert traffic is not None
    assert ((EXPECTED.buckets[0],), 1) == (traffic.buckets, traffic.omitted)
    assert [1] * 5 == [len(top.entries) for top in traffic.tops]
    assert [2, 2, 2, 1, 3] == [top.different for top in traffic.tops]
    assert folder.exists()


@pytest.mark.usefixtures("folder")
def test_how_much_a_count_may_lack_is_told_of_a_run_and_of_a_state(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heavy, "VALUES", 1)
    monkeypatch.setattr(heavy, "OF_CELL", 1)
    told = [[note for note in found.notes if note.startswith("There were too many")] for found in (report(), report(state="state"))]
    assert "1 are counted of each bucket, so a count may lack 1 in 2 of the requests there" in told[0][0]
    assert "1 are counted of each bucket and hour, which is what a state remembers, so a count may lack 1 in 2" in told[1][0]
    assert "remote_ip" in told[1][0]
    assert not any(note.startswith("There were too many") for note in report(buckets=["other"]).notes)


def test_what_lies_out_of_the_intervals_is_told(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setattr(charted, "INTERVALS", 2)
    found = report()
    assert found.traffic is not None
    assert (EXPECTED.intervals[:1], 2) == (found.traffic.intervals, found.traffic.beyond)
    assert (
        "The traffic is spread over more than 2 intervals: drawn are those with most requests, and 2 records lie out of them."
        in found.notes
    )
    assert folder.exists()


def test_what_a_delivery_leaves_out_is_nobodys(folder: Path) -> None:
    whole = record_of(line(*LOG[2]).strip())
    assert whole is not None
    told = {name: whole[name] for name in ("schema_version_id", "bucket_name", "request_time", "operation", "request_id")}
    (folder / "logs.json").write_text("".join(json.dumps(one) + "\n" for one in (told, told | {"error_code": "AccessDenied"})))
    traffic = report("logs.json").traffic
    assert traffic is not None
    assert [Interval(moment(1), reads=Flow(2, refused=1))] == list(traffic.intervals)
    values = [[(entry.value, entry.requests) for entry in top.entries] for top in traffic.tops]
    assert [[(None, 2)], [(None, 2)], [], [(None, 2)], [("AccessDenied", 1)]] == values


@pytest.mark.usefixtures("folder")
def test_nothing_judged_has_no_traffic() -> None:
    traffic = report(since=AS_OF).traffic
    assert traffic is not None
    assert ((), (), EXPECTED.lines) == (traffic.intervals, traffic.buckets, traffic.lines)
    assert [((), 0)] * 5 == [(top.entries, top.different) for top in traffic.tops]


@pytest.mark.usefixtures("folder")
def test_rules_that_are_not_judged_draw_no_line() -> None:
    plan = Plan(policies_of([POLICY]), rules=frozenset({"p/errors"}), traffic=True)
    assert EXPECTED.lines[:1] == charted.lines(plan)


@pytest.mark.usefixtures("folder")
def test_a_state_holds_traffic_by_the_hour_and_bucket() -> None:
    report(state="state")
    (batch,) = State("state").view().batches
    flows, times, tops = (pl.concat(getattr(batch.partial, name)) for name in TRAFFIC)
    assert {("examplebucket", 1), ("examplebucket", 3), ("other", 3)} == {
        (bucket, cell // 3600 - int(moment(0).timestamp()) // 3600)
        for frame in (flows, times, tops)
        for bucket, cell in frame.select("bucket", "cell").rows()
    }
    assert "batch" == batch_head("run", {}, again=False)["kind"]
    assert json.loads(json.dumps(flows["requests"].to_list())) == flows["requests"].to_list()
