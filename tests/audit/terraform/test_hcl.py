"""Terraform's language as it is read: values that policies are written with, and nothing claimed of the rest."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3guard.audit.terraform.cursor import BrokenError
from s3guard.audit.terraform.hcl import parse
from s3guard.audit.terraform.syntax import Call, Choice, Entries, Expression, Items, Literal, Opaque, Reference, Template

LOGS = Reference(("aws_s3_bucket", "logs", "arn"))


def value(text: str) -> Expression:
    """The expression of an attribute, which another follows."""
    body = parse(f"a = {text}\nb = 1\n")
    assert Literal(1) == body.attributes["b"]
    return body.attributes["a"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"x"', Literal("x")),
        (r'"a\"b\n\u00e9$${x}"', Literal('a"b\né${x}')),
        ("12", Literal(12)),
        ("1.5", Literal(1.5)),
        ("true # yes", Literal(value=True)),
        ("null // no", Literal(None)),
        ("/* one\ntwo */ 7", Literal(7)),
        ("aws_s3_bucket.logs.arn", LOGS),
        ('"${aws_s3_bucket.logs.arn}/*"', Template((LOGS, Literal("/*")))),
        ('"${ aws_s3_bucket.logs.arn }"', Template((LOGS,))),
        ('"a${~ x ~}b"', Template((Literal("a"), Reference(("x",)), Literal("b")))),
        ('"${f("}")}"', Template((Call("f", (Literal("}"),)),))),
        ("[aws_s3_bucket.logs.arn,\n  1, # one\n]", Items((LOGS, Literal(1)))),
        ('{a = 1, "b" : 2\n}', Entries(((Literal("a"), Literal(1)), (Literal("b"), Literal(2))))),
        ("{\n (c) = [\n3]\n}", Entries(((Literal("c"), Items((Literal(3),))),))),
        ("x[0].y", Reference(("x", Literal(0), "y"))),
        ('x["k"][each.key]', Reference(("x", Literal("k"), Reference(("each", "key"))))),
        ("jsonencode({})", Call("jsonencode", (Entries(()),))),
        ("provider::aws::arn_parse(1)", Call("provider::aws::arn_parse", (Literal(1),))),
        ("f(a...)", Call("f", (Reference(("a",)), Opaque()))),
        ("a ? 1 : 2", Choice(Reference(("a",)), (Literal(1), Literal(2)))),
        ("a == 1 ? 1 : 2", Choice(Opaque(), (Literal(1), Literal(2)))),
        ("a + 1 - (2 * 3)", Opaque()),
        ("!a", Opaque()),
        ("x[*].y", Opaque()),
        ("x.*.y", Opaque()),
        ("x.0.y", Opaque()),
        ("f(1).y", Opaque()),
        ('[for k, v in x : "${k}]" if v]', Opaque()),
        ("{for k in x : k => {y = k}}", Opaque()),
        ('"%{ if a }x%{ endif }"', Template((Opaque(), Literal("x"), Opaque()))),
        ("<<EOT\na ${x}\n  b\nEOT", Template((Literal("a "), Reference(("x",)), Literal("\n  b\n")))),
        ("<<-EOT\n  a\n  EOT", Literal("  a\n")),
    ],
)  # fmt: skip
def test_an_expression_is_what_it_says_or_nothing_that_is_known(text: str, expected: Expression) -> None:
    assert expected == value(text)


def test_blocks_hold_attributes_and_blocks() -> None:
    body = parse('resource "a" "b" {\n  x = 1\n  y "z" {\n    w = 2\n  }\n  y {}\n}\nlocals { c = 3 }\n')
    (resource,) = body.those("resource", "a", "b")
    assert {"x": Literal(1)} == resource.attributes
    assert [("y", ("z",)), ("y", ())] == [(one.kind, one.labels) for one in resource.blocks]
    assert [{"c": Literal(3)}] == [one.attributes for one in body.those("locals")]


@pytest.mark.parametrize(
    "text",
    [
        "a",
        "a =",
        "a = [",
        'a = "x',
        "a = {b}",
        "a {",
        "}",
        'a "${b}" {}',
        "a = <<X\n",
        "a = x.",
        "a = f(1 2)",
        "{" * 100,
        "a = " + "[" * 5_000,
        "a = [for",
    ],
)
def test_what_is_none_is_broken(text: str) -> None:
    with pytest.raises(BrokenError):
        parse(text)


PIECES = [
    "a",
    "=",
    " ",
    "\n",
    '"',
    "${",
    "}",
    "{",
    "[",
    "]",
    "(",
    ")",
    ".",
    ",",
    "?",
    ":",
    "<<E\n",
    "E",
    "for ",
    "1",
    "%{",
    "*",
    "#",
    "\\",
    "/*",
    "*/",
    "é",
]


@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
def test_any_text_is_read_or_broken(text: str) -> None:
    try:
        found: Any = parse(text)
    except BrokenError:
        return
    assert found == parse(text)
