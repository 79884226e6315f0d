"""What a policy expects of the logging configuration."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from s3guard.audit.expected import Expected, of_policy
from s3guard.model import Location
from s3guard.policy import load
from tests.audit.rowmaking import policy

HEAD = "version: 1\npolicy: p\nbuckets: [app]\n"


def written(folder: Path, text: str) -> Any:
    (folder / "p.yaml").write_text(HEAD + text, encoding="utf-8")
    (one,) = load([folder / "p.yaml"], folder)
    return one


def test_the_policy_says_what_is_expected(tmp_path: Path) -> None:
    one = written(
        tmp_path,
        'logging:\n  target: {bucket: logs, prefix: "{account}/{region}/{bucket}/"}\n  key_format: partitioned\n'
        "  retention: {min: 400d, max: 500d, immediately_available: 36h}\n  freshness: 12h\n  readers: [account:444455556666]\n",
    )
    expected = of_policy(one)
    assert ("logs", "partitioned", timedelta(hours=12), ("account:444455556666",)) == (
        expected.target_bucket,
        expected.key_format,
        expected.freshness,
        expected.readers,
    )
    days = (expected.keep, expected.keep_at_most, expected.available)
    assert [(400, "the policy"), (500, "the policy"), (2, "the policy")] == [(one.days, one.because) for one in days if one is not None]
    assert "1/eu/app/" == expected.prefix_for("app", "1", "eu")
    assert None is expected.prefix_for("app", "1", None)
    assert Location("p.yaml", 4) == one.logging_location


@pytest.mark.parametrize(
    ("frameworks", "keep", "available", "is_advice"),
    [
        ((), None, None, None),
        (("gdpr",), None, None, None),
        (("pci-dss",), 365, 90, False),
        (("pci-dss-4.0.1",), 365, 90, False),
        (("hipaa",), 2190, None, True),
        (("soc2", "pci-dss"), 365, 90, False),
        (("hipaa", "pci-dss"), 2190, 90, True),
    ],
)
def test_frameworks_say_how_long_where_the_policy_does_not(
    frameworks: tuple[str, ...], keep: int | None, available: int | None, *, is_advice: bool | None
) -> None:
    expected = of_policy(policy(frameworks=frameworks))
    assert (keep, is_advice) == ((expected.keep.days, expected.keep.is_advice) if expected.keep else (None, None))
    assert available == (expected.available.days if expected.available else None)
    assert ("gdpr" in frameworks) == expected.wants_maximum


def test_the_policy_outvotes_its_frameworks(tmp_path: Path) -> None:
    expected = of_policy(written(tmp_path, "frameworks: [hipaa, gdpr]\nlogging: {retention: {min: 90d, max: 365d}}\n"))
    assert (90, 365, False, None) == (
        expected.keep.days if expected.keep else None,
        expected.keep_at_most.days if expected.keep_at_most else None,
        expected.wants_maximum,
        expected.conflict,
    )


def test_what_cannot_be_kept_all_at_once_is_a_conflict(tmp_path: Path) -> None:
    expected = of_policy(written(tmp_path, "frameworks: [hipaa]\nlogging: {retention: {max: 365d}}\n"))
    assert expected.conflict is not None
    assert "2,190 days" in expected.conflict
    assert "365" in expected.conflict


def test_without_anything_said_the_defaults_hold() -> None:
    expected = of_policy(policy())
    assert (Expected("p"), "any", timedelta(hours=24)) == (expected, expected.key_format, expected.freshness)
