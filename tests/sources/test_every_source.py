"""What every source promises, so that whoever reads log objects need not know where they come from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from s3guard import sources
from s3guard.model import UsageError
from s3guard.sources import LogObject, Scope, Source, UnreadableError, catalog, objects
from tests.sources.makers import MAKERS, Made, chunks

NAMES = sorted(catalog())
ONCE = ("stdin", "pipe")
"""Sources of what comes and is gone, and has no name that could be wrong."""
CONTENTS = {
    "nothing": b"",
    "a line": b"one\n",
    "no newline": b"one\ntwo",
    "any bytes": bytes(range(256)) * 3 + "\u2028".encode(),
    "more than a piece": b"0123456789abcde\n" * (5 << 16),
}


def listed(made: Made, folder: Path) -> LogObject:
    """The one object that an argument names."""
    (entry,) = objects([made.argument], str(folder))
    return entry


def test_each_source_has_a_maker_here() -> None:
    assert set(MAKERS) == set(NAMES), "add an entry to tests/sources/makers.py, and the contract is tested"


@pytest.mark.parametrize("name", NAMES)
def test_a_source_says_what_it_is(name: str) -> None:
    module = catalog()[name]
    assert isinstance(module.ORDER, int)
    assert isinstance(module.is_quick, bool)
    place: Source = module.Place(Scope())
    assert all(getattr(thing, "__doc__", None) for thing in (module, module.claims, module.Place, place.objects, place.read))


@pytest.mark.parametrize("name", NAMES)
def test_a_place_opens_nothing_before_it_is_asked(name: str) -> None:
    place: Source = catalog()[name].Place(Scope())
    assert place.listed == []
    assert list(place.read([])) == []


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ONCE])
def test_many_objects_come_in_the_order_in_which_they_were_listed(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = MAKERS[name](b"x\n" * 1_000, tmp_path, monkeypatch)
    entry = listed(made, tmp_path)
    entries = [replace(entry, name=str(number)) for number in range(300)]
    found = [(entry.name, b"".join(pieces)) for entry, pieces in sources.read(entries)]
    assert found == [(str(number), b"x\n" * 1_000) for number in range(300)]


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS.keys())
@pytest.mark.parametrize("name", NAMES)
def test_the_bytes_of_an_object_come_as_they_are_stored(name: str, content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = listed(MAKERS[name](content, tmp_path, monkeypatch), tmp_path)
    assert entry.source == name
    assert entry.size in (None, len(content))
    assert b"".join(chunks(entry)) == content


@pytest.mark.parametrize("name", NAMES)
def test_no_piece_is_empty_nor_the_whole_of_a_large_object(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = b"x" * (40 << 20)
    sizes = [len(piece) for piece in chunks(listed(MAKERS[name](content, tmp_path, monkeypatch), tmp_path))]
    assert sum(sizes) == len(content)
    assert 0 < min(sizes) <= max(sizes) <= 32 << 20


@pytest.mark.parametrize("name", NAMES)
def test_an_argument_belongs_to_the_first_source_that_claims_it(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    argument = MAKERS[name](b"x\n", tmp_path, monkeypatch).argument
    claiming = [other for other, module in catalog().items() if module.claims(argument)]
    assert claiming[0] == name


@pytest.mark.parametrize("name", NAMES)
def test_an_object_that_two_arguments_name_is_listed_once(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = MAKERS[name](b"x\n", tmp_path, monkeypatch)
    assert len(list(objects([made.argument, made.argument], str(tmp_path)))) == 1


@pytest.mark.parametrize("name", [name for name in NAMES if name != "stdin"])
def test_an_object_that_is_gone_when_it_is_read_is_unreadable_with_a_reason(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = MAKERS[name](b"x\n", tmp_path, monkeypatch)
    entry = listed(made, tmp_path)
    assert made.vanish is not None
    made.vanish()
    with pytest.raises(UnreadableError, match=r"^[a-z][^/]{5,100}$"):
        list(chunks(entry))


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ONCE])
def test_what_is_not_there_is_wrong_usage(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    absent = MAKERS[name](b"x\n", tmp_path, monkeypatch).absent
    assert absent is not None
    with pytest.raises(UsageError, match="no such"):
        list(objects([absent], str(tmp_path)))


def test_what_no_source_claims_is_wrong_usage() -> None:
    with pytest.raises(UsageError, match=r"gopher://x: no source reads this; give files, folders"):
        list(objects(["gopher://x"], "/"))


def test_objects_are_listed_as_they_are_asked_for(tmp_path: Path) -> None:
    for name in ("b", "a"):
        (tmp_path / name).write_bytes(b"x\n")
    arguments = [str(tmp_path / "b"), str(tmp_path), str(tmp_path / "gone")]
    found = sources.objects(arguments, str(tmp_path))
    assert [next(found).name, next(found).name] == ["b", "a"]
    with pytest.raises(UsageError):
        next(found)
