"""What a stream may hold: colour, width, and all of what is written to it."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Mapping

import pytest

from s3guard.cli import ending, terminal
from tests.cli.project import Here

ESC = "\x1b["


@pytest.fixture
def screen() -> Iterator[io.TextIOWrapper]:
    """The end of a pseudo-terminal that a program writes to."""
    leader, follower = os.openpty()
    with os.fdopen(follower, "w", encoding="utf-8") as stream:
        yield stream
    os.close(leader)


@pytest.mark.parametrize(
    ("color", "environ", "on_a_terminal", "off_one"),
    [
        ("auto", {}, True, False),
        ("auto", {"NO_COLOR": "1"}, False, False),
        ("auto", {"NO_COLOR": ""}, True, False),
        ("auto", {"FORCE_COLOR": "1"}, True, True),
        ("auto", {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False, False),
        ("auto", {"TERM": "dumb"}, False, False),
        ("always", {"NO_COLOR": "1"}, True, True),
        ("never", {"FORCE_COLOR": "1"}, False, False),
    ],
)
def test_colour_is_what_was_asked_for_else_what_the_environment_says_else_what_the_stream_is(
    screen: io.TextIOWrapper, color: str, environ: Mapping[str, str], *, on_a_terminal: bool, off_one: bool
) -> None:
    assert on_a_terminal == terminal.is_colored(color, screen, environ)
    assert [off_one] * 2 == [terminal.is_colored(color, stream, environ) for stream in (io.StringIO(), None)]


@pytest.mark.parametrize("arguments", [("check", "logs/stranger.log"), ("rules",), ("explain", "AccessDenied")], ids=lambda given: given[0])
def test_every_verb_that_prints_text_honours_it(here: Here, arguments: tuple[str, ...]) -> None:
    assert ESC not in here(*arguments).out
    assert ESC in here(*arguments, "--color", "always").out
    assert ESC in here(*arguments, FORCE_COLOR="1").out
    assert ESC not in here(*arguments, "--color", "never", FORCE_COLOR="1").out


@pytest.mark.parametrize(
    ("asked", "columns"), [(None, 80), ("72", 72), ("120", 120), ("", 80), ("0", 80), ("-5", 80), ("wide", 80), ("²", 80)]
)
def test_a_pipe_is_as_wide_as_columns_says_and_has_eighty_where_nobody_says(asked: str | None, columns: int) -> None:
    assert columns == terminal.options("auto", {} if asked is None else {"COLUMNS": asked}).width


def test_a_terminal_gives_its_width(screen: io.TextIOWrapper, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "72")
    monkeypatch.setattr("sys.stdout", screen)
    assert 72 == terminal.options("auto", {}).width
    assert 90 == terminal.options("auto", {"COLUMNS": "90"}).width


@pytest.mark.parametrize(("encoding", "plain"), [("utf-8", False), ("UTF_8", False), ("ascii", True), ("iso-8859-1", True)])
def test_what_knows_no_unicode_gets_ascii(monkeypatch: pytest.MonkeyPatch, encoding: str, *, plain: bool) -> None:
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(io.BytesIO(), encoding=encoding))
    assert plain == terminal.options("auto", {}).ascii


class Slow(io.RawIOBase):
    """A raw stream that takes three bytes at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.taken = b""

    def writable(self) -> bool:
        return True

    def write(self, data: object, /) -> int:
        taken = bytes(data)[:3]  # type: ignore[call-overload]  # whatever has bytes
        self.taken += taken
        return len(taken)


def test_a_stream_without_a_buffer_gets_every_byte() -> None:
    slow = Slow()
    ending.write_all(slow, b"all of it, to the end")  # type: ignore[arg-type]  # as sys.stdout.buffer is with PYTHONUNBUFFERED
    assert b"all of it, to the end" == slow.taken


def test_a_stream_that_takes_nothing_is_one_that_cannot_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    stuck = Slow()
    monkeypatch.setattr(stuck, "write", lambda _data: None)
    with pytest.raises(BlockingIOError):
        ending.write_all(stuck, b"x")  # type: ignore[arg-type]  # see above


def test_messages_cannot_drive_the_terminal_that_they_are_told_on(capsys: pytest.CaptureFixture[str]) -> None:
    ending.tell("one\x1b[2J\ntwo\u202e, and \\u{1b} as it is")
    assert "s3guard: one\\u{1b}[2J\ntwo\\u{202e}, and \\u{5c}u{1b} as it is\n" == capsys.readouterr().err
