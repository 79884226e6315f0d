"""Quantities as people write them: what is written comes back, and a wrong one is told what was meant."""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3guard import durations, quantities


@given(st.integers(0, 10**15))
def test_a_duration_survives_being_written(milliseconds: int) -> None:
    assert quantities.duration(durations.duration_text(milliseconds)) == milliseconds


@given(st.integers(1, 10**12))
def test_a_window_survives_being_written(seconds: int) -> None:
    assert quantities.window(durations.window_text(seconds)) == seconds == quantities.window(seconds)


@given(st.integers(0, 10**17))
def test_a_size_survives_being_written(number: int) -> None:
    assert quantities.size(quantities.size_text(number)) == number == quantities.size(str(number))


@given(st.integers(0, 10**9))
def test_a_share_survives_being_written(billionths: int) -> None:
    exact = Fraction(billionths, 10**9)
    assert quantities.share(quantities.share_text(exact)) == exact


@given(st.floats(1e-9, 1).filter(lambda number: len(repr(number)) < 12))
def test_a_native_share_is_its_decimal_text_exactly(number: float) -> None:
    assert quantities.share(number) == Fraction(repr(number))


@given(st.integers(0, quantities.LARGEST))
def test_a_count_survives_being_written(number: int) -> None:
    assert quantities.count(str(number)) == number == quantities.count(number)


@given(
    st.sampled_from(
        [quantities.duration, quantities.window, quantities.size, quantities.share, quantities.count, quantities.factor, quantities.flag]
    ),
    st.one_of(
        st.text(max_size=12),
        st.integers(),
        st.floats(),
        st.none(),
        st.booleans(),
        st.lists(st.integers()),
        st.dictionaries(st.text(), st.text()),
    ),
)
def test_whatever_is_written_is_a_quantity_or_an_error_with_advice(parse: Callable[[object], Any], written: object) -> None:
    try:
        parse(written)
        message = "write"
    except ValueError as error:
        message = str(error)
    assert re.search(r"write|negative|too|lies between|whole number", message)
    assert message.isprintable()


@pytest.mark.parametrize(
    ("written", "milliseconds"),
    [
        ("15ms", 15),
        ("30s", 30_000),
        ("10m", 600_000),
        ("24h", 86_400_000),
        ("90d", 7_776_000_000),
        ("1.5h", 5_400_000),
        ("0s", 0),
        (250, 250),
    ],
)
def test_a_duration_is_a_number_and_a_unit(written: object, milliseconds: int) -> None:
    assert quantities.duration(written) == milliseconds


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("10MB", 10**7),
        ("50GiB", 50 * 2**30),
        ("5GB", 5 * 10**9),
        ("1.5KiB", 1536),
        ("7B", 7),
        ("7", 7),
        (7, 7),
        ("2TB", 2 * 10**12),
        ("1TiB", 2**40),
    ],
)
def test_a_size_is_decimal_or_binary(written: object, number: int) -> None:
    assert quantities.size(written) == number


@pytest.mark.parametrize(
    ("written", "exact"),
    [
        ("1%", Fraction(1, 100)),
        ("0.01", Fraction(1, 100)),
        ("0.1%", Fraction(1, 1000)),
        ("100%", Fraction(1)),
        ("0", Fraction(0)),
        (1, Fraction(1)),
    ],
)
def test_a_share_is_exact(written: object, exact: Fraction) -> None:
    assert quantities.share(written) == exact


def test_a_share_without_a_finite_decimal_is_written_as_a_fraction() -> None:
    assert quantities.share_text(Fraction(1, 3)) == "1/3"


def test_a_flag_is_true_or_false() -> None:
    assert [quantities.flag(written) for written in ("true", "false", True, False)] == [True, False, True, False]


