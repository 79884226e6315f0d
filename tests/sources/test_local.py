"""Files, folders and globs: every file once, whatever leads to it, and nothing that could not be looked at left out."""

from __future__ import annotations

import itertools
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3guard.model import UsageError
from s3guard.sources import LogObject, UnreadableError, local, objects
from tests.sources.makers import chunks


def names(*arguments: str | Path, root: Path) -> list[str]:
    """The names of the objects that arguments name."""
    return [entry.name for entry in objects([str(argument) for argument in arguments], str(root))]


def files(folder: Path, *paths: str) -> None:
    """Files of one line each."""
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(path.encode() + b"\n")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A folder of logs."""
    files(tmp_path, "logs/b/2.log", "logs/b/1.log.gz", "logs/a.log", "logs/c.log", "logs/.hidden", "logs/.git/x")
    return tmp_path


HIDDEN = ["logs/.git/x", "logs/.hidden"]


def test_a_folder_means_every_file_below_it_hidden_ones_too_in_the_order_of_their_names(tree: Path) -> None:
    assert names(tree / "logs", root=tree) == [*HIDDEN, "logs/a.log", "logs/b/1.log.gz", "logs/b/2.log", "logs/c.log"]
    assert names(tree / "logs" / "b", root=tree) == ["logs/b/1.log.gz", "logs/b/2.log"]


def test_a_hidden_file_is_read_when_it_is_named(tree: Path) -> None:
    assert names(tree / "logs" / ".hidden", root=tree) == ["logs/.hidden"]


def test_a_glob_means_the_files_and_folders_that_it_matches(tree: Path) -> None:
    assert names(tree / "logs/*.log", root=tree) == ["logs/a.log", "logs/c.log"]
    assert names(tree / "logs/[bc]*", root=tree) == ["logs/b/1.log.gz", "logs/b/2.log", "logs/c.log"]


@pytest.mark.parametrize("pattern", ["logs/**", "**", "logs/**/*", "*"])
def test_a_glob_that_matches_a_folder_and_its_files_names_each_once(tree: Path, pattern: str) -> None:
    assert [name for name in sorted(names(tree / pattern, root=tree)) if name not in HIDDEN] == [
        "logs/a.log",
        "logs/b/1.log.gz",
        "logs/b/2.log",
        "logs/c.log",
    ]


def test_a_file_whose_name_looks_like_a_glob_is_that_file(tree: Path) -> None:
    files(tree, "logs/[a].log")
    assert names(tree / "logs/[a].log", root=tree) == ["logs/[a].log"]


def test_arguments_that_overlap_name_each_file_once(tree: Path) -> None:
    arguments = [tree / "logs/c.log", tree / "logs/../logs/a.log", tree / "logs", tree / "logs/*.log"]
    assert names(*arguments, root=tree) == ["logs/c.log", "logs/a.log", *HIDDEN, "logs/b/1.log.gz", "logs/b/2.log"]


def test_a_file_is_listed_once_however_many_links_lead_to_it(tree: Path) -> None:
    files(tree, "elsewhere/far.log", "elsewhere/deep/er.log")
    (tree / "logs/0.log").symlink_to("a.log")
    (tree / "logs/latest").symlink_to("b")
    (tree / "logs/x").symlink_to(tree / "elsewhere/deep")
    (tree / "logs/y").symlink_to(tree / "elsewhere")
    (tree / "logs/z").symlink_to(tree / "elsewhere")
    (tree / "logs/zz.log").symlink_to(tree / "elsewhere/far.log")
    expected = [*HIDDEN, "logs/a.log", "logs/b/1.log.gz", "logs/b/2.log", "logs/c.log", "logs/x/er.log", "logs/y/far.log"]
    assert names(tree / "logs", root=tree) == expected
    assert names(tree / "logs/0.log", tree / "logs/a.log", root=tree) == ["logs/0.log"]


def test_a_link_into_the_folder_leads_to_what_is_listed_anyway() -> None:
    # NOTE: so do volumes of Kubernetes look: file -> ..data/file, ..data -> ..2026_10_01.
    assert local._holds("/mnt/logs", "/mnt/logs/..2026_10_01/a.log")
    assert local._holds("/mnt/logs", "/mnt/logs/b/a.log")
    assert not local._holds("/mnt/logs", "/mnt/logs2/a.log")
    assert local._holds("/", "/mnt/logs2/a.log")


def test_a_volume_of_kubernetes_is_read_once(tmp_path: Path) -> None:
    files(tmp_path, "logs/..2026_10_01/a.log", "logs/..2026_10_01/b.log")
    (tmp_path / "logs/..data").symlink_to("..2026_10_01")
    for name in ("a.log", "b.log"):
        (tmp_path / "logs" / name).symlink_to(f"..data/{name}")
    assert names(tmp_path / "logs", root=tmp_path) == ["logs/..2026_10_01/a.log", "logs/..2026_10_01/b.log"]


@pytest.mark.parametrize("target", [".", "..", "../logs", "b"])
def test_a_folder_that_leads_back_to_itself_is_passed_over(tree: Path, target: str) -> None:
    (tree / "logs/loop").symlink_to(target)
    found = names(tree / "logs", root=tree)
    assert sorted(Path(name).name for name in found if name not in HIDDEN) == ["1.log.gz", "2.log", "a.log", "c.log"]


def test_a_link_that_leads_nowhere_is_an_object_that_cannot_be_read(tree: Path) -> None:
    (tree / "logs/gone").symlink_to("nowhere")
    (tree / "logs/self").symlink_to("self")
    found = {entry.name: entry for entry in objects([str(tree / "logs")], str(tree))}
    assert (found["logs/gone"].size, reason(found["logs/gone"])) == (None, "no such file or directory")
    assert reason(found["logs/self"]) == "too many levels of symbolic links"


def reason(entry: LogObject) -> str:
    """Why an object cannot be read."""
    with pytest.raises(UnreadableError) as caught:
        exhaust(local.chunks(entry.location))
    return str(caught.value)


def exhaust(pieces: Iterable[bytes]) -> None:
    """Read to the end."""
    for _ in pieces:
        pass


def test_a_folder_that_cannot_be_opened_is_an_object_that_cannot_be_read(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed, scandir = str(tree / "logs/b"), os.scandir

    def refuse(folder: str) -> object:
        if folder == closed:
            raise PermissionError(13, "Permission denied")
        return scandir(folder)

    monkeypatch.setattr("os.scandir", refuse)
    found = list(objects([str(tree / "logs")], str(tree)))
    assert [entry.name for entry in found] == [*HIDDEN, "logs/a.log", "logs/b", "logs/c.log"]
    assert reason(found[3]) == "is a directory"


def test_what_is_no_file_cannot_be_read_in_a_folder_and_is_passed_over_in_a_glob(tree: Path) -> None:
    os.mkfifo(tree / "logs/pipe")
    (pipe,) = (entry for entry in objects([str(tree / "logs")], str(tree)) if entry.name == "logs/pipe")
    with pytest.raises(UnreadableError, match="not a regular file"):
        exhaust(chunks(pipe))
    assert "logs/pipe" not in names(tree / "logs/*", root=tree)
    assert names(tree / "logs/pipe", root=tree) == ["logs/pipe"]


def test_names_are_relative_to_the_root_and_as_given_elsewhere(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert names(tree / "logs/a.log", root=tree / "logs") == ["a.log"]
    assert names(tree / "logs/a.log", root=tree / "log") == [str(tree / "logs/a.log")]
    monkeypatch.chdir(tree / "logs/b")
    assert names("../a.log", root=tree) == ["logs/a.log"]
    assert names("../a.log", root=tree / "elsewhere") == ["../a.log"]
    assert names("../a.log", root=Path("/")) == [str(tree / "logs/a.log")[1:]]


def test_a_name_that_is_no_text_is_shown_by_its_bytes(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"a\xff.log")).write_bytes(b"x\n")
    (entry,) = objects([str(tmp_path)], str(tmp_path))
    assert entry.name == "a\\xff.log"
    assert b"".join(local.chunks(entry.location)) == b"x\n"


def test_what_is_not_there_is_told_with_what_may_be_meant(tree: Path) -> None:
    with pytest.raises(UsageError, match=r"logs/a\.lgo: no such file or folder; did you mean .*/logs/a\.log\?$"):
        names(tree / "logs/a.lgo", root=tree)
    with pytest.raises(UsageError, match=r"zzz/y: no such file or folder$"):
        names(tree / "zzz/y", root=tree)
    with pytest.raises(UsageError, match=r"logs/\*\.txt: no file matches this glob$"):
        names(tree / "logs/*.txt", root=tree)
    with pytest.raises(UsageError, match=r"s3:/bucket/logs/: no such file or folder; did you mean s3://bucket/logs/\?$"):
        names("s3:/bucket/logs/", root=tree)


def test_a_folder_without_files_names_nothing(tmp_path: Path) -> None:
    assert names(tmp_path, root=tmp_path) == []


def test_a_url_is_no_path() -> None:
    assert not local.claims("s3://bucket/prefix")
    assert local.claims("s3:/bucket")


def test_an_error_without_words_is_told_by_its_kind() -> None:
    assert local.reason(OSError()) == "oserror"


@given(
    st.lists(st.binary(max_size=40), max_size=60).map(b"\n".join),
    st.integers(8, 64),
    st.integers(1, 8),
)
def test_a_long_file_comes_in_pieces_that_end_with_a_line_where_one_ends_near(content: bytes, piece: int, line: int) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(local, "_PIECE", piece)
        patch.setattr(local, "_LINE", line)
        path = Path(folder, "x.log")
        path.write_bytes(content)
        pieces = list(local.chunks(str(path)))
    assert b"".join(pieces) == content
    ends = list(itertools.accumulate(map(len, pieces)))
    for begin, end in itertools.pairwise([0, *ends]):
        assert end - begin <= piece
        if len(content) - begin > piece:
            assert content[end - 1 : end] == b"\n" or b"\n" not in content[begin + piece - line : begin + piece]


@given(st.binary(max_size=100), st.integers(1, 120), st.integers(1, 30))
def test_a_file_is_read_to_its_end_also_where_a_read_gives_less_than_there_is(content: bytes, piece: int, most: int) -> None:
    read = os.read
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        path = Path(folder, "x.log")
        path.write_bytes(content)
        patch.setattr(local, "_PIECE", piece)
        patch.setattr(os, "read", lambda file, count: read(file, min(count, most)))
        found = b"".join(local.chunks(str(path)))
    assert found == content
