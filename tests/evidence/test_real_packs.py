"""Packs as s3guard writes them, read by those who do not trust it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from s3guard import check
from s3guard.aws import Access
from s3guard.evidence import printed
from s3guard.evidence.again import same_verdicts
from s3guard.evidence.lines import Lines
from s3guard.evidence.material import of_run
from s3guard.evidence.originals import Fate, Judged, originals
from s3guard.evidence.pack import pack
from s3guard.evidence.verification import Check, Mark, Verification
from s3guard.evidence.verify import Request, shown_of, verified
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
        lines=lines.add,
        objects=True,
    )
    pack(folder / "pack.tar", of_run(check.judged(request), lines))
    return folder / "pack.tar"


def wrong(found: Verification) -> list[Check]:
    return [one for one in found.checks if one.mark is Mark.BROKEN]


def test_a_pack_of_a_run_holds_and_comes_out_again(folder: Path) -> None:
    path = packed(folder, "logs/clean.log", "logs/stranger.log", "logs/damaged.log", "logs/ambiguous.log")
    found = verified(Request(path, replay=["logs/clean.log", "logs/stranger.log", "logs/damaged.log", "logs/ambiguous.log"], objects=True, root=folder))
    assert [] == wrong(found)
    assert {"objects": Mark.HOLDS, "replay": Mark.HOLDS} == {one.name: one.mark for one in found.checks[-2:]}
