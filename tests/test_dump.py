"""The records for other tools: every line is a row, every text is safe, the same in every format, and as the careful parser reads it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3guard import blocks, tables, vocabulary
from s3guard.dump import Dump, Wanted
from s3guard.fields import CORE_NAMES
from s3guard.outputs.csv import cell
from s3guard.records import COLUMNS, SCHEMA
from s3guard.text import shown
from tests import lines
from tests.outputs.corpus import HOSTILE, SECRETS

AMBIGUOUS = lines.record(request_id=b"TWO", user_agent=b'x" 404 NoSuchKey 1 1 1 1 "-" "')


def rows(folder: Path, logged: Sequence[bytes], **wanted: Any) -> list[dict[str, Any]]:
    log = folder / "x.log"
    log.write_bytes(b"".join(line + b"\n" for line in logged))
    frames = list(Dump(Wanted([str(log)], **wanted)).frames())
    return pl.concat(frames).to_dicts() if frames else []


def test_a_record_is_a_row_of_every_column_and_the_dash_is_null(tmp_path: Path) -> None:
    (row,) = rows(tmp_path, [lines.record(key_logged=b"a%252Fb").render()])
    assert list(COLUMNS) == list(row)
    assert (datetime(2019, 2, 6, 0, 0, 38, tzinfo=UTC), 200, None, "a/b", "a%252Fb", None) == (
        *(row[name] for name in ("time", "http_status", "error_code", "key", "key_logged", "referer")),
    )
    assert ("read", "served", "user", "111122223333", "192.0.2.0/24", 26, "ok", None, 1) == (
        *(
            row[name]
            for name in ("operation_class", "outcome", "principal_type", "account", "network", "fields", "status", "unknown", "line")
        ),
    )


def test_rows_are_in_the_order_of_the_input(tmp_path: Path) -> None:
    odd = lines.record(user_agent=b'x"y').render()
    logged = [lines.record().render(), AMBIGUOUS.render(), b"", odd, b"no record", lines.bare().render(), odd]
    assert [1, 2, 4, 6, 7] == [row["line"] for row in rows(tmp_path, logged)]


def test_an_ambiguous_line_is_one_row_with_null_where_its_readings_differ(tmp_path: Path) -> None:
    (row,) = rows(tmp_path, [AMBIGUOUS.render()])
    assert ("ambiguous", "TWO", "served") == (row["status"], row["request_id"], row["outcome"])
    assert {name for name in (*CORE_NAMES, "user_agent") if row[name] is None} == set(CORE_NAMES) | {"user_agent"}
    assert {*CORE_NAMES, "request_uri", "referer", "user_agent"} == set(row["unknown"].split(","))


def test_an_ambiguous_line_is_there_if_a_condition_holds_for_any_of_its_readings(tmp_path: Path) -> None:
    for status in (200, 404):
        (row,) = rows(tmp_path, [AMBIGUOUS.render()], where=f"http_status = {status}", columns=["request_id", "http_status"])
        assert {"request_id": "TWO", "http_status": None} == row
    assert [] == rows(tmp_path, [AMBIGUOUS.render()], where="http_status = 500")


def test_rows_may_be_chosen_by_bucket_period_and_condition(tmp_path: Path) -> None:
    logged = [
        lines.record(bucket=bucket, logged_time=f"[06/Feb/2019:00:00:0{second} +0000]".encode()).render()
        for bucket in (b"a", b"b")
        for second in range(3)
    ]
    at = [datetime(2019, 2, 6, 0, 0, second, tzinfo=UTC) for second in range(3)]
    names = ["bucket", "time"]
    assert [("a", at[1])] == [(*row.values(),) for row in rows(tmp_path, logged, columns=names, buckets=["a"], since=at[1], until=at[2])]
    assert [("b", at[2])] == [(*row.values(),) for row in rows(tmp_path, logged, columns=names, since=at[2], where="bucket <> 'a'")]


WRITTEN = {name: text.encode("utf-8", "surrogatepass") for name, text in (HOSTILE | SECRETS).items() if "\n" not in text}
"""As clients send them; what is no UTF-8 then is spelled out by the time that it is in a frame."""
SUSPECTS = [
    *(text.decode("utf-8", "backslashreplace") for text in WRITTEN.values()),
    *("two\nlines", "=1+1", "a;=1", "##vso[x]", "%53ignature%3Dx", "x" * 40_000, "\u00a0", "e\u0301", "漢", ""),
]


@pytest.mark.parametrize("text", SUSPECTS)
def test_what_outputs_change_is_changed(text: str) -> None:
    assert [shown(text), None, "plain"] == tables.safe(pl.Series([text, None, "plain"], dtype=pl.String)).to_list()


@given(st.lists(st.one_of(st.none(), st.text(), st.sampled_from([text for text in SUSPECTS if text.isprintable()]))))
def test_the_quick_look_at_texts_passes_over_none_that_outputs_change(texts: list[str | None]) -> None:
    series = pl.Series(texts, dtype=pl.String)
    assert [None if text is None else shown(text) for text in texts] == tables.safe(series).to_list()
    visible = tables.safe(series)
    assert [None if text is None else cell(text) for text in visible] == tables._cells(visible).to_list()


def formats(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """The rows of ``x.log`` in each format, read back."""
    wanted = Wanted([str(folder / "x.log")])
    told = {form: b"".join(tables.lines(Dump(wanted).frames(), SCHEMA, form)).decode() for form in ("jsonl", "csv")}
    sunk = io.BytesIO()
    tables.parquet(Dump(wanted).frames(), SCHEMA, sunk.write)
    frame = pl.read_parquet(io.BytesIO(sunk.getvalue()))
    assert dict(frame.schema) == SCHEMA
    times = frame.with_columns(pl.col("time").dt.strftime("%Y-%m-%dT%H:%M:%SZ"))
    return {
        "jsonl": [json.loads(line) for line in told["jsonl"].splitlines()],
        "csv": list(csv.DictReader(io.StringIO(told["csv"], newline=""))),
        "parquet": times.to_dicts(),
    }


def test_every_format_says_the_same(tmp_path: Path) -> None:
    hostile = [lines.record(user_agent=text, request_uri=text).render() for text in WRITTEN.values()]
    (tmp_path / "x.log").write_bytes(b"".join(line + b"\n" for line in [lines.record().render(), AMBIGUOUS.render(), *hostile]))
    told = formats(tmp_path)
    assert told["parquet"] == told["jsonl"]
    for spread, row in zip(told["csv"], told["jsonl"], strict=True):
        cells = {name: cell(value) if isinstance(value, str) else value for name, value in row.items()}
        assert {name: "" if value is None else str(value) for name, value in cells.items()} == spread


def test_no_byte_of_a_log_can_drive_a_terminal_a_pipeline_or_a_spreadsheet(tmp_path: Path) -> None:
    agents = [*WRITTEN.values(), b"##vso[task.complete]", b"=cmd|x"]
    (tmp_path / "x.log").write_bytes(b"".join(lines.record(user_agent=agent).render() + b"\n" for agent in agents))
    told = {
        form: b"".join(tables.lines(Dump(Wanted([str(tmp_path / "x.log")])).frames(), SCHEMA, form)).decode() for form in ("jsonl", "csv")
    }
    for form, text in told.items():
        assert len(agents) + (form == "csv") == len(text.splitlines())
        assert text.replace("\r\n", "").replace("\n", "").isprintable()
        assert "##" not in text
    cells = csv.reader(io.StringIO(told["csv"], newline=""))
    assert not [value for row in cells for value in row if value.startswith(("=", "+", "@"))]


@pytest.mark.parametrize("name", SECRETS)
def test_no_credential_of_a_query_string_is_told(tmp_path: Path, name: str) -> None:
    text = SECRETS[name]
    (tmp_path / "x.log").write_bytes(lines.record(request_uri=text.encode(), referer=text.encode()).render() + b"\n")
    for told in formats(tmp_path).values():
        assert shown(text) == told[0]["request_uri"].removeprefix("'")


def test_csv_without_rows_has_its_header(tmp_path: Path) -> None:
    (tmp_path / "x.log").write_bytes(b"")
    assert ",".join(COLUMNS) + "\r\n" == b"".join(tables.lines(Dump(Wanted([str(tmp_path / "x.log")])).frames(), SCHEMA, "csv")).decode()


def test_it_makes_no_difference_how_blocks_fall_and_when_vocabularies_start_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    logged = [lines.record(remote_ip=f"192.0.2.{n}".encode(), requester=b"-").render() for n in range(40)] + [AMBIGUOUS.render()] * 3
    whole = rows(tmp_path, logged)
    monkeypatch.setattr(blocks, "SIZE", 1000)
    monkeypatch.setattr(vocabulary, "LIMIT", 3)
    assert whole == rows(tmp_path, logged)


def test_a_failure_in_the_middle_of_parquet_is_raised_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "x.log").write_bytes(lines.record().render() + b"\n")

    def full(_data: bytes) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left on device"):
        tables.parquet(Dump(Wanted([str(tmp_path / "x.log")])).frames(), SCHEMA, full)


def test_a_failure_of_the_rows_is_raised_as_it_is() -> None:
    def frames() -> Iterator[pl.DataFrame]:
        yield pl.DataFrame(schema=SCHEMA)
        raise RuntimeError("boom")

    with pytest.raises(RuntimeError, match="boom"):
        tables.parquet(frames(), SCHEMA, lambda _data: None)
