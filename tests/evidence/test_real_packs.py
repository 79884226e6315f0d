"""Packs as s3guard writes them, read by those who do not trust it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from s3guard import check
from s3guard.aws import Access
from s3guard.evidence import printed
from s3guard.evidence.found import Found, Unfinished
from s3guard.evidence.lines import Lines
from s3guard.evidence.material import of_run
from s3guard.evidence.originals import Fate, Judged, originals
from s3guard.evidence.pack import pack
from s3guard.evidence.sheet import Part, Said
from s3guard.evidence.verification import Check, Mark, Verification
from s3guard.evidence.verify import Request, shown_of, verified
from s3guard.layout import width
from s3guard.outputs import Options
from s3guard.redaction import Key, Redaction
from tests.cli.project import project
from tests.evidence.packs import AS_OF, SINCE, UNTIL


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(project(tmp_path))
    return tmp_path


def packed(folder: Path, *logs: str, redaction: Redaction | None = None) -> Path:
    lines = Lines()
    request = check.Request(
        logs=logs,
        policies=[folder / "policies"],
        as_of=AS_OF,
        since=SINCE,
        until=UNTIL,
        redaction=redaction or Redaction(),
        evidence=lines.add,
    )
    pack(folder / "pack.tar", of_run(check.judged(request), lines))
    return folder / "pack.tar"


def wrong(found: Verification) -> list[Check]:
    return [one for one in found.checks if one.mark is Mark.BROKEN]


def test_a_pack_of_a_run_holds_and_comes_out_again(folder: Path) -> None:
    logs = ("logs/clean.log", "logs/stranger.log", "logs/damaged.log", "logs/ambiguous.log")
    path = packed(folder, *logs)
    found = verified(Request(path, replay=logs, objects=True, root=folder))
    assert [] == wrong(found)
    assert {"objects": Mark.HOLDS, "replay": Mark.HOLDS} == {one.name: one.mark for one in found.checks[-2:]}


def test_other_logs_give_other_verdicts_and_the_difference_is_told(folder: Path) -> None:
    path = packed(folder, "logs/clean.log", "logs/stranger.log")
    check_ = verified(Request(path, replay=["logs/clean.log"])).checks[-1]
    assert ("replay", Mark.BROKEN) == (check_.name, check_.mark)
    told = "\n".join(check_.details)
    assert "the pack is about 5 records, these logs hold 3 of the period" in told
    assert "p/requesters over examplebucket: the pack says fail, judged again it is pass" in told
    assert "does not come of judging again: principal arn:aws:iam::111122223333:user/eve" in told


def test_logs_that_cannot_be_judged_are_no_pass(folder: Path) -> None:
    path = packed(folder, "logs/clean.log")
    (folder / "logs" / "clean.log").unlink()
    (folder / "logs" / "clean.log").symlink_to("nowhere")
    found = verified(Request(path, replay=["logs/clean.log"], objects=True, root=folder))
    assert 0 != found.exit_code
    assert [Mark.BROKEN, Mark.UNKNOWN] == [one.mark for one in found.checks[-2:]]


def test_log_objects_that_are_gone_or_changed_are_named(folder: Path) -> None:
    path = packed(folder, "logs/clean.log", "logs/stranger.log", "logs/ambiguous.log")
    (folder / "logs" / "clean.log").unlink()
    data = (folder / "logs" / "stranger.log").read_bytes()
    (folder / "logs" / "stranger.log").write_bytes(data[:-2] + b"X\n")
    with (folder / "logs" / "ambiguous.log").open("ab") as stream:
        stream.write(b"more\n")
    told = verified(Request(path, objects=True, root=folder)).checks[-2]
    assert Mark.BROKEN is told.mark
    assert told.details[0].startswith("logs/ambiguous.log: changed: it had ")
    assert "logs/clean.log: gone: there is no such file" == told.details[1]
    assert "logs/stranger.log: changed: its bytes are others now" == told.details[2]


@pytest.mark.parametrize("name", ["-", "https://x/y", ".", "/dev/zero", "/dev/stdin", "pipe", "a\0b", "x" * 5000, ""])
def test_a_strangers_names_of_log_objects_are_not_waited_for(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    (one,) = originals([Judged(name, None, 1, "0" * 64)], tmp_path, Access())
    assert one.fate is Fate.UNREAD
    assert one.reason


def test_an_object_that_was_not_read_to_its_end_was_never_known(tmp_path: Path) -> None:
    (one,) = originals([Judged("x", None, 1, None)], tmp_path, Access())
    assert Fate.UNREAD is one.fate


def test_a_redacted_pack_is_judged_again_with_its_key_alone(folder: Path) -> None:
    key = Key.of(hashlib.sha256(b"one").hexdigest().encode(), "key")
    path = packed(folder, "logs/clean.log", "logs/stranger.log", redaction=Redaction(kinds=frozenset({"requester"}), key=key))
    logs = ["logs/clean.log", "logs/stranger.log"]
    assert b"user/eve" not in path.read_bytes()
    for redaction in (Redaction(), Redaction(key=Key.of(hashlib.sha256(b"other").hexdigest().encode(), "key"))):
        told = verified(Request(path, replay=logs, redaction=redaction)).checks[-1]
        assert Mark.UNKNOWN is told.mark
        assert f"give the key {key.id}" in told.says
    assert Mark.HOLDS is verified(Request(path, replay=logs, redaction=Redaction(key=key))).checks[-1].mark


def test_policies_that_extend_what_is_not_in_the_pack_are_not_judged_by(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "base.yaml"
    elsewhere.write_text("version: 1\npolicy: base\nrules:\n  anonymous: {}\n", encoding="utf-8")
    policy = f"version: 1\npolicy: p\nbuckets: [examplebucket]\nextends: [{elsewhere}]\nrules: {{anonymous: {{}}}}\n"
    (folder / "policies" / "p.yaml").write_text(policy, encoding="utf-8")
    path = packed(folder, "logs/clean.log")
    assert Mark.HOLDS is verified(Request(path, replay=["logs/clean.log"])).checks[-1].mark
    elsewhere.write_text("version: 1\npolicy: base\nrules:\n  anonymous: {max: 9}\n", encoding="utf-8")
    told = verified(Request(path, replay=["logs/clean.log"])).checks[-1]
    assert (Mark.UNKNOWN, "p extends a file that is not in the pack") == (told.mark, told.details[0])


REVIEWED = """\
version: 1
policy: p
buckets: [examplebucket]
review: {every: 1d, grace: 6h}
frameworks: [hipaa]
rules:
  requesters: {allow: [arn:aws:iam::111122223333:user/ann]}
