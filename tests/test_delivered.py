"""Names of log objects: what they tell is told right, and what tells nothing is not made to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3guard.delivered import Folder, Level, Name, Window, folder, named

UNIQUE = "0123456789ABCDEF"
SOURCE = "logs/111122223333/eu-west-1/phi-records/"


@pytest.mark.parametrize(
    ("key", "root", "stamp"),
    [
        (f"2026-10-01-06-07-08-{UNIQUE}", "", "2026-10-01-06-07-08"),
        (f"logs/2026-10-01-06-07-08-{UNIQUE}", "logs/", "2026-10-01-06-07-08"),
        (f"logs/phi-2026-10-01-06-07-08-{UNIQUE}", "logs/phi-", "2026-10-01-06-07-08"),
        (f"app12026-10-01-06-07-08-{UNIQUE}", "app1", "2026-10-01-06-07-08"),
        (f"2025-01-01-00-00-00-x/2026-10-01-06-07-08-{UNIQUE}", "2025-01-01-00-00-00-x/", "2026-10-01-06-07-08"),
        (f"line\nbreak-2026-10-01-06-07-08-{UNIQUE}", "line\nbreak-", "2026-10-01-06-07-08"),
        (f"logs/2026-10-01-06-07-08-{UNIQUE}.gz", "logs/", "2026-10-01-06-07-08"),
    ],
)
def test_a_simple_name_tells_its_time(key: str, root: str, stamp: str) -> None:
    assert Name(root, stamp) == named(key)


@pytest.mark.parametrize("stem", ["", "logs/", "logs-", "a/b/", "1"])
def test_a_partitioned_name_tells_its_day_and_its_bucket(stem: str) -> None:
    root = f"{stem}111122223333/us-gov-west-1/my.bucket-1/"
    found = named(f"{root}2026/10/01/2026-10-01-00-00-00-{UNIQUE}")
    assert Name(root, "2026/10/01/", f"{stem}111122223333/", "my.bucket-1") == found
    assert found is not None
    assert f"{root}2026/" == found.year


@pytest.mark.parametrize(
    "key",
    [
        "",
        "logs/",
        "logs/access.log",
        "logs/2026-10-01.log",
        f"logs/2026-13-01-06-07-08-{UNIQUE}",
        f"logs/2026-10-32-06-07-08-{UNIQUE}",
        f"logs/2026-10-01-06-67-08-{UNIQUE}",
        "logs/2026-10-01-06-07-08",
        "logs/2026-10-01-06-07-08-",
        "logs/2026-10-01-06-07-08-a-b",
        f"logs/2026-10-01-06-07-08-{UNIQUE}/part-0000",
        f"{SOURCE}2026/10/01/part-0000.parquet",
    ],
)
def test_other_names_tell_nothing(key: str) -> None:
    assert named(key) is None


def test_folders_of_the_partitioned_format_tell_what_they_hold() -> None:
    assert Folder(Level.REGIONS) == folder("logs/111122223333/")
    assert Folder(Level.SOURCES) == folder("logs/111122223333/eu-west-1/")
    assert Folder(Level.YEARS, "phi-records") == folder(SOURCE)
    assert Folder(Level.MONTHS, "phi-records", "2026") == folder(f"{SOURCE}2026/")
    for path in ("", "logs/", "AWSLogs/111122223333/CloudTrail/", f"{SOURCE}2026/10/", "111122223333", "logs/11112222333/"):
        assert folder(path) is None


TIMES = st.datetimes(datetime(2019, 1, 1), datetime(2031, 12, 31), timezones=st.just(UTC)).map(lambda time: time.replace(microsecond=0))  # noqa: DTZ001
STEMS = st.sampled_from(["", "logs/", "phi-", "1"])


def simple(stem: str, time: datetime) -> str:
    """The key of an object that is delivered at that time."""
    return f"{stem}{time:%Y-%m-%d-%H-%M-%S}-{UNIQUE}"


def partitioned(stem: str, time: datetime) -> str:
    """The same, in the other format."""
    return f"{stem}111122223333/eu-west-1/phi-records/{time:%Y/%m/%d/%Y-%m-%d-%H-%M-%S}-{UNIQUE}"


@given(stem=STEMS, time=TIMES, since=st.none() | TIMES, until=st.none() | TIMES)
def test_a_simple_name_is_wanted_if_and_only_if_its_time_is(
    stem: str, time: datetime, since: datetime | None, until: datetime | None
) -> None:
    name = named(simple(stem, time))
    assert name is not None
    wanted = (since is None or since <= time) and (until is None or time < until)
    assert wanted == (Window(since, until).skipped(name) is None)


@given(stem=STEMS, time=TIMES, since=st.none() | TIMES, until=st.none() | TIMES)
def test_a_partition_is_wanted_if_any_second_of_its_day_is(
    stem: str, time: datetime, since: datetime | None, until: datetime | None
) -> None:
    name = named(partitioned(stem, time))
    assert name is not None
    day = time.replace(hour=0, minute=0, second=0)
    wanted = (since is None or since < day + timedelta(days=1)) and (until is None or day < until)
    assert wanted == (Window(since, until).skipped(name) is None)
    if wanted:
        assert Window(since, until).has_year(f"{time:%Y}")


@given(stem=STEMS, time=TIMES, other=TIMES, since=TIMES, length=st.timedeltas(timedelta(seconds=1), timedelta(days=900)))
def test_what_is_hopped_over_is_never_wanted(stem: str, time: datetime, other: datetime, since: datetime, length: timedelta) -> None:
    window = Window(since, since + length)
    for key in (simple, partitioned):
        name, met = named(key(stem, time)), named(key(stem, other))
        assert name is not None
        assert met is not None
        hop = window.skipped(name)
        if hop is None:
            continue
        assert key(stem, time) < hop
        assert hop.startswith(name.year)
        if key(stem, time) < key(stem, other) <= hop:
            assert window.skipped(met) is not None


def test_a_period_may_begin_before_anybody_wrote_logs() -> None:
    window = Window(datetime(931, 1, 1, tzinfo=UTC))
    assert window.has_year("2026")
    for key in (simple, partitioned):
        name = named(key("logs/", datetime(2026, 10, 1, tzinfo=UTC)))
        assert name is not None
        assert window.skipped(name) is None


def test_an_account_whose_number_begins_like_a_year_is_not_hopped_over() -> None:
    name = named(f"2020-01-01-00-00-00-{UNIQUE}")
    assert name is not None
    hop = Window(datetime(2026, 10, 1, tzinfo=UTC)).skipped(name)
    assert hop is not None
    assert "2020-" < hop < "202012345678/"
