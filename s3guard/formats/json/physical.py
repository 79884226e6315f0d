"""Records as delivered become records as the kernel judges them: the same columns that lines of log become."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final
from urllib.parse import unquote_to_bytes

import polars as pl

from s3guard.physical import PHYSICAL, UNKNOWN_BITS, nothing
from s3guard.reading import text
from s3guard.suffix import TAIL_FIELDS, framed
from s3guard.vocabulary import CODED, Vocabulary

_FIELDS: Final = 27
"""How many fields a record counts as: those of the newest lines."""
_CLIENT_TEXTS: Final = ("request_uri", "referer", "user_agent")
_TARGET: Final = re.compile(r"(?:https?://[^/]*)?/([^?]*)", re.IGNORECASE)


def columns_of(texts: Iterable[str]) -> list[str]:
    """The columns of the frame, where `texts` are asked for."""
    return [*nothing(texts).columns, "key"]


def physical(rows: pl.DataFrame, vocabulary: Vocabulary, texts: Iterable[str]) -> pl.DataFrame:
    """Rows of `template.SCHEMA` as rows of `physical.PHYSICAL` and ``key``, but for their origin; `row`, `carried` and `is_newer` stay.

    A dash is no value, as in a line of log; nor is an empty text, but where the client may have sent one. An operation that is not
    told is the empty text, of class unknown: it may have changed something.
    """
    names = [name for name in columns_of(texts) if name not in ("object", "line", "reading", "unknown", "key", "tail", "method")]
    coded = [name for name in names if name in CODED or name == "bucket_owner"]
    values = {name: _value(name) for name in (*names, *TAIL_FIELDS, "request_uri")}
    keys, undecided = _keys(rows)
    return rows.select(
        *(value.alias(name) for name, value in values.items() if name in names and name not in coded),
        *(values[name].fill_null("-").cast(vocabulary[name].dtype).to_physical().alias(name) for name in coded),
        _method(values["request_uri"]).cast(vocabulary["method"].dtype).to_physical().alias("method"),
        framed([values[name] for name in TAIL_FIELDS], pl.col("extra"), pl.lit(_FIELDS))
        .cast(vocabulary["tail"].dtype)
        .to_physical()
        .alias("tail"),
        keys,
        undecided.cast(pl.UInt8).alias("unknown") * UNKNOWN_BITS["key"],
        "row",
        "carried",
        "is_newer",
    )


def _value(name: str) -> pl.Expr:
    """A column without what stands for no value."""
    value = pl.col("key" if name == "key_logged" else name)
    if PHYSICAL.get(name, pl.String) == pl.Int64:
        return value
    if name == "operation":
        return pl.when(value != "-").then(value).fill_null("")
    if name == "key_logged":
        return pl.when(value != "").then(value)
    return pl.when((value != "-") if name in _CLIENT_TEXTS else ~value.is_in(["-", ""])).then(value)


def _method(request_uri: pl.Expr) -> pl.Expr:
    """The first token of the request line with a quote before it, as lines of log have it."""
    return pl.concat_str(pl.lit('"'), request_uri.str.splitn(" ", 2).struct.field("field_0")).fill_null("-")


def _keys(rows: pl.DataFrame) -> tuple[pl.Series, pl.Series]:
    """The object keys, null where there is none and where it is not certain; and for which rows it is not."""
    keys = rows.select(_value("key_logged").alias("key")).to_series()
    encoded = keys.str.contains("[%+]").fill_null(value=False)
    undecided = pl.zeros(len(keys), dtype=pl.Boolean, eager=True)
    places = encoded.arg_true()
    if not len(places):
        return keys, undecided
    told = [
        key_of(key, uri, bucket)
        for key, uri, bucket in zip(keys.gather(places), rows["request_uri"].gather(places), rows["bucket"].gather(places), strict=True)
    ]
    certain = pl.Series(told, dtype=pl.String)
    return keys.scatter(places, certain), undecided.scatter(places, certain.is_null())


def key_of(delivered: str, request_uri: str | None, bucket: str) -> str | None:
    """The object key, decoded; None where it could be one of several.

    NOTE: lines of log have keys encoded, once or twice; whether JSON records have is not documented, for the field is just the "object
    key in the request". The request line tells, where it is there: S3 took the key from it.
    """
    once = _decoded(delivered)
    forms = {delivered, once, _decoded(once)}
    if len(forms) == 1:
        return delivered
    asked = _asked_for(request_uri, bucket) & forms
    return asked.pop() if len(asked) == 1 else None


def _decoded(key: str) -> str:
    return text(unquote_to_bytes(key.replace("+", " ")))


def _asked_for(request_uri: str | None, bucket: str) -> set[str]:
    """The keys that a request line may ask for: path-style or not, a plus being a space or itself."""
    parts: Sequence[str] = (request_uri or "").split(" ")
    matched = _TARGET.match(parts[1]) if len(parts) == 3 else None  # method, target, version
    if matched is None:
        return set()
    paths = {matched[1], matched[1].removeprefix(f"{bucket}/")}
    return {form for path in paths for form in (text(unquote_to_bytes(path)), _decoded(path))}
