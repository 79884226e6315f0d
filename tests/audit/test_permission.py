"""Whether a bucket policy lets S3 deliver logs: the vectors, and the laws of the evaluation.

The expected answers are our reading of IAM's documentation; AWS was not asked.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from s3guard.audit import permission
from s3guard.audit.bucket_policy import Condition, statements
from s3guard.audit.case import Case
from s3guard.audit.condition import Context, Missing, holds
from s3guard.audit.expected import Expected
from s3guard.audit.facts import NotKnownError
from s3guard.audit.graph import Graph
from s3guard.audit.permission import Request, decide
from s3guard.audit.route import routes
from s3guard.audit.rows import KeyFormat
from tests.audit.rowmaking import NOW, bucket, facts, logs_to

VECTORS = yaml.safe_load((Path(__file__).parent / "permission.yaml").read_text(encoding="utf-8"))
ANSWERS = {"allowed": True, "blocked": False, "undecided": None}


def request_of(source: str = "app", prefix: str = "app/", *, partitioned: bool = False) -> Request:
    """The delivery of a source's logs to the bucket ``logs``."""
    key_format = KeyFormat("PartitionedPrefix", "EventTime") if partitioned else None
    logged = bucket(source, logging=logs_to("logs", prefix, key_format))
    graph = Graph(facts(logged, bucket("logs")))
    (route,) = routes(Case(bucket("logs"), None, graph, Expected("p"), NOW, graph.sources("logs")))
    return route.request


def text_of(written: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": written})


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["name"] for vector in VECTORS])
def test_a_policy_lets_s3_deliver_or_not_or_nobody_can_tell(vector: dict[str, Any]) -> None:
    said = decide(statements(text_of(vector["statements"])), request_of(**vector.get("source", {})))
    assert ANSWERS[vector["expected"]] is said.is_allowed


