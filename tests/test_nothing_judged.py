"""A run that judges nothing says so, and never reads as clean; what is no log costs little."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from s3guard import blocks
from s3guard.check import Request, check
from s3guard.model import Report, Status
from s3guard.reading import read_line
from tests.lines import record

POLICY = """
version: 1
policy: p1
buckets: [{bucket}]
rules:
  writers: {{allow: ["account:111122223333"]{switch}}}
  anonymous: {{enabled: {anonymous}}}
"""


def judged(
    folder: Path, data: bytes, *, rules: tuple[str, ...] = (), switch: str = "", anonymous: str = "true", bucket: str = ""
) -> Report:
    """The report over one log of `data`."""
    (folder / "logs").mkdir()
    (folder / "logs" / "a.log").write_bytes(data)
    bucket = bucket or read_line(record().render()).readings[0].bucket.decode()
    (folder / "p.yaml").write_text(POLICY.format(bucket=bucket, switch=switch, anonymous=anonymous), encoding="utf-8")
    return check(Request([str(folder / "logs")], [folder / "p.yaml"], datetime(2026, 10, 2, tzinfo=UTC), rules=rules))


def test_a_policy_whose_rules_are_all_switched_off_judges_nothing(tmp_path: Path) -> None:
    report = judged(tmp_path, record().render() + b"\n", switch=", enabled: false", anonymous="false")
    assert (report.exit_code, report.status, report.coverage.buckets[0].policies) == (4, Status.NOT_APPLICABLE, ())


def test_a_policy_for_another_bucket_judges_nothing_of_this_one(tmp_path: Path) -> None:
    report = judged(tmp_path, record().render() + b"\n", bucket="elsewhere")
    assert (report.exit_code, report.coverage.buckets[0].policies) == (4, ())


@pytest.mark.parametrize("piece", [b"\n", b"x\n", b"x\r\n", b"\xff\n"])
def test_a_million_lines_of_nothing_are_cut_into_blocks_that_fit_into_memory(
    piece: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "ROWS", 1_000)
    report = judged(tmp_path, piece * 20_000 + record().render() + b"\n")
    coverage = report.coverage
    assert (coverage.records, coverage.quarantined) == (1, 20_000 if piece.strip() else 0)
    assert report.exit_code == (3 if piece.strip() else 0)


def test_lines_keep_their_numbers_when_a_block_is_cut_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "ROWS", 7)
    line = record(operation=b"REST.PUT.OBJECT", requester=b"-").render() + b"\n"
    report = judged(tmp_path, b"\n" * 50 + line + b"\n" * 33 + line)
    samples = [sample.line for result in report.results for finding in result.findings for sample in finding.samples]
    assert {51, 85} == set(samples)
