"""Every column of a record as an expression over the physical frame of `s3guard.parse`, each distinct value judged once."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import polars as pl

from s3guard import conditions, principals, reading
from s3guard.physical import ILLEGIBLE, MASKED, UNKNOWN_BITS
from s3guard.records import ACCESS_CODES, COLUMNS, OUTCOMES, UNKNOWN_CLASS, classes_of, mutations_of, networks_of
from s3guard.suffix import TAIL_FIELDS, tail_columns
from s3guard.vocabulary import CODED, Dictionary, Lookup, Vocabulary

SERVED, REFUSED, FAILED = range(len(OUTCOMES))
"""Codes of an outcome, in the order of `records.OUTCOMES`; the smallest is the worst for the requester."""

_NUMBERS: Final = ("http_status", "bytes_sent", "object_size", "total_time", "turn_around_time")
_PLAIN: Final = ("request_id", "request_uri", "referer", "version_id", "host_id", "key_logged")
_SINCE: Final = {"version_id": 18, "host_id": 24} | {name: max(24, 20 + place) for place, name in enumerate(TAIL_FIELDS)}
"""Columns that older lines do not have, to the number of fields that a line needs to have them."""


@dataclass(frozen=True, slots=True)
class Coded:
    """A column to group by: codes, and the dictionary that says what they stand for (None: the values themselves)."""

    expr: pl.Expr
    dictionary: Dictionary | None


class Columns:
    """The columns of records of one worker, and the judgements of distinct values that it keeps from block to block.

    Expressions hold look-up tables of the values met so far, so they are made anew for each frame, after it was parsed.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        """Over the dictionaries of one worker."""
        self.vocabulary = vocabulary
        self._lookups: dict[tuple[str, Hashable], Lookup] = {}
        self._derived: dict[str, Dictionary] = {}
        self._conditions: dict[str, conditions.Condition] = {}
        self._matchers: dict[tuple[str, ...], principals.Matcher] = {}

    def judged(self, column: str, key: Hashable, function: Callable[[pl.Series], pl.Series]) -> pl.Expr:
        """What `function` says of the values of a coded column, each asked once.

        `function` takes a String series, null where the log says ``-``, and gives a series of the same length; `key` names it.
        """
        lookup = self._lookups.get((column, key))
        if lookup is None:
            lookup = Lookup(self.vocabulary[column], lambda values: function(_undashed(values)))
            self._lookups[column, key] = lookup
        return lookup.of(column)

    def absent(self, column: str) -> pl.Expr:
        """Whether a coded column holds no value."""
        return self.judged(column, "absent", lambda values: values.is_null())

    # Who and what: requests, client requests, authenticated requests.

    def prepared(self, rows: pl.DataFrame) -> pl.DataFrame:
        """A physical frame with what nearly every rule asks, told once: whether a row is a request, and what it lacks."""
        by_s3 = (
            self.judged("requester", "s3", lambda values: values.eq_missing("AmazonS3"))
            & self.judged("operation", "s3", lambda values: values.str.starts_with("S3."))
            & self.absent("remote_ip")
            & self.judged("method", "none", lambda values: values.is_null() | (values == '"-"'))
        )
        told = rows.with_columns(by_s3.alias("by_s3"), self.absent("requester").alias("anonymous"), self.absent("remote_ip").alias("no_ip"))
        return told.with_columns((~pl.col("by_s3") & ~pl.col("anonymous")).alias("authenticated"), (~pl.col("by_s3")).alias("request"))

    def requests(self) -> pl.Expr:
        """Every record that S3 did not make itself.

        S3's own have requester ``AmazonS3``, operation ``S3.*``, no remote IP and no request-URI, all four.
        """
        return pl.col("request")

    def client_requests(self) -> pl.Expr:
        """Requests that have a remote IP."""
        return ~pl.col("no_ip")

    def anonymous(self) -> pl.Expr:
        """Whether the record has no requester."""
        return pl.col("anonymous")

    def authenticated(self) -> pl.Expr:
        """Requests that have a requester."""
        return pl.col("authenticated")

    def changing(self, *classes: str) -> pl.Expr:
        """Whether the operation is of one of these classes, or an unknown one or one of the class other that changes anything."""
        return self.judged("operation", ("changing", classes), lambda names: _changing(names, classes))

    def refused(self) -> pl.Expr:
        """Whether S3 answered with an access code."""
        return self.judged("error_code", "access", lambda values: values.is_in(sorted(ACCESS_CODES)).fill_null(value=False))

    def outcome(self) -> pl.Expr:
        """`SERVED`, `REFUSED` or `FAILED` (Int8)."""
        status = pl.col("http_status")
        served = status.is_null() | (status < 300) | (status == 304)
        return pl.when(self.refused()).then(REFUSED).when(served).then(SERVED).otherwise(FAILED).cast(pl.Int8)

    def has(self, column: str) -> pl.Expr:
        """Whether the line is of a generation that has the column, and its reading is certain."""
        certain = pl.lit(value=True)
        if column in UNKNOWN_BITS:
            bits = UNKNOWN_BITS[column] * (1 + MASKED)
            certain = pl.col("unknown").cast(pl.Int32).and_(bits) == 0
        needed = _SINCE.get(column)
        return certain if needed is None else certain & self.judged("tail", ("since", needed), partial(_has_fields, needed))

    def illegible(self) -> pl.Expr:
        """Whether a credential was masked in a part of the record that any rule may need."""
        return pl.col("unknown").cast(pl.Int32).and_(ILLEGIBLE) != 0

    def fields(self) -> pl.Expr:
        """How many fields the line had (UInt32)."""
        return self.judged("tail", "fields", lambda values: tail_columns(values)["fields"])

    def tail(self, column: str, key: Hashable, function: Callable[[pl.Series], pl.Series]) -> pl.Expr:
        """What `function` says of one of the fields after the host id (String series, null for ``-``)."""
        return self.judged("tail", (column, key), lambda values: function(tail_columns(values)[column]))

    def permitted(self, allow: tuple[str, ...] | None, deny: tuple[str, ...] | None) -> pl.Expr:
        """Whether a requester is allowed (by anything, where `allow` is None) and not denied; never an anonymous one."""
        allowed = ~self.anonymous() if allow is None else self.matching(allow)
        return allowed & ~self.matching(deny) if deny else allowed

    def matching(self, patterns: tuple[str, ...]) -> pl.Expr:
        """Whether the requester matches one of the principal patterns."""
        matcher = self._matchers.get(patterns)
        if matcher is None:
            matcher = self._matchers.setdefault(patterns, principals.compile(patterns))
        found = self.judged("requester", patterns, _of_requester(matcher.expr))
        return found | ((pl.col("requester") == pl.col("bucket_owner")) & ~self.anonymous()) if matcher.owner else found

    def operation(self, patterns: tuple[str, ...]) -> pl.Expr:
        """Whether the operation is one of these names or classes, or matches one of these globs."""
        return self.judged("operation", ("patterns", patterns), lambda names: _operations(names, patterns))

    def condition(self, sql: str) -> pl.Expr:
        """Whether a SQL condition is true of the record; null is not."""
        condition = self._conditions.get(sql)
        if condition is None:
            condition = self._conditions.setdefault(sql, conditions.compile(sql))
        # NOTE: the condition is written over columns by name; here it is evaluated over a struct of those that it reads.
        fields = [self.text(name).alias(name) for name in sorted(condition.columns)]
        return pl.struct(fields).map_batches(lambda rows: rows.struct.unnest().select(condition.expr).to_series(), return_dtype=pl.Boolean)

    def key_matches(self, globs: tuple[str, ...]) -> pl.Expr:
        """Whether the decoded key matches one of the globs; never where there is no key."""
        return pl.col("key").str.contains(_any_of(globs)).fill_null(value=False)

    def error_codes(self, codes: tuple[str, ...]) -> pl.Expr:
        """Whether the record ended in one of these error codes."""
        return self.judged("error_code", codes, lambda values: values.is_in(codes).fill_null(value=False))

    # Columns by name.

    def coded(self, name: str) -> Coded:
        """A column to group by."""
        if name in CODED or name == "bucket_owner":
            return Coded(pl.col(name), self.vocabulary[name])
        source = _SOURCES.get(name)
        if source is None:
            return Coded(self.text(name), None)
        dictionary = self._derived.setdefault(name, Dictionary())
        codes = self.judged(source[0], ("code", name), lambda values: dictionary.encode(source[1](values).fill_null("-")))
        return Coded(codes, dictionary)

    def text(self, name: str) -> pl.Expr:
        """A column with its own values, of the type of `records.SCHEMA`, null where the log has none."""
        if name in CODED or name == "bucket_owner":
            return self.judged(name, "text", lambda values: values).alias(name)
        if name in _SOURCES:
            column, function = _SOURCES[name]
            return self.judged(column, ("text", name), function).alias(name)
        if name in (*_NUMBERS, *_PLAIN, "key"):
            return pl.col(name)
        return self._other(name).alias(name)

    def _other(self, name: str) -> pl.Expr:
        """The columns that are computed from the line as a whole."""
        if name == "time":
            return (pl.col("t") * 1_000_000).cast(pl.Datetime("us", "UTC"))
        if name == "outcome":
            return pl.lit(pl.Series(list(OUTCOMES))).gather(self.outcome())
        if name == "line":
            return pl.col("line").cast(pl.Int64)
        if name == "fields":
            return self.fields().cast(pl.Int64)
        if name == "object":
            return pl.col("object_name")
        if name == "status":
            return pl.when(pl.col("reading").is_null()).then(pl.lit("ok")).otherwise(pl.lit("ambiguous"))
        if name == "unknown":
            names = pl.Series([_unknown_names(bits) for bits in range(MASKED)], dtype=pl.String)
            return pl.lit(names).gather(pl.col("unknown") % MASKED)
        raise KeyError(name)


