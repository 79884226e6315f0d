"""What a SQL condition may use, and what is said of the rest of SQL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Form:
    """A function or operator that a condition may use."""

    name: str
    """In lower case."""
    usage: str
    meaning: str
    arguments: range = range(1)
    """How many arguments a function takes."""
    free: int | None = None
    """How many leading arguments may be expressions; the others are literals. None: all."""


FORMS: Final = (
    Form("=", "a = b, a <> b, a < b, a <= b, a > b, a >= b", "Compares; null where a side is null. `time` compares with a UTC text."),
    Form("and", "a AND b, a OR b, NOT a", "Combines conditions; `NOT` of null is null."),
    Form("is", "a IS NULL, a IS NOT NULL", "Whether the record has no value there."),
    Form("distinct", "a IS DISTINCT FROM b", "Like `<>`, but a null differs from every value; with NOT like `=`."),
    Form("in", "a IN ('x', 'y')", "Whether it is one of a list of literals."),
    Form("between", "a BETWEEN 1 AND 5", "Both ends belong to it."),
    Form("like", "a LIKE 'x%', a ILIKE 'x%'", "`%` stands for any text, `_` for one character; ILIKE ignores case."),
    Form("case", "CASE WHEN a THEN b ELSE c END", "The first branch whose condition holds."),
    Form("+", "a + b, a - b, a * b, a / b, a % b", "Arithmetic; `/` gives fractions, and null for a division by zero."),
    Form("||", "a || b", "Joins texts."),
    Form("starts_with", "starts_with(text, prefix)", "Whether the text begins so.", range(2, 3)),
    Form("ends_with", "ends_with(text, suffix)", "Whether the text ends so.", range(2, 3)),
    Form(
        "regexp_like",
        "regexp_like(text, 'regex' [, 'flags'])",
        "Whether the regular expression (Rust's) is found in the text.",
        range(2, 4),
        1,
    ),
    Form("lower", "lower(text)", "In lower case.", range(1, 2)),
    Form("upper", "upper(text)", "In upper case.", range(1, 2)),
    Form("length", "length(text)", "Its characters.", range(1, 2)),
    Form("octet_length", "octet_length(text)", "Its bytes in UTF-8.", range(1, 2)),
    Form("substr", "substr(text, start [, count])", "A part of it; the first character is 1.", range(2, 4), 1),
    Form("left", "left(text, count)", "Its first characters.", range(2, 3), 1),
    Form("right", "right(text, count)", "Its last characters.", range(2, 3), 1),
    Form("split_part", "split_part(text, '/', n)", "Its nth part between separators, from 1; empty where there is none.", range(3, 4), 1),
    Form("coalesce", "coalesce(a, b, ...)", "The first that is not null.", range(1, 100)),
    Form("nullif", "nullif(a, b)", "Null where both are equal, else a.", range(2, 3)),
    Form("greatest", "greatest(a, b, ...)", "The largest that is not null.", range(1, 100)),
    Form("least", "least(a, b, ...)", "The smallest that is not null.", range(1, 100)),
    Form("abs", "abs(number)", "Without its sign.", range(1, 2)),
    Form("mod", "mod(a, b)", "The remainder; null for a division by zero.", range(2, 3)),
    Form(
        "extract",
        "extract(part FROM time)",
        "year, quarter, month, week, day, doy, dow (Sunday 0), isodow (Monday 1), hour, minute, second.",
        range(1, 2),
    ),
    Form("cast", "CAST(a AS VARCHAR)", "As text.", range(1, 2)),
    Form("try_cast", "TRY_CAST(text AS BIGINT)", "As an integer; null where it is none.", range(1, 2)),
)
"""All that a condition may use, for the documentation."""

FUNCTIONS: Final = {form.name: form for form in FORMS if form.usage.lower().startswith(f"{form.name}(")}
"""The functions among them, by name."""

PARTS: Final = frozenset({"year", "quarter", "month", "week", "day", "doy", "dow", "isodow", "hour", "minute", "second"})
"""The parts of a time that ``extract`` gives."""

TYPES: Final = {"cast": ("varchar", "text"), "try_cast": ("bigint",)}
"""The types that each cast gives: those that cannot fail."""

OPERATOR_WORDS: Final = frozenset({"and", "or", "not", "is", "in", "between", "like", "ilike", "case", "when"})
"""Words that count as operators."""

KEYWORDS: Final = OPERATOR_WORDS | frozenset({"null", "true", "false", "then", "else", "end", "distinct"})
"""Every word that is neither a function nor a column."""

_AGGREGATE = "is an aggregate, and a condition sees one record at a time; use `measure`"
_WINDOW = "looks at other records, and a condition sees one at a time; use `measure` and `per`"
_CLOCK = "reads the clock, and the same log must give the same answer; compare `time` with a text, or narrow with --since"
_CHANCE = "is random, and the same log must give the same answer"
_QUERY = "belongs to a query; a condition is one expression over one record"
_TIME = "is not needed; compare `time` with a text: time >= '2026-10-01T00:00:00Z'"
MEANT: Final = {"==": "=", "//": "/", "<=>": "=", "~": "="}
"""Of the symbols that conditions have not, those that stand between two values: what may stand there."""

REFUSED: Final = {
    word: reason
    for words, reason in (
        ("count sum avg median mode stddev stddev_pop stddev_samp variance var var_pop var_samp first last any_value", _AGGREGATE),
        ("array_agg string_agg listagg quantile quantile_cont quantile_disc approx_count_distinct corr covar", _AGGREGATE),
        ("min", f"{_AGGREGATE}, or least(a, b)"),
        ("max", f"{_AGGREGATE}, or greatest(a, b)"),
        ("over row_number rank dense_rank percent_rank ntile lag lead first_value last_value nth_value partition window", _WINDOW),
        ("now today current_date current_time current_timestamp localtime localtimestamp getdate clock_timestamp", _CLOCK),
        ("random rand uuid gen_random_uuid", _CHANCE),
        ("select exists any all some with union values from where group order having limit offset join as unnest", _QUERY),
        ("date timestamp interval datetime strftime to_char date_part date_trunc", _TIME),
        ("concat", "is not offered; write a || b"),
        ("strpos position instr contains", "is not offered; write a LIKE '%x%'"),
        ("rlike regexp similar", "is not offered; write regexp_like(a, 'regex')"),
        ("ifnull", "is not offered; write coalesce(a, b)"),
        ("char_length len", "is not offered; write length(a)"),
        ("substring", "is not offered; write substr(a, start, count)"),
    )
    for word in words.split()
}
"""Words that SQL has and conditions have not: why, or what to write instead."""

FOREIGN: Final = frozenset(word for word, reason in REFUSED.items() if reason in (_WINDOW, _QUERY))
"""Those of them behind which stands what is no expression, so that nothing more can be said of it."""

SYMBOLS: Final = {
    "--": "a comment; a condition has none",
    "/*": "a comment; a condition has none",
    ";": "a condition is one expression; leave the `;` out",
    "::": "write TRY_CAST(a AS BIGINT) or CAST(a AS VARCHAR)",
    "==": "write =",
    "//": "write /",
    "<=>": "write IS NOT DISTINCT FROM",
    "~": "write regexp_like(a, 'regex')",
    ".": "columns have no table's name before them",
    "'": "a text without its closing quote",
    '"': "a name without its closing quote",
    "`": "names stand as they are, or in double quotes",
}
"""Symbols that SQL has and conditions have not: why, or what to write instead."""
