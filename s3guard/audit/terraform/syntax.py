"""What Terraform's language is made of, as far as values need it: blocks, attributes and expressions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Literal:
    """A text without anything in it to be worked out, a number, a truth value, null."""

    value: str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Template:
    """A text with expressions in it."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Items:
    """``[a, b]``."""

    items: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Entries:
    """``{a = b}``; a bare name as a key is that text."""

    entries: tuple[tuple[Expression, Expression], ...]


@dataclass(frozen=True, slots=True)
class Reference:
    """``aws_s3_bucket.logs[0].arn``: the first name, then names and indices; an index is an expression."""

    names: tuple[str | Expression, ...]

    @property
    def address(self) -> str:
        """As a plan names it: up to the first index that is not written out."""
        text = ""
        for part in self.names:
            if isinstance(part, str):
                text += f".{part}" if text else part
            elif isinstance(part, Literal) and isinstance(part.value, str | int):
                text += f"[{json.dumps(part.value)}]"
            else:
                break
        return text


@dataclass(frozen=True, slots=True)
class Call:
    """``jsonencode(…)``."""

    name: str
    arguments: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """``a ? b : c``."""

    test: Expression
    ways: tuple[Expression, Expression]


@dataclass(frozen=True, slots=True)
class Opaque:
    """What is not read."""


Expression: TypeAlias = Literal | Template | Items | Entries | Reference | Call | Choice | Opaque


def within(expression: Expression) -> Iterator[Expression]:
    """The expressions that one is made of."""
    match expression:
        case Template(parts) | Items(parts) | Call(_, parts):
            yield from parts
        case Entries(entries):
            yield from (part for entry in entries for part in entry)
        case Choice(test, ways):
            yield from (test, *ways)
        case Reference(path):
            yield from (part for part in path if not isinstance(part, str))


@dataclass(slots=True)
class Body:
    """What stands in a file or a block."""

    attributes: dict[str, Expression] = field(default_factory=dict)
    blocks: list[Block] = field(default_factory=list)

    def those(self, kind: str, *labels: str) -> list[Body]:
        """The bodies of the blocks of a kind, those with these labels."""
        return [one.body for one in self.blocks if one.kind == kind and one.labels == labels]


@dataclass(frozen=True, slots=True)
class Block:
    """``resource "aws_s3_bucket" "logs" {…}``."""

    kind: str
    labels: tuple[str, ...]
    body: Body
