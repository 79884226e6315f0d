"""A check with a state: every object is judged once by every rule, whatever happens to the runs."""

from __future__ import annotations

import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from s3guard import remembered
from s3guard.model import Report, Status, UsageError
from s3guard.state import State, store
from tests.lines import record
from tests.reference import worlds
from tests.remembering import essence, finished, run

HERE = Path(__file__).parent.parent
POLICY = """
version: 1
policy: p
buckets: [examplebucket]
rules:
  networks: {{allow: [10.0.0.0/8]}}
  access_denied: {{max: {most}, per: 1h}}
{more}
"""


def hour(number: int) -> bytes:
    """A time in the hour of that number of one day."""
    return f"[03/Oct/2026:{number:02}:00:00 +0000]".encode()


def line(hours: int, address: bytes = b"192.0.2.3", status: bytes = b"200", error: bytes = b"-") -> bytes:
    """A record of an hour."""
    return record(logged_time=hour(hours), remote_ip=address, core=(status, error, b"1", b"1", b"2", b"1")).render() + b"\n"


def refused(hours: int) -> bytes:
    """A record that S3 turned away."""
    return line(hours, b"10.0.0.1", b"403", b"AccessDenied")


def write(folder: Path, logs: dict[str, bytes], most: int = 20, more: str = "") -> None:
    """Log objects and a policy."""
    (folder / "logs").mkdir(exist_ok=True)
    (folder / "policies").mkdir(exist_ok=True)
    for name, data in logs.items():
        (folder / "logs" / name).write_bytes(data)
    (folder / "policies" / "p.yaml").write_text(POLICY.format(most=most, more=more), encoding="utf-8")


def said(report: Report) -> dict[str, tuple[str, int, list[str]]]:
    """Status, records and what is known of the findings, by rule."""
    return {
        result.kind: (result.status.value, result.records, [finding.baseline for finding in result.findings]) for result in report.results
    }


@pytest.mark.parametrize("seed", range(5))
def test_runs_over_parts_report_what_one_run_over_everything_does(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world, rng = worlds.world(seed, lines=120), Random(seed)
    as_of = datetime.fromtimestamp(world.as_of, UTC)
    monkeypatch.setattr(remembered, "OBJECTS", rng.randint(1, 4))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "policies").mkdir()
    for number, text in enumerate(world.policies):
        (tmp_path / "policies" / f"{number}.yaml").write_text(text, encoding="utf-8")
    files, report = rng.sample(world.files, len(world.files)), None
    for number, (name, data) in enumerate(files):
        path = tmp_path / "logs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        if rng.random() < 0.5 or number == len(files) - 1:
            report = finished(tmp_path, "state", as_of=as_of)
    assert report is not None
    assert report.coverage.records > 50
    assert essence(report) == essence(finished(tmp_path, "fresh", as_of=as_of))


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("number", [1, 2, 4])
def test_a_killed_run_is_continued_and_nothing_is_counted_twice(number: int, when: str, tmp_path: Path) -> None:
    write(tmp_path, {f"{name}.log": line(name) + refused(name) for name in range(4)})
    (tmp_path / "state").mkdir()
    killed = subprocess.run([sys.executable, "-m", "tests.remembering", str(tmp_path), str(number), when], cwd=HERE, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert not State(str(tmp_path / "state")).view().runs
    report = finished(tmp_path, str(tmp_path / "state"))
    assert essence(report) == essence(finished(tmp_path, str(tmp_path / "fresh")))
    assert said(report)["networks"] == ("fail", 8, ["new"])


def test_runs_at_once_count_no_object_twice(tmp_path: Path) -> None:
    write(tmp_path, {f"{name}.log": line(name) + refused(name) for name in range(8)})
    command = [sys.executable, "-m", "tests.remembering", str(tmp_path), "0", "never"]
    running = [subprocess.Popen(command, cwd=HERE) for _ in range(3)]
    assert [process.wait() for process in running] == [0, 0, 0]
    view = State(str(tmp_path / "state")).view()
    assert len(view.runs) == 3
    read = [row for batch in view.batches for frame in batch.partial.seen for row in frame["object"]]
    assert len(read) == len(set(read)) == 8
    assert essence(finished(tmp_path, str(tmp_path / "state"))) == essence(finished(tmp_path, str(tmp_path / "fresh")))


def test_a_batch_that_another_run_wrote_first_is_not_written_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, {"a.log": line(1), "b.log": line(2)})
    state, create = str(tmp_path / "state"), store.Folder.create

    def late(self: store.Folder, name: str, data: bytes) -> bool:
        monkeypatch.setattr(store.Folder, "create", create)
        (tmp_path / "logs" / "b.log").rename(tmp_path / "b.log")
        finished(tmp_path, state)
        (tmp_path / "b.log").rename(tmp_path / "logs" / "b.log")
        return create(self, name, data)

    monkeypatch.setattr(store.Folder, "create", late)
    report = finished(tmp_path, state)
    assert report.coverage.records == 2
    assert [frame["object"].to_list()[0][-5:] for batch in State(state).view().batches for frame in batch.partial.seen] == [
        "a.log",
        "b.log",
    ]


