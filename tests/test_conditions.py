"""SQL conditions: what they mean, what is refused and where, and that no record can make an accepted one fail."""

from __future__ import annotations

import json
import pickle
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s3guard import conditions
from s3guard.conditions.forms import FUNCTIONS, KEYWORDS, REFUSED
from s3guard.conditions.judge import RefusedError, judge
from s3guard.conditions.size import MAX_DEPTH, MAX_LENGTH, MAX_OPERATORS
from s3guard.records import COLUMNS, SCHEMA

RECORD = {
    "bucket": "b",
    "time": datetime(2026, 10, 1, 5, 6, 7, tzinfo=UTC),
    "operation": "REST.GET.OBJECT",
    "key": "a/b.csv",
    "http_status": 200,
    "bytes_sent": 30,
    "object_size": 40,
    "total_time": 12,
    "line": 3,
}
"""One record; every column that is not named is null."""


def frame(*records: Mapping[str, object]) -> pl.DataFrame:
    return pl.DataFrame([{**dict.fromkeys(SCHEMA), **record} for record in records], schema=SCHEMA)


def selects(sql: str, **fields: object) -> bool:
    answer = frame({**RECORD, **fields}).select(conditions.compile(sql).expr.alias("answer"))["answer"].to_list()
    assert len(answer) == 1
    assert isinstance(answer[0], bool)
    return answer[0]


def refused(sql: str) -> conditions.ConditionError:
    with pytest.raises(conditions.ConditionError) as found:
        conditions.compile(sql)
    return found.value


# --- what a condition means


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("operation = 'REST.GET.OBJECT' AND starts_with(key, 'a/')", True),
        ("operation = 'REST.GET.OBJECT' and Starts_With(key, 'b/')", False),
        ("http_status >= 400 OR ends_with(key, '.csv')", True),
        ("NOT (http_status = 404)", True),
        ("NOT http_status = 200", False),
        ("http_status <> 200", False),
        ("http_status != 404", True),
        ("http_status IN (200, 206)", True),
        ("http_status NOT IN (200, 206)", False),
        ("http_status IN (-200, 1.5)", False),
        ("operation IN ('REST.GET.OBJECT')", True),
        ("http_status BETWEEN 200 AND 299", True),
        ("http_status NOT BETWEEN 200 AND 299", False),
        ("http_status BETWEEN 1 AND 2 OR bytes_sent BETWEEN 30 AND 30", True),
        ("key LIKE 'a/%'", True),
        ("key LIKE '%.csv'", True),
        ("key LIKE 'a_b.csv'", True),
        ("key LIKE 'A/%'", False),
        ("key LIKE 'a/bxcsv'", False),
        ("key ILIKE 'A/%V'", True),
        ("key NOT LIKE '%.txt'", True),
        ("regexp_like(key, '^[a-z]/')", True),
        ("regexp_like(key, '^A', 'i')", True),
        ("error_code IS NULL", True),
        ("key IS NOT NULL", True),
        ("error_code IS DISTINCT FROM 'AccessDenied'", True),
        ("error_code IS NOT DISTINCT FROM 'AccessDenied'", False),
        ("error_code = 'AccessDenied'", False),
        ("error_code <> 'AccessDenied'", False),
        ("NOT error_code = 'AccessDenied'", False),
        ("coalesce(error_code, '-') = '-'", True),
        ("coalesce(error_code, referer, key) = key", True),
        ("nullif(http_status, 200) IS NULL", True),
        ("CASE WHEN http_status = 200 THEN bytes_sent > 10 ELSE FALSE END", True),
        ("CASE WHEN http_status = 404 THEN TRUE END", False),
        ("lower(operation) = 'rest.get.object'", True),
        ("upper(key) = 'A/B.CSV'", True),
        ("length(key) = 7", True),
        ("length(key) - 10 > 0", False),
        ("octet_length('é' || key) = 9", True),
        ("key || '!' = 'a/b.csv!'", True),
        ("substr(key, 3, 1) = 'b'", True),
        ("substr(key, 3) = 'b.csv'", True),
        ("left(key, 2) = 'a/'", True),
        ("right(key, 4) = '.csv'", True),
        ("right(key, 400) = key", True),
        ("split_part(key, '/', 1) = 'a'", True),
        ("split_part(key, '/', 9) = ''", True),
        ("bytes_sent / object_size = 0.75", True),
        ("bytes_sent / 4 = 7.5", True),
        ("bytes_sent * 2 + 1 - 3 = 58", True),
        ("bytes_sent % 7 = 2", True),
        ("mod(bytes_sent, 7) = 2", True),
        ("-bytes_sent < -29.5", True),
        ("abs(bytes_sent - object_size) = 10", True),
        ("greatest(bytes_sent, object_size, 35) = 40", True),
        ("least(bytes_sent, turn_around_time) = 30", True),
        ("TRY_CAST(substr('17', 1) AS BIGINT) + line = 20", True),
        ("TRY_CAST(key AS BIGINT) IS NULL", True),
        ("CAST(http_status AS VARCHAR) = '200'", True),
        ("\"key\" = 'a/b.csv'", True),
        ("key = 'it''s'", False),
        ("total_time - turn_around_time > 0", False),
        ("http_status > 199.5", True),
        ("http_status >= 2e2", True),
        ("http_status = 200\n  AND\tkey = 'a/b.csv'", True),
    ],
)
def test_a_condition_is_true_of_a_record_or_not(sql: str, *, expected: bool) -> None:
    assert expected is selects(sql)


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("time = '2026-10-01T05:06:07Z'", True),
        ("time = '2026-10-01 05:06:07'", True),
        ("time = '2026-10-01T07:06:07+02:00'", True),
        ("'2026-10-01' < time", True),
        ("time < '2026-10-01T05:06'", False),
        ("time BETWEEN '2026-10-01' AND '2026-10-02'", True),
        ("time NOT BETWEEN '2026-10-01' AND '2026-10-02'", False),
        ("time IS DISTINCT FROM '2026-10-01T05:06:07.000001Z'", True),
        ("EXTRACT(HOUR FROM time) = 5", True),
        ("extract(hour FROM time) * 60 + extract(minute FROM time) = 306", True),
        ("EXTRACT(DOW FROM time) = 4 AND EXTRACT(ISODOW FROM time) = 4", True),
        ("EXTRACT(YEAR FROM time) = 2026 AND EXTRACT(QUARTER FROM time) = 4 AND EXTRACT(MONTH FROM time) = 10", True),
        ("EXTRACT(WEEK FROM time) = 40 AND EXTRACT(DAY FROM time) = 1 AND EXTRACT(DOY FROM time) = 274", True),
        ("EXTRACT(SECOND FROM time) = 7", True),
        ("EXTRACT(HOUR FROM time) BETWEEN 8 AND 18", False),
    ],
)
def test_the_time_compares_with_texts_in_utc_and_has_parts(sql: str, *, expected: bool) -> None:
    assert expected is selects(sql)


