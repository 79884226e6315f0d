"""Whether a pattern with wildcards matches a text of which not every character is known.

A text is a row of tokens: a character; `DIGIT`, some hexadecimal digit; or a symbol such as ``${Logs}``, some text, the same wherever it
stands. A pattern may hold `STAR` and `ONE` as wildcards. So one question covers the key of a log object that is not written yet, a
template's names, and IAM's own policy variables.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from itertools import takewhile
from typing import Final, TypeAlias

from s3guard.audit.tristate import Tri


class Wild(Enum):
    """What stands for characters that are not known."""

    ONE = "?"
    STAR = "*"
    DIGIT = "0-9A-F"


DIGIT: Final = Wild.DIGIT
"""Of a text: some hexadecimal digit, as times and ids are made of."""
ONE: Final = Wild.ONE
"""Some one character."""
STAR: Final = Wild.STAR
"""Any characters, none too."""

Token: TypeAlias = str | Wild
Tokens: TypeAlias = tuple[Token, ...]

_DIGITS: Final = frozenset("0123456789ABCDEF")
# NOTE: a symbol is one token of several characters, and every other token is one character, so the two cannot be taken for each other.
_PARTS: Final = re.compile(r"\$\{[^}]*\}|.", re.DOTALL)


def text(literal: str) -> Tokens:
    """The tokens of a text: its wildcards are mere characters, its symbols are symbols."""
    return tuple(_PARTS.findall(literal))


def pattern(wildcards: str) -> Tokens:
    """The tokens of a pattern: ``*`` and ``?`` are wildcards."""
    return tuple({"*": STAR, "?": ONE}.get(part, part) for part in _PARTS.findall(wildcards))


def lowered(tokens: Tokens) -> Tokens:
    """The same with characters in lower case."""
    return tuple(token.lower() if isinstance(token, str) else token for token in tokens)


def head(tokens: Tokens) -> str:
    """The characters that are known before the first one that is not."""
    return "".join(str(token) for token in takewhile(_is_character, tokens))


def may_agree(one: str, other: str) -> bool:
    """Whether one of two texts begins the other; what begins two texts that do not can match neither with the other."""
    return one.startswith(other) or other.startswith(one)


def _is_character(token: Token) -> bool:
    return isinstance(token, str) and len(token) == 1


def matches(asked: Tokens, told: Tokens) -> Tri:
    """Whether the pattern matches the text: True whatever the unknown becomes, False whatever it becomes, None where that decides."""
    if _is_certain(asked, told):
        return True
    return None if _is_possible(asked, told) else False


def _is_symbol(token: Token) -> bool:
    return isinstance(token, str) and len(token) > 1


def _is_certain(asked: Tokens, told: Tokens) -> bool:
    """A walk through the pattern in which an unknown of the text is only ever taken by a wildcard that takes all it may become."""
    states = _behind_stars(asked, {0})
    for token in told:
        if not states:
            return False
        states = _behind_stars(asked, set(_certain_steps(asked, states, token)))
    return len(asked) in states


def _certain_steps(asked: Tokens, states: set[int], token: Token) -> Iterator[int]:
    for state in states - {len(asked)}:
        wanted = asked[state]
        if wanted is STAR:
            yield state
        elif wanted is ONE:
            if not _is_symbol(token):
                yield state + 1
        elif wanted == token:
            yield state + 1


def _is_possible(asked: Tokens, told: Tokens) -> bool:
    """A walk in which every unknown becomes whatever suits."""
    states = _behind_stars(asked, {0}, symbols=True)
    for token in told:
        if not states:
            return False
        if _is_symbol(token):
            states = set(range(min(states), len(asked) + 1))
        else:
            states = _behind_stars(asked, set(_possible_steps(asked, states, token)), symbols=True)
    return len(asked) in states


def _possible_steps(asked: Tokens, states: set[int], token: Token) -> Iterator[int]:
    for state in states - {len(asked)}:
        wanted = asked[state]
        if wanted is STAR or _is_symbol(wanted):
            yield state
        elif wanted is ONE or wanted == token or (token is DIGIT and wanted in _DIGITS):
            yield state + 1


def _behind_stars(asked: Tokens, states: set[int], *, symbols: bool = False) -> set[int]:
    """The places themselves, and those behind what may stand for nothing."""
    found = set(states)
    for state in states:
        here = state
        while here < len(asked) and (asked[here] is STAR or (symbols and _is_symbol(asked[here]))):
            here += 1
            found.add(here)
    return found
