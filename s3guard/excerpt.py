"""The text of a YAML file from one of its documents on, and where in the file stands what a parser found there."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Final, Protocol

from s3guard.problems import Place

# NOTE: such a line begins a document wherever it stands, within a text in quotes or a block as well (YAML 1.2.2, 9.1.2).
_DOCUMENT: Final = re.compile(r"^---(?=[ \t\r\n]|\Z)", re.MULTILINE)
_LINE_END: Final = re.compile(r"\r\n|\r|\n")


class Mark(Protocol):
    """A place in an excerpt as PyYAML tells it, counted from 0."""

    line: int
    column: int
    index: int


class Excerpt:
    """The text of a file from some line on."""

    def __init__(self, file: str, text: str, above: int = 0) -> None:
        """`text` stands in `file` below `above` lines."""
        self._file = file
        self.text = text
        self._above = above

    @cached_property
    def _lines(self) -> list[str]:
        return self.text.splitlines()

    @property
    def start(self) -> Place:
        """Where the excerpt begins."""
        return Place(self._file, self._above + 1)

    def place(self, mark: Mark, back: int = 0) -> Place:
        """The place that a parser marked, `back` columns to the left."""
        return Place(self._file, self._above + mark.line + 1, mark.column + 1 - back)

    def following(self, index: int) -> Excerpt | None:
        """The text from the first document on that begins at `index` or behind it; None where none does."""
        found = _DOCUMENT.search(self.text, index)
        if found is None:
            return None
        above = self._above + len(_LINE_END.findall(self.text, 0, found.start()))
        return Excerpt(self._file, self.text[found.start() :], above)

    def shift(self, start: Mark, end: Mark, value: str, *, is_quoted: bool) -> int | None:
        """Columns from the mark of a scalar in one line to its text; None where the file writes the text in another way."""
        written = self.text[start.index : end.index]
        at = written.rfind(value)
        before, after = written[max(at - 1, 0) : at], written[at + len(value) :]
        is_itself = before == after if is_quoted else before in ("", " ") and not after
        return at if at >= 0 and is_itself and start.line == end.line else None

    def margin(self, start: Mark, value: str) -> int | None:
        """Columns to the left of a text that stands in the lines below its mark; None where the file writes it in another way."""
        written, lines = self._lines[start.line + 1 :][: value.count("\n") + 1], value.rstrip("\n").split("\n")
        margin = next((len(raw) - len(line) for raw, line in zip(written, lines, strict=False) if line), None)
        as_itself = margin is not None and all(raw[margin:] == line for raw, line in zip(written, lines, strict=False))
        return margin if as_itself else None