def test_sunday_is_day_0_of_the_week_and_day_7_of_the_iso_week() -> None:
    assert selects("EXTRACT(DOW FROM time) = 0 AND EXTRACT(ISODOW FROM time) = 7", time=datetime(2026, 10, 4, tzinfo=UTC))


@pytest.mark.parametrize("sql", ["bytes_sent / object_size > 0.5", "bytes_sent / object_size <= 0.5", "bytes_sent % object_size >= 0"])
@pytest.mark.parametrize("sent", [0, 5])
def test_a_division_by_zero_is_null_and_does_not_select(sql: str, sent: int) -> None:
    assert not selects(sql, bytes_sent=sent, object_size=0)


def test_a_newline_in_a_value_is_like_any_other_character() -> None:
    assert selects("key LIKE 'a%c'", key="a\nb\nc")
    assert not selects("key LIKE 'a%c'", key="abc\n")
    assert selects("key LIKE 'a_c'", key="a\nc")


def test_the_compiled_condition_knows_its_text_and_columns() -> None:
    condition = conditions.compile("starts_with(key, 'operation') AND http_status IN (1) AND key <> ''")
    assert condition.sql == "starts_with(key, 'operation') AND http_status IN (1) AND key <> ''"
    assert frozenset({"key", "http_status"}) == condition.columns
    assert condition.columns == frozenset(condition.expr.meta.root_names())