@pytest.mark.parametrize(
    ("parse", "written", "message"),
    [
        (quantities.duration, "10 minutes", "'10 minutes' is not a duration; write 10m"),
        (quantities.duration, "10 m", "'10 m' is not a duration; write 10m"),
        (quantities.duration, "1h30m", "'1h30m' is not a duration; write 90m"),
        (quantities.duration, "1 hour and 30 min", "'1 hour and 30 min' is not a duration; write 90m"),
        (quantities.duration, "2w", "'2w' is not a duration; write 14d"),
        (quantities.duration, "10", "'10' is not a duration; it has no unit: write 10 and one of s, m or h"),
        (quantities.duration, "1y", "'1y' is not a duration; write a number and one of ms, s, m, h, d, such as 250ms, 10m or 24h"),
        (quantities.duration, "soon", "'soon' is not a duration; write a number and one of ms, s, m, h, d, such as 250ms, 10m or 24h"),
        (quantities.duration, "0.5ms", "'0.5ms' is not a whole number of milliseconds"),
        (quantities.duration, "0.3 ms", "'0.3 ms' is not a duration; write a number and one of ms, s, m, h, d, such as 250ms, 10m or 24h"),
        (quantities.duration, -1, "'-1' is negative; a duration is 0 or more"),
        (quantities.duration, "999999999999999999d", "'999999999999999999d' is too large"),
        (
            quantities.duration,
            "",
            "nothing is written where a duration belongs; write a number and one of ms, s, m, h, d, such as 250ms, 10m or 24h",
        ),
        (quantities.duration, ["1h"], "a list is not a duration; write a number and one of ms, s, m, h, d, such as 250ms, 10m or 24h"),
        (quantities.duration, {"h": 1}, "a mapping is not a duration; write a number and one of ms, s, m, h, d, such as 250ms, 10m or 24h"),
        (quantities.window, "500ms", "'500ms' is too short: access logs tell time to the second; write 1s or more"),
        (quantities.window, "0", "'0' is not a duration; it has no unit: write 0 and one of s, m or h"),
        (quantities.window, 0, "'0' is too short: access logs tell time to the second; write 1s or more"),
        (quantities.window, "1500ms", "'1500ms' is not in whole seconds, which is all that access logs tell; write 1s"),
        (quantities.size, "50 GiB", "'50 GiB' is not a size; write 50GiB"),
        (quantities.size, "50Gi", "'50Gi' is not a size; write 50GiB"),
        (quantities.size, "50G", "'50G' is not a size; write 50GB (powers of 1000) or 50GiB (powers of 1024)"),
        (quantities.size, "10 bytes", "'10 bytes' is not a size; write 10B"),
        (quantities.size, "big", "'big' is not a size; write a number and a unit such as 10MB or 50GiB, or a plain number of bytes"),
        (quantities.size, "0.5B", "'0.5B' is not a whole number of bytes"),
        (quantities.size, -5, "'-5' is negative; a size is 0 or more"),
        (quantities.share, "1 %", "'1 %' is not a share; write 1%"),
        (quantities.share, "2,5 percent", "'2,5 percent' is not a share; write 2.5%"),
        (quantities.share, ".5", "'.5' is not a share; write 0.5"),
        (quantities.share, "few", "'few' is not a share; write 1% or 0.01"),
        (quantities.share, "nan", "'nan' is not a share; write 1% or 0.01"),
        (
            quantities.share,
            "5",
            "'5' is no share of a whole: a share lies between 0% and 100% (0 and 1); did you mean 5%?",
        ),
        (quantities.share, "101%", "'101%' is no share of a whole: a share lies between 0% and 100% (0 and 1)"),
        (quantities.share, Fraction(-1, 2), "'-1/2' is no share of a whole: a share lies between 0% and 100% (0 and 1)"),
        (quantities.count, "1,000", "'1,000' is not a count; write 1000"),
        (quantities.count, "20.0", "'20.0' is not a count; write 20"),
        (quantities.count, "many", "'many' is not a count; write a whole number such as 20"),
        (quantities.count, "-1", "'-1' is negative; a count is 0 or more"),
        (quantities.count, True, "'true' is not a count; write a whole number such as 20"),
        (quantities.count, "9999999999999999999", "'9999999999999999999' is too large"),
        (quantities.positive, "0", "'0' is too small; write 1 or more"),
        (quantities.factor, "three", "'three' is not a number over 0; write a number such as 3 or 2.5"),
        (quantities.factor, "0", "'0' is too small; write a number over 0 such as 3 or 2.5"),
        (quantities.flag, "yes", "'yes' is not true or false; write true"),
        (quantities.flag, "Off", "'Off' is not true or false; write false"),
        (quantities.flag, "maybe", "'maybe' is not true or false; write true or false"),
        (quantities.flag, None, "nothing is written where true or false belongs; write true or false"),
    ],
)
def test_a_wrong_quantity_is_told_what_was_meant(parse: Callable[[object], Any], written: object, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        parse(written)


def test_a_long_wrong_value_is_shown_short() -> None:
    with pytest.raises(ValueError, match="is not a count") as caught:
        quantities.count("x" * 10_000)
    assert len(str(caught.value)) < 150
