"""The traffic in a terminal: no line is too long, and every chart is there, in Unicode and in ASCII."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3guard.charts import blocks
from s3guard.layout import width
from s3guard.model import Report
from s3guard.outputs import Options, text
from s3guard.text import visible
from tests.outputs import golden, reports, runner, traffics

LABELS = ("errors", "reads", "writes", "bytes out", "bytes in", "total time", "turn-around", "refused", "users", "IP addresses", "keys")
shares = st.floats(min_value=0, max_value=1)


def shown(report: Report, **changes: object) -> str:
    return "".join(text.render(report, replace(Options(width=80, traffic=True), **changes)))  # type: ignore[arg-type]


def drawn(intervals: int, **changes: object) -> str:
    return shown(replace(reports.clean(), traffic=traffics.traffic(intervals)), **changes)


@pytest.mark.parametrize("intervals", [1, 24, 720])
@pytest.mark.parametrize("ascii_", [False, True])
def test_every_chart_is_there_and_no_line_is_longer_than_the_screen(intervals: int, ascii_: bool) -> None:  # noqa: FBT001 - a case
    lines = drawn(intervals, ascii=ascii_).splitlines()
    assert {80} >= {width(line) for line in lines if width(line) > 80}
    labels = [line[:12].strip() for line in lines]
    assert all(label in labels for label in LABELS)
    assert not ascii_ or "".join(lines).isascii()


def test_it_looks_as_in_its_golden_files() -> None:
    golden.expect("text/traffic.txt", drawn(720))
    golden.expect("text/traffic-ascii.txt", drawn(24, ascii=True))


def test_colour_is_there_where_it_is_asked_for_and_nowhere_else() -> None:
    assert "\x1b[" not in drawn(24)
    assert "\x1b[36m" in drawn(24, color=True)


def test_limits_and_trends_are_drawn_and_named() -> None:
    told = drawn(720)
    for part in ("limit 20", "phi-records/access_denied", "p99 at most 250 ms", "phi-records/volume/bulk", "rising by", "─"):
        assert part in told


def test_each_bucket_is_shown_over_time_with_its_gaps() -> None:
    lines = shown(replace(reports.undetermined(), traffic=traffics.traffic(24))).splitlines()
    assert any("█" in line and "      " in line.strip() for line in lines)
    assert any("2026-10-01 00:00 to 2026-10-03 00:00 UTC" in line for line in lines)


def test_a_run_that_was_not_asked_says_so_and_a_run_of_nothing_too() -> None:
    assert "traffic  the run was not asked for it" in shown(reports.clean())
    nothing = replace(traffics.traffic(1), intervals=(), tops=(), buckets=())
    assert "traffic  no operation was judged, so there is nothing to draw" in shown(replace(reports.clean(), traffic=nothing))


def test_of_no_operation_it_says_one_sentence_and_draws_no_empty_list() -> None:
    nothing = replace(
        traffics.traffic(1), intervals=(), buckets=(), tops=tuple(replace(one, entries=()) for one in traffics.traffic(1).tops)
    )
    told = "".join(text.render(replace(reports.clean(), traffic=nothing), Options(traffic=True)))
    assert "no operation was judged, so there is nothing to draw" in told
    assert "No record" not in told


@pytest.mark.parametrize("width_", [40, 80, 140])
@pytest.mark.parametrize("ascii_", [False, True])
def test_hostile_text_drives_neither_a_terminal_nor_a_ci_system(width_: int, ascii_: bool) -> None:  # noqa: FBT001 - a case
    told = shown(replace(reports.hostile(), traffic=traffics.hostile()), width=width_, ascii=ascii_)
    plain = told.replace("\n", " ").replace("\\u{", " ")
    assert visible(plain) == plain
    assert [] == runner.obeyed(told)
    assert "TOPSECRET" not in told


@given(st.lists(st.none() | shares, max_size=300), st.integers(1, 100))
def test_columns_fit_the_room_and_keep_the_highest(values: list[float | None], room: int) -> None:
    found = blocks.columns(values, room)
    assert len(found) <= room
    assert max((value for value in values if value is not None), default=None) == max(
        (one for one in found if one is not None), default=None
    )


@given(st.lists(st.none() | shares, min_size=1, max_size=60), st.sampled_from([blocks.UNICODE, blocks.ASCII]), st.none() | shares)
def test_what_is_there_is_seen_and_nothing_else(heights: list[float | None], signs: blocks.Signs, limit: float | None) -> None:
    lines = blocks.standing(heights, 4, signs, limit)
    assert [len(heights)] * 4 == list(map(len, lines))
    for at, height in enumerate(heights):
        column = {line[at] for line in lines} - {" ", signs.limit}
        assert bool(height) == bool(column)


@given(shares, st.integers(1, 40), st.sampled_from([blocks.UNICODE, blocks.ASCII]))
def test_a_bar_is_never_longer_than_its_room_and_never_empty(part: float, room: int, signs: blocks.Signs) -> None:
    bar = blocks.bar(part, room, signs)
    assert (room, True) == (len(bar), bool(bar.strip()))