"""


def history(folder: Path) -> Path:
    """Ninety days: one without a run, one whose run could not read everything, one run that was killed, one change of the policy."""
    (folder / "policies" / "p.yaml").write_text(REVIEWED, encoding="utf-8")
    until = AS_OF
    since = until - timedelta(days=90)
    policies = [folder / "policies"]
    request = check.Request(logs=["logs/clean.log"], policies=policies, as_of=AS_OF, since=since, until=until, evidence=Lines().add)
    material = of_run(check.judged(request), None)
    (now,) = {one.sha256 for one in material.report.policies}
    runs = []
    for day in range(90):
        at = since + timedelta(days=day, hours=23)
        usual = Found(f"{day:08}", at, at, "pass", 0, {"p": "e" * 64 if day < 60 else now}, since=at - timedelta(days=30), until=at)
        if day == 20:
            continue
        runs.append(replace(usual, exit_code=3, status="undetermined", unreadable=1) if day == 40 else usual)
    unfinished = (Unfinished("killed00", since + timedelta(days=50)),)
    pack(folder / "pack.tar", replace(material, since=since, until=until, runs=tuple(runs), unfinished=unfinished, knows_runs=True))
    return folder / "pack.tar"


def test_the_first_page_tells_a_missing_day_a_failed_run_and_a_change_of_policy_and_nothing_else(folder: Path) -> None:
    path = history(folder)
    page, is_wrong = shown_of(Request(path))
    assert not is_wrong, wrong(verified(Request(path)))
    reviews, changes = ([*cells(part)] for part in page.parts if part.name in ("reviews", "changes"))
    assert "p asks for a review every 1d, at most 6h late: 90 were due, 88 took place in time, 1 incomplete, 1 missing." in reviews
    assert 1 == reviews.count("missing: no run came to its end")
    assert 1 == reviews.count("a run came, and did not look at everything")
    assert 1 == reviews.count("1 log object could not be read to the end")
    assert ["killed00", "2026-08-23 00:00:00"] == reviews[-2:]
    assert ["2026-09-02 23:00:00", "p", "e" * 16] == changes[6:9]
    assert "00000060" == changes[-1]
    assert dict(page.facts)["Reviews"] == "90 due: 88 in time, 1 incomplete, 1 missing"
    told = [*printed.lines(page, Options(width=80))]
    assert [] == [line for line in told if width(line) > 80]
    assert any("A review by the policy p is missing: due" in alarm.text for alarm in page.alarms)
    assert any("asks for a review every 1d" in line for line in told)
    assert len(told) < 150


def test_the_largest_words_of_a_pack_that_was_altered_are_not_its_own(folder: Path) -> None:
    path = history(folder)
    path.write_bytes(path.read_bytes().replace(b"EVIDENCE OF", b"EVIDENSE OF", 1))
    page, is_wrong = shown_of(Request(path))
    assert is_wrong
    assert ("fail", "Do not rely on this pack", True) == (
        page.kind,
        page.word,
        page.headline.startswith("It says: Nothing was judged."),
    )


def cells(part: Part) -> Iterator[str]:
    """All texts of a part, those of tables cell by cell."""
    for block in part.blocks:
        if isinstance(block, Said):
            yield block.text
        else:
            yield from (*block.heads, *(cell for row in block.rows for cell in row))