def test_a_condition_is_equal_by_its_text_and_survives_pickle() -> None:
    condition = conditions.compile("time > '2026-10-01' AND key IN ('a', 'b') AND bytes_sent / object_size > 0.5")
    again = pickle.loads(pickle.dumps(condition))  # noqa: S301 - just written
    assert condition == again
    assert frame(RECORD).select(condition.expr).equals(frame(RECORD).select(again.expr))


@pytest.mark.parametrize("name", COLUMNS)
def test_every_column_can_be_asked_about(name: str) -> None:
    assert frozenset({name}) == conditions.compile(f"{name} IS NULL").columns
    assert frozenset({name}) == conditions.compile(f'"{name}" IS NOT NULL').columns
    if SCHEMA[name] == pl.String:
        conditions.check(f"{name} = '' OR starts_with({name}, 'x') OR {name} IN ('y')")


EXAMPLES = {
    "=": "total_time >= 5",
    "and": "key = 'a' AND NOT line = 1 OR line = 2",
    "is": "key IS NOT NULL",
    "distinct": "key IS NOT DISTINCT FROM referer",
    "in": "key IN ('x', 'y')",
    "between": "line BETWEEN 1 AND 5",
    "like": "key LIKE 'x%' OR key ILIKE '%y_'",
    "case": "CASE WHEN line = 1 THEN key ELSE referer END = 'x'",
    "+": "line + total_time - object_size * 2.5 / bytes_sent % 7 > 1",
    "||": "key || referer = 'x'",
    "starts_with": "starts_with(key, referer)",
    "ends_with": "ends_with(key, referer)",
    "regexp_like": "regexp_like(key, '^(a|b)+$', 'i')",
    "lower": "lower(key) = 'x'",
    "upper": "upper(key) = 'X'",
    "length": "length(key) * 1000000 - 3 > line",
    "octet_length": "octet_length(key) - 100 > line",
    "substr": "substr(key, 2, 3) = substr(referer, 4)",
    "left": "left(key, 2) = 'ab'",
    "right": "right(key, 2) = 'ab'",
    "split_part": "split_part(key, '/', 2) = 'ab'",
    "coalesce": "coalesce(key, referer, '') = ''",
    "nullif": "line / nullif(bytes_sent - object_size, 0) > 2.5",
    "greatest": "greatest(line, total_time, 3) > 5",
    "least": "least(key, referer) < 'm'",
    "abs": "abs(object_size) * 3 > 1",
    "mod": "mod(bytes_sent, object_size) = 1",
    "extract": "EXTRACT(MINUTE FROM time) * 60 + EXTRACT(SECOND FROM time) > 3500",
    "cast": "CAST(line AS VARCHAR) = key OR CAST(time AS TEXT) = key",
    "try_cast": "TRY_CAST(key AS BIGINT) * 2 > line",
}


def test_every_form_that_is_documented_has_an_example_here() -> None:
    assert [form.name for form in conditions.functions()] == list(EXAMPLES)
    assert all(form.meaning.endswith((".", "second.")) for form in conditions.functions())


texts = st.one_of(
    st.none(), st.text(max_size=12), st.sampled_from(["a", "ab", "a/b", "7", "-9223372036854775809", "nan", "\x00", "(", "é\n"])
)
whole = st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1), st.integers(-3, 3))
instants = st.datetimes(datetime(1970, 1, 1), datetime(9000, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - as hypothesis wants bounds
rows = st.fixed_dictionaries(
    {name: whole if SCHEMA[name] == pl.Int64 else instants if name == "time" else texts for name in COLUMNS if COLUMNS[name].position}
    | {"line": whole}
)


@pytest.mark.parametrize("sql", EXAMPLES.values(), ids=list(EXAMPLES))
@settings(max_examples=25)
@given(records=st.lists(rows, max_size=4))
def test_no_record_can_make_a_condition_fail_and_each_is_judged_by_itself(sql: str, records: list[dict[str, object]]) -> None:
    expr = conditions.compile(sql).expr.alias("answer")
    together = frame(*records).select(expr)["answer"] if records else frame().select(expr)["answer"]
    assert together.dtype == pl.Boolean
    assert together.null_count() == 0
    assert together.to_list() == [frame(record).select(expr)["answer"].item() for record in records]


@given(st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 30), timezones=st.just(UTC)), st.timedeltas(timedelta(0), timedelta(hours=23)))  # noqa: DTZ001 - as above
def test_a_time_is_compared_to_the_microsecond(moment: datetime, step: timedelta) -> None:
    text = moment.isoformat()
    found = conditions.compile(f"time = '{text}' OR time > '{text}' AND time <= '{(moment + step).isoformat()}'").expr
    assert [True, True] == pl.DataFrame({"time": [moment, moment + step]}, schema={"time": SCHEMA["time"]}).select(found)["time"].to_list()


