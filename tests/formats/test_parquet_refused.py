"""Parquet that s3guard did not write as it is, or only in part: refused with the reason, and no run breaks on it."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3guard import formats, sources, tables
from s3guard.blocks import blocks
from s3guard.dump import Dump, Wanted
from s3guard.formats import Parsers, Reading, parquet
from s3guard.formats.parquet.columns import BITS, READINGS, SUFFIX
from s3guard.formats.parquet.kept import KEY, ForeignError, Kept, kept
from s3guard.model import Unreadable
from s3guard.plan import Plan
from s3guard.records import COLUMNS, LOG_COLUMNS, SCHEMA
from s3guard.vocabulary import Vocabulary
from tests import judging, lines
from tests.batches import policies_of
from tests.deliveries import json_lines, record_of, written
from tests.formats.test_parquet import AMBIGUOUS, ODD, POLICY
from tests.judging import judged, store

ALWAYS = ("bucket", "time", "operation", "object", "line", BITS, SUFFIX)
"""Columns that have a value in every row."""


def refused(file: Path) -> str:
    """Why a file cannot be judged."""
    found = judged(Plan(policies_of([POLICY])), file)
    assert (0, ()) == (found.coverage.records, found.coverage.buckets)
    (one,) = found.coverage.unreadable
    assert (file.name, 1) == (one.object, found.coverage.objects)
    return one.reason


NARROWED: dict[str, dict[str, Any]] = {
    "--columns": {"columns": list(COLUMNS)},
    "--where": {"where": "bucket IS NOT NULL"},
    "--bucket": {"buckets": ["examplebucket"]},
}


@pytest.mark.parametrize("flag", NARROWED)
def test_a_file_that_was_narrowed_is_refused_by_name(flag: str, tmp_path: Path) -> None:
    store(tmp_path, {"a.log": ODD + b"\n"})
    dump = Dump(Wanted([str(tmp_path / "a.log")], is_judged=True, **NARROWED[flag]))
    with (tmp_path / "x.parquet").open("wb") as sunk:
        tables.parquet(dump.frames(), dump.schema, sunk.write, dump.told)
    assert dict(SCHEMA) == dict(pl.read_parquet_schema(tmp_path / "x.parquet"))
    assert f"Parquet that holds only a part of the records ({flag}); give the logs, or write it without these flags" == refused(
        tmp_path / "x.parquet"
    )


def test_parquet_of_somebody_else_is_refused(tmp_path: Path) -> None:
    pl.DataFrame({"bucket_name": ["b"]}).write_parquet(tmp_path / "x.parquet")
    assert refused(tmp_path / "x.parquet").startswith("Parquet that s3guard did not write")


@pytest.fixture
def written_file(tmp_path: Path) -> Path:
    """A file of 40 records, one of them ambiguous, and two lines that are none."""
    store(tmp_path, {"a.log": b"\n".join([*[ODD] * 39, AMBIGUOUS, b"noise", b"noise", b""])})
    judging.parquet(tmp_path / "a.log", tmp_path / "x.parquet")
    return tmp_path / "x.parquet"


def changed(
    file: Path,
    metadata: Callable[[dict[str, Any]], Any] = lambda told: told,
    rows: Callable[[pl.DataFrame], pl.DataFrame] = lambda rows: rows,
) -> Path:
    """The file with other rows or other metadata."""
    told = json.loads(pl.read_parquet_metadata(file)[KEY])
    frame = rows(pl.read_parquet(file))
    frame.write_parquet(file, metadata={KEY: json.dumps(metadata(told))})
    return file


def test_a_file_that_was_written_anew_with_nothing_changed_is_judged(written_file: Path) -> None:
    assert 40 == judged(Plan(policies_of([POLICY])), changed(written_file)).coverage.records


@pytest.mark.parametrize(
    "metadata",
    [
        list,
        lambda told: told and None,
        str,
        lambda told: told | {"quarantined": -1},
        lambda told: told | {"quarantined": True},
        lambda told: told | {"quarantined": 1.5},
        lambda told: told | {"quarantined": 2**80},
        lambda told: told | {"rows": "40"},
        lambda told: told | {"warnings": [1]},
        lambda told: told | {"warnings": {"x": "y"}},
        lambda told: told | {"warnings": {str(number): 1 for number in range(2_000)}},
        lambda told: told | {"unreadable": {"object": "x"}},
        lambda told: told | {"unreadable": [{"object": 1, "reason": "x"}]},
        lambda told: told | {"unreadable": [{"object": "\ud800", "reason": "x"}]},
        lambda told: told | {"delivered": {"b": ["no such column"]}},
        lambda told: told | {"delivered": {"b": 7}},
        lambda told: told | {"narrowed": [None]},
        lambda told: {name: value for name, value in told.items() if name != "unreadable"},
        lambda told: {name: value for name, value in told.items() if name != "format"},
    ],
)
def test_metadata_that_s3guard_does_not_write_make_the_file_unreadable(written_file: Path, metadata: Callable[[Any], Any]) -> None:
    assert "Parquet whose metadata were changed since s3guard wrote them" == refused(changed(written_file, metadata))


def test_a_newer_file_is_refused_as_one(written_file: Path) -> None:
    assert "does not know" in refused(changed(written_file, lambda told: told | {"format": "s3guard/records/2"}))


@pytest.mark.parametrize(
    "metadata", [lambda told: told | {"rows": 41}, lambda told: told | {"rows": 39}, lambda told: told | {"ambiguous": 0}]
)
def test_metadata_that_say_otherwise_than_the_rows_make_the_file_unreadable(written_file: Path, metadata: Callable[[Any], Any]) -> None:
    assert refused(changed(written_file, metadata)).startswith("Parquet with more or fewer records than it says")


def test_rows_that_were_taken_out_make_the_file_unreadable(written_file: Path) -> None:
    assert refused(changed(written_file, rows=lambda rows: rows.head(39))).startswith("Parquet with more or fewer records than it says")


@pytest.mark.parametrize(
    "rows",
    [
        lambda rows: rows.drop(BITS),
        lambda rows: rows.drop("time"),
        lambda rows: rows.with_columns(pl.col("http_status").cast(pl.String)),
        lambda rows: rows.with_columns(pl.col("time").dt.cast_time_unit("ns")),
        lambda rows: rows.with_columns(pl.lit(1).alias("more")),
    ],
)
def test_other_columns_make_the_file_unreadable(written_file: Path, rows: Callable[[pl.DataFrame], pl.DataFrame]) -> None:
    assert "Parquet with other columns than s3guard writes" == refused(changed(written_file, rows=rows))


@pytest.mark.parametrize(
    "column",
    [
        *(pl.when(pl.int_range(pl.len()) != 7).then(pl.col(name)).alias(name) for name in ALWAYS),
        pl.lit(-1, pl.Int64).alias("line"),
        pl.lit(2**40, pl.Int64).alias("line"),
        pl.lit(-5, pl.Int64).alias("bytes_sent"),
        pl.lit(2**62, pl.Int64).alias("object_size"),
        pl.col(BITS).or_(1 << 12).alias(BITS),
        pl.col(BITS).or_(1 << 9).alias(BITS),
        pl.when(pl.col(BITS) < 1 << 10).then(pl.col(READINGS).shift(-1, fill_value=[])).otherwise(READINGS).alias(READINGS),
        pl.lit(2**60, pl.Int64).cast(pl.Datetime("us", "UTC")).alias("time"),
        pl.col(READINGS).list.head(1).alias(READINGS),
    ],
)
def test_values_that_s3guard_does_not_write_make_the_file_unreadable(written_file: Path, column: pl.Expr) -> None:
    assert "Parquet with records that s3guard does not write" == refused(changed(written_file, rows=lambda rows: rows.with_columns(column)))


@pytest.fixture
def delivered_file(tmp_path: Path) -> Path:
    """A file of two records of JSON deliveries, which carry no requester."""
    documents = [
        {name: value for name, value in (record_of(lines.ORDINARY.render()) or {}).items() if name != "requester"} for _ in range(2)
    ]
    store(tmp_path, {"a.json": json_lines(list(map(written, documents)))})
    judging.parquet(tmp_path / "a.json", tmp_path / "x.parquet")
    return tmp_path / "x.parquet"


def test_deliveries_that_the_metadata_do_not_tell_of_make_the_file_unreadable_and_break_no_run(delivered_file: Path) -> None:
    assert "Parquet with records that s3guard does not write" == refused(changed(delivered_file, lambda told: told | {"delivered": {}}))


def test_a_file_says_nothing_of_what_the_deliveries_of_other_buckets_carried(delivered_file: Path) -> None:
    """Whoever adds a file could make "not delivered" of another bucket "no value" by it, with no record that anybody sees."""
    changed(delivered_file, lambda told: told | {"delivered": told["delivered"] | {"victim": list(LOG_COLUMNS)}})
    (block,) = blocks(sources.objects([str(delivered_file)], str(delivered_file.parent)), Reading())
    assert {"examplebucket"} == set(Parsers(Vocabulary()).parse(block).carried)


def test_a_text_that_is_shared_by_many_rows_is_not_taken_apart(written_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """34 kB of Parquet can hold 131,072 times one text of a MiB, which once was made 131,072 texts."""
    monkeypatch.setattr(parquet, "_TEXTS", 1 << 20)
    long = pl.lit("\\u{61}" + "x" * 30_000).alias("request_id")
    assert "Parquet with records that s3guard does not write" == refused(changed(written_file, rows=lambda rows: rows.with_columns(long)))


@pytest.mark.parametrize("share", [0.0001, 0.01, 0.3, 0.7, 0.9, 0.99, 0.9999])
def test_a_file_that_is_cut_short_is_unreadable(written_file: Path, share: float) -> None:
    data = written_file.read_bytes()
    written_file.write_bytes(data[: max(4, int(len(data) * share))])
    assert "damaged Parquet" == refused(written_file)


@pytest.mark.parametrize("seed", range(30))
def test_bytes_that_were_changed_break_no_run_and_add_nothing(written_file: Path, seed: int) -> None:
    plan, rng = Plan(policies_of([POLICY])), Random(seed)
    whole = judged(plan, written_file)
    data = bytearray(written_file.read_bytes())
    for place in rng.sample(range(4, len(data)), rng.choice([1, 3, 30])):
        data[place] = rng.randrange(256)
    written_file.write_bytes(bytes(data))
    found = judged(plan, written_file)
    assert found.coverage.unreadable or found.coverage.records <= whole.coverage.records


def test_a_damaged_part_makes_the_file_unreadable_and_the_others_are_judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "ROW_GROUP", 100)
    store(tmp_path, {"a.log": b"".join(lines.record(request_id=b"R%d" % number).render() + b"\n" for number in range(250))})
    judging.parquet(tmp_path / "a.log", tmp_path / "x.parquet")
    changed(
        tmp_path / "x.parquet", rows=lambda rows: rows.with_columns(pl.when(pl.col("line") == 150).then(-1).otherwise("line").alias("line"))
    )
    found = judged(Plan(policies_of([POLICY])), tmp_path / "x.parquet").coverage
    assert (150, (Unreadable("x.parquet", "Parquet with records that s3guard does not write"),)) == (found.records, found.unreadable)


def test_a_file_that_is_too_large_to_be_held_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store(tmp_path, {"a.log": ODD + b"\n"})
    judging.parquet(tmp_path / "a.log", tmp_path / "x.parquet")
    (tmp_path / "x.gz").write_bytes(gzip.compress((tmp_path / "x.parquet").read_bytes()))
    monkeypatch.setattr(parquet, "LARGEST", 100)
    assert refused(tmp_path / "x.gz").startswith("Parquet that is too large to be read from here")


def test_the_lines_that_were_not_kept_are_told_of_in_the_quarantine(written_file: Path) -> None:
    parsers = Parsers(Vocabulary())
    (block,) = blocks(sources.objects([str(written_file)], str(written_file.parent)), Reading())
    (line,) = parsers.parse(block).quarantined
    assert "3 lines of the logs, no record or not certainly one, that Parquet does not keep" == line.reason
    assert ("x.parquet",) == block.objects


@given(st.text(max_size=60), st.binary(max_size=60))
def test_no_metadata_break_the_reader(text: str, data: bytes) -> None:
    for metadata in ({}, {KEY: text}, {KEY: data.decode("latin-1")}, {"other": text}):
        with pytest.raises(ForeignError):
            kept(metadata)


def test_metadata_come_back_as_they_were_told() -> None:
    made = Kept(
        5,
        1,
        2,
        {"tls-cipher": 3},
        (Unreadable("o\u202e", "why"),),
        {"b": 5, "c": 0},
        (),
        "1.0",
        {"objects": 3},
    )
    assert made == kept(made.metadata())


def test_parquet_is_known_by_its_first_bytes() -> None:
    sunk = io.BytesIO()
    pl.DataFrame({"a": [1]}).write_parquet(sunk)
    assert "parquet" == formats.claiming(sunk.getvalue()[:256])
    assert "classic" == formats.claiming(b"PAR2")
