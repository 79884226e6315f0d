"""Every column as an expression: its type, its values, and what each rule asks of it."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3guard import records
from s3guard.columns import FAILED, REFUSED, SERVED, Columns, any_glob, decoded_keys, needed_texts
from s3guard.parse import Parser
from s3guard.vocabulary import Vocabulary
from tests import lines
from tests.laws import tried
from tests.lines import ANONYMOUS, FORGED_CORE, HOST_ID, OAI, OWNER, SUFFIX, USER, bare, record
from tests.parsing import ALL_TEXTS, Lines, block
from tests.reference.units import glob

DASHES = {"request_uri": b"-", "referer": b"-", "user_agent": b"-"}
LIFECYCLE = DASHES | {
    "core": (b"-",) * 6,
    "requester": b"AmazonS3",
    "remote_ip": b"-",
    "operation": b"S3.EXPIRE.OBJECT",
    "suffix": ANONYMOUS,
}


@dataclass(frozen=True, slots=True)
class Seen:
    """A frame of records, and its columns."""

    frame: pl.DataFrame
    columns: Columns

    def ask(self, expr: pl.Expr) -> list[object]:
        """The values of an expression."""
        return self.frame.with_columns(expr.alias("answer"))["answer"].to_list()


def see(*data: bytes, ambiguous: bool = False) -> Seen:
    """The records of some lines, or the readings of ambiguous ones."""
    vocabulary = Vocabulary()
    columns = Columns(vocabulary)
    parsed = Parser(vocabulary, ALL_TEXTS).parse(block([Lines("folder/object", data)]))
    frame = parsed.readings if ambiguous else parsed.records
    frame = frame.with_columns(decoded_keys(frame, columns), pl.lit("folder/object").alias("object_name"))
    return Seen(columns.prepared(frame).sort("line", maintain_order=True), columns)


def test_every_column_has_the_type_that_the_schema_promises() -> None:
    seen = see(record().render(), bare().render(), record(suffix=()).render())
    told = seen.frame.select(seen.columns.text(name).alias(name) for name in records.COLUMNS)
    assert dict(told.schema) == records.SCHEMA


@tried(3)
@given(st.lists(lines.LINES, min_size=1, max_size=8))
def test_codes_of_every_column_stand_for_its_values(data: list[bytes]) -> None:
    seen = see(*data)
    for name in records.COLUMNS:
        coded = seen.columns.coded(name)
        codes = seen.frame.select(coded.expr.alias("code")).to_series()
        values = seen.ask(seen.columns.text(name))
        if coded.dictionary is None:
            assert codes.to_list() == values
        else:
            told = coded.dictionary.values.gather(codes).to_list()
            assert [None if value == "-" else value for value in told] == values


def test_an_unknown_column_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        see(record().render()).columns.text("method_of_payment")


GENERATIONS = {17: (), 18: SUFFIX[:1], 24: SUFFIX[:7], 25: SUFFIX[:8], 26: SUFFIX, 27: (*SUFFIX, b"-"), 28: (*SUFFIX, b"-", b"-")}
SINCE = {
    "version_id": 18,
    "host_id": 24,
    "signature_version": 24,
    "cipher_suite": 24,
    "authentication_type": 24,
    "host_header": 24,
    "tls_version": 24,
    "access_point_arn": 25,
    "acl_required": 26,
    "source_region": 27,
}


@pytest.mark.parametrize("column", records.COLUMNS)
def test_a_line_has_the_columns_of_its_generation_whether_or_not_they_hold_a_value(column: str) -> None:
    seen = see(*(record(suffix=suffix).render() for suffix in GENERATIONS.values()))
    assert seen.ask(seen.columns.fields()) == list(GENERATIONS)
    assert seen.ask(seen.columns.has(column)) == [fields >= SINCE.get(column, 17) for fields in GENERATIONS]


def test_the_extra_principal_id_of_2019_makes_no_newer_line() -> None:
    seen = see(record(suffix=(b"-", b"AIDAJDPLRKLG7UEXAMPLE", *SUFFIX[1:7])).render())
    assert seen.ask(seen.columns.has("access_point_arn")) == [False]
    assert seen.ask(seen.columns.has("tls_version")) == [True]


def test_a_text_that_could_end_in_several_places_is_not_told() -> None:
    seen = see(record().render(), record(referer=b'a" "b').render(), record(referer=b'" 200 - 113 113 7 6 "').render())
    told = {name: seen.ask(seen.columns.has(name)) for name in ("request_uri", "referer", "user_agent", "key")}
    assert told == {
        "request_uri": [True, True, False],
        "referer": [True, False, False],
        "user_agent": [True, False, True],
        "key": [True] * 3,
    }
    assert seen.ask(seen.columns.text("unknown")) == [None, "referer,user_agent", "request_uri,referer"]


def test_only_rows_with_all_four_marks_are_made_by_s3() -> None:
    own = record(**LIFECYCLE).render()
    others = [
        record(**LIFECYCLE | {"requester": USER}).render(),
        record(**LIFECYCLE | {"operation": b"REST.PUT.OBJECT"}).render(),
        record(**LIFECYCLE | {"remote_ip": b"192.0.2.3"}).render(),
        record(**LIFECYCLE | {"request_uri": b"PUT /k HTTP/1.1"}).render(),
        record(**LIFECYCLE | {"request_uri": b"", "suffix": SUFFIX}).render(),
        record(**LIFECYCLE | {"referer": b'" - - - - - - "'}).render(),
    ]
    bare_own = bare(**{name: value for name, value in LIFECYCLE.items() if name not in DASHES and name != "operation"}).render()
    seen = see(own, *others, bare_own.replace(b"BATCH.DELETE", b"S3.EXPIRE"))
    assert seen.ask(seen.columns.requests()) == [False, *[True] * len(others), False]


def test_client_requests_have_an_address_and_authenticated_ones_a_requester() -> None:
    seen = see(
        record().render(),
        record(requester=b"-").render(),
        record(remote_ip=b"-", requester=b"svc:cloudfront.amazonaws.com").render(),
        record(**LIFECYCLE).render(),
    )
    assert seen.ask(seen.columns.client_requests()) == [True, True, False, False]
    assert seen.ask(seen.columns.authenticated()) == [True, False, True, False]
    assert seen.ask(seen.columns.anonymous()) == [False, True, False, False]


OUTCOMES = {
    (b"200", b"-"): SERVED,
    (b"206", b"-"): SERVED,
    (b"304", b"-"): SERVED,
    (b"-", b"-"): SERVED,
    (b"403", b"AccessDenied"): REFUSED,
    (b"400", b"ExpiredToken"): REFUSED,
    (b"403", b"InvalidObjectState"): FAILED,
    (b"404", b"NoSuchKey"): FAILED,
    (b"301", b"PermanentRedirect"): FAILED,
    (b"307", b"-"): FAILED,
    (b"503", b"SlowDown"): FAILED,
    (b"401", b"-"): FAILED,
}


def test_outcomes_are_served_refused_or_failed() -> None:
    seen = see(*(record(core=(*core, b"1", b"1", b"1", b"1")).render() for core in OUTCOMES))
    assert seen.ask(seen.columns.outcome()) == list(OUTCOMES.values())
    named = seen.frame.with_columns(seen.columns.text("error_code").alias("error_code")).select(records.outcome_expr()).to_series()
    assert seen.ask(seen.columns.text("outcome")) == named.to_list()


def test_each_reading_of_an_ambiguous_line_has_an_outcome_of_its_own() -> None:
    seen = see(record(referer=b'"' + FORGED_CORE + b'-" "y').render(), ambiguous=True)
    assert seen.ask(seen.columns.text("outcome")) == ["served", "failed"]
    assert seen.ask(seen.columns.text("status")) == ["ambiguous", "ambiguous"]


_GLOB = st.text(st.sampled_from("ab*?.[]{}()\\^$|+-# \n\u2028é/"), max_size=6)
_TEXT = st.text(st.sampled_from("ab.[]{}()\\^$|+-# \n\u2028é/"), max_size=6)


@given(st.lists(_GLOB, max_size=3).map(tuple), st.lists(st.one_of(st.none(), _TEXT), max_size=10))
def test_globs_match_whole_texts_and_only_star_and_question_mark_are_special(globs: tuple[str, ...], values: list[str | None]) -> None:
    expected = [value is not None and any(glob(each, value) for each in globs) for value in values]
    assert any_glob(pl.Series(values, dtype=pl.String), globs).to_list() == expected


def test_keys_are_matched_decoded_and_a_record_without_one_never_matches() -> None:
    seen = see(
        record(key_logged=b"a%252Fb%253Fc").render(),
        record(key_logged=b"-").render(),
        bare(key_logged=b"a%2Fb%3Fc").render(),
        record(key_logged=b"a/b%3Fc%250Ad").render(),
    )
    assert seen.ask(seen.columns.key_matches(("a/b?c",))) == [True, False, True, False]
    assert seen.ask(seen.columns.key_matches(("a*",))) == [True, False, True, True]
    assert seen.ask(seen.columns.key_matches(())) == [False] * 4


def test_keys_are_decoded_as_deep_as_their_operation_encodes_them() -> None:
    seen = see(
        record(key_logged=b"a%252Bb+c%2525").render(),
        bare(key_logged=b"a%252Bb+c%2525").render(),
        record(key_logged=b"a%252Bb+c%2525", **LIFECYCLE).render(),
        record(key_logged=b"%25FF").render(),
        record(key_logged=b"plain").render(),
    )
    assert seen.frame["key"].to_list() == ["a+b c%", "a%2Bb c%25", "a%2Bb c%25", "\\xff", "plain"]
    assert seen.ask(seen.columns.text("key_logged"))[0] == "a%252Bb+c%2525"


def test_operations_match_by_name_class_or_glob() -> None:
    names = (b"REST.GET.OBJECT", b"REST.PUT.OBJECT", b"REST.NEW.THING", b"S3.EXPIRE.OBJECT")
    seen = see(*(record(operation=name).render() for name in names))
    assert seen.ask(seen.columns.operation(("read",))) == [True, False, False, False]
    assert seen.ask(seen.columns.operation(("REST.PUT.OBJECT", "delete"))) == [False, True, False, True]
    assert seen.ask(seen.columns.operation(("REST.*.OBJECT",))) == [True, True, False, False]
    assert seen.ask(seen.columns.operation(("unknown",))) == [False, False, True, False]
    assert seen.ask(seen.columns.changing("write")) == [False, True, True, False]
    assert seen.ask(seen.columns.changing("delete")) == [False, False, True, True]


def test_principals_match_by_pattern_and_the_owner_by_the_record() -> None:
    session = b"arn:aws:sts::111122223333:assumed-role/app/s"
    seen = see(
        *(record(requester=who).render() for who in (USER, session, b"-", OWNER, b"f" * 64, OAI)),
        bare(bucket_owner=b"-", requester=b"-").render(),
    )
    role = "arn:aws:iam::111122223333:role/app"
    assert seen.ask(seen.columns.matching((role,))) == [False, True, False, False, False, False, False]
    assert seen.ask(seen.columns.matching(("canonical:owner",))) == [False, False, False, True, False, False, False]
    assert seen.ask(seen.columns.matching(("authenticated",))) == [True, True, False, True, True, True, False]
    assert seen.ask(seen.columns.permitted(None, (role,))) == [True, False, False, True, True, True, False]
    assert seen.ask(seen.columns.permitted(("authenticated",), (role, "canonical:owner"))) == [True, False, False, False, True, True, False]
    assert seen.ask(seen.columns.permitted((), None)) == [False] * 7


def test_a_condition_is_asked_row_by_row_and_null_does_not_select() -> None:
    seen = see(record().render(), record(core=(b"-",) * 6).render(), record(core=(b"404", b"NoSuchKey", *4 * (b"-",))).render())
    assert seen.ask(seen.columns.condition("http_status >= 400")) == [False, False, True]
    assert seen.ask(seen.columns.condition("http_status IS NULL OR error_code = 'NoSuchKey'")) == [False, True, True]
    assert seen.ask(seen.columns.condition("object = 'folder/object' AND line > 1")) == [False, True, True]
    assert seen.ask(seen.columns.error_codes(("NoSuchKey",))) == [False, False, True]


def test_what_follows_the_host_id_is_asked_by_field() -> None:
    seen = see(record().render(), record(suffix=()).render(), record(suffix=(b"-", HOST_ID, *5 * (b"-",))).render())
    assert seen.ask(seen.columns.tail("tls_version", "null", lambda values: values.is_null())) == [False, True, True]
    assert seen.ask(seen.columns.text("host_header")) == ["examplebucket.s3.amazonaws.com", None, None]


def test_the_parser_keeps_only_the_texts_that_are_asked_for() -> None:
    assert needed_texts(frozenset({"key", "referer", "user_agent", "bucket"})) == {"referer", "user_agent", "key"}
    assert needed_texts(frozenset()) == frozenset()
