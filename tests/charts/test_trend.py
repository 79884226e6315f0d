"""The line of least squares."""

from __future__ import annotations

import pytest

from s3guard.charts.trend import trend


def test_numbers_on_a_line_have_that_line() -> None:
    found = trend([10, None, 14, 16], [1, 0, 1, 1])
    assert found is not None
    assert [10, 16] == pytest.approx([found.first, found.last])
    assert found.is_clear


def test_a_number_counts_as_much_as_its_records() -> None:
    found = trend([10, 10, 10, 1_000], [1_000, 1_000, 1_000, 1])
    assert found is not None
    assert found.last < 13


def test_one_outlier_is_no_clear_trend() -> None:
    found = trend([10, 11, 10, 11, 10, 400, 10, 11], [1] * 8)
    assert found is not None
    assert not found.is_clear


@pytest.mark.parametrize("values", [[], [1], [1, 2], [1, None, None, 2]])
def test_two_numbers_are_no_trend(values: list[float | None]) -> None:
    assert trend(values, [1] * len(values)) is None


def test_the_same_number_always_is_no_trend_to_tell() -> None:
    found = trend([5, 5, 5], [1, 1, 1])
    assert found is not None
    assert (5, 5, False) == (found.first, found.last, found.is_clear)
