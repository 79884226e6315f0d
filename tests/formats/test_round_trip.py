"""The same traffic as lines of log, as JSON in every form, packed or not, and as Parquet of each: one report."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from s3guard.conclude import Conclusion
from s3guard.plan import Plan
from tests import judging
from tests.batches import lines_of, policies_of
from tests.deliveries import FORMS, record_of, written
from tests.judging import judged, store, told, without_places
from tests.reference.worlds import world

_NEWEST = 26
"""Fields of the oldest lines that lack nothing that rules ask for."""
_ODD = {"quote-in-client-text"}
"""Warnings about how a line is written, which JSON is not."""


def said(conclusion: Conclusion) -> tuple[object, ...]:
    """What is said of the records, wherever they stood."""
    coverage = conclusion.coverage
    warnings = {kind: count for kind, count in coverage.warnings.items() if kind not in _ODD}
    return without_places(conclusion.results), coverage.records, coverage.quarantined, coverage.unreadable, coverage.buckets, warnings


@pytest.mark.parametrize("seed", [2, 5, 11, 17])
def test_one_traffic_has_one_report_however_it_is_delivered(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    made = world(seed, 200)
    plan = Plan(policies_of(made.policies), since=made.since, until=made.until)
    logged, documents = [], []
    for number, line in enumerate(lines_of(made.files)):
        data = line.data.removesuffix(b"\r")
        record = record_of(data, number % 1000)
        # NOTE: of a key with a percent sign or a plus nobody knows whether it is encoded, unless the request line tells.
        if record and data.count(b" ") > 20 and not set(str(record["key_name"])) & set("%+") and _is_new(data):
            logged.append(data)
            documents.append(written(record).encode("utf-8", "replace").decode())
    assert len(documents) > 20
    files = {"c/a.log": b"\n".join([*logged, b""])} | {f"{name}/a": form(documents) for name, form in FORMS.items()}
    files |= {"packed/a": gzip.compress(FORMS["row"](documents[::2])), "packed/b": gzip.compress(FORMS["stamped"](documents[1::2]))}
    store(tmp_path, files)
    expected = said(judged(plan, tmp_path / "c"))
    for name in (*FORMS, "packed"):
        found = judged(plan, tmp_path / name, tmp_path)
        found.coverage.warnings.pop("control-message", None)
        assert expected == said(found), name
        judging.parquet(tmp_path / name, tmp_path / f"{name}.parquet")
        again = judged(plan, tmp_path / f"{name}.parquet")
        again.coverage.warnings.pop("control-message", None)
        assert told(found) == told(again), name


def _is_new(line: bytes) -> bool:
    from s3guard.reading import read_line

    return read_line(line).readings[0].fields >= _NEWEST