def _unknown_names(bits: int) -> str | None:
    return ",".join(name for name, bit in UNKNOWN_BITS.items() if bits & bit) or None


def _undashed(values: pl.Series) -> pl.Series:
    """The values of a dictionary, null for the log's dash."""
    return pl.select(pl.when(values != "-").then(values)).to_series()


def _has_fields(needed: int, tails: pl.Series) -> pl.Series:
    return tail_columns(tails)["fields"] >= needed


def _tail_column(name: str, tails: pl.Series) -> pl.Series:
    return tail_columns(tails)[name]


def _of_requester(expr: pl.Expr) -> Callable[[pl.Series], pl.Series]:
    return lambda values: values.alias("requester").to_frame().select(expr).to_series()


_SOURCES: Final[dict[str, tuple[str, Callable[[pl.Series], pl.Series]]]] = {
    "operation_class": ("operation", classes_of),
    "network": ("remote_ip", networks_of),
    "principal": ("requester", _of_requester(principals.principal_expr())),
    "principal_type": ("requester", _of_requester(principals.principal_type_expr())),
    "account": ("requester", _of_requester(principals.account_expr())),
    **{name: ("tail", partial(_tail_column, name)) for name in (*TAIL_FIELDS, "extra")},
}
"""Columns that follow from a coded one: that one, and how."""


