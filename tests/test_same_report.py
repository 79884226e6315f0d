"""One traffic, one report: that of a whole check is the same however and wherever the log objects lie, but for what they are called."""

from __future__ import annotations

import contextlib
import gzip
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from s3guard.check import Request, check
from s3guard.outputs.json import document
from s3guard.reading import read_line
from tests import judging
from tests.batches import lines_of
from tests.deliveries import FORMS, record_of, written
from tests.laws import tried
from tests.reference.worlds import World, worlds
from tests.s3.access import reached
from tests.s3.shelf import Shelf, served

Files = Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a way puts log objects."""

    folder: Path
    patch: pytest.MonkeyPatch
    stack: contextlib.ExitStack


Way = Callable[[Place, Files], str]
"""Puts log objects somewhere; the argument that names them."""


def as_files(place: Place, files: Files) -> str:
    return str(judging.store(place.folder / "logs", files))


def packed(how: Callable[[bytes], bytes]) -> Way:
    """Files, each packed, under the names of plain ones: what they are is told by their bytes."""
    return lambda place, files: as_files(place, {name: how(content) for name, content in files.items()})


def in_s3(place: Place, files: Files) -> str:
    address = place.stack.enter_context(served(Shelf({f"logs/{name}": content for name, content in files.items()})))
    reached(place.patch, address)
    return "s3://logs/logs/"


def in_s3_packed(place: Place, files: Files) -> str:
    return in_s3(place, {name: gzip.compress(content) for name, content in files.items()})


def as_parquet(place: Place, files: Files) -> str:
    judging.parquet(Path(as_files(place, files)), place.folder / "x.parquet")
    return str(place.folder / "x.parquet")


def parquet_in_s3(place: Place, files: Files) -> str:
    return in_s3(place, {"x.parquet": Path(as_parquet(place, files)).read_bytes()})


def on_standard_input(place: Place, files: Files) -> str:
    place.patch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"".join(files.values()))))
    return "-"


def on_standard_input_packed(place: Place, files: Files) -> str:
    return on_standard_input(place, {name: gzip.compress(content) for name, content in files.items()})


SAME_OBJECTS: Final[Mapping[str, Way]] = {
    "gzip": packed(gzip.compress),
    "gzip, in two members": packed(lambda content: gzip.compress(content[:777]) + gzip.compress(content[777:])),
    "zstd": packed(zstandard.compress),
    "S3": in_s3,
    "S3, gzip": in_s3_packed,
    "Parquet": as_parquet,
    "Parquet in S3": parquet_in_s3,
}
"""Ways on which each line keeps its object and its number."""

ONE_OBJECT: Final[Mapping[str, Way]] = {"standard input": on_standard_input, "standard input, gzip": on_standard_input_packed}
"""Ways on which all lines are one object's."""

JSON: Final[Mapping[str, Way]] = {
    "files": as_files,
    "zstd": packed(zstandard.compress),
    "S3, gzip": in_s3_packed,
    "Parquet": as_parquet,
    "standard input": on_standard_input,
}
"""Ways on which deliveries of JSON come."""


def reported(way: Way, made: World, files: Files, root: Path, *, places: bool = True) -> dict[str, Any]:
    """The JSON report but for the run, what was opened, and what S3 lists; objects are called as files are.

    Without `places` it does not say either in which objects and lines samples are.
    """
    judging.store(root, {f"policies/{number}.yaml": text.encode() for number, text in enumerate(made.policies)})
    since, until, as_of = (None if at is None else datetime.fromtimestamp(at, UTC) for at in (made.since, made.until, made.as_of))
    assert as_of is not None
    with pytest.MonkeyPatch.context() as patch, contextlib.ExitStack() as stack:
        patch.chdir(root)
        logs = way(Place(root, patch, stack), files)
        found = check(Request([logs], [root / "policies"], as_of, since, until, jobs=2, traffic=True))
    notes = tuple(note for note in found.notes if not note.startswith(("s3://", "Nothing was judged: ")))
    report = document(replace(found, notes=notes, coverage=replace(found.coverage, objects=0, bytes=0, listed=())))
    del report["run"]
    report.pop("unclear", None)  # NOTE: lines that are no records are told by their text's place, which neither a stream nor Parquet has.
    for sample in (sample for result in report["results"] for finding in result["findings"] for sample in finding["samples"]):
        sample["object"] = sample["object"].removeprefix("s3://logs/") if places else ""
        sample["line"] = sample["line"] if places else 0
    return report


