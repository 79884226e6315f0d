"""Deliveries and Parquet with a state: judged once, and what a delivery left out is known whenever it was carried."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import polars as pl
import pytest

from s3guard import remembered
from s3guard.formats import parquet
from s3guard.formats.parquet.kept import KEY
from s3guard.model import Report, Result, Status
from tests import judging, lines
from tests.deliveries import json_lines, record_of, written
from tests.judging import store
from tests.reference.worlds import world
from tests.remembering import essence, finished
from tests.test_undelivered import records_of, thinned

POLICY = """
version: 1
policy: p
buckets: [examplebucket]
rules:
  access_denied: {max: 0, per: 1h}
"""


@pytest.mark.parametrize("seed", range(4))
def test_runs_over_parts_of_deliveries_report_what_one_run_does(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made, rng = world(seed, 100), Random(seed)
    as_of = datetime.fromtimestamp(made.as_of, UTC)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(remembered, "OBJECTS", rng.randint(1, 3))
    store(tmp_path / "policies", {f"{number}.yaml": text.encode() for number, text in enumerate(made.policies)})
    documents = [written(one) for one in thinned(rng, records_of(made))]
    files = [(f"{number}.json", json_lines(documents[number::4])) for number in range(4)] + made.files[:2]
    report = None
    for number, (name, data) in enumerate(rng.sample(files, len(files))):
        store(tmp_path / "logs", {name: data})
        if rng.random() < 0.5 or number == len(files) - 1:
            report = finished(tmp_path, "state", as_of=as_of)
    assert report is not None
    assert essence(report) == essence(finished(tmp_path, "fresh", as_of=as_of))


def project(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(folder)
    return store(folder, {"policies/p.yaml": POLICY.encode(), "logs/.keep": b""})


def delivered(*without: str, hour: int = 1, **changes: Any) -> bytes:
    line = lines.record(logged_time=f"[03/Oct/2026:{hour:02}:00:00 +0000]".encode(), **changes).render()
    return json_lines([json.dumps({field: value for field, value in (record_of(line) or {}).items() if field not in without})] * 3)


def only(report: Report) -> Result:
    (result,) = report.results
    return result


def test_a_field_that_a_later_run_finds_carried_makes_earlier_records_judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project(tmp_path, monkeypatch)
    store(tmp_path / "logs", {"1.json": delivered("error_code")})
    first = only(finished(tmp_path, "state"))
    assert (Status.UNDETERMINED, 0, 3) == (first.status, first.records, first.unjudged)
    store(tmp_path / "logs", {"2.json": delivered(hour=2)})
    second = only(finished(tmp_path, "state"))
    assert (Status.PASS, 6, 0) == (second.status, second.records, second.unjudged)
    # NOTE: a delivery carries a field or not, whatever the period is.
    narrowed = only(finished(tmp_path, "state", until=datetime(2026, 10, 3, 2, tzinfo=UTC)))
    assert (Status.PASS, 3, 0) == (narrowed.status, narrowed.records, narrowed.unjudged)


def test_a_changed_rule_judges_deliveries_anew_and_counts_none_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project(tmp_path, monkeypatch)
    store(tmp_path / "logs", {"1.json": delivered("user_agent"), "2.json": delivered("user_agent", hour=2)})
    finished(tmp_path, "state")
    store(tmp_path / "policies", {"p.yaml": POLICY.replace("max: 0", "max: 1").encode() + b"  user_agents: {deny: [x]}\n"})
    report = finished(tmp_path, "state")
    assert essence(report) == essence(finished(tmp_path, "fresh"))
    assert {"access_denied": (Status.PASS, 6, 0), "user_agents": (Status.UNDETERMINED, 0, 6)} == {
        result.kind: (result.status, result.records, result.unjudged) for result in report.results
    }
    assert 6 == report.coverage.records


def test_parquet_is_one_object_that_is_judged_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project(tmp_path, monkeypatch)
    refused = lines.record(logged_time=b"[03/Oct/2026:01:00:00 +0000]", core=(b"403", b"AccessDenied", b"1", b"1", b"2", b"1")).render()
    store(tmp_path, {"old/a.log": refused + b"\nnoise\n", "old/b.json": delivered(hour=2)})
    judging.parquet(tmp_path / "old", tmp_path / "logs" / "x.parquet")
    report = finished(tmp_path, "state")
    assert (4, 1, 2) == (report.coverage.records, report.coverage.quarantined, report.coverage.objects)  # .keep is one
    assert (Status.FAIL, 4) == (only(report).status, only(report).records)
    assert "old/a.log" == only(report).findings[0].samples[0].object
    again = finished(tmp_path, "state")
    assert essence(report) == essence(again)
    # NOTE: the logs that it was made from are other objects, of which the state knows nothing.
    (tmp_path / "logs" / "x.parquet").unlink()
    (tmp_path / "old" / "a.log").rename(tmp_path / "logs" / "a.log")
    both = finished(tmp_path, "state")
    assert (5, ()) == (both.coverage.records, both.coverage.unreadable)


def test_parquet_that_is_damaged_in_part_stays_unreadable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project(tmp_path, monkeypatch)
    monkeypatch.setattr(parquet, "ROW_GROUP", 4)
    store(tmp_path, {"old/a.json": delivered() * 4, "logs/cut.parquet": b"PAR1 and no more"})
    judging.parquet(tmp_path / "old", tmp_path / "logs" / "x.parquet")
    rows, metadata = pl.read_parquet(tmp_path / "logs" / "x.parquet"), pl.read_parquet_metadata(tmp_path / "logs" / "x.parquet")
    wrong = rows.with_columns(pl.when(pl.col("line") == 6).then(-1).otherwise("line").alias("line"))
    wrong.write_parquet(tmp_path / "logs" / "x.parquet", metadata={KEY: metadata[KEY]})
    for _ in range(2):
        report = finished(tmp_path, "state")
        assert 8 == report.coverage.records
        assert [("logs/cut.parquet", "damaged Parquet"), ("logs/x.parquet", "Parquet with records that s3guard does not write")] == [
            (one.object, one.reason) for one in report.coverage.unreadable
        ]
