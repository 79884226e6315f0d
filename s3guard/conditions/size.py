"""How large a condition may be, decided before a parser sees it.

Polars' parser recurses, plans chains in time that grows with the third power of their length, and writes the operand of some
operators several times over, so that a few hundred characters could nest to millions of nodes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from s3guard.conditions.forms import OPERATOR_WORDS
from s3guard.conditions.words import ConditionError, Token

MAX_LENGTH: Final = 10_000
"""Characters of a condition."""

MAX_OPERATORS: Final = 200
"""Operators of a condition; the values of an IN list do not count."""

MAX_DEPTH: Final = 32
"""Parentheses, and CASE … END, inside each other."""

MAX_WEIGHT: Final = 2_000
"""Columns and literals, repetitions included."""

_REPEATS: Final = {"nullif": 2, "right": 2, "extract": 3, "split_part": 3}
"""How often Polars writes the arguments of a function; those of BETWEEN twice, of all else once."""


@dataclass(slots=True)
class _Level:
    """What stands in one pair of parentheses, or in one CASE … END, so far."""

    opener: str
    """The word before the parenthesis; ``case``; empty for the whole."""
    done: int = 0
    """The weight of all operands but the last."""
    operand: int = 0
    """The weight of the last operand, which a BETWEEN would repeat."""
    between: bool = False
    """Whether the next AND belongs to a BETWEEN."""

    def next_operand(self) -> None:
        self.done += self.operand
        self.operand = 0


def check_length(sql: str) -> None:
    """ConditionError for a text that is too long."""
    if len(sql) > MAX_LENGTH:
        raise ConditionError(f"a condition of {len(sql)} characters; the longest one is {MAX_LENGTH}", MAX_LENGTH)


def wrong_size(tokens: tuple[Token, ...]) -> tuple[ConditionError, ...]:
    """What is wrong with words that nest too deeply, do too much, or whose parentheses do not match: nothing, or the first such thing."""
    try:
        _check_size(tokens)
    except ConditionError as fault:
        return (fault,)
    return ()


def _check_size(tokens: tuple[Token, ...]) -> None:
    levels = [_Level("")]
    operators = 0
    for place, token in enumerate(tokens):
        before = tokens[place - 1].word if place else ""
        if token.raw == "(" or token.word == "case":
            levels.append(_Level(token.word or before))
            if len(levels) > MAX_DEPTH + 1:
                raise ConditionError(f"more than {MAX_DEPTH} parentheses inside each other", token.offset)
        elif token.raw == ")" or token.word == "end":
            _close(levels, token)
        elif levels[-1].opener != "in":
            operators += _weigh(levels[-1], token)
        if operators > MAX_OPERATORS:
            raise ConditionError(f"more than {MAX_OPERATORS} operators; use IN for a list of values", token.offset)
        if levels[-1].done + levels[-1].operand > MAX_WEIGHT:
            raise ConditionError("too much nested in BETWEEN, nullif, right, split_part or extract, which repeat it", token.offset)
    if len(levels) > 1:
        raise ConditionError("CASE has no END" if levels[-1].opener == "case" else "a parenthesis is not closed", tokens[-1].offset)


def _close(levels: list[_Level], token: Token) -> None:
    if len(levels) == 1 or (levels[-1].opener == "case") != (token.word == "end"):
        raise ConditionError(f"{token.raw} closes nothing that is open here", token.offset)
    closed = levels.pop()
    levels[-1].operand += (closed.done + closed.operand) * _REPEATS.get(closed.opener, 1)


def _weigh(level: _Level, token: Token) -> int:
    """Count the token into its level; 1 for an operator, else 0."""
    if token.word == "between":
        level.operand *= 2
        level.between = True
    elif token.word == "and" and level.between:
        level.between = False
    elif token.word in ("and", "or", "when", "then", "else") or token.raw == ",":
        level.next_operand()
    elif token.kind != "symbol":
        level.operand += 1
    return int(token.word in OPERATOR_WORDS or (token.kind == "symbol" and token.raw != ","))
