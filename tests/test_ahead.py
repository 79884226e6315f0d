"""Reading ahead: what comes is what was asked for, in that order, and no more of it is held than was said."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3guard.ahead import Limits, ahead

WIDE = Limits(threads=8, held=1 << 20, piece=1 << 10)


def content(thing: int, start: int, end: int) -> bytes:
    """Bytes that tell whose they are and where they stand."""
    return bytes((thing * 31 + at) % 251 for at in range(start, end))


@given(
    sizes=st.lists(st.integers(0, 40), max_size=30),
    limits=st.builds(Limits, st.integers(1, 6), st.integers(1, 100), st.integers(1, 12)),
)
def test_every_byte_comes_in_its_place(sizes: Sequence[int], limits: Limits) -> None:
    found = [(thing, b"".join(pieces)) for thing, pieces in ahead(list(enumerate(sizes)), content, limits)]
    assert found == [(thing, content(thing, 0, size)) for thing, size in enumerate(sizes)]


def test_pieces_are_as_long_as_was_said() -> None:
    ((_, pieces),) = ((thing, list(pieces)) for thing, pieces in ahead([(0, 25)], content, Limits(2, 100, 10)))
    assert [10, 10, 5] == [len(piece) for piece in pieces]


def test_what_is_asked_for_and_not_taken_is_bounded_in_bytes_and_in_number() -> None:
    asked: list[tuple[int, int]] = []

    def fetch(thing: int, start: int, end: int) -> bytes:
        asked.append((thing, end - start))
        return content(thing, start, end)

    taken = 0
    for thing, pieces in ahead(((thing, 100) for thing in range(1_000)), fetch, Limits(threads=4, held=1_000, piece=50)):
        for piece in pieces:
            taken += len(piece)
            assert sum(size for _, size in [*asked]) - taken <= 1_000 + 50
        assert thing < 1_000
    assert taken == 100_000
    asked.clear()
    reader = ahead(((thing, 1) for thing in range(1_000)), fetch, Limits(threads=4, held=1 << 30, piece=50))
    next(reader)
    assert len(asked) <= 4 * 4 + 1


def test_many_requests_are_on_their_way_at_once() -> None:
    together = threading.Barrier(8, timeout=30)

    def fetch(thing: int, start: int, end: int) -> bytes:
        together.wait()
        return content(thing, start, end)

    assert len([list(pieces) for _, pieces in ahead([(thing, 5) for thing in range(16)], fetch, WIDE)]) == 16


def test_a_piece_that_fails_fails_where_it_would_have_come_and_the_next_thing_comes_all_the_same() -> None:
    def fetch(thing: int, start: int, end: int) -> bytes:
        if (thing, start) == (1, 20):
            raise OSError("cut")
        return content(thing, start, end)

    reader = ahead([(0, 30), (1, 30), (2, 30)], fetch, Limits(2, 100, 10))
    seen: list[tuple[int, int, bool]] = []
    for thing, pieces in reader:
        got = 0
        try:
            for piece in pieces:
                got += len(piece)
        except OSError:
            seen.append((thing, got, False))
        else:
            seen.append((thing, got, True))
    assert seen == [(0, 30, True), (1, 20, False), (2, 30, True)]


def test_the_rest_of_a_large_thing_is_not_asked_for_once_it_failed() -> None:
    asked: list[tuple[int, int]] = []

    def fetch(thing: int, start: int, end: int) -> bytes:
        asked.append((thing, start))
        if not thing:
            raise OSError("cut")
        return content(thing, start, end)

    for thing, pieces in ahead([(0, 10_000), (1, 10)], fetch, Limits(2, 50, 10)):
        if thing:
            assert [10] == [len(piece) for piece in pieces]
        else:
            with pytest.raises(OSError, match="cut"):
                list(pieces)
    assert len([start for thing, start in asked if not thing]) < 20


def test_what_the_listing_raises_is_raised() -> None:
    def things() -> Iterator[tuple[int, int]]:
        yield 0, 5
        raise LookupError("listing")

    with pytest.raises(LookupError, match="listing"):
        list(ahead(things(), content, WIDE))


def test_whoever_has_seen_enough_leaves_no_request_in_the_queue() -> None:
    gate = threading.Event()
    asked: list[int] = []

    def fetch(thing: int, start: int, end: int) -> bytes:
        asked.append(thing)
        if thing:
            gate.wait(30)
        return content(thing, start, end)

    reader = ahead([(thing, 5) for thing in range(100)], fetch, Limits(2, 1 << 20, 10))
    next(reader)
    reader.close()  # type: ignore[attr-defined]  # a generator
    gate.set()
    assert len(asked) <= 3
