"""Listing: all that may hold a wanted record is found, whatever the names are, and little else is asked for."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3guard.delivered import Window, named
from s3guard.listing import EMPTY, Listing, ListingError, Page, Query, Stored, Unlisted
from tests.s3.shelf import Shelf

DAY = timedelta(days=1)
FIRST = datetime(2026, 10, 1, tzinfo=UTC)


def simple(stem: str, time: datetime, number: int = 0) -> str:
    """The key of a log object in the simple format."""
    return f"{stem}{time:%Y-%m-%d-%H-%M-%S}-{number:016X}"


def partitioned(stem: str, time: datetime, number: int = 0, bucket: str = "phi", account: str = "111122223333") -> str:
    """The key of a log object in the partitioned format."""
    return f"{stem}{account}/eu-west-1/{bucket}/{time:%Y/%m/%d/%Y-%m-%d-%H-%M-%S}-{number:016X}"


def listed(walk: Listing, prefix: str) -> list[str]:
    """The keys that are found."""
    found = list(walk.objects(prefix))
    assert all(isinstance(entry, Stored) for entry in found)
    return [entry.key for entry in found if isinstance(entry, Stored)]


def shelf(keys: Iterable[str], page: int = 1_000) -> Shelf:
    """A bucket of objects without content."""
    return Shelf(dict.fromkeys(keys, b""), page)


TIMES = st.datetimes(datetime(2025, 12, 1), datetime(2027, 1, 31), timezones=st.just(UTC)).map(lambda time: time.replace(microsecond=0))  # noqa: DTZ001
STEMS = st.sampled_from(["", "logs/", "logs/a-", "logs/a/", "z/2026-", "logs/222233334444/odd/"])
KEYS = st.one_of(
    st.builds(simple, STEMS, TIMES, st.integers(0, 9)),
    st.builds(
        partitioned,
        STEMS,
        TIMES,
        st.integers(0, 9),
        st.sampled_from(["phi", "card-data", "other.bucket", "2026"]),
        st.sampled_from(["111122223333", "202612345678", "999999999999"]),
    ),
    st.builds("{}{}".format, STEMS, st.sampled_from(["x.log", "2026-10-01.log", "2026-12-01/part-0", "111122223333/eu-west-1/notes", "~"])),
    st.text(st.sampled_from("ab/-~2026"), min_size=1, max_size=6),
)
PREFIXES = st.sampled_from(["", "l", "logs/", "logs/a", "logs/1111", "logs/111122223333/", "logs/111122223333/eu-west-1/phi/", "z/"])


@given(
    keys=st.sets(KEYS, max_size=40),
    prefix=PREFIXES,
    since=st.none() | TIMES,
    length=st.none() | st.integers(1, 400),
    page=st.integers(1, 7),
)
def test_what_is_wanted_is_found_once_and_what_is_named_for_another_time_is_not(
    keys: set[str], prefix: str, since: datetime | None, length: int | None, page: int
) -> None:
    until = None if length is None else (since or FIRST) + length * DAY
    window, bucket = Window(since, until), shelf(keys, page)
    found = listed(Listing(bucket.page, window, {"phi", "2026"}.__contains__), prefix)
    assert len(found) == len(set(found))
    below = {key for key in keys if key.startswith(prefix)}
    names = {key: named(key) for key in below}
    wanted = {
        key
        for key, name in names.items()
        if name is not None and window.skipped(name) is None and (name.bucket is None or name.bucket in ("phi", "2026"))
    }
    assert {key for key in found if names[key] is not None} == wanted
    years = {name.year for name in names.values() if name is not None} | {
        name.root for name in names.values() if name is not None and name.bucket is not None
    }
    silent = {key for key, name in names.items() if name is None and not any(key.startswith(year) for year in years)}
    assert silent <= set(found)


@given(keys=st.sets(KEYS, max_size=40), prefix=PREFIXES, page=st.integers(1, 7))
def test_without_a_period_everything_is_found_in_the_order_of_keys(keys: set[str], prefix: str, page: int) -> None:
    assert listed(Listing(shelf(keys, page).page), prefix) == sorted(key for key in keys if key.startswith(prefix))


@given(keys=st.sets(KEYS, max_size=40), prefix=PREFIXES, since=TIMES)
def test_the_order_is_the_same_however_long_the_pages_are(keys: set[str], prefix: str, since: datetime) -> None:
    orders = {tuple(listed(Listing(shelf(keys, page).page, Window(since)), prefix)) for page in (1, 3, 1_000)}
    assert len(orders) == 1


def test_one_day_of_a_flat_prefix_takes_the_requests_of_that_day() -> None:
    # NOTE: 200,000 objects over 100 days, 2,000 a day: two pages.
    keys = [simple("logs/", FIRST - 60 * DAY + number * DAY / 2_000, number) for number in range(200_000)]
    bucket = shelf(keys)
    found = listed(Listing(bucket.page, Window(FIRST, FIRST + DAY)), "logs/")
    assert found == keys[120_000:122_000]
    assert len(bucket.asked) <= 5


def test_a_flat_prefix_of_years_costs_a_request_a_year_beside() -> None:
    bucket = shelf(simple("logs/", FIRST - number * DAY, number) for number in range(3_650))
    assert len(listed(Listing(bucket.page, Window(FIRST - DAY, FIRST)), "logs/")) == 1
    assert len(bucket.asked) <= 13


def test_partitions_that_nobody_asked_for_are_not_asked_for_either() -> None:
    days = [FIRST - number * DAY for number in range(400)]
    names = [f"bucket-{number}" for number in range(20)]
    bucket = shelf((partitioned("logs/", day, number, name) for day in days for name in names for number in range(3)), 100)
    walk = Listing(bucket.page, Window(FIRST - DAY, FIRST + DAY), {"bucket-1", "bucket-2"}.__contains__)
    found = listed(walk, "logs/")
    assert len(found) == 2 * 2 * 3
    assert set(names) - {"bucket-1", "bucket-2"} == walk.skipped
    # NOTE: prefix, account, region, and for each of the two sources its years and one page.
    assert len(bucket.asked) == 3 + 2 * 2
    assert not any("bucket-3" in query.prefix for query in bucket.asked)


def test_an_account_that_is_met_deep_inside_is_opened_there() -> None:
    keys = [partitioned("a/b/c/", FIRST + (number - 50) * DAY, number) for number in range(100)]
    bucket = shelf([*keys, "a/b/z"], 10)
    assert listed(Listing(bucket.page, Window(FIRST, FIRST + DAY)), "a/") == [keys[50], "a/b/z"]
    assert len(bucket.asked) <= 9


def test_names_that_tell_nothing_are_told_apart() -> None:
    bucket = shelf([simple("logs/", FIRST), "logs/x.log"])
    found = list(Listing(bucket.page, Window(FIRST)).objects("logs/"))
    assert {"logs/x.log": False, simple("logs/", FIRST): True} == {
        entry.key: entry.is_named for entry in found if isinstance(entry, Stored)
    }


def test_a_part_that_cannot_be_listed_is_told_and_the_rest_is_listed_all_the_same() -> None:
    keys = [partitioned("logs/", FIRST, 0, name) for name in ("a-a", "b-b", "c-c")]
    bucket = shelf(keys)

    def ask(query: Query) -> Page:
        if "b-b" in query.prefix:
            raise ListingError("denied")
        return bucket.page(query)

    found = list(Listing(ask, Window(FIRST)).objects("logs/"))
    assert [entry.key for entry in found if isinstance(entry, Stored)] == [keys[0], keys[2]]
    assert [entry for entry in found if isinstance(entry, Unlisted)] == [Unlisted("logs/111122223333/eu-west-1/b-b/", "denied")]


def test_a_listing_that_breaks_off_is_told_after_what_was_listed() -> None:
    bucket = shelf([simple("logs/", FIRST, number) for number in range(10)], 4)

    def ask(query: Query) -> Page:
        if query.token is not None:
            raise ListingError("time-out")
        return bucket.page(query)

    for window in (Window(), Window(FIRST)):
        *found, last = Listing(ask, window).objects("logs/")
        assert len(found) == 4
        assert last == Unlisted("logs/", "time-out")


@pytest.mark.parametrize("token", ["same", None], ids=["one token", "ever new tokens"])
@pytest.mark.parametrize("keys", [["logs/a", "logs/b"], []], ids=["keys", "no keys"])
@pytest.mark.parametrize("window", [Window(), Window(FIRST)], ids=["all", "a period"])
def test_a_listing_without_an_end_is_told_after_what_was_listed(token: str | None, keys: list[str], window: Window) -> None:
    numbers = count()

    def ask(query: Query) -> Page:
        return Page([Stored(key, 1, None) for key in keys], [], token or f"{query.prefix}{next(numbers)}")

    *found, last = Listing(ask, window).objects("logs/")
    assert last == Unlisted("logs/", "listing failed: the server gives the same page again and again")
    assert keys == [entry.key for entry in found if isinstance(entry, Stored)]
    assert next(numbers) <= EMPTY + 2


def test_pages_with_nothing_on_them_end_no_listing() -> None:
    pages = iter([*(Page([], [], str(number)) for number in range(EMPTY)), Page([Stored("logs/a", 1, None)], [], None)])
    assert ["logs/a"] == listed(Listing(lambda _: next(pages)), "logs/")


def test_whoever_has_seen_enough_ends_the_requests() -> None:
    bucket = shelf([simple("logs/", FIRST, number) for number in range(1_000)], 10)
    walk = Listing(bucket.page).objects("logs/")
    next(walk)
    walk.close()  # type: ignore[attr-defined]  # a generator
    assert len(bucket.asked) <= 3
