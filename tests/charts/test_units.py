"""Numbers of a chart in words, and the axes that they stand on."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3guard.charts.units import Unit, said, scale

amounts = st.floats(min_value=1e-6, max_value=1e15)
units = st.sampled_from(["share", "requests", "bytes", "milliseconds"])


@pytest.mark.parametrize(
    ("unit", "amount", "words"),
    [
        ("share", 0.0424, "4.2%"),
        ("share", 1, "100%"),
        ("share", 0.00081, "0.081%"),
        ("requests", 1234, "1,234"),
        ("requests", 2.5, "2.5"),
        ("bytes", 3 * 2**30, "3 GiB"),
        ("bytes", 1, "1 byte"),
        ("milliseconds", 45, "45 ms"),
        ("milliseconds", 999.7, "1 s"),
        ("milliseconds", 1_900, "1.9 s"),
        ("milliseconds", 900_000, "15 min"),
    ],
)
def test_a_number_is_said_for_people(unit: Unit, amount: float, words: str) -> None:
    assert words == said(unit, amount)


@given(units, amounts)
def test_an_axis_holds_the_highest_number_and_has_few_round_marks(unit: Unit, highest: float) -> None:
    axis = scale(unit, highest)
    assert axis.top >= highest * (1 - 1e-6)
    assert 0 == axis.height(0)
    assert 0.2 <= axis.height(highest) <= 1 or unit in ("requests", "bytes")
    assert 2 <= len(axis.ticks) <= 7


@given(st.floats(min_value=1, max_value=1e4), st.floats(min_value=51, max_value=1e6))
def test_an_axis_of_numbers_far_apart_is_logarithmic_and_holds_both(lowest: float, times: float) -> None:
    axis = scale("milliseconds", lowest * times, lowest)
    assert 0 < axis.bottom <= lowest
    assert 0 <= axis.height(lowest) < axis.height(lowest * times) <= 1 + 1e-9
    assert all(axis.bottom <= tick <= axis.top for tick in axis.ticks)


def test_what_is_outside_of_an_axis_stands_at_its_end() -> None:
    axis = scale("milliseconds", 1_000, 10)
    assert (0, 1) == (axis.height(0), axis.height(10_000))