def any_glob(values: pl.Series, globs: tuple[str, ...]) -> pl.Series:
    """Whether a whole text matches one of the globs (``*`` any characters, ``?`` one); False for null."""
    return values.str.contains(_any_of(globs)).fill_null(value=False)


def _any_of(globs: tuple[str, ...]) -> str:
    """A regular expression that matches what any of the globs does; without globs, nothing."""
    regex = "|".join(re.escape(glob).replace(r"\*", ".*").replace(r"\?", ".") for glob in globs)
    return rf"(?s)\A(?:{regex})\z" if globs else r"[^\s\S]"


def _changing(names: pl.Series, classes: tuple[str, ...]) -> pl.Series:
    found = classes_of(names)
    return found.is_in(classes) | (found.is_in(("other", UNKNOWN_CLASS)) & mutations_of(names))


def _operations(names: pl.Series, patterns: tuple[str, ...]) -> pl.Series:
    return classes_of(names).is_in(patterns) | any_glob(names, patterns)


def decoded_keys(rows: pl.DataFrame, columns: Columns) -> pl.Series:
    """The column `key`: the logged keys of a physical frame, decoded as deep as each operation encodes them; null where none."""
    keys = rows["key_logged"]
    encoded = keys.str.contains("[%+]").fill_null(value=False)
    if not encoded.any():
        return keys.alias("key")
    places = encoded.arg_true()
    once = rows.select(columns.judged("operation", "once", lambda values: values.str.contains(r"^(?:BATCH|S3)\."))).to_series()
    decoded = [
        reading.decode_key(b"S3." if single else b"REST.", key.encode("utf-8"))
        for key, single in zip(keys.gather(places), once.gather(places), strict=True)
    ]
    return keys.scatter(places, pl.Series(decoded, dtype=pl.String)).alias("key")


def together(frames: Sequence[pl.DataFrame], columns: Columns) -> pl.DataFrame:
    """Physical frames as one; where some hold the column `key`, all do."""
    if len({"key" in rows.columns for rows in frames}) > 1:
        frames = [rows if "key" in rows.columns else rows.with_columns(decoded_keys(rows, columns)) for rows in frames]
    return pl.concat([rows.select(frames[0].columns) for rows in frames], rechunk=True)


def needed_texts(names: frozenset[str]) -> frozenset[str]:
    """Which of the parsers' optional texts the columns `names` want."""
    return names & {"request_uri", "referer", "version_id", "host_id", "user_agent", "key", "key_logged"}


assert set(_SOURCES) <= set(COLUMNS)  # noqa: S101 - a typing mistake here would otherwise hide until a policy names the column