def test_what_was_reported_fails_no_run_again_until_there_is_more_of_it(tmp_path: Path) -> None:
    state = str(tmp_path / "state")
    write(tmp_path, {"a.log": line(1)})
    first = finished(tmp_path, state)
    assert (first.exit_code, said(first)["networks"]) == (1, ("fail", 1, ["new"]))
    again = finished(tmp_path, state)
    assert (again.exit_code, said(again)["networks"]) == (0, ("fail", 1, ["unchanged"]))
    write(tmp_path, {"b.log": line(2, b"10.0.0.1")})
    assert finished(tmp_path, state).exit_code == 0
    write(tmp_path, {"c.log": line(3)})
    more = finished(tmp_path, state)
    assert (more.exit_code, said(more)["networks"]) == (1, ("fail", 3, ["new"]))


def test_what_an_unfinished_run_found_is_still_to_be_reported(tmp_path: Path) -> None:
    write(tmp_path, {"a.log": line(1)})
    run(tmp_path, str(tmp_path / "state"))
    assert finished(tmp_path, str(tmp_path / "state")).exit_code == 1
    assert finished(tmp_path, str(tmp_path / "state")).exit_code == 0


def test_refusals_of_several_runs_meet_in_one_window(tmp_path: Path) -> None:
    state = str(tmp_path / "state")
    write(tmp_path, {"a.log": refused(1) * 2}, most=3)
    assert said(finished(tmp_path, state))["access_denied"] == ("pass", 2, [])
    write(tmp_path, {"late.log": refused(1) * 2}, most=3)
    assert said(finished(tmp_path, state))["access_denied"] == ("fail", 4, ["new"])


def test_another_limit_is_held_against_what_was_counted(tmp_path: Path) -> None:
    state = str(tmp_path / "state")
    write(tmp_path, {"a.log": refused(1) * 4}, most=5)
    assert said(finished(tmp_path, state))["access_denied"][0] == "pass"
    (tmp_path / "logs" / "a.log").unlink()
    write(tmp_path, {"b.log": line(2, b"10.0.0.1")}, most=3)
    assert said(finished(tmp_path, state))["access_denied"] == ("fail", 5, ["new"])


def test_a_changed_rule_reads_again_and_the_others_count_nothing_twice(tmp_path: Path) -> None:
    state = str(tmp_path / "state")
    write(tmp_path, {"a.log": line(1) + refused(1)})
    finished(tmp_path, state)
    write(tmp_path, {}, more="  anonymous: {}\n  transport: {}")
    report = finished(tmp_path, state)
    assert said(report)["networks"] == ("fail", 2, ["unchanged"])
    assert said(report)["transport"][1] == 2
    assert essence(report) == essence(finished(tmp_path, str(tmp_path / "fresh")))


def test_what_a_changed_rule_cannot_read_any_more_is_undetermined(tmp_path: Path) -> None:
    state = str(tmp_path / "state")
    write(tmp_path, {"a.log": line(1, b"10.0.0.1")})
    assert finished(tmp_path, state).exit_code == 0
    (tmp_path / "logs" / "a.log").unlink()
    write(tmp_path, {"b.log": line(2, b"10.0.0.1")}, more="  user_agents: {deny: [x]}")
    report = finished(tmp_path, state)
    (result,) = (result for result in report.results if result.kind == "user_agents")
    assert (result.status, result.records, report.exit_code) == (Status.UNDETERMINED, 1, 3)
    assert result.reason is not None
    assert result.reason.startswith("1 log object of earlier runs was judged before the rule was what it is")


