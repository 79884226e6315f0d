"""What people read of hours, silence and expectations."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from s3guard import continuity
from s3guard.model import BucketCoverage, Expected, Gap, Hours, Status

BEGIN = datetime(2026, 10, 1, tzinfo=UTC)


def bucket(name: str = "b", span: int = 3600, seen: int = 3, of: int = 5, *gaps: Gap) -> BucketCoverage:
    return BucketCoverage(name, 9, (), BEGIN, BEGIN, Hours(span, seen, of), gaps)


def gap(**spans: float) -> Gap:
    return Gap(BEGIN, BEGIN + timedelta(**spans))


@pytest.mark.parametrize(
    ("span", "seen", "of", "told"),
    [
        (3600, 1, 1, "1 of 1 hour"),
        (3600, 1000, 2160, "1,000 of 2,160 hours"),
        (86_400, 1, 2, "1 of 2 days"),
        (31_536_000, 1, 1, "1 of 1 stretch of 365 days"),
        (31_536_000, 2, 8000, "2 of 8,000 stretches of 365 days"),
    ],
)
def test_hours_are_counted_in_words(span: int, seen: int, of: int, told: str) -> None:
    assert told == continuity.hours(bucket("b", span, seen, of))


@pytest.mark.parametrize(
    ("spans", "told"),
    [
        ({"seconds": 3601}, "1 h"),
        ({"hours": 11, "minutes": 5, "seconds": 9}, "11 h 5 min"),
        ({"days": 3, "minutes": 5}, "3 d"),
        ({"days": 3_000, "hours": 23}, "3,000 d 23 h"),
    ],
)
def test_a_silence_is_told_in_its_two_largest_units(spans: dict[str, float], told: str) -> None:
    assert f"{told} from 2026-10-01 00:00:00" == continuity.silence(gap(**spans))


@pytest.mark.parametrize(
    ("max_gap", "least", "told"),
    [
        (21_600, 1, "gaps of at most 6h"),
        (90, 1000, "gaps of at most 90s, at least 1,000 records"),
        (None, 2, "at least 2 records"),
        (None, 1, "any record"),
        (None, 0, "nothing, for it may be idle"),
    ],
)
def test_an_expectation_says_what_was_asked_for(max_gap: int | None, least: int, told: str) -> None:
    assert told == continuity.expectation(Expected("p/completeness", max_gap, least, Status.PASS))


def test_the_most_silent_bucket_comes_first_and_one_without_hours_is_left_out() -> None:
    buckets = [bucket("a", 3600, 0), bucket("b"), bucket("c", 3600, 3, 5, gap(hours=2)), bucket("d", 3600, 3, 5, gap(hours=3))]
    assert ["d", "c", "b"] == [one.bucket for one in continuity.quietest(buckets)]


def test_all_buckets_are_told_in_one_sentence() -> None:
    quiet = bucket("a", 3600, 3, 5, gap(hours=2))
    assert "" == continuity.of_all([])
    assert "Records of b were seen in 3 of 5 hours." == continuity.of_all([bucket()])
    assert "Records of a were seen in 3 of 5 hours, none for 2 h from 2026-10-01 00:00:00." == continuity.of_all([quiet])
    assert (
        "Records of 2 buckets were seen in 6 of their 10 hours; the longest time without one is 2 h from 2026-10-01 00:00:00, of a."
        == continuity.of_all([bucket(), quiet])
    )
    assert "Records of 2 buckets were seen in 6 of their 10 stretches of time." == continuity.of_all([bucket(), bucket("c", 86_400)])
