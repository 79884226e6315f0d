"""What may stand in a condition, decided on its words.

Of the two gates that a condition passes this is the one that can point: it refuses by name and by place. The other,
`s3guard.conditions.judge`, sees what Polars made of the words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from s3guard.conditions.forms import FOREIGN, FUNCTIONS, KEYWORDS, PARTS, REFUSED, TYPES
from s3guard.conditions.size import check_length, wrong_size
from s3guard.conditions.words import ConditionError, Token, words
from s3guard.problems import did_you_mean
from s3guard.records import COLUMNS

_SEVERAL: Final = ","
"""In place of a function: what holds several expressions where one should stand, which is told once."""


MAX_FAULTS: Final = 10
"""Faults of one condition that are told."""


@dataclass(frozen=True, slots=True)
class Read:
    """What a text was read as."""

    tokens: tuple[Token, ...]
    faults: tuple[ConditionError, ...]
    """What is wrong with it, in the order of the text."""
    gaps: tuple[tuple[int, str, str], ...]
    """What is a fault and keeps nothing else from being read: where it stands, what it is, and what may stand in its place."""


def read(sql: str) -> Read:
    """The words of a condition, and which of them are none of allowed forms, literals and the record's columns.

    ConditionError for a text that is too long to be looked at, and for an empty one.
    """
    check_length(sql)
    written = words(sql)
    found, faults = tuple(written.tokens), written.faults
    if not found and not faults:
        raise ConditionError("an empty condition; write one such as: http_status >= 500", 0)
    if faults and found and found[-1].offset + len(found[-1].raw) == faults[-1].offset:
        found = found[:-1]  # NOTE: half of something that is not understood, such as the name of a table before a dot
    walk = _Walk(found, faults)
    walk.check()
    if not walk.is_foreign:
        faults += _wrong_phrases(found)
        faults += wrong_size(found)
    gaps = sorted([*written.gaps, *((token.offset, token.raw, "NULL") for token in walk.unknown)])
    return Read(found, tuple(sorted(faults, key=lambda fault: fault.offset or 0)[:MAX_FAULTS]), tuple(gaps))


@dataclass(slots=True)
class _Open:
    """An open parenthesis, or the whole."""

    function: str
    """The function whose arguments it holds, known or not; ``in`` for a list; empty otherwise."""
    argument: int = 0
    size: int = 0
    """Tokens of the present argument so far."""


@dataclass(slots=True)
class _Walk:
    """One pass over the tokens, left to right, that knows which parentheses are open."""

    found: tuple[Token, ...]
    faults: list[ConditionError]
    """What is wrong is added here."""
    unknown: list[Token] = field(default_factory=list)
    """Names that are none of a column."""
    is_foreign: bool = False
    """Whether the walk ended at what is no expression."""
    opened: list[_Open] = field(default_factory=lambda: [_Open("")])

    def check(self) -> None:
        nothing = Token("symbol", "", 0)
        for before, token, after in zip((nothing, *self.found), self.found, (*self.found[1:], nothing), strict=False):
            try:
                self._token(token, before, after)
            except ConditionError as fault:
                self.faults.append(fault)
                self.is_foreign = token.word in FOREIGN
            if self.is_foreign or len(self.faults) >= MAX_FAULTS:
                return

    def _token(self, token: Token, before: Token, after: Token) -> None:
        if token.raw not in (")", ",") and not (token.raw == "-" and self.opened[-1].function == "in"):
            self._literal_only(token)
        if token.kind == "symbol":
            self._symbol(token, before)
        elif token.kind == "word":
            self._word(token, before, after)
        elif token.kind == "name":
            self._column(token)

    def _symbol(self, token: Token, before: Token) -> None:
        here = self.opened[-1]
        if token.raw == "(":
            is_call = before.kind == "word" and (before.word in FUNCTIONS or before.word == "in" or before.word not in KEYWORDS)
            self.opened.append(_Open(before.word if is_call else ""))
        elif token.raw == ")" and len(self.opened) > 1:
            _check_arguments(self.opened.pop(), token)
        elif token.raw == ",":
            is_list = bool(here.function)
            here.function = here.function or _SEVERAL
            here.argument += 1
            here.size = 0
            if not is_list:
                raise ConditionError("a condition is one expression; join two with AND or OR", token.offset)

    def _literal_only(self, token: Token) -> None:
        """Where only a literal may stand, the token is one, and alone."""
        here = self.opened[-1]
        here.size += 1
        literal = token.kind in ("text", "number")
        if here.function == "in" and not literal:
            advice = "; write IS NULL for it" if token.word == "null" else ""
            raise ConditionError(f"{token.raw} in a list: IN takes texts and numbers only{advice}", token.offset)
        form = FUNCTIONS.get(here.function)
        if form is not None and form.free is not None and here.argument >= form.free and (here.size > 1 or not literal):
            raise ConditionError(f"a literal stands here: {form.usage}", token.offset)

    def _word(self, token: Token, before: Token, after: Token) -> None:
        if token.word in KEYWORDS or self._argument_word(token, before):
            return
        if after.raw != "(":
            self._column(token)
        elif token.word not in FUNCTIONS:
            _refuse(token, tuple(FUNCTIONS), "function")

    def _column(self, token: Token) -> None:
        if token.meaning in COLUMNS:
            return
        self.unknown.append(token)
        if token.meaning.lower() in COLUMNS:
            raise ConditionError(f"columns are written in lower case: {token.meaning.lower()}", token.offset)
        _refuse(token, tuple(COLUMNS), "column")

    def _argument_word(self, token: Token, before: Token) -> bool:
        """Whether the word is grammar of `extract`, a cast or DISTINCT FROM; an unknown part or type is refused."""
        inside = self.opened[-1].function
        if inside == "extract" and before.raw == "(":
            if token.word not in PARTS:
                raise ConditionError(f"{token.raw!r} is no part of a time; write one of {', '.join(sorted(PARTS))}", token.offset)
            return True
        if inside in TYPES and before.word == "as":
            if token.word not in TYPES[inside]:
                advice = "CAST gives VARCHAR only, since other casts can fail; TRY_CAST gives BIGINT, and null where it fails"
                raise ConditionError(advice, token.offset)
            return True
        if token.word == "from":
            return inside == "extract" or before.word == "distinct"
        return token.word == "as" and inside in TYPES


def _check_arguments(closed: _Open, token: Token) -> None:
    form = FUNCTIONS.get(closed.function)
    given = closed.argument + 1 if closed.argument or closed.size else 0
    if form is not None and given not in form.arguments:
        raise ConditionError(f"{form.name} does not take {given} argument{'s' * (given != 1)}; write {form.usage}", token.offset)


def _wrong_phrases(found: tuple[Token, ...]) -> Iterator[ConditionError]:
    for place, token in enumerate(found):
        following = found[place + 1 : place + 4]
        if token.word in ("like", "ilike") and following and following[0].kind != "text":
            yield ConditionError(f"after {token.raw} comes a text such as 'x%'", following[0].offset)
        if token.word == "case" and following and following[0].word != "when":
            yield ConditionError("after CASE comes WHEN: CASE WHEN a = 1 THEN b END", following[0].offset)
        if token.word == "is" and not re.match(r"(not )?(null|distinct from) ", " ".join(next_.word for next_ in following) + " "):
            yield ConditionError("after IS comes NULL, NOT NULL, DISTINCT FROM or NOT DISTINCT FROM", token.offset)


def _refuse(token: Token, known: tuple[str, ...], noun: str) -> None:
    reason = REFUSED.get(token.word)
    if reason:
        raise ConditionError(f"{token.raw} {reason}", token.offset)
    advice = did_you_mean(token.raw.strip('"'), known, 1, 0.6) or f"; the {noun}s are {', '.join(known)}"
    raise ConditionError(f"{token.raw[:80]} is no {noun}{advice}", token.offset)
