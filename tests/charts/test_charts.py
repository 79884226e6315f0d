"""What a chart shows and says, against traffic that was made for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from lxml import etree

from s3guard.charts import Chart, of, sentences, svg
from s3guard.traffic import Entry, Flow, Interval, Times, Top, Traffic
from tests.outputs import traffics

NAMES = ("errors", "reads", "writes", "sent", "received", "total_time", "turn_around_time", "refused")
START = datetime(2026, 10, 3, 12, tzinfo=UTC)


def made(*intervals: Mapping[str, object], span: int = 3_600) -> Traffic:
    told = (Interval(START + timedelta(seconds=span * at), **one) for at, one in enumerate(intervals))  # type: ignore[arg-type]
    return Traffic(span, tuple(told), (), ())


def chart(traffic: Traffic, name: str) -> Chart:
    return next(one for one in of(traffic) if one.name == name)


def test_every_chart_of_the_article_is_there() -> None:
    assert NAMES == tuple(one.name for one in of(traffics.traffic(24)))
    assert () == of(Traffic(3_600, (), (), ()))


def test_errors_are_told_with_their_peak_and_the_median() -> None:
    hours = [{"reads": Flow(1_000, 3)}] * 9 + [{"reads": Flow(1_000, 40, 2)}]
    says = chart(made(*hours), "errors").says
    assert says == (
        "Errors peaked at 4.2% (42 of 1,000) on 3 October, 21:00 UTC; the median hour has 0.3%. "
        "0.69% of all operations failed: 67 client errors (4xx), 2 of the server (5xx)."
    )


@pytest.mark.parametrize(
    ("interval", "says"),
    [
        ({"reads": Flow(5)}, "None of 5 operations failed."),
        ({"reads": Flow(1)}, "None of 1 operation failed."),
        ({}, "There was no operation."),
    ],
)
def test_no_error_is_told_as_none(interval: dict[str, object], says: str) -> None:
    assert says == chart(made(interval), "errors").says


def test_an_hour_without_operations_has_no_share_of_errors_and_no_mean() -> None:
    quiet = made({"reads": Flow(10, 1)}, {}, {"reads": Flow(10)})
    assert (0.1, None, 0) == chart(quiet, "errors").series[0].values
    assert (None, None, None) == chart(quiet, "total_time").series[0].values
    assert "No record of a read or write tells it." == chart(quiet, "total_time").says


def test_reads_and_writes_are_apart_in_number_and_in_bytes() -> None:
    both = made({"reads": Flow(7, bytes_sent=2_048), "writes": Flow(2, bytes_received=1_024), "others": Flow(9)})
    assert [(7,), (2,), (2_048,), (1_024,)] == [chart(both, name).series[0].values for name in ("reads", "writes", "sent", "received")]
    assert ("7 reads.", "2 writes.") == (chart(both, "reads").says, chart(both, "writes").says)
    assert "1 KiB received from writes." == chart(both, "received").says


def test_amounts_tell_their_peak_and_what_is_usual() -> None:
    hours = made({"reads": Flow(3, refused=0)}, {"reads": Flow(9, refused=4)}, {"reads": Flow(5)})
    assert "17 reads, most on 3 October, 13:00 UTC: 9 in that hour; the median hour has 5." == chart(hours, "reads").says
    assert "4 operations were refused, most on 3 October, 13:00 UTC: 4 in that hour; none in 2 of 3 hours." == chart(hours, "refused").says
    assert "No write." == chart(hours, "writes").says.replace("No writes", "No write")


def test_times_tell_mean_trend_and_the_highest_percentile() -> None:
    hours = made(*({"total_time": Times(100, 100 * (20 + 10 * at), 20, 30, 900 if at == 1 else 90)} for at in range(4)))
    assert chart(hours, "total_time").says == (
        "Total time of reads and writes: 35 ms in the mean, rising by 30 ms over the period. "
        "The 99th percentile peaked at 900 ms on 3 October, 13:00 UTC."
    )
    trend = chart(hours, "total_time").trend
    assert trend is not None
    assert [20, 50] == pytest.approx([trend.first, trend.last])


def test_times_without_a_trend_say_so() -> None:
    hours = made(*({"total_time": Times(100, 100 * mean, 20, 30, 90)} for mean in (20, 90, 21, 88, 20, 91)))
    assert "with no clear trend." in chart(hours, "total_time").says


def test_a_year_is_named_where_a_day_alone_would_be_unclear() -> None:
    days = made(*({"reads": Flow(1 if at else 9)} for at in range(200)), span=86_400)
    assert "most on 3 October 2026: 9 in that day" in chart(days, "reads").says


def test_hours_without_any_record_are_told_for_they_are_drawn_like_quiet_ones() -> None:
    hours = made({"reads": Flow(1)}, {}, {"unmeasured": 5}, {"writes": Flow(1)})
    told = "1 of 4 hours has no record and is drawn as without traffic: whether nobody came or no log was delivered, no record tells."
    assert told == sentences.silence(hours)
    assert "" == sentences.silence(made({"reads": Flow(1)}, {"others": Flow(1)}))


def test_tops_tell_how_much_the_first_ones_make() -> None:
    entries = tuple(Entry(name, 10, 0, 0) for name in ("a", None, "c", "d"))
    top = Top("principal", entries, 3, approximate=False)
    assert "The first 3 of 4 users made 75% of all operations." == sentences.top(top, 40)
    assert "1 user made 25% of all operations." == sentences.top(replace(top, entries=entries[:1], different=1), 40)
    rough = replace(top, column="key", different=70_000, approximate=True)
    assert "The first 3 of at least 70,001 keys were asked for in 75% of all operations." in sentences.top(rough, 40)
    alike = Top("remote_ip", (), 70_000, approximate=True)
    assert sentences.top(alike, 70_000).startswith("At least 70,000 addresses, none of which stands out: there were too many to count each")
    assert "No record has an error code." == sentences.top(Top("error_code", (), 0, approximate=False), 40)


def drawn(one: Chart) -> etree._Element:
    root: etree._Element = etree.fromstring(str(svg.drawn(one)))
    return root


@pytest.mark.parametrize("intervals", [1, 2, 48, 130, 131, 720])
def test_a_drawing_is_an_image_with_a_title_and_a_description(intervals: int) -> None:
    for one in of(traffics.traffic(intervals)):
        root = drawn(one)
        title, desc = root.find("title"), root.find("desc")
        assert title is not None
        assert desc is not None
        assert ("img", title.get("id"), desc.get("id")) == (root.get("role"), root.get("aria-labelledby"), root.get("aria-describedby"))
        assert (one.title, one.says) == (title.text, desc.text)


@pytest.mark.parametrize(("value", "is_drawn"), [(20.0, True), (141.0, True), (360.0, False)])
def test_a_limit_is_drawn_where_it_leaves_something_to_see(value: float, is_drawn: bool) -> None:  # noqa: FBT001 - a case
    limited = replace(traffics.traffic(96), lines=(traffics.line(drawn="refused", value=value),))
    root = drawn(chart(limited, "refused"))
    assert is_drawn == bool(root.findall("line[@class='limit']"))


def test_the_trend_is_drawn_with_the_times_and_with_nothing_else() -> None:
    assert {"total_time", "turn_around_time"} == {
        one.name for one in of(traffics.traffic(96)) if drawn(one).findall(".//path[@class='trend']")
    }


def test_time_that_nobody_measured_is_marked() -> None:
    whole = traffics.traffic(24)
    intervals = tuple(replace(one, unmeasured=9 if at in (3, 4, 9) else 0) for at, one in enumerate(whole.intervals))
    one = chart(replace(whole, intervals=intervals), "reads")
    assert ((3, 5), (9, 10)) == one.blind
    assert 2 == len(drawn(one).findall(".//rect[@class='blind']"))


def test_no_place_of_the_calendar_breaks_a_chart() -> None:
    for start in (datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC)):
        for span in (3_600, 86_400, 31_536_000):
            for one in of(Traffic(span, (Interval(start, reads=Flow(1)),) * 900, (), ())):
                assert drawn(one) is not None


def test_a_strip_is_empty_where_there_is_nothing_and_darker_where_there_is_more() -> None:
    root = etree.fromstring(str(svg.strip([0, 1, 1, 0, 1_000], "Records of b", "strip-1")))
    assert {"cell heat-1": "M1 0h2v1h-2z", "cell heat-5": "M4 0h1v1h-1z"} == {
        path.get("class"): path.get("d") for path in root.iter("path")
    }
