"""Shape: what proves that a line of log has one reading, as expressions over its tokens.

A line is split at its quotes, and what lies between them at its spaces. It is taken where it has six quotes in all: nine tokens stand
before the first, three between it and the second (the request-URI), and the last four enclose Referer and User-Agent with one space
between. What lies between the second and the third is then six tokens, which have to be a core: a status, an error code, four numbers.
No other pair of quotes can enclose a core and still leave room for Referer and User-Agent, so there is one reading. Lines without any
quote (bulk deletes, copy sources) hold no client text but tokens, so their places are fixed. Each token's own grammar is checked on
distinct values.

NOTE: measured: a line of 620 bytes is split at its quotes in 0.34 us, and what is between them at its spaces in 25 ns a token; at all its
spaces at once it takes 0.8 us, for each token is copied, and the longest are not needed. Codes of texts cost 25 ns a column, where a CSV
reader takes 75 to read one as a category.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from s3guard.physical import CORE_NAMES, NUMBERS

CODED_TOKENS = ("bucket_owner", "bucket", "remote_ip", "requester", "operation", "error_code")


def _split(column: str, separator: str, names: Sequence[str]) -> pl.Expr:
    """The parts of a text, each a column; the last is all that is left, and parts that are not there are null."""
    return pl.col(column).str.splitn(separator, len(names)).struct.rename_fields(list(names)).struct.unnest()


def _tokens(column: str, separator: str, names: Sequence[str]) -> pl.Expr:
    """The parts of a text, each a column; those that are not there are null, and those beyond the last are dropped."""
    return pl.col(column).str.split_exact(separator, len(names) - 1).struct.rename_fields(list(names)).struct.unnest()


def _is_number(name: str) -> pl.Expr:
    """Whether a token is a dash or one of 18 digits at most, the HTTP status one of three; beside it stands what it was read as."""
    text, length = pl.col(name), pl.col(name).str.len_bytes()
    # NOTE: what is not below "0" begins with no sign. Four cheap looks cost a quarter of a regular expression.
    digits = pl.col(f"number {name}").is_not_null() & (text >= "0") & ((length == 3) if name == "http_status" else (length <= 18))
    return (text == "-") | digits


_TIME = r"^\[[0-9]{2}/(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)/(?:19|20)[0-9]{2}:[0-9]{2}:[0-9]{2}:[0-5][0-9]$"
GLUE = "\x1f"
"""Holds the words of an origin access identity together while a block is split at spaces."""
OAI = " arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity "
OAI_GLUED = " " + OAI[1:].replace(" ", GLUE)
GRAMMAR = {
    "bucket_owner": "^[0-9a-f]{16,64}$",
    "bucket": "^[A-Za-z0-9._][A-Za-z0-9._-]*$",
    "remote_ip": "^(?:[0-9A-Fa-f:.]+|-)$",
    "requester": f"^[!#-~]+$|^{OAI_GLUED.lstrip(' ')}[A-Z0-9]+$",
    "operation": r"^[A-Z0-9]+\.[A-Za-z0-9_.]+$",
    "error_code": "^(?:[A-Za-z][A-Za-z0-9._-]*|-)$",
    "tail": r"^#1[78]$|^(?:[!#-~]+ ){4,7}[!#-~]+$|^(?:[!#-Z\\^-~]+ ){4,}[!#-Z\\^-~]+$",
}
"""Grammar of coded tokens, stricter than the format's own: what does not match is read by the careful parser, not refused."""

