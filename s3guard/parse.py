"""Bytes in, records out: whole lines of log become a frame of records, ambiguous readings and quarantined lines.

Two paths read a line. The vectorised one takes it only when its shape proves it unambiguous, and every other line goes through
`s3guard.careful`, which tries every reading; a property test holds the two against each other. What the proof is stands in
`s3guard.shape`, and what the columns are in `s3guard.physical`.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

import polars as pl

from s3guard import shape
from s3guard.aside import Lines, set_aside
from s3guard.careful import Careful
from s3guard.crosschecks import Checks
from s3guard.model import Unreadable
from s3guard.origin import Block, Origin
from s3guard.parsed import Parsed
from s3guard.physical import NUMBERS, TEXTS, nothing
from s3guard.reading import BEHIND_RETURN
from s3guard.vocabulary import Dictionary, Lookup, Vocabulary

_RETURNS_ALONE = "its records end with carriage returns alone, so that several are one line; convert them to newlines"
SHORTEST = 60
"""Bytes that every record has: a line with fewer is none, and is not read to find out why."""


class Parser:
    """Parses blocks of one worker, with one vocabulary."""

    def __init__(self, vocabulary: Vocabulary, texts: Iterable[str] = (), *, keep: bool = True) -> None:
        """`texts`: which columns of `TEXTS`, and ``user_agent``, the frame shall hold; `keep`: quarantined lines are not counted alone."""
        self.vocabulary = vocabulary
        self._keep = keep
        self.texts = frozenset(texts)
        self.nothing = nothing(self.texts)
        self.columns = self.nothing.columns
        self._valid = {column: Lookup(vocabulary[column], partial(_matching, grammar)) for column, grammar in shape.GRAMMAR.items()}
        self._spaces = {name: Lookup(vocabulary[name], partial(_unglued_codes, vocabulary[name])) for name in ("requester", "user_agent")}
        self._client_texts = [name for name in ("request_uri", "referer", "user_agent") if name in self.texts]
        self._quoted = ["request" if name == "request_uri" else name for name in self._client_texts]
        self._verbs = Dictionary()
        self._methods = Lookup(self._verbs, partial(_method_codes, vocabulary["method"]))
        self._encoded = [*(self._code(name, pl.col(name)) for name in shape.CODED_TOKENS), *shape.NUMBERS_READ]
        kept = [pl.col("request").alias("request_uri")] if "request_uri" in self.texts else []
        self._request = [pl.col("verb").cast(self._verbs.dtype).to_physical(), *kept]
        self._tail = [self._code("tail", shape.TAIL), *(self._code(name, pl.col(name)) for name in ("user_agent",) if name in self.texts)]
        dashed = ["request_id", "key_logged", *(name for name in TEXTS if name in self.texts)]
        self._made = [
            pl.col("row"),
            pl.lit(0, pl.UInt8).alias("unknown"),
            *(pl.when(pl.col(name) != "-").then(pl.col(name)).alias(name) for name in dashed),
            *(pl.col(f"number {name}").alias(name) for name in NUMBERS),
            *(pl.col(name) for name in self.columns if name not in (*Origin.COLUMNS, "unknown", *dashed, *NUMBERS)),
        ]
        self._checks = Checks(vocabulary)
        self._careful = Careful(vocabulary, self.nothing, keep=keep)
        self._many_identities = False
        """Whether more than half of the last block's lines named an origin access identity."""

    def _code(self, column: str, text: pl.Expr) -> pl.Expr:
        return text.cast(self.vocabulary[column].dtype).to_physical().alias(column)

    def parse(self, block: Block, objects: int = 0, lines: int = 0) -> Parsed:
        """Every line of the block as a record, an ambiguous line or a quarantined one; blank lines are passed over.

        `objects` and `lines` that came before are counted on, so that frames of several blocks may be put beside each other.
        """
        if not block.data.lstrip(b"\n"):
            return Parsed(self.nothing, self.nothing, [])
        fast, rest = self._vectorised(set_aside(block.data, block.texts))
        origin = Origin(block.pieces, objects, lines)
        short = [] if self._keep else [row for row, line in rest.items() if _is_scrap(line) and row not in origin.cut]
        damaged: dict[int, int] = {}
        for row in short:
            del rest[row]
            place = origin.objects + origin.of(row)[0]
            damaged[place] = damaged.get(place, 0) + 1
        warnings = self._checks.count(fast)
        if cut := int(fast["row"].is_in(origin.cut).sum()) if origin.cut else 0:
            warnings["unterminated-line"] = cut
        slow = self._careful.read(rest, origin, damaged)
        for kind, count in slow.warnings.items():
            warnings[kind] = warnings.get(kind, 0) + count
        placed = fast.select_seq(*origin.columns(fast["row"]), *self.columns[len(origin.COLUMNS) :])
        records = pl.concat([placed, slow.records]) if slow.records.height else placed
        joined = sorted({origin.of(row)[0] for row, line in rest.items() if b"\r" in line and BEHIND_RETURN.search(line)})
        unreadable = tuple(Unreadable(block.objects[place], _RETURNS_ALONE) for place in joined)
        return Parsed(records, slow.readings, slow.quarantined, warnings, damaged, unreadable=unreadable)

    def _vectorised(self, lines: Lines) -> tuple[pl.DataFrame, dict[int, bytes]]:
        """Rows that are proved (with `row`, their place in the block), and the lines that are not."""
        many = self._many_identities
        fast, left = self._split(lines.rows, lines.texts, glued=many)
        if not many and not left.height:
            return fast, lines.odd
        identities = (lines.texts if many else left["line"]).str.contains(shape.OAI, literal=True)
        self._many_identities = int(identities.sum()) * 2 > len(lines.texts)
        if not many and identities.any():
            some, others = left.filter(identities), left.filter(~identities)
            more, left = self._split(some["row"], some["line"], glued=True)
            fast, left = pl.concat([fast, more]), pl.concat([others, left])
        return fast, lines.odd | {row: text.encode() for row, text in left.iter_rows() if text}

    def _split(self, rows: pl.Series, texts: pl.Series, *, glued: bool) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Rows that are proved, and `row` and `line` of those that are not; `glued`: the words of identities are held together."""
        lines = pl.DataFrame([rows, (texts.str.replace_all(shape.OAI, shape.OAI_GLUED, literal=True) if glued else texts).alias("line")])
        both = shape.tokens(lines, self._quoted).with_columns_seq(*self._encoded, *self._request)
        # NOTE: a look-up knows the values that are coded when it is asked for, hence the stages.
        both = both.with_columns_seq(self._methods.of("verb").alias("method"))
        fast, proved = self._finish(both, shape.IN_PLACE & shape.UNGLUED if glued else shape.IN_PLACE)
        if (chosen := both.select_seq(shape.BARE).to_series()).any():
            dashed, _ = self._finish(self._dashed(rows.filter(chosen), texts.filter(chosen)))
            fast, proved = pl.concat([fast, dashed]), proved | rows.is_in(dashed["row"].implode())
        if glued:
            fast = self._unglued(fast)
        left = pl.DataFrame([rows, texts.alias("line")])
        return fast, left.clear() if proved.all() else left.filter(~proved)

    def _dashed(self, rows: pl.Series, texts: pl.Series) -> pl.DataFrame:
        """Lines of bulk deletes and copy sources, which have no quotes, split at their spaces."""
        tokens = pl.DataFrame([rows, texts.alias("line")]).select_seq("row", shape.SPLIT_DASHED)
        absent = [pl.lit("-").alias(name) for name in self._client_texts]
        coded = (*self._encoded, self._code("method", pl.col("method")))
        return tokens.filter(shape.DASHED.fill_null(value=False)).with_columns_seq(*coded, *absent)

    def _finish(self, rows: pl.DataFrame, shaped: pl.Expr | None = None) -> tuple[pl.DataFrame, pl.Series]:
        """The physical columns of rows that have their shape, less those whose tokens are not as they should be; and which are not."""
        rows = rows.with_columns_seq(*self._tail, shape.seconds(rows["time"]))
        valid = [lookup.of(column) for column, lookup in self._valid.items()]
        proved = pl.all_horizontal(*([] if shaped is None else [shaped]), *valid, *shape.CHECKED).fill_null(value=False)
        made = rows.select_seq(proved.alias("proved"), *self._made)
        # NOTE: only now, when the long texts are gone: a filter copies every column that a single row leaves.
        mask = made["proved"]
        return made if mask.all() else made.filter(mask), mask

    def _unglued(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Origin access identities with their spaces again, in every column that could hold one."""
        coded = [name for name in ("requester", "user_agent") if name in rows.columns]
        texts = [name for name in self._client_texts if name in rows.columns and name not in coded]
        return rows.with_columns_seq(
            *(self._spaces[name].of(name).alias(name) for name in coded),
            *(pl.col(name).str.replace_all(shape.GLUE, " ", literal=True) for name in texts),
        )


def _matching(grammar: str, values: pl.Series) -> pl.Series:
    return values.str.contains(grammar)


def _unglued_codes(dictionary: Dictionary, values: pl.Series) -> pl.Series:
    return dictionary.encode(values.str.replace_all(shape.GLUE, " ", literal=True))


def _method_codes(dictionary: Dictionary, verbs: pl.Series) -> pl.Series:
    return dictionary.encode('"' + verbs.replace("-", '-"'))


def _is_scrap(line: bytes) -> bool:
    """Whether a line is too short for a record, and has nothing to warn of."""
    return len(line) < SHORTEST and not line.endswith(b"\r")