# --- what is refused, where, and what to write instead


@pytest.mark.parametrize(
    ("sql", "offset", "advice"),
    [
        # names
        ("htp_status = 1", 0, "did you mean http_status?"),
        ("line = 1 AND Key = 'a'", 13, "lower case: key"),
        ("line = 1 AND bogus_thing IS NULL", 13, "the columns are bucket_owner"),
        ("\"nokey\" = 'a'", 0, "no column"),
        ("self.key = 'a'", 4, "no table's name"),
        ("lowr(key) = 'a'", 0, "did you mean lower?"),
        ("zzz(key) = 'a'", 0, "the functions are starts_with"),
        ("key = lower", 6, "no column"),
        # more than one record
        ("count(*) > 3", 0, "use `measure`"),
        ("bytes_sent > AVG(bytes_sent)", 13, "use `measure`"),
        ("max(bytes_sent) > 3", 0, "greatest(a, b)"),
        ("row_number() OVER (ORDER BY time) = 1", 0, "sees one at a time"),
        ("line = 1 OVER", 9, "sees one at a time"),
        ("lag(key) = key", 0, "sees one at a time"),
        # queries
        ("SELECT key", 0, "one expression over one record"),
        ("line > (SELECT 1)", 8, "one expression over one record"),
        ("key IN (SELECT 'a')", 8, "texts and numbers only"),
        ("EXISTS (SELECT 1)", 0, "one expression over one record"),
        ("key = 'a' ORDER BY key", 10, "one expression over one record"),
        ("key = 'a' AS x", 10, "one expression over one record"),
        ("key = 'a', key = 'b'", 9, "join two with AND or OR"),
        ("coalesce(lower(key), 5) = 'a'", 15, "the expression is a text and 5 a number"),
        ("(key = 'a', key = 'b')", 10, "join two with AND or OR"),
        ("key = 'a'; key = 'b'", 9, "leave the `;` out"),
        ("key = 'a' -- b", 10, "a comment"),
        ("key = 'a' /* b */", 10, "a comment"),
        # clock and chance
        ("time > now()", 7, "reads the clock"),
        ("CURRENT_TIMESTAMP > time", 0, "reads the clock"),
        ("current_date > time", 0, "reads the clock"),
        ("random() > 0.5", 0, "is random"),
        # casts
        ("CAST(key AS BIGINT) > 3", 12, "TRY_CAST gives BIGINT"),
        ("TRY_CAST(key AS DOUBLE) > 3", 16, "TRY_CAST gives BIGINT"),
        ("key::int > 3", 3, "write TRY_CAST"),
        # types
        ("http_status = '200'", 0, "http_status is a number and '200' a text"),
        ("line = 1 AND key > 3", 13, "key is a text and 3 a number"),
        ("time > 5", 0, "time is an instant and 5 a number"),
        ("key IN (1)", 0, "key and the list do not go together"),
        ("http_status IN ('200')", 0, "http_status and the list do not go together"),
        ("time IN ('2026-10-01')", 0, "time and the list do not go together"),
        ("key", 0, "this is a text; compare it with something"),
        ("http_status + 1", 0, "this is a number; compare it with something"),
        ("time", 0, "this is an instant; compare it with something"),
        ("NOT key", 4, "NOT wants a condition, and key is a text"),
        ("line = 1 AND http_status", 13, "AND wants a condition, and http_status is a number"),
        ("(http_status AND 4) = 4", 1, "AND wants a condition"),
        ("CASE WHEN line THEN TRUE END", 10, "WHEN wants a condition, and line is a number"),
        ("CASE WHEN line = 1 THEN key ELSE line END = 'a'", 24, "CASE wants two of a kind"),
        ("coalesce(bytes_sent, key) = 1", 9, "bytes_sent is a number and key a text"),
        ("lower(line) = 'a'", 6, "lower wants a text, and line is a number"),
        ("key + 1 > 2", 0, "+ wants a number, and key is a text"),
        ("line - key > 2", 7, "- wants a number, and key is a text"),
        ("key + 'x' = 'ax'", 0, "+ wants a number, and key is a text"),
        ("abs(key) > 1", 4, "abs wants a number, and key is a text"),
        ("EXTRACT(HOUR FROM key) = 1", 18, "extract wants an instant, and key is a text"),
        ("1 = 1", 0, "reads no column"),
        ("TRUE", 0, "reads no column"),
        # values
        ("time > 'yesterday'", 7, "'yesterday' is no time"),
        ("time > '2026-13-01'", 7, "'2026-13-01' is no time"),
        ("time > '2026-W01-1'", 7, "is no time"),
        ("time > TIMESTAMP '2026-10-01 00:00:00'", 7, "compare `time` with a text"),
        ("time > DATE '2026-10-01'", 7, "compare `time` with a text"),
        ("EXTRACT(FOO FROM time) = 1", 8, "write one of day, dow"),
        ("regexp_like(key, 'a(')", 12, "unclosed group"),
        ("regexp_like(key, requester)", 17, "a literal stands here"),
        ("key LIKE requester", 9, "after LIKE comes a text"),
        ("left(key, line) = 'a'", 10, "a literal stands here"),
        ("substr(key, -1) = 'a'", 12, "a literal stands here"),
        ("split_part(key, '/', 1 + 1) = 'a'", 23, "a literal stands here"),
        ("starts_with(key)", 15, "does not take 1 argument; write starts_with(text, prefix)"),
        ("lower() = 'a'", 6, "does not take 0 arguments"),
        ("http_status > 9223372036854775808", 14, "too large a number"),
        ("http_status > 1e999", 14, "too large a number"),
        ("http_status > 5x", 15, "glued to a number"),
        ("http_status > 1_000", 15, "glued to a number"),
        ("bytes_sent / 0 > 1", None, "other than 0"),
        ("bytes_sent % 0.0 > 1", None, "other than 0"),
        ("bytes_sent / (object_size + 1) > 1", 14, "nullif"),
        ("bytes_sent / nullif(object_size, 5) > 1", 20, "nullif"),
        ("http_status IN (200, NULL)", 21, "write IS NULL for it"),
        ("http_status IN (200, line)", 21, "texts and numbers only"),
        ("key = '\ud800'", None, "something is missing"),
        # grammar
        ("", 0, "an empty condition"),
        (" \n", 0, "an empty condition"),
        ("key IS TRUE", 4, "after IS comes"),
        ("(key = '') IS NOT TRUE", 11, "after IS comes"),
        ("CASE line WHEN 1 THEN TRUE END", 5, "after CASE comes WHEN"),
        ("CASE WHEN line = 1 THEN TRUE", 24, "CASE has no END"),
        ("(CASE WHEN line = 1 THEN TRUE)", 29, "closes nothing"),
        ("key = 'a", 6, "without its closing quote"),
        ("(key = 'a'", 7, "not closed"),
        ("key = 'a')", 9, "closes nothing"),
        ("key == 'a'", 4, "write ="),
        ("key ~ 'a'", 4, "regexp_like"),
        ("key RLIKE 'a'", 4, "regexp_like"),
        ("key <=> 'a'", 4, "IS NOT DISTINCT FROM"),
        ("`key` = 'a'", 0, "double quotes"),
        ("key = $1", 6, "no meaning"),
        ("key = $$a$$", 6, "no meaning"),
        ("[1] = key", 0, "no meaning"),
        ("key\u00a0= 'a'", 3, "no meaning"),
        ("key\x00= 'a'", 3, "no meaning"),
        ("kéy = 'a'", 1, "no meaning"),
        ("X'61' = key", 0, "no column"),
        ("key = 'a' AND", None, "something is missing"),
        ("AND", 0, "wrong place"),
        ("key = END", 6, "closes nothing"),
        ("*", None, "something is missing"),
        ("key = 'a' 'b'", None, "a name after the expression"),
    ],
)
def test_a_refusal_says_where_and_what_to_write_instead(sql: str, offset: int | None, advice: str) -> None:
    refusal = refused(sql)
    assert advice in str(refusal)
    assert offset == refusal.offset
    assert isinstance(refusal, ValueError)


