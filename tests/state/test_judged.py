"""What a state knows of a log object: nothing is judged in part and taken for whole, nothing counts twice, nothing is told for ever."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from s3guard import remembered
from s3guard.check import Request, judged
from s3guard.model import Report, Status, UsageError
from s3guard.sources import UnreadableError, local
from s3guard.state import State
from tests.remembering import AS_OF, essence, finished, run
from tests.test_remembered import line, refused, said, write

COMPACTED = ("test_an_object_that_broke_off_is_read_again_and_replaces_its_part", "test_a_state_among_the_logs_is_wrong_usage")

GOOD = b"10.0.0.1"
DENY = "  user_agents: {deny: [x]}"
Cut = Callable[..., None]


@pytest.fixture
def cut(monkeypatch: pytest.MonkeyPatch) -> Cut:
    """Files of these names break off after their second record, as a connection does; all others are read."""
    whole = local.chunks

    def broken(*names: str) -> None:
        def chunks(location: str) -> Iterator[bytes]:
            if not location.endswith(names or "\0"):
                yield from whole(location)
                return
            yield b"".join(b"".join(whole(location)).splitlines(keepends=True)[:2])
            raise UnreadableError("cut short: the connection broke")

        monkeypatch.setattr(local, "chunks", chunks)

    return broken


def unread(report: Report) -> list[str]:
    """What could not be read, by its last name, and why in three words."""
    return [f"{Path(one.object).name}: {' '.join(one.reason.split()[:3])}" for one in report.coverage.unreadable]


def same_as_fresh(folder: Path, report: Report) -> bool:
    """Whether a report says what one run over everything says."""
    return essence(report) == essence(finished(folder, str(folder / f"fresh-{os.urandom(4).hex()}")))


def test_another_content_of_the_same_length_is_told_and_never_taken_for_what_was_judged(tmp_path: Path) -> None:
    state = str(tmp_path / "state")
    write(tmp_path, {"a.log": line(1, GOOD)})
    assert finished(tmp_path, state).exit_code == 0
    write(tmp_path, {"a.log": line(1, b"99.0.0.1")})
    for _ in range(2):
        report = finished(tmp_path, state)
        assert (3, ["a.log: changed since it"]) == (report.exit_code, unread(report))


def test_a_file_that_was_copied_is_the_one_that_was_judged(tmp_path: Path) -> None:
    state = str(tmp_path / "state")
    write(tmp_path, {"a.log": line(1, GOOD)})
    finished(tmp_path, state)
    os.utime(tmp_path / "logs" / "a.log", (1, 1))
    report = finished(tmp_path, state)
    assert (0, [], 1) == (report.exit_code, unread(report), report.coverage.records)


def test_what_cannot_be_compared_with_what_was_judged_is_told(tmp_path: Path, cut: Cut) -> None:
    state = str(tmp_path / "state")
    write(tmp_path, {"a.log": line(1, GOOD) * 3})
    finished(tmp_path, state)
    os.utime(tmp_path / "logs" / "a.log", (1, 1))
    cut("a.log")
    assert ["a.log: perhaps changed since"] == unread(finished(tmp_path, state))


def test_an_object_that_changed_is_told_when_it_is_gone_too_until_it_is_what_it_was(tmp_path: Path) -> None:
    state = str(tmp_path / "state")
    write(tmp_path, {"a.log": line(1, GOOD), "b.log": line(1, GOOD)})
    finished(tmp_path, state)
    write(tmp_path, {"a.log": line(1, GOOD) + line(2)})
    finished(tmp_path, state)
    (tmp_path / "logs" / "a.log").unlink()
    for _ in range(2):
        gone = finished(tmp_path, state)
        assert (3, ["a.log: changed since it"]) == (gone.exit_code, unread(gone))
    write(tmp_path, {"a.log": line(1, GOOD)})
    assert finished(tmp_path, state).exit_code == 0
    (tmp_path / "logs" / "a.log").unlink()
    assert finished(tmp_path, state).exit_code == 0


def test_an_object_that_broke_off_is_read_again_and_replaces_its_part(tmp_path: Path, cut: Cut) -> None:
    state = str(tmp_path / "state")
    write(tmp_path, {"a.log": line(1, GOOD) * 2 + line(2), "b.log": line(3, GOOD), "c.log": line(4) * 3, "d.log": refused(5) * 2})
    cut("a.log", "c.log")
    part = finished(tmp_path, state)
    assert (1, 7, ["a.log: cut short: the", "c.log: cut short: the"]) == (part.exit_code, part.coverage.records, unread(part))
    entries = State(state).view().last
    again = finished(tmp_path, state)
    assert (3, entries + 1) == (again.exit_code, State(state).view().last)  # NOTE: what cannot be read further is not written down again
    cut("c.log")
    assert ["c.log: cut short: the"] == unread(finished(tmp_path, state))
    cut()
    healed = finished(tmp_path, state)
    assert ("fail", 9, ["new"]) == said(healed)["networks"]
    assert same_as_fresh(tmp_path, healed)
    assert finished(tmp_path, state).exit_code == 0


def test_a_rule_that_saw_a_part_of_an_object_is_undetermined_until_it_sees_all(tmp_path: Path, cut: Cut) -> None:
    state = str(tmp_path / "state")
    write(tmp_path, {"a.log": line(1, GOOD) * 3, "b.log": line(2, GOOD)})
    finished(tmp_path, state)
    write(tmp_path, {}, more=DENY)
    cut("a.log")
    for _ in range(2):
        part = finished(tmp_path, state)
        assert (3, ["a.log: cut short: the"]) == (part.exit_code, unread(part))
        assert {"networks": "pass", "user_agents": "undetermined"}.items() <= {kind: one[0] for kind, one in said(part).items()}.items()
    cut()
    healed = finished(tmp_path, state)
    assert (0, "pass", 4) == (healed.exit_code, *said(healed)["user_agents"][:2])
    assert same_as_fresh(tmp_path, healed)


def test_what_was_read_in_part_is_judged_by_the_rules_of_now(tmp_path: Path, cut: Cut) -> None:
    state = str(tmp_path / "state")
    write(tmp_path, {"a.log": line(1, GOOD) * 3, "b.log": line(2, GOOD)})
    cut("a.log")
    finished(tmp_path, state)
    write(tmp_path, {}, more=DENY)
    part = finished(tmp_path, state)
    assert (3, 3) == (said(part)["user_agents"][1], said(part)["networks"][1])
    cut()
    assert same_as_fresh(tmp_path, finished(tmp_path, state))


def test_other_rules_of_the_same_objects_count_no_record_twice(tmp_path: Path) -> None:
    state = str(tmp_path / "state")
    write(tmp_path, {"a.log": line(1) + b"no record\n"})
    finished(tmp_path, state)
    policy = tmp_path / "policies" / "p.yaml"
    policy.write_text(policy.read_text(encoding="utf-8").replace("policy: p", "policy: q"), encoding="utf-8")
    renamed = finished(tmp_path, state)
    assert (1, 1) == (renamed.coverage.records, renamed.coverage.quarantined)
    assert same_as_fresh(tmp_path, renamed)


def test_an_object_that_failed_first_counts_once(tmp_path: Path) -> None:
    state = str(tmp_path / "state")
    write(tmp_path, {"a.gz": b"\x1f\x8b\x08\x00", "b.log": line(1, GOOD)})
    finished(tmp_path, state)
    finished(tmp_path, state)
    write(tmp_path, {"a.gz": line(2, GOOD)})
    assert same_as_fresh(tmp_path, finished(tmp_path, state))


LATER = datetime(2030, 3, 1, tzinfo=UTC)


def test_a_changed_rule_is_undetermined_for_the_time_of_what_it_did_not_see_and_no_other(tmp_path: Path) -> None:
    state = str(tmp_path / "state")
    write(tmp_path, {"a.log": line(1, GOOD), "b.log": line(5, GOOD)})
    finished(tmp_path, state)
    (tmp_path / "logs" / "a.log").unlink()
    write(tmp_path, {}, more=DENY)
    assert finished(tmp_path, state).exit_code == 3
    assert finished(tmp_path, state, since=datetime(2026, 10, 3, 3, tzinfo=UTC)).exit_code == 0


def test_findings_that_are_known_do_not_hide_that_a_rule_did_not_see_everything(tmp_path: Path) -> None:
    state = str(tmp_path / "state")
    write(tmp_path, {"a.log": line(1), "b.log": line(2)})
    finished(tmp_path, state)
    (tmp_path / "logs" / "a.log").unlink()
    policy = tmp_path / "policies" / "p.yaml"
    policy.write_text(policy.read_text(encoding="utf-8").replace("10.0.0.0/8", "10.0.0.0/9"), encoding="utf-8")
    assert finished(tmp_path, state).exit_code == 1
    known = finished(tmp_path, state)
    assert (3, ("fail", 1, ["unchanged"])) == (known.exit_code, said(known)["networks"])
    assert any(note.startswith("p/networks: 1 log object of earlier runs was judged before") for note in known.notes)


@pytest.mark.parametrize(("name", "content"), [("a.gz", b"\x1f\x8b\x08\x00"), ("a.log", b"no record\n" * 9)])
def test_what_had_no_time_is_told_as_long_as_the_period_reaches_to_when_it_was_met(name: str, content: bytes, tmp_path: Path) -> None:
    state = str(tmp_path / "state")
    write(tmp_path, {name: content})
    assert finished(tmp_path, state, as_of=datetime(2030, 1, 15, tzinfo=UTC)).exit_code == 3
    (tmp_path / "logs" / name).unlink()
    write(tmp_path, {"b.log": line(1, GOOD)})
    within = finished(tmp_path, state, as_of=datetime(2030, 2, 1, tzinfo=UTC), since=datetime(2026, 10, 1, tzinfo=UTC))
    assert (3, 2) == (within.exit_code, within.coverage.objects)
    write(tmp_path, {"c.log": line(1, GOOD).replace(b"03/Oct/2026", b"28/Feb/2030")})
    later = finished(tmp_path, state, as_of=LATER)
    assert (0, 1, 0, ()) == (later.exit_code, later.coverage.objects, later.coverage.quarantined, later.coverage.unreadable)


def test_lines_outside_of_the_period_are_told_as_such(tmp_path: Path) -> None:
    write(tmp_path, {"a.log": line(1, GOOD) * 2 + line(5, GOOD)})
    report = finished(tmp_path, str(tmp_path / "state"), since=datetime(2026, 10, 3, 3, tzinfo=UTC))
    assert (1, {"outside-period": 2}) == (report.coverage.records, report.coverage.warnings)


def test_what_another_run_judged_while_this_one_was_at_work_is_not_judged_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state, written = str(tmp_path / "state"), State.append
    write(tmp_path, {"a.log": line(1), "b.log": line(2)})
    finished(tmp_path, state)
    write(tmp_path, {"c.log": line(3)}, more=DENY)

    def late(self: State, head: dict[str, object], body: bytes) -> bool:
        monkeypatch.setattr(State, "append", written)
        made = written(self, head, body)
        run(tmp_path, state)  # NOTE: behind the first of two batches, before the second
        return made

    monkeypatch.setattr(State, "append", late)
    report = finished(tmp_path, state)
    assert (3, 3) == (report.coverage.records, said(report)["user_agents"][1])
    assert same_as_fresh(tmp_path, report)


def test_what_another_run_judged_by_some_of_the_rules_is_judged_by_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state, written = str(tmp_path / "state"), State.append
    write(tmp_path, {"a.log": line(1, GOOD), "b.log": line(2, GOOD)}, more=DENY)
    other = tmp_path / "other"
    other.mkdir()
    write(other, {})

    def late(self: State, head: dict[str, object], body: bytes) -> bool:
        monkeypatch.setattr(State, "append", written)
        judged(Request(logs=[str(tmp_path / "logs")], policies=[other / "policies"], as_of=AS_OF, state=state))
        return written(self, head, body)

    monkeypatch.setattr(State, "append", late)
    report = finished(tmp_path, state)
    assert (0, Status.PASS) == (report.exit_code, report.status)
    assert same_as_fresh(tmp_path, report)


def test_a_state_among_the_logs_is_wrong_usage(tmp_path: Path) -> None:
    write(tmp_path, {"a.log": line(1)})
    for place in (tmp_path / "logs", tmp_path / "logs" / "state"):
        with pytest.raises(UsageError, match=r"the state would lie among the logs in .*logs, and be read as one"):
            finished(tmp_path, str(place))
    assert ["a.log"] == [one.name for one in (tmp_path / "logs").iterdir()]


def test_an_entry_of_the_state_that_is_named_as_a_log_is_wrong_usage(tmp_path: Path) -> None:
    write(tmp_path, {"a.log": line(1)})
    state = tmp_path / "state"
    finished(tmp_path, str(state))
    logs = [str(tmp_path / "logs"), str(state / "*.s3guard")]
    with pytest.raises(UsageError, match=r"state/\d{10}.s3guard: the state lies among the logs"):
        judged(Request(logs=logs, policies=[tmp_path / "policies"], as_of=AS_OF, state=str(state)))


@pytest.mark.parametrize(
    "period",
    [
        {"as_of": datetime(1, 1, 3, tzinfo=UTC)},
        {"as_of": datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)},
        {"until": datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)},
        {"since": datetime(1, 1, 1, tzinfo=UTC)},
    ],
)
def test_a_period_may_end_where_the_calendar_does(period: dict[str, datetime], tmp_path: Path) -> None:
    write(tmp_path, {"a.log": line(1, GOOD)})
    report = finished(tmp_path, str(tmp_path / "state"), **period)
    assert (4 if "as_of" in period else 0) == report.exit_code
    assert any(note.startswith("The report covers the records from ") for note in report.notes)


def test_progress_goes_on_from_batch_to_batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembered, "OBJECTS", 1)
    contents = {f"{name}.log": line(name, GOOD) for name in range(3)}
    write(tmp_path, contents)
    told: list[tuple[int, int]] = []
    run(tmp_path, str(tmp_path / "state"), progress=lambda size, records: told.append((size, records)))
    assert sorted(told) == told
    assert (sum(map(len, contents.values())), 3) == told[-1]
