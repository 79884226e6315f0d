"""The tables of a state by the month, so that a report reads those of its period alone, and by the day and hour where they are many."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final, TypeAlias

import polars as pl

from s3guard import joins, ruletables
from s3guard.partial import TRAFFIC, Partial, merge
from s3guard.ruletables import RuleTables

MONTH: Final = "1mo"
DAY: Final = "1d"
HOUR: Final = "1h"
"""Stretches of time that tables are kept by."""

_TABLES: Final = ("totals", "buckets", "looked", "deliveries", *TRAFFIC)
_ROWS: Final = 2_000_000
"""Rows of traffic that are kept together, some 150 MB of them in memory."""
_OF_RULES: Final = ("counts", "samples", "distinct")


def beside(partial: Partial) -> Partial:
    """The same with one frame a table, the rows beside each other as they were; to take them apart costs as much as there are frames."""
    copy = replace(partial, rules={})
    for name in _TABLES:
        setattr(copy, name, [pl.concat(getattr(partial, name))] if getattr(partial, name) else [])
    for rule, packed in partial.rules.items():
        tables = packed.opened()
        groups = [pl.concat(tables.groups).unique("g")] if tables.groups else []
        mine = copy.rules[rule] = RuleTables(tables.splits, groups, grid=tables.grid)
        for name in _OF_RULES:
            setattr(mine, name, [pl.concat(getattr(tables, name))] if getattr(tables, name) else [])
    return copy


def by_span(partial: Partial, every: str = MONTH) -> dict[int, Partial]:
    """The tables of a partial by the first second of the `MONTH`, `DAY` or `HOUR` of their rows.

    Not in them are objects, faults, warnings and all counts, and which columns a delivery carried at other times (`carried`).
    """
    found: dict[int, Partial] = {}
    for name in _TABLES:
        for span, rows in _each(getattr(partial, name), every):
            getattr(found.setdefault(span, Partial()), name).append(rows)
    for rule, packed in partial.rules.items():
        tables = packed.opened()
        for name in _OF_RULES:
            for span, rows in _each(getattr(tables, name), every):
                mine = found.setdefault(span, Partial()).rules.setdefault(rule, RuleTables(tables.splits, grid=tables.grid))
                getattr(mine, name).append(rows)
    for part in found.values():
        _named(part, partial)
    return found


def _each(frames: Sequence[pl.DataFrame], every: str) -> Iterator[tuple[int, pl.DataFrame]]:
    for frame in frames:
        for span, rows in apart(frame, _time(frame), every):
            if span is not None:
                yield span, rows


def _time(frame: pl.DataFrame) -> str:
    """The column that says when: of counts by the second that second, else the hour."""
    return "cell" if "cell" in frame.columns else "tick"


def carried(partial: Partial) -> Partial:
    """Which columns a delivery carried, of no time: what it leaves out, it leaves out for all times."""
    zero = pl.lit(0, pl.Int64)
    return Partial(deliveries=[frame.with_columns(zero.alias("records"), zero.alias("cell")) for frame in partial.deliveries])


def tabled(partials: Sequence[Partial], month: int | None) -> bytes:
    """The tables of a month, joined; of the days and hours apart where they are too many together for all to be kept.

    NOTE: of a flood those groups and samples are kept whose hashes are smallest, of those that a report is about. A report is about whole
    hours, so what is bounded must be bounded by the hour, or a flood in one would take away what there was in others.
    """
    pieces = [_piece(merge(partials), None, None)] if month is None else _pieces(partials, month, (MONTH, DAY, HOUR))
    index = json.dumps([[begin, end, len(data)] for begin, end, data in pieces]).encode()
    return b"".join([len(index).to_bytes(8, "big"), index, *(data for _, _, data in pieces)])


def tables(data: bytes, since: int | None = None, until: int | None = None) -> Iterator[Partial]:
    """The inverse of `tabled`: what of it lies in that time."""
    at = 8 + int.from_bytes(data[:8], "big")
    for begin, end, size in json.loads(data[8:at]):
        if begin is None or ((until is None or begin < until) and (since is None or end > since)):
            yield Partial.from_ipc(data[at : at + size])
        at += size


_Piece: TypeAlias = tuple[int | None, int | None, bytes]


def _pieces(partials: Sequence[Partial], begin: int, spans: Sequence[str]) -> list[_Piece]:
    every, *shorter = spans
    if not shorter or not _is_crowded(partials):
        return [_piece(merge(partials), begin, ending(begin, every))]
    parts: dict[int, list[Partial]] = {}
    for partial in partials:
        for span, part in by_span(partial, shorter[0]).items():
            parts.setdefault(span, []).append(part)
    warnings = merge(Partial(warnings=partial.warnings) for partial in partials)
    pieces = [_piece(warnings, begin, ending(begin, every))]
    return pieces + [piece for span, part in sorted(parts.items()) for piece in _pieces(part, span, shorter)]


def _piece(partial: Partial, begin: int | None, end: int | None) -> _Piece:
    return begin, end, partial.to_ipc()


def _is_crowded(partials: Sequence[Partial]) -> bool:
    """Whether some of the groups or samples could not be kept, were they joined; or there is more traffic than is to be read at once."""
    if sum(frame.height for one in partials for name in TRAFFIC for frame in getattr(one, name)) > _ROWS:
        return True
    for rule in {rule for partial in partials for rule in partial.rules}:
        mine = [partial.rules[rule] for partial in partials if rule in partial.rules]
        if pl.concat([frame.select("g") for one in mine for frame in one.groups] or [pl.DataFrame()]).n_unique() > ruletables.GROUPS:
            return True
        samples = [frame.filter(pl.col("tick") != 0).select("g", "tick") for one in mine for frame in one.samples]
        if samples and pl.concat(samples).n_unique() > joins.SAMPLED_SECONDS:
            return True
    return False


def since(partial: Partial, second: int) -> Partial:
    """What of the tables of a part is not older than that; its cells are not joined."""
    copy = replace(partial, rules={})
    for name in _TABLES:
        setattr(copy, name, [frame.filter(pl.col("cell") >= second) for frame in getattr(partial, name)])
    for rule, packed in partial.rules.items():
        tables = packed.opened()
        mine = copy.rules[rule] = RuleTables(tables.splits, grid=tables.grid)
        for name in _OF_RULES:
            setattr(mine, name, [frame.filter(pl.col(_time(frame)) >= second) for frame in getattr(tables, name)])
    _named(copy, partial)
    return copy


def apart(frame: pl.DataFrame, time: str, every: str = MONTH) -> list[tuple[int | None, pl.DataFrame]]:
    """The rows of a frame by the first second of the month of a column; None is for those where it is null."""
    if not frame.height:
        return []
    span = pl.from_epoch(time, time_unit="s").dt.truncate(every).dt.epoch("s")
    parts = frame.with_columns(span.alias("first of span")).partition_by("first of span", as_dict=True, include_key=False)
    return [(key[0], rows) for key, rows in parts.items()]


def ending(begin: int, every: str = MONTH) -> int:
    """The second behind the last of a month, from its first second."""
    return int(pl.select(pl.from_epoch(pl.lit(begin), time_unit="s").dt.offset_by(every).dt.epoch("s")).item())


def _named(part: Partial, whole: Partial) -> None:
    """Give the tables of a part the names of their groups."""
    for rule, tables in part.rules.items():
        known = pl.concat([frame.select("g") for name in _OF_RULES for frame in getattr(tables, name)]).unique()
        tables.groups = [frame.join(known, on="g", how="semi") for frame in whole.rules[rule].groups]