@pytest.mark.parametrize("word", REFUSED)
def test_every_refused_word_has_a_reason_and_is_refused_in_any_case_and_place(word: str) -> None:
    assert word not in COLUMNS
    assert word not in FUNCTIONS
    assert word not in KEYWORDS
    for sql in (f"{word}(key) = 'a'", f"line = 1 AND {word.upper()} = 1"):
        assert REFUSED[word] in str(refused(sql))


# --- the second gate, as it stands without the first


@pytest.mark.parametrize(
    "expr",
    [
        pl.col("line").sum() > 1,
        pl.len() > 1,
        pl.col("line").cum_sum() > 1,
        pl.col("line").shift(1) > 1,
        pl.col("line").first().over("key") > 1,
        pl.col("key").is_first_distinct(),
        pl.col("key").str.contains(pl.col("requester")),
        pl.col("key").str.replace("a", "b") == "b",
        pl.col("key").cast(pl.Int64) > 1,
        pl.col("line").cast(pl.Float64, strict=False) > 1,
        pl.col("line") ^ pl.col("fields") == 1,
        pl.col("line") // 2 == 1,
        pl.col("time") > timedelta(1),
        pl.col("nosuch") > 1,
        (pl.col("line") > 1).alias("x"),
        pl.all() > 1,
    ],
    ids=str,
)
def test_a_node_that_nobody_has_looked_at_is_refused(expr: pl.Expr) -> None:
    with pytest.raises(RefusedError):
        judge(json.loads(expr.meta.serialize(format="json")))


