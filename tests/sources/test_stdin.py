"""Standard input: one object, read as it comes."""

from __future__ import annotations

import io
import os

import pytest

from s3guard.sources import UnreadableError, objects, stdin
from tests.sources.makers import chunks


def test_only_a_dash_is_standard_input() -> None:
    assert stdin.claims("-")
    assert not any(stdin.claims(argument) for argument in ("--", "", "/dev/stdin", "./-"))


def test_it_is_one_object_without_a_size() -> None:
    (entry,) = objects(["-"], "/")
    assert (entry.name, entry.size, entry.source) == ("-", None, "stdin")


def test_what_a_pipe_holds_is_given_at_once_and_not_kept_until_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb") as pipe:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(pipe))
        os.write(writer, b"one\n")
        (entry,) = objects(["-"], "/")
        pieces = chunks(entry)
        assert next(pieces) == b"one\n"
        os.write(writer, b"two")
        os.close(writer)
        assert list(pieces) == [b"two"]


class Broken(io.BytesIO):
    """A pipe that breaks."""

    def read1(self, size: int | None = -1, /) -> bytes:
        """Never gives anything."""
        del size
        raise OSError(5, "Input/output error")


def test_an_input_that_breaks_is_unreadable_with_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(Broken()))
    (entry,) = objects(["-"], "/")
    with pytest.raises(UnreadableError, match=r"^standard input: input/output error$"):
        list(chunks(entry))


def test_a_process_without_standard_input_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", None)
    (entry,) = objects(["-"], "/")
    with pytest.raises(UnreadableError, match=r"^standard input is closed$"):
        list(chunks(entry))
