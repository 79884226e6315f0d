"""Pipes and devices by name: read as they are written, waited for, and deaf to no signal."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from s3guard.sources import UnreadableError, objects, pipe
from tests.sources.makers import chunks


def test_only_what_is_there_and_no_file_is_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("pipe")
    (tmp_path / "file").write_bytes(b"")
    assert all(pipe.claims(str(tmp_path / name)) for name in ("pipe", "link"))
    assert pipe.claims(os.devnull)
    assert not any(
        pipe.claims(argument) for argument in (str(tmp_path), str(tmp_path / "file"), str(tmp_path / "nothing"), "a\0b", "s3://b/p")
    )


def test_it_is_one_object_without_a_size_named_like_a_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (entry,) = objects([str(tmp_path / "pipe")], str(tmp_path))
    assert (entry.name, entry.location, entry.size, entry.source) == ("pipe", str(tmp_path / "pipe"), None, "pipe")


def test_a_pipe_is_opened_by_the_name_that_was_given(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.write(writer, b"x\n")
    os.close(writer)
    (entry,) = objects([f"/dev/fd/{reader}"], str(tmp_path))
    assert b"".join(chunks(entry)) == b"x\n"
    os.close(reader)


def test_what_is_written_is_given_at_once_and_not_kept_until_it_ends(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    held = os.open(tmp_path / "pipe", os.O_RDWR)
    (entry,) = objects([str(tmp_path / "pipe")], str(tmp_path))
    os.write(held, b"one\n")
    pieces = chunks(entry)
    assert next(pieces) == b"one\n"
    os.write(held, b"two")
    assert next(pieces) == b"two"
    os.close(held)
    assert list(pieces) == []


def test_a_device_that_holds_nothing_is_empty() -> None:
    (entry,) = objects([os.devnull], "/")
    assert list(chunks(entry)) == []


def test_a_device_that_cannot_be_read_is_unreadable_with_a_reason(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(*_: object) -> int:
        raise OSError(6, "No such device or address")

    os.mkfifo(tmp_path / "pipe")
    (entry,) = objects([str(tmp_path / "pipe")], str(tmp_path))
    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(UnreadableError, match=r"^no such device or address$"):
        list(chunks(entry))