# --- size


def nested(opening: str, middle: str, closing: str, depth: int) -> str:
    return opening * depth + middle + closing * depth


@pytest.mark.parametrize(
    "sql",
    [
        nested("(", "key = 'a'", ")", MAX_DEPTH),
        nested("lower(", "key", ")", MAX_DEPTH) + " = 'a'",
        nested("coalesce(", "key", ", referer)", MAX_DEPTH) + " = 'a'",
        nested("CASE WHEN key = 'a' THEN ", "TRUE", " END", MAX_DEPTH),
        " AND ".join(["key = 'a'"] * 100),
        " OR ".join(["key = 'a' AND line = 1"] * 50),
        " OR ".join([f"line BETWEEN {number} AND {number + 1}" for number in range(60)]),
        "line" + " + 1" * 40 + " > 1",
        "key IN (" + ", ".join(f"'{number}'" for number in range(1200)) + ")",
        "- " * 30 + "line > 0",
    ],
)
def test_what_a_person_may_write_is_not_too_large(sql: str) -> None:
    assert len(frame(RECORD).select(conditions.compile(sql).expr)) == 1


@pytest.mark.parametrize(
    ("sql", "advice"),
    [
        ("(" * 5000, "parentheses inside each other"),
        (nested("(", "key = 'a'", ")", 4000), "parentheses inside each other"),
        (nested("(", "key = 'a'", ")", 5000), "the longest one is 10000"),
        (")" * 5000, "closes nothing"),
        (nested("lower(", "key", ")", 1000) + " = 'a'", "parentheses inside each other"),
        (nested("CASE WHEN key = 'a' THEN ", "TRUE", " END", 33), "parentheses inside each other"),
        ("NOT " * 2000 + "key = 'a'", "operators"),
        ("NOT " * 190 + "key = 'a'", "something is missing"),
        ("NOT " * 30 + "key = 'a'", "nested too deeply"),
        ("- " * 190 + "line > 0", "something is missing"),
        ("line" + " + 1" * 190 + " > 1", "nested too deeply"),
        ("line" + "+1" * 3000 + " > 1", "operators; use IN"),
        (" AND ".join(["key = 'a'"] * 500), "operators; use IN"),
        (nested("line / nullif(", "line", ", 0)", 20) + " > 1", "repeat it"),
        (nested("split_part(", "key", ", 'x', 1)", 20) + " = 'a'", "repeat it"),
        (nested("right(", "key", ", 1)", 20) + " = 'a'", "repeat it"),
        (nested("extract(hour FROM ", "time", ")", 20) + " = 1", "repeat it"),
        (nested("(", "line", " BETWEEN 1 AND 2)", 20) + " = 1", "repeat it"),
        ("line" + " BETWEEN 1 AND 2" * 20, "repeat it"),
        (nested("CASE WHEN line = 1 THEN ", "line", " END BETWEEN 1 AND 2", 20), "repeat it"),
        ("'" * 9999, "without its closing quote"),
        ("9" * 9999, "too large a number"),
        ("x" * 9999, "no column"),
        ("key = '" + "x" * 20_000 + "'", "the longest one is 10000"),
        ("regexp_like(key, '(\\w{1000}){1000}')", "exceeds size limit"),
    ],
    ids=lambda value: value[:20],
)
def test_what_is_too_large_is_refused_at_once_and_ends_no_process(sql: str, advice: str) -> None:
    assert advice in str(refused(sql))