def the_same(ways: Mapping[str, Way], made: World, files: Files, folder: Path, **said: bool) -> dict[str, Any]:
    """The report of the files as they are, which is that of each way."""
    expected = reported(as_files, made, files, folder / "plain", **said)
    for name, way in ways.items():
        assert expected == reported(way, made, files, folder / name, **said), name
    return expected


def named(contents: list[bytes]) -> Files:
    """Objects whose names tell no time: by a time in them S3 would leave some out."""
    return {f"{number:02}": content for number, content in enumerate(contents)}


@tried(20)
@given(worlds(20, 80))
def test_lines_have_one_report_packed_or_not_from_s3_and_as_parquet(tmp_path_factory: pytest.TempPathFactory, made: World) -> None:
    report = the_same(SAME_OBJECTS, made, named([content for _, content in made.files]), tmp_path_factory.mktemp("same"))
    assert report["coverage"]["records"] + report["coverage"]["warnings"].get("outside-period", 0) > 5


@tried(20)
@given(worlds(20, 80))
def test_lines_have_one_report_from_standard_input(tmp_path_factory: pytest.TempPathFactory, made: World) -> None:
    # NOTE: where one object ends and the next begins is what a stream does not tell: a line without its newline, a byte-order mark.
    contents = [content.removeprefix(b"\xef\xbb\xbf").removesuffix(b"\n") + b"\n" for _, content in made.files]
    the_same(ONE_OBJECT, made, named(contents), tmp_path_factory.mktemp("same"), places=False)


_NEWEST: Final = 26
"""Fields of the oldest lines that lack nothing that rules ask for."""
_OF_ONE_FORM: Final = {"quote-in-client-text", "control-message"}
"""Warnings about lines as such, or about messages of a subscription."""


def delivered(made: World) -> tuple[list[bytes], list[str]]:
    """Lines that JSON can say as well, and what it says.

    Left out are those of which nobody can say what they are in the other form: lines with several readings, or none; of so old a form that
    rules miss columns, which null would not be; keys with a percent sign or a plus, of which JSON does not say whether they are encoded.
    """
    found = []
    for number, line in enumerate(lines_of(made.files)):
        data = line.data.removesuffix(b"\r")
        record = record_of(data, number % 1000)
        if record and data.count(b" ") > 20 and not set(str(record["key_name"])) & set("%+") and fields(data) >= _NEWEST:
            found.append((data, written(record).encode("utf-8", "replace").decode()))
    return [data for data, _ in found], [document for _, document in found]


def fields(line: bytes) -> int:
    return read_line(line).readings[0].fields


@tried(20)
@given(worlds(60, 120), st.sampled_from(sorted(FORMS)))
def test_a_delivery_of_json_has_the_report_of_its_lines(tmp_path_factory: pytest.TempPathFactory, made: World, form: str) -> None:
    folder, (lines, documents) = tmp_path_factory.mktemp("same"), delivered(made)
    expected = reported(as_files, made, named([b"\n".join([*lines, b""])]), folder / "lines", places=False)
    objects = named([FORMS[form](documents[::2]), FORMS[form](documents[1::2])])
    for name, way in JSON.items():
        found = reported(way, made, objects, folder / name, places=False)
        for report in (expected, found):
            warnings = report["coverage"]["warnings"]
            report["coverage"]["warnings"] = {kind: count for kind, count in warnings.items() if kind not in _OF_ONE_FORM}
        assert expected == found, name
