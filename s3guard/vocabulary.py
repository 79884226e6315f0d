"""The distinct values of the log's repetitive columns, so that each is judged once and looked up afterwards.

A block of records holds hundreds of thousands of rows but a few hundred distinct requesters, operations, addresses and
suffixes. Columns of that kind are stored as codes (UInt32, the place of a value in its `Dictionary`); an expression over the
text runs once over the values that are new, and a row's answer is one gather. The log's own token is the value, so ``-`` is a
value like any other, and what it means is decided by whoever looks it up.

A dictionary belongs to one worker and is bounded: a flood of hostile requesters makes the worker begin a new `Vocabulary`
(`Vocabulary.full`), never an unbounded one.
"""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

LIMIT = 200_000
"""Distinct values of one column after which a worker starts over with an empty vocabulary."""

LARGEST = 64 << 20
"""Bytes of the distinct values of one column after which it does so, too: a value that a client chose may have a MiB."""

_NAMED = 6
"""Codes that are compared one by one, at the most."""

CODED = ("bucket", "remote_ip", "requester", "operation", "error_code", "tail", "user_agent", "method")
"""The coded columns. ``bucket_owner`` shares the dictionary of ``requester``, so that "the requester is the owner" compares two
codes; ``tail`` is all that follows the host id, and ``method`` the first token of the request line, see `s3guard.parse`."""


class Dictionary:
    """The distinct values of one column, in the order in which they were met; a value's place is its code."""

    def __init__(self) -> None:
        """Start empty."""
        self.categories = pl.Categories.random()
        self.dtype = pl.Categorical(self.categories)
        # NOTE: Polars keeps a mapping only while a series uses it; without this one, codes would start over at each block.
        self._anchor = pl.Series(["-"], dtype=self.dtype)
        self._values = pl.Series("value", [], dtype=pl.String)

    def encode(self, texts: pl.Series) -> pl.Series:
        """Codes (UInt32) of a String series, new values being added; null stays null."""
        return texts.cast(self.dtype).to_physical()

    @property
    def values(self) -> pl.Series:
        """All values met so far, String, by code."""
        known = len(self._values)
        fresh: list[str] = []
        while known + len(fresh) in self.categories:
            fresh.append(str(self.categories[known + len(fresh)]))
        if fresh:
            self._values = pl.concat([self._values, pl.Series("value", fresh, dtype=pl.String)], rechunk=True)
        return self._values

    def __len__(self) -> int:
        """How many distinct values were met."""
        return len(self.values)

    def code(self, text: str) -> int:
        """The code of one value, which is added where it is new."""
        return int(self.encode(pl.Series([text], dtype=pl.String))[0])


class Vocabulary:
    """One dictionary for each coded column."""

    def __init__(self) -> None:
        """Start empty."""
        self.dictionaries = {name: Dictionary() for name in CODED}
        self.dictionaries["bucket_owner"] = self.dictionaries["requester"]

    def __getitem__(self, column: str) -> Dictionary:
        """The dictionary of a coded column; KeyError for any other."""
        return self.dictionaries[column]

    @property
    def full(self) -> bool:
        """Whether a column met more distinct values than `LIMIT`, or longer ones than `LARGEST`, so that the worker should start over."""
        return any(len(dictionary) > LIMIT or dictionary.values.estimated_size() > LARGEST for dictionary in self.dictionaries.values())


class Lookup:
    """One function of a dictionary's values, evaluated once for each value and kept by code."""

    def __init__(self, dictionary: Dictionary, function: Callable[[pl.Series], pl.Series]) -> None:
        """`function` takes a String series of distinct values and gives a series of the same length."""
        self._dictionary = dictionary
        self._function = function
        self._answers: pl.Series | None = None
        self._asked: dict[str, tuple[pl.Series, pl.Expr]] = {}

    @property
    def answers(self) -> pl.Series:
        """The function's answers for all values met so far, by code."""
        values = self._dictionary.values
        known = 0 if self._answers is None else len(self._answers)
        if self._answers is None:
            self._answers = self._function(values)
        elif known < len(values):
            self._answers = pl.concat([self._answers, self._function(values.slice(known))], rechunk=True)
        return self._answers

    def of(self, codes: pl.Expr | str) -> pl.Expr:
        """An expression that looks up a column of codes."""
        if not isinstance(codes, str):
            return pl.lit(self.answers).gather(codes)
        answers = self.answers
        known = self._asked.get(codes)
        if known is None or known[0] is not answers:
            known = self._asked[codes] = (answers, _looked_up(answers, pl.col(codes)))
        return known[1]


def _looked_up(answers: pl.Series, codes: pl.Expr) -> pl.Expr:
    """The answer of each code, null for null.

    NOTE: measured: a code is compared with another in 0.3 ns, and its answer is gathered in 3.5 ns. Of most questions of yes or no, nearly
    all values have the same answer: those that have the other are named.
    """
    if answers.dtype != pl.Boolean or answers.has_nulls():
        return pl.lit(answers).gather(codes)
    are_many = int(answers.sum()) * 2 > len(answers)
    others = (~answers if are_many else answers).arg_true().to_list()
    if len(others) > _NAMED:
        return pl.lit(answers).gather(codes)
    is_other = pl.any_horizontal(codes == code for code in others) if others else codes < 0
    return ~is_other if are_many else is_other
