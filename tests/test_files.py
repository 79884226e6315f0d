"""Files that outputs become: whole or absent, whatever fails on the way."""

from __future__ import annotations

import errno
import os
import stat
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from s3guard.files import append, write
from s3guard.model import UnableError

FAILING_CALLS = ("fsync", "replace", "open")


def failing(code: int) -> Iterator[str]:
    yield "half a report"
    raise OSError(code, os.strerror(code))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_report_is_written_as_given(tmp_path: Path) -> None:
    write(tmp_path / "r.txt", ["a\n", "é🙂\n"])
    assert (tmp_path / "r.txt").read_bytes() == "a\né🙂\n".encode()
    assert names(tmp_path) == ["r.txt"]


def test_a_new_file_has_the_permissions_that_the_user_gives_new_files(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write(tmp_path / "r", ["x"])
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "r").stat().st_mode) == 0o640


def test_an_old_file_keeps_its_permissions(tmp_path: Path) -> None:
    path = tmp_path / "r"
    path.write_text("old")
    path.chmod(0o604)
    write(path, ["new"])
    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == ("new", 0o604)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EDQUOT])
def test_a_full_disk_leaves_the_old_report_and_nothing_else(tmp_path: Path, code: int) -> None:
    path = tmp_path / "report.json"
    path.write_text("old")
    with pytest.raises(UnableError, match=r"could not write .*report\.json: .+"):
        write(path, failing(code))
    assert path.read_text() == "old"
    assert names(tmp_path) == ["report.json"]


@pytest.mark.parametrize("call", FAILING_CALLS)
def test_whatever_system_call_fails_no_half_report_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    def refuse(*_: object, **__: object) -> NoReturn:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(os, call, refuse)
        with pytest.raises(UnableError, match="No space left on device"):
            write(tmp_path / "new.json", ["report"])
    assert names(tmp_path) == []


@pytest.mark.parametrize("interrupt", [KeyboardInterrupt, SystemExit, ValueError])
def test_an_interrupted_run_leaves_no_half_report(tmp_path: Path, interrupt: type[BaseException]) -> None:
    def interrupted() -> Iterator[str]:
        yield "half"
        raise interrupt

    with pytest.raises(interrupt):
        write(tmp_path / "new.json", interrupted())
    assert names(tmp_path) == []


def test_text_that_is_no_text_leaves_no_half_report(tmp_path: Path) -> None:
    with pytest.raises(UnicodeEncodeError):
        write(tmp_path / "new.json", ["half", "\ud800"])
    assert names(tmp_path) == []


def test_a_reader_sees_the_old_report_or_the_new_one_and_nothing_between(tmp_path: Path) -> None:
    path = tmp_path / "r"
    path.write_text("old")

    def chunks() -> Iterator[str]:
        for _ in range(100):
            yield "new" * 1000
            assert path.read_text() == "old"

    write(path, chunks())
    assert path.read_text() == "new" * 100_000


def test_folders_that_are_missing_are_made(tmp_path: Path) -> None:
    write(tmp_path / "build" / "reports" / "r.json", ["x"])
    assert "x" == (tmp_path / "build" / "reports" / "r.json").read_text()


def test_a_missing_folder_of_what_others_append_to_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(UnableError, match=r"could not write .*nowhere/r\.json: its folder does not exist"):
        append(tmp_path / "nowhere" / "r.json", lambda _: "x")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(UnableError, match="Is a directory"):
        write(tmp_path, ["x"])


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(UnableError, match="Not a directory"):
        write(tmp_path / "file" / "r.json", ["x"])


def test_a_hostile_name_is_made_visible(tmp_path: Path) -> None:
    (tmp_path / "\x1b[2J").write_text("a file where a folder should be")
    with pytest.raises(UnableError) as caught:
        write(tmp_path / "\x1b[2J" / "x", ["x"])
    assert "\\u{1b}[2J" in str(caught.value)
    assert "\x1b" not in str(caught.value)


def test_a_link_is_followed_and_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "latest.json").symlink_to("real/r.json")
    for text in ("first", "second"):
        write(tmp_path / "latest.json", [text])
        assert (tmp_path / "latest.json").is_symlink()
        assert (tmp_path / "real" / "r.json").read_text() == text
    assert names(tmp_path / "real") == ["r.json"]


def test_a_ring_of_links_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(UnableError, match="could not write"):
        write(tmp_path / "a", ["x"])


def test_devices_and_pipes_are_written_straight(tmp_path: Path) -> None:
    write(Path(os.devnull), ["x"])
    assert stat.S_ISCHR(Path(os.devnull).stat().st_mode)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()))
    reader.start()
    write(pipe, ["a", "b"])
    reader.join()
    assert (read, names(tmp_path)) == (["ab"], ["pipe"])


def test_a_full_device_is_told() -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    with pytest.raises(UnableError, match="could not write /dev/full: No space left on device"):
        write(Path("/dev/full"), ["x"])


def test_a_file_that_may_not_be_written_is_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "r"
    path.write_text("evidence")
    monkeypatch.setattr(os, "access", lambda *_: False)  # NOTE: root may write everything, and tests run as root in containers
    with pytest.raises(UnableError, match="Permission denied"):
        write(path, ["x"])
    assert path.read_text() == "evidence"


def test_a_folder_that_cannot_be_read_is_no_obstacle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    system_open = os.open

    def refuse_folders(path: str | os.PathLike[str], flags: int, *rest: int) -> int:
        if Path(path) == tmp_path:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return system_open(path, flags, *rest)

    monkeypatch.setattr(os, "open", refuse_folders)
    write(tmp_path / "r", ["x"])
    assert (tmp_path / "r").read_text() == "x"


def test_what_is_appended_stands_behind_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "summary"
    path.write_text("before\n")
    append(path, lambda there: f"{there} bytes\n")
    assert path.read_text() == "before\n7 bytes\n"


def test_where_an_append_fails_the_file_names_itself(tmp_path: Path) -> None:
    with pytest.raises(UnableError, match="could not write"):
        append(tmp_path, lambda _: "x")
