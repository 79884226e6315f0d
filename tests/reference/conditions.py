"""A small part of SQL, evaluated by hand on one row with its three truth values."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

TOKEN = re.compile(r"\s*(?:('(?:[^']|'')*')|(-?[0-9]+)|([A-Za-z_][A-Za-z0-9_]*)|(<=|>=|<>|!=|[=<>(),]))")
COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: bool(a == b),
    "<>": lambda a, b: bool(a != b),
    "!=": lambda a, b: bool(a != b),
    "<": lambda a, b: bool(a < b),
    "<=": lambda a, b: bool(a <= b),
    ">": lambda a, b: bool(a > b),
    ">=": lambda a, b: bool(a >= b),
}
FUNCTIONS: dict[str, Callable[[Any, Any], bool]] = {
    "starts_with": lambda a, b: bool(a.startswith(b)),
    "ends_with": lambda a, b: bool(a.endswith(b)),
}
Node = tuple[Any, ...]
"""`(kind, …)`: literal, column, compare, function, null, in, not, and, or."""


class Parser:
    """One pass over the tokens of one condition."""

    def __init__(self, condition: str) -> None:
        self.tokens: list[str] = []
        at, end = 0, len(condition.rstrip())
        while at < end:
            match = TOKEN.match(condition, at)
            if match is None:
                raise ValueError(f"no SQL of the subset: {condition[at:]}")
            self.tokens.append(match[0].strip())
            at = match.end()

    def word(self, *words: str) -> bool:
        """Whether the next token is one of the words; if so it is taken."""
        if self.tokens and self.tokens[0].upper() in words:
            self.tokens.pop(0)
            return True
        return False

    def need(self, word: str) -> None:
        """Take that token."""
        if not self.word(word):
            raise ValueError(f"{word} expected at {self.tokens}")

    def either(self) -> Node:
        """`a OR b`."""
        node = self.both()
        while self.word("OR"):
            node = ("or", node, self.both())
        return node

    def both(self) -> Node:
        """`a AND b`."""
        node = self.negation()
        while self.word("AND"):
            node = ("and", node, self.negation())
        return node

    def negation(self) -> Node:
        """`NOT a`."""
        return ("not", self.negation()) if self.word("NOT") else self.predicate()

    def predicate(self) -> Node:
        """A parenthesis, a function, or a comparison."""
        if self.word("("):
            node = self.either()
            self.need(")")
            return node
        if self.tokens[0].lower() in FUNCTIONS:
            name = self.tokens.pop(0).lower()
            self.need("(")
            first = self.operand()
            self.need(",")
            second = self.operand()
            self.need(")")
            return ("function", name, first, second)
        return self.comparison(self.operand())

    def comparison(self, left: Node) -> Node:
        """What follows the left operand."""
        if self.word("IS"):
            negative = self.word("NOT")
            self.need("NULL")
            return ("not", ("null", left)) if negative else ("null", left)
        negative = self.word("NOT")
        if self.word("IN"):
            self.need("(")
            values = [self.operand()]
            while self.word(","):
                values.append(self.operand())
            self.need(")")
            node: Node = ("in", left, values)
            return ("not", node) if negative else node
        return ("compare", self.tokens.pop(0), left, self.operand())

    def operand(self) -> Node:
        """A literal or a column."""
        token = self.tokens.pop(0)
        if token.startswith("'"):
            return ("literal", token[1:-1].replace("''", "'"))
        if re.fullmatch("-?[0-9]+", token):
            return ("literal", int(token))
        return ("column", token)


def parse(condition: str) -> Node:
    """The tree of a condition."""
    parser = Parser(condition)
    node = parser.either()
    if parser.tokens:
        raise ValueError(f"left over: {parser.tokens}")
    return node


def columns(node: Any) -> set[str]:
    """The columns that a condition names."""
    if isinstance(node, list):
        return set().union(*(columns(each) for each in node))
    if not isinstance(node, tuple):
        return set()
    if node[0] == "column":
        return {node[1]}
    return set() if node[0] == "literal" else set().union(*(columns(each) for each in node[1:]))


def evaluate(node: Node, row: dict[str, Any]) -> Any:  # noqa: PLR0911 - a case a line
    """True, False or None; for an operand its value."""
    kind = node[0]
    if kind == "literal":
        return node[1]
    if kind == "column":
        return row[node[1]]
    if kind == "null":
        return evaluate(node[1], row) is None
    if kind == "not":
        value = evaluate(node[1], row)
        return None if value is None else not value
    if kind in {"and", "or"}:
        values = [evaluate(node[1], row), evaluate(node[2], row)]
        decisive = kind == "or"
        if decisive in values:
            return decisive
        return None if None in values else not decisive
    if kind == "in":
        value = evaluate(node[1], row)
        return None if value is None else value in [evaluate(each, row) for each in node[2]]
    left, right = evaluate(node[2], row), evaluate(node[3], row)
    if left is None or right is None:
        return None
    return (COMPARISONS if kind == "compare" else FUNCTIONS)[node[1]](left, right)
