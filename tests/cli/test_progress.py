"""Progress is for people at a terminal: nobody else sees any, and it never costs a second listing of millions of objects."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from s3guard.cli import progress
from tests.cli.project import COMMAND, QUIET

SCREEN = {name: value for name, value in QUIET.items() if name not in ("CI", "TERM")} | {"TERM": "xterm-256color"}


def on_a_screen(folder: Path, environ: Mapping[str, str], *arguments: str) -> str:
    """What standard error shows where it is a terminal."""
    leader, follower = os.openpty()
    with subprocess.Popen([*COMMAND, *arguments], cwd=folder, stdout=subprocess.DEVNULL, stderr=follower, env=environ) as process:
        os.close(follower)
        shown = b""
        try:
            while piece := os.read(leader, 65536):
                shown += piece
        except OSError:
            pass  # NOTE: how Linux says that nobody has the other end any more.
        process.wait(60)
    os.close(leader)
    return shown.decode()


@pytest.mark.parametrize("verb", ["check", "records"])
def test_a_terminal_shows_bytes_and_records(folder: Path, verb: str) -> None:
    shown = on_a_screen(folder, SCREEN, verb, "logs/clean.log")
    assert "3 records" in shown
    assert f"{(folder / 'logs' / 'clean.log').stat().st_size / 1024:.1f}" in shown


@pytest.mark.parametrize(
    ("arguments", "more"),
    [(["-q"], {}), (["--no-progress"], {}), ([], {"CI": "true"}), ([], {"TERM": "dumb"}), ([], {"S3GUARD_NO_PROGRESS": "true"})],
    ids=["quiet", "--no-progress", "CI", "a dumb terminal", "the environment"],
)
def test_nobody_sees_any_who_asked_for_none(folder: Path, arguments: list[str], more: dict[str, str]) -> None:
    assert "" == on_a_screen(folder, SCREEN | more, "check", "logs/clean.log", *arguments)


def test_the_size_is_that_of_all_objects(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    assert sum(path.stat().st_size for path in (folder / "logs").iterdir()) == progress.size(["logs"])


def test_the_size_is_unknown_where_it_would_take_long_to_find_out_or_cannot_be(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    assert progress.size(["logs/clean.log", "-"]) is None
    assert progress.size(["nowhere"]) is None
    monkeypatch.setattr(progress, "_LISTED", 2)
    assert progress.size(["logs"]) is None


def test_what_keeps_a_run_waiting_is_told_on_a_terminal_or_where_it_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    os.mkfifo(tmp_path / "pipe")
    logs = ["-", str(tmp_path), str(tmp_path / "pipe"), "s3://b/p"]
    for is_terminal, verbose, told in ((False, False, 0), (False, True, 1), (True, False, 2), (True, True, 2)):
        monkeypatch.setattr("s3guard.cli.terminal.is_terminal", lambda _, answer=is_terminal: answer)
        progress.waiting(logs, verbose=verbose)
        lines = capsys.readouterr().err.splitlines()
        assert told == len(lines)
        assert all(line.startswith("s3guard: waits for ") for line in lines)