def test_the_limits_are_those_that_the_documentation_names() -> None:
    assert (10_000, 200, 32) == (MAX_LENGTH, MAX_OPERATORS, MAX_DEPTH)


literals = ["'a'", "'2026-10-01'", "1", "2.5"]
symbols = ["-", "(", ")", "(", ")", ",", "=", "<>", "||", "+", "/", "%", '"key"', "--", "::", "\x00", "é"]
scraps = st.sampled_from([*COLUMNS, *FUNCTIONS, *KEYWORDS, "as", "from", "hour", "bigint", "varchar", *literals, *symbols])


@settings(max_examples=300)
@given(
    st.one_of(
        st.text(),
        st.lists(scraps, max_size=14).map(" ".join),
        st.sampled_from(list(EXAMPLES.values()))
        .flatmap(lambda sql: st.tuples(st.just(sql), st.integers(0, len(sql)), scraps, st.integers(0, 4)))
        .map(lambda cut: f"{cut[0][: cut[1]]}{cut[2]}{cut[0][cut[1] + cut[3] :]}"),
    )
)
def test_any_text_compiles_to_a_condition_or_is_refused_with_a_place_inside_it(sql: str) -> None:
    try:
        condition = conditions.compile(sql)
    except conditions.ConditionError as fault:
        message, offset = str(fault), fault.offset
    else:
        message, offset = "fine", None
        assert frame(RECORD, {"bucket": "b"}).select(condition.expr.alias("answer"))["answer"].null_count() == 0
    assert message
    assert offset is None or 0 <= offset <= len(sql)


# --- null


@pytest.mark.parametrize(
    ("sql", "warned"),
    [
        ("error_code <> 'AccessDenied'", ["error_code"]),
        ("error_code != 'AccessDenied'", ["error_code"]),
        ("NOT error_code = 'AccessDenied'", ["error_code"]),
        ("NOT (key = 'a' AND error_code = 'b')", ["key", "error_code"]),
        ("requester NOT LIKE 'a%'", ["requester"]),
        ("http_status NOT IN (200, 304)", ["http_status"]),
        ("http_status NOT BETWEEN 200 AND 299", ["http_status"]),
        ("line = 1 AND lower(key) NOT BETWEEN 'a' AND 'b'", ["key"]),
        ("http_status <> 200.5", ["http_status"]),
        ("key <> requester", ["requester", "key"]),
        ("line + 1 NOT BETWEEN 1 AND 2", []),
        ("(object_size + total_time) NOT BETWEEN 1 AND 2", ["object_size", "total_time"]),
        ("CASE WHEN key <> 'a' THEN line END = NULL", ["key"]),
        ("error_code <> 'AccessDenied' OR error_code IS NULL", []),
        ("error_code <> 'AccessDenied' AND error_code IS NOT NULL", []),
        ("error_code IS DISTINCT FROM 'AccessDenied'", []),
        ("NOT (error_code IS NULL)", []),
        ("coalesce(error_code, '') <> 'AccessDenied'", []),
        ("operation <> 'REST.GET.OBJECT'", []),
        ("NOT bucket = 'b'", []),
        ("error_code = 'AccessDenied'", []),
    ],
)
def test_a_negation_over_a_column_that_can_be_null_is_warned_of(sql: str, warned: list[str]) -> None:
    assert warned == [sentence.split()[0] for sentence in conditions.null_warnings(sql)]


def test_warnings_are_asked_only_of_conditions_that_compile() -> None:
    with pytest.raises(conditions.ConditionError, match="did you mean key"):
        conditions.null_warnings("kee <> 'a'")
