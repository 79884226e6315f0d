"""What an evidence pack is evidence of beside its report: reviews as often as was asked for, and a record of what was judged."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from s3guard.durations import duration_text
from s3guard.outputs import plural

REVIEWS: Final = "E-REVIEWS"
PACK: Final = "E-PACK"
CODES: Final = (REVIEWS, PACK)
"""Of `s3guard.frameworks.shape.RUN_EVIDENCE`, those that a pack shows and a report never does."""
WOULD: Final = "an evidence pack would show it"
"""Of a report that is in no pack."""
NAMED: Final = 3
"""Policies or checks that a clause names."""
_DAY: Final = 86_400


@dataclass(frozen=True, slots=True)
class Reviews:
    """What became of the reviews of one policy that were due in the period of a pack."""

    policy: str
    every: int | None
    """Seconds; None: the policy asks for no reviews."""
    due: int
    on_time: int
    late: int = 0
    incomplete: int = 0
    missing: int = 0


@dataclass(frozen=True, slots=True)
class PackEvidence:
    """A pack."""

    history: bool
    """Whether it knows of other runs than the one that it is of."""
    reviews: Sequence[Reviews]
    is_whole: bool
    """Whether nothing is missing in it."""

    def doubts(self, code: str, policies: Collection[str], days: int | None) -> tuple[bool, list[str]]:
        """Whether the pack shows anything of that code, and clauses that say why not all of it; none where it does.

        `policies` are those that follow the framework, `days` how far apart the control lets reviews be.
        """
        return self._of_reviews(policies, days) if code == REVIEWS else (True, self._of_record())

    def _of_record(self) -> list[str]:
        if not self.history:
            return ["the pack is of one run alone; one over a time (s3guard evidence pack --state) would show more"]
        return [] if self.is_whole else ["the pack says of itself what is missing in it"]

    def _of_reviews(self, policies: Collection[str], days: int | None) -> tuple[bool, list[str]]:
        if not self.history:
            return False, ["the pack is of one run alone and knows of no other; one over a time (s3guard evidence pack --state) would"]
        mine = [one for one in self.reviews if one.policy in policies]
        silent = sorted({*policies} - {one.policy for one in mine if one.every is not None})
        told = [f"{_policies(silent)} for no reviews at set times"] if silent else []
        asking = [one for one in mine if one.every is not None]
        seldom = [one for one in asking if days is not None and one.every is not None and one.every > days * _DAY]
        told += [
            f"{one.policy} asks for a review every {duration_text((one.every or 0) * 1000)}, this control for one every {days}d"
            for one in seldom[:NAMED]
        ]
        if idle := [one.policy for one in asking if not one.due]:
            told.append(f"no review by {some(sorted(idle))} was due in the period")
        told += [clause for one in asking if (clause := _left(one))]
        shown = any(one.on_time for one in asking)
        if shown and not told and not self.is_whole:
            told.append("the pack says of itself what is missing in it")
        return shown, told


def _left(one: Reviews) -> str:
    """What was not kept of the reviews of a policy, in a clause; nothing where all were."""
    counts = (("missing", one.missing), ("incomplete", one.incomplete), ("late", one.late))
    wrong = " and ".join(f"{count:,} {what}" for what, count in counts if count)
    return f"of {plural(one.due, 'review')} that {'was' if one.due == 1 else 'were'} due by {one.policy}: {wrong}" if wrong else ""


def _policies(names: Sequence[str]) -> str:
    return f"{some(names)} {'asks' if len(names) == 1 else 'ask'}"


def some(names: Sequence[str]) -> str:
    """The first names, and how many there are besides: ``a, b, c and 2 more``."""
    more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
    return f"{', '.join(names[:NAMED])}{more}"
