"""What is wrong with a file that people write, where, and what was probably meant: one error that carries every problem at once."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from s3guard.model import UsageError
from s3guard.text import visible

LIMIT = 100
"""Problems of one file that are shown; one more says how many there are beyond."""

_SHOWN = 60
_GUESSES: ContextVar[Iterator[int] | None] = ContextVar("guesses", default=None)


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A place in a file: line and column count from 1, the column in characters; line 0 is no line but the file or folder itself."""

    file: str
    """As reports name it: relative to the git root, else to the working directory."""
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        """``file:line:column``, or ``file`` alone, safe to print."""
        return f"{visible(self.file)}:{self.line}:{self.column}" if self.line else visible(self.file)


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing that is wrong; ordered by place."""

    file: str
    line: int
    column: int
    message: str
    """What is wrong and what was probably meant: no full stop, safe to print."""

    def __str__(self) -> str:
        """``file:line:column: what is wrong; did you mean …?``."""
        return f"{Place(self.file, self.line, self.column)}: {self.message}"


class FaultError(ValueError):
    """One thing that is wrong with a value that a person wrote, and where in the value."""

    def __init__(self, message: str, offset: int | None = None, path: tuple[str | int, ...] = ()) -> None:
        super().__init__(message)
        self.offset = offset
        """Where in a text, in characters from 0; None when it is the whole."""
        self.path = path
        """Where in a list or a mapping: items by number, values by key."""


class FaultsError(ValueError):
    """Several things that are wrong with one value."""

    def __init__(self, faults: Sequence[FaultError]) -> None:
        """At least one."""
        super().__init__("; ".join(map(str, faults)))
        self.faults = tuple(faults)


class PolicyError(UsageError):
    """Problems of policy files: all of them, of all files, sorted by place, each once."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        """At least one problem; more than `LIMIT` of one file are cut, and the cut is said."""
        self.problems = tuple(_within_limit(sorted(set(problems))))
        super().__init__("\n".join(map(str, self.problems)))

    def __reduce__(self) -> tuple[type[PolicyError], tuple[tuple[Problem, ...]]]:
        """Pickles as its problems, so that it crosses processes."""
        return (PolicyError, (self.problems,))


def _within_limit(ordered: list[Problem]) -> Iterable[Problem]:
    shown: dict[str, int] = {}
    last: dict[str, Problem] = {}
    for problem in ordered:
        shown[problem.file] = shown.get(problem.file, 0) + 1
        last[problem.file] = problem
        if shown[problem.file] <= LIMIT:
            yield problem
    for file, count in shown.items():
        if count > LIMIT:
            yield Problem(file, last[file].line, last[file].column, f"{count - LIMIT} more problems of this file are not shown")


class Problems:
    """Problems as they are met; nothing is raised before all are known."""

    def __init__(self) -> None:
        """Start without any."""
        self._found: set[Problem] = set()
        self._settled: set[Place] = set()

    def add(self, place: Place, message: str, *, settles: bool = False) -> None:
        """Note one problem; the same one at the same place is noted once.

        With `settles` all is said of the text that stands there: what else may be wrong with it only follows from this.
        """
        self._found.add(Problem(place.file, place.line, place.column, message))
        if settles:
            self._settled.add(place)

    def __iter__(self) -> Iterator[Problem]:
        """All that are known, sorted by place."""
        return iter(sorted(self._found))

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self._found)

    def settled(self, place: Place) -> bool:
        """Whether all is said of the text that stands at this very place."""
        return place in self._settled

    def beside(self) -> Problems:
        """None yet, of the same files: what is settled here is settled there."""
        other = Problems()
        other._settled = set(self._settled)
        return other

    def raise_any(self) -> None:
        """Raise `PolicyError` with all problems; do nothing where there is none."""
        if self._found:
            raise PolicyError(self._found)


def quoted(text: str) -> str:
    """Text of a file as messages show it: in quotes, on one line, at most about 60 characters of it, safe to print."""
    return repr(text) if len(text) <= _SHOWN else f"{text[:_SHOWN]!r}..."


def did_you_mean(word: str, known: Iterable[str], most: int = 2, near: float = 0.7) -> str:
    """``; did you mean a or b?`` for the names of `known` that come close to `word`, at most `most`, else an empty string.

    `near` is how much of it they have at least in common: 1 is all.
    """
    guesses = _GUESSES.get()
    if len(word) > _SHOWN or (guesses is not None and next(guesses, None) is None):
        return ""
    exact = {name.casefold().replace("_", "-"): name for name in known}
    close = difflib.get_close_matches(word.strip().casefold().replace("_", "-"), exact, n=most, cutoff=near)
    return f"; did you mean {' or '.join(exact[name] for name in close)}?" if close else ""


@contextmanager
def few_guesses(most: int = 2 * LIMIT) -> Iterator[None]:
    """Within it, `did_you_mean` guesses so many times and no more: a file of 50,000 misspelt names would take a minute."""
    token = _GUESSES.set(iter(range(most)))
    try:
        yield
    finally:
        _GUESSES.reset(token)


def one_of(known: Iterable[str]) -> str:
    """``a, b or c``."""
    names = list(known)
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