@pytest.mark.parametrize(
    "document",
    [
        "{not json",
        "[" * 100_000,
        "[]",
        "{}",
        '{"Statement": "x"}',
        '{"Statement": ["x"]}',
        text_of([{"Effect": "allow", "Principal": "*", "Action": "s3:*", "Resource": "*"}]),
        text_of([{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]),
        text_of([{"Effect": "Deny", "Principal": "*", "NotPrincipal": "*", "Action": "s3:*", "Resource": "*"}]),
        text_of([{"Effect": "Allow", "Principal": {"Robot": "r"}, "Action": "s3:*", "Resource": "*"}]),
        text_of([{"Effect": "Deny", "Principal": 3, "Action": "s3:*", "Resource": "*"}]),
        text_of([{"Effect": "Deny", "Principal": "*", "Action": [3], "Resource": "*"}]),
        text_of([{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*", "Condition": {"Bool": "x"}}]),
    ],
)
def test_what_is_no_policy_is_unknown(document: str) -> None:
    with pytest.raises(NotKnownError):
        statements(document)


ABSENT: Context = {"k": Missing.ABSENT, "family/": Missing.ABSENT}
MANY: Context = {"k": ("a", "b")}
ARN: Context = {"k": ("arn:aws:s3tables:us-east-1:111122223333:bucket/app:x",)}


@pytest.mark.parametrize(
    ("operator", "values", "context", "expected"),
    [
        ("StringEquals", ("a",), {"k": ("a",)}, True),
        ("StringEquals", ("A",), {"k": ("a",)}, False),
        ("StringEquals", ("a*",), {"k": ("ab",)}, False),
        ("StringEquals", ("b", "a"), {"k": ("a",)}, True),
        ("StringEqualsIgnoreCase", ("A",), {"k": ("a",)}, True),
        ("StringNotEqualsIgnoreCase", ("A",), {"k": ("a",)}, False),
        ("StringLike", ("?",), {"k": ("a",)}, True),
        ("StringNotLike", ("b*", "a*"), {"k": ("ab",)}, False),
        ("Bool", ("TRUE",), {"k": ("true",)}, True),
        ("StringEquals", ("a",), ABSENT, False),
        ("StringEqualsIfExists", ("a",), ABSENT, True),
        ("StringNotEquals", ("a",), ABSENT, True),
        ("StringNotEqualsIfExists", ("a",), ABSENT, True),
        ("NotIpAddress", ("192.0.2.0/24",), ABSENT, True),
        ("IpAddress", ("192.0.2.0/24",), ABSENT, False),
        ("NumericLessThan", ("1",), ABSENT, False),
        ("ForAllValues:StringEquals", ("a",), ABSENT, True),
        ("ForAnyValue:StringEquals", ("a",), ABSENT, False),
        ("ForAnyValue:StringNotEquals", ("a",), ABSENT, False),
        ("ForAllValues:StringEquals", ("a",), MANY, False),
        ("ForAllValues:StringEquals", ("a", "b"), MANY, True),
        ("ForAnyValue:StringEquals", ("a",), MANY, True),
        ("ForAnyValue:StringNotEquals", ("a",), MANY, True),
        ("ForAnyValue:StringNotEquals", ("a", "b"), MANY, False),
        ("ForAllValues:StringNotEquals", ("a",), MANY, False),
        ("Null", ("true",), ABSENT, True),
        ("Null", ("false",), ABSENT, False),
        ("Null", ("false",), {"k": ("a",)}, True),
        ("Null", ("true",), {}, None),
        ("StringEquals", ("a",), {}, None),
        ("StringNotEqualsIfExists", ("a",), {}, None),
        ("NumericLessThan", ("1",), {"k": ("0",)}, None),
        ("ArnLike", ("arn:aws:s3tables:*:*:bucket/app:?",), ARN, True),
        ("ArnLike", ("arn:aws:s3tables:*:bucket/app:x",), ARN, False),
        ("ArnLike", ("*",), ARN, None),
        ("ArnNotEquals", ("arn:aws:s3tables:us-east-1:111122223333:bucket/app:x",), ARN, False),
        ("ArnEquals", ("arn:aws:s3tables:us-east-1:111122223333:bucket/app:y",), ARN, False),
    ],
)
def test_a_condition_holds_or_not_or_nobody_can_tell(
    operator: str, values: tuple[str, ...], context: Context, *, expected: bool | None
) -> None:
    assert expected is holds(Condition(operator, "K", values), context)


def test_a_tag_of_a_principal_is_absent_like_all_of_them() -> None:
    assert [True, None] == [holds(Condition("Null", key, ("true",)), ABSENT) for key in ("Family/x", "other/x")]


def test_what_it_cannot_see_is_written_down() -> None:
    assert all(word in (permission.__doc__ or "") for word in ("service control", "identity policies", "KMS", "not AWS's answers"))


KEYS = ["aws:SourceArn", "aws:SourceAccount", "aws:SecureTransport", "aws:SourceVpce", "aws:SourceIp", "aws:PrincipalIsAWSService", "s3:x"]
VALUES = ["true", "false", "111122223333", "arn:aws:s3:::app", "arn:aws:s3:::a*", "*", "${aws:username}"]
OPERATORS = ["StringEquals", "StringNotEquals", "StringLike", "ArnLike", "ArnNotLike", "Bool", "Null", "NotIpAddress", "BoolIfExists"]
OPERATORS += ["ForAllValues:StringEquals", "ForAnyValue:StringLike", "ForAnyValue:StringNotEquals", "StringNotEqualsIfExists"]
CONDITIONS = st.dictionaries(
    st.sampled_from(OPERATORS),
    st.dictionaries(st.sampled_from(KEYS), st.lists(st.sampled_from(VALUES), min_size=1, max_size=2), max_size=2),
)


def statement(effect: str) -> st.SearchStrategy[dict[str, Any]]:
    """Statements of one effect, many of which are about the delivery."""
    principal = st.sampled_from(["*", {"AWS": "*"}, {"Service": "logging.s3.amazonaws.com"}, {"AWS": "444455556666"}, {"Service": ["x"]}])
    action = st.sampled_from(["s3:PutObject", "s3:*", "*", "s3:Get*", ["S3:putobject"]])
    resource = st.sampled_from(["*", "arn:aws:s3:::logs/*", "arn:aws:s3:::logs", "arn:aws:s3:::logs/app/2*", ["arn:aws:s3:::logs/app/*"]])
    return st.tuples(*(st.booleans() for _ in range(3)), principal, action, resource, CONDITIONS).map(
        lambda made: {
            "Effect": effect,
            ("NotPrincipal" if made[0] else "Principal"): made[3],
            ("NotAction" if made[1] else "Action"): made[4],
            ("NotResource" if made[2] else "Resource"): made[5],
            "Condition": made[6],
        }
    )


REQUEST = request_of()
POLICIES = st.lists(st.one_of(statement("Allow"), statement("Deny")), max_size=4)
OPENNESS = [False, None, True]


def answer(policy: list[dict[str, Any]], request: Request | None = None) -> bool | None:
    return decide(statements(text_of(policy)), request or REQUEST).is_allowed


@given(POLICIES, statement("Deny"), st.integers(0, 4))
def test_adding_a_deny_never_opens(policy: list[dict[str, Any]], deny: dict[str, Any], place: int) -> None:
    assert OPENNESS.index(answer([*policy[:place], deny, *policy[place:]])) <= OPENNESS.index(answer(policy))


@given(POLICIES, statement("Allow"), st.integers(0, 4))
def test_adding_an_allow_never_closes(policy: list[dict[str, Any]], allow: dict[str, Any], place: int) -> None:
    assert OPENNESS.index(answer([*policy[:place], allow, *policy[place:]])) >= OPENNESS.index(answer(policy))


@given(POLICIES, st.permutations(range(4)))
def test_the_order_of_statements_does_not_matter(policy: list[dict[str, Any]], order: list[int]) -> None:
    assert answer([policy[place] for place in order if place < len(policy)]) is answer(policy)


@given(CONDITIONS, st.dictionaries(st.sampled_from(KEYS), st.one_of(st.just(None), st.sampled_from(VALUES[:4]))))
def test_what_is_decided_stays_so_whatever_an_open_key_becomes(written: dict[str, Any], become: dict[str, str | None]) -> None:
    conditions = [Condition(operator, key, tuple(values)) for operator, keys in written.items() for key, values in keys.items()]
    closed = {key.lower(): Missing.ABSENT if value is None else (value,) for key, value in become.items()}
    for condition in conditions:
        before = holds(condition, {})
        assert before is None or before is holds(condition, closed)


@given(POLICIES, st.sampled_from(["app", "a", "apples"]))
def test_what_is_decided_of_a_symbol_stays_so_when_it_is_known(policy: list[dict[str, Any]], name: str) -> None:
    symbolic = answer(policy, request_of("${app}", "app/"))
    assert symbolic is None or symbolic is answer(policy, request_of(name, "app/"))