_PREFIX = ("bucket_owner", "bucket", "time", "zone", "remote_ip", "requester", "request_id", "operation", "key_logged")
_BETWEEN = ("prefix", "request", "core", "referer", "gap", "user_agent", "suffix", "quoted_more")
_DASHED_TOKENS = (*_PREFIX, "method", *CORE_NAMES, "dash_1", "dash_2", "version_id", "host_id", "tail_text")
_SUFFIX = ("space", "version_id", "host_id", "tail_text")
_BETWEEN_QUOTES = _tokens("line", '"', _BETWEEN)
_TOKENS = [
    _tokens("prefix", " ", (*_PREFIX, "prefix_end", "prefix_more")),
    _tokens("request", " ", ("verb", "uri", "version", "request_more")),
    _tokens("core", " ", ("core_begin", *CORE_NAMES, "core_end", "core_more")),
    _split("suffix", " ", _SUFFIX),
]
SPLIT_DASHED = _split("line", " ", _DASHED_TOKENS)
NUMBERS_READ = [pl.col(name).cast(pl.Int64, strict=False).alias(f"number {name}") for name in NUMBERS]
CHECKED = [
    pl.col("t").is_not_null(),
    pl.col("zone") == "+0000]",
    *(pl.col(name).str.len_bytes() > 0 for name in ("request_id", "key_logged")),
    *map(_is_number, NUMBERS),
    pl.col("version_id").is_null() | (pl.col("version_id") != ""),
    pl.col("host_id").is_null()
    | (
        ~pl.col("host_id").str.len_bytes().is_in([0, 6, 20, 21])
        & pl.col("tail_text").is_not_null()
        & ~pl.col("tail_text").str.starts_with("#")
    ),
]
"""The grammar of the tokens that are not coded."""
_NO_REQUEST = pl.all_horizontal(pl.col("request", "referer", "user_agent") == "-").alias("no_request")
"""Dashes in quotes, as lifecycle has them."""
_FEW = 6_000
"""Lines that are split at a time. NOTE: measured: each part of a text gets a buffer as large as the whole text, though it fills a tenth of
it. Of few lines these are small enough to be used again for the next ones; of a whole block they are thirty of 15 MB, which took three
times the page faults and a third more memory."""
IN_PLACE = (
    pl.all_horizontal(pl.col("quoted_more", "prefix_more", "core_more").is_null())
    & pl.all_horizontal(pl.col("prefix_end", "core_begin", "core_end", "space") == "")
    & (pl.col("gap") == " ")
    & ((pl.col("version").is_not_null() & pl.col("request_more").is_null()) | pl.col("no_request"))
)
"""Whether the quotes stand where they should: about the request-URI, or dashes in its stead, and about Referer and User-Agent."""
UNGLUED = ~pl.any_horizontal(pl.col("request_id", "key_logged", "version_id", "host_id").str.contains(GLUE, literal=True)).fill_null(
    value=False
)
"""No identity stands where it is not one token: the other columns have a grammar that knows it."""
BARE = pl.col("verb").is_null()
"""No quotes: lines that may have no request-URI, Referer and User-Agent, and whose tokens have places of their own."""
DASHED = pl.all_horizontal(pl.col("method", "dash_1", "dash_2") == "-")
TAIL = (
    pl.when(pl.col("host_id").is_not_null())
    .then(pl.col("tail_text"))
    .when(pl.col("version_id").is_not_null())
    .then(pl.lit("#18"))
    .otherwise(pl.lit("#17"))
)


def tokens(lines: pl.DataFrame, kept: Sequence[str]) -> pl.DataFrame:
    """The tokens of lines (`row`, `line`), ``no_request`` and `row`; `kept` names what is kept whole of what stands in quotes."""
    few = (lines.slice(first, _FEW).select_seq("row", _BETWEEN_QUOTES) for first in range(0, max(1, lines.height), _FEW))
    return pl.concat([parts.select_seq("row", "gap", "quoted_more", *kept, *_TOKENS, _NO_REQUEST) for parts in few])


def seconds(times: pl.Series) -> pl.Series:
    """``t``: Int64 seconds since 1970 of times as logged, null for what is none; equal ones in a row are read once."""
    text = pl.col(times.name)
    read = pl.when(text.str.contains(_TIME)).then(text.str.strptime(pl.Datetime("ms"), "[%d/%b/%Y:%H:%M:%S", strict=False).dt.epoch("s"))
    answers = times.rle().struct.field("value").alias(times.name).to_frame().select_seq(read.alias("t")).to_series()
    return answers.gather(times.rle_id())