def test_a_changed_object_is_told_and_never_judged_in_silence(tmp_path: Path) -> None:
    state = str(tmp_path / "state")
    write(tmp_path, {"a.log": line(1, b"10.0.0.1")})
    assert finished(tmp_path, state).exit_code == 0
    write(tmp_path, {"a.log": line(1, b"10.0.0.1") + line(2)})
    report = finished(tmp_path, state)
    assert report.exit_code == 3
    assert [one.reason.partition(" (")[0] for one in report.coverage.unreadable] == ["changed since it was judged"]


def test_an_object_that_was_cut_short_stays_unreadable_and_one_that_gave_nothing_is_tried_again(tmp_path: Path) -> None:
    state = str(tmp_path / "state")
    write(tmp_path, {"a.log": line(1, b"10.0.0.1"), "b.gz": b"\x1f\x8b\x08\x00"})
    assert [one.object[-4:] for one in finished(tmp_path, state).coverage.unreadable] == ["b.gz"]
    (tmp_path / "logs" / "b.gz").unlink()
    assert finished(tmp_path, state).exit_code == 3
    write(tmp_path, {"b.gz": line(2, b"10.0.0.1")})
    mended = finished(tmp_path, state)
    assert (mended.exit_code, mended.coverage.unreadable, mended.coverage.records) == (0, (), 2)


def test_a_period_of_the_past_is_reported_from_the_state_alone(tmp_path: Path) -> None:
    state = str(tmp_path / "state")
    write(tmp_path, {f"{name}.log": line(name, b"10.0.0.1") for name in range(6)})
    finished(tmp_path, state)
    for name in range(6):
        (tmp_path / "logs" / f"{name}.log").unlink()
    write(tmp_path, {"7.log": line(7, b"10.0.0.1")})
    when = finished(tmp_path, state).coverage.first_record
    assert when is not None
    report = finished(tmp_path, state, since=when.replace(hour=2, minute=30), until=when.replace(hour=4))
    assert (report.coverage.records, report.coverage.objects) == (2, 2)
    assert "from 2026-10-03T02:00Z to 2026-10-03T04:00Z" in " ".join(report.notes)


def test_a_window_that_holds_nothing_is_not_clean(tmp_path: Path) -> None:
    write(tmp_path, {"a.log": line(1, b"10.0.0.1")})
    asked = finished(tmp_path, str(tmp_path / "state")).run.as_of
    report = finished(tmp_path, str(tmp_path / "state"), since=asked, until=asked.replace(day=5))
    assert report.exit_code == 4


def test_standard_input_is_nothing_that_a_state_could_know_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, {})
    monkeypatch.chdir(tmp_path)
    from s3guard.check import Request, judged
    from tests.remembering import AS_OF

    with pytest.raises(UsageError, match="standard input has no name"):
        judged(Request(logs=["-"], policies=[tmp_path / "policies"], as_of=AS_OF, state="state"))


def test_a_log_that_falls_silent_is_told_once_what_is_late_must_have_arrived(tmp_path: Path) -> None:
    state, more = str(tmp_path / "state"), "  completeness: {max_gap: 6h}\n"
    write(tmp_path, {"a.log": line(1, b"10.0.0.1") + line(3, b"10.0.0.1")}, more=more)
    day = datetime(2026, 10, 3, tzinfo=UTC)
    early = finished(tmp_path, state, as_of=day + timedelta(hours=57))
    assert ("pass", 2, []) == said(early)["completeness"]
    silent = finished(tmp_path, state, as_of=day + timedelta(hours=58))
    assert (("fail", 2, ["new"]), 1) == (said(silent)["completeness"], silent.exit_code)
    (found,) = next(result.findings for result in silent.results if result.kind == "completeness")
    assert "longest gap between records: 7 h 00 min (at most 6h) from 2026-10-03T03:00:00Z" in found.message
    again = finished(tmp_path, state, as_of=day + timedelta(hours=70))
    assert (("fail", 2, ["unchanged"]), 0) == (said(again)["completeness"], again.exit_code)
    sooner = finished(tmp_path, str(tmp_path / "other"), as_of=day + timedelta(hours=20), late=timedelta(hours=2))
    assert ("fail", 2, ["new"]) == said(sooner)["completeness"]
    write(tmp_path, {"b.log": line(9, b"10.0.0.1") + line(15, b"10.0.0.1")}, more=more)
    assert ("pass", 4, []) == said(finished(tmp_path, state, as_of=day + timedelta(hours=58)))["completeness"]
