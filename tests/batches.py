"""Logs cut into batches in any way, scanned apart and merged in any order: what the laws of the kernel are about."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from s3guard import policy
from s3guard.columns import Columns
from s3guard.kernel import scan
from s3guard.origin import Block, Piece
from s3guard.parse import Parser
from s3guard.partial import Partial, merge
from s3guard.plan import Plan
from s3guard.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a log object, and where it stands."""

    object: str
    number: int
    data: bytes
    torn: bool = False


def lines_of(files: Sequence[tuple[str, bytes]]) -> list[Line]:
    """Every line of log objects, byte-order marks taken off."""
    found = []
    for name, content in files:
        pieces = content.removeprefix(b"\xef\xbb\xbf").split(b"\n")
        for number, data in enumerate(pieces, 1):
            if number < len(pieces) or data:
                found.append(Line(name, number, data, torn=number == len(pieces)))
    return found


def policies_of(texts: Sequence[str]) -> tuple[policy.Policy, ...]:
    """The policies of YAML texts."""
    with TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        for number, text in enumerate(texts):
            (root / f"{number}.yaml").write_text(text, encoding="utf-8")
        return policy.load([root], root)


class Worker:
    """Scans batches one after the other, with one vocabulary."""

    def __init__(self, plan: Plan) -> None:
        vocabulary = Vocabulary()
        self._plan, self._parser, self._columns = plan, Parser(vocabulary, plan.texts), Columns(vocabulary)

    def scan(self, batch: Sequence[Line]) -> Partial:
        """The partial of some lines, in any order and of any objects."""
        pieces = tuple(Piece(place, line.number, 1, line.torn) for place, line in enumerate(batch))
        block = Block(b"".join(line.data + b"\n" for line in batch), pieces, tuple(line.object for line in batch))
        return scan(self._plan, self._columns, self._parser.parse(block), block.objects)


def whole(plan: Plan, lines: Sequence[Line]) -> Partial:
    """All lines in one batch."""
    return merge([Worker(plan).scan(lines)])


def scattered(plan: Plan, lines: Sequence[Line], rng: Random, most: int = 5) -> Partial:
    """The lines in any order and any batches, scanned by one worker or several, the partials sent or not, and merged in any tree."""
    shuffled = rng.sample(lines, len(lines))
    cuts = sorted(rng.choices(range(len(lines) + 1), k=rng.randint(1, most) - 1))
    batches = [shuffled[a:b] for a, b in zip([0, *cuts], [*cuts, len(lines)], strict=True)]
    workers = [Worker(plan) for _ in range(rng.randint(1, 2))]
    partials = [sent(rng.choice(workers).scan(batch), rng) for batch in batches]
    while len(partials) > 1:
        some = [partials.pop(rng.randrange(len(partials))) for _ in range(min(len(partials), rng.randint(2, 3)))]
        partials.append(sent(merge(some), rng))
    return partials[0]


def sent(partial: Partial, rng: Random) -> Partial:
    """The partial as another process would get it, or as it is."""
    way = rng.randrange(3)
    if way == 0:
        return Partial.from_ipc(partial.to_ipc())
    if way == 1:
        loaded = pickle.loads(pickle.dumps(partial))  # noqa: S301 - its own bytes
        assert isinstance(loaded, Partial)
        return loaded
    return partial
