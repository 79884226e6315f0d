"""The controls of a report as outputs tell them: in which order, in which groups, and in which words; no word says that one is met."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from s3guard.model import Control, ControlStatus, Evidenced, Report

GROUPS: Final = (
    ("Violations found", (Evidenced.VIOLATIONS,)),
    ("Evidenced", (Evidenced.EVIDENCED,)),
    ("Partly evidenced", (Evidenced.PARTLY,)),
    ("Not evidenced by this tool", (Evidenced.UNDETERMINED, Evidenced.NOT_EVIDENCED)),
)
"""The groups of the matrix, the most urgent first, each with the statuses that it holds."""
CAVEATS: Final = (
    "What is told of a control is what this run is evidence for; its assessor says whether it is met, and looks at more than access logs.",
    "Nothing found means nothing seen among the records that were delivered: access logs come late, twice or never, without a word.",
    "The configuration is as it was when it was looked at, and may have been otherwise before and since.",
    "Which control a check bears on is partly published, partly our interpretation: s3guard controls -v names the source of each.",
)
"""What stands beside every matrix."""
_NUMBERS: Final = re.compile(r"([0-9]{1,9})")
_WORDS: Final = {
    Evidenced.EVIDENCED: "evidenced",
    Evidenced.PARTLY: "partly",
    Evidenced.VIOLATIONS: "with violations found",
    Evidenced.UNDETERMINED: "undetermined",
    Evidenced.NOT_EVIDENCED: "not evidenced",
}


def in_order(one: Control | ControlStatus) -> tuple[str, list[tuple[int, str]]]:
    """What controls are sorted by: the framework, then 10.2 behind 4.2, since numbers are told apart from text."""
    return one.framework, [(int(part), "") if part.isdecimal() else (-1, part) for part in _NUMBERS.split(one.control)]


def by_framework(report: Report) -> dict[str, list[ControlStatus]]:
    """The controls of each framework, both sorted."""
    found: dict[str, list[ControlStatus]] = {}
    for one in sorted(report.controls, key=in_order):
        found.setdefault(one.framework, []).append(one)
    return found


def grouped(statuses: Iterable[ControlStatus]) -> list[tuple[str, list[ControlStatus]]]:
    """The controls in their groups, without those that are empty; a status that is none of ours is evidence of nothing."""
    of = {status.value: group for group, several in GROUPS for status in several}
    found: dict[str, list[ControlStatus]] = {group: [] for group, _ in GROUPS}
    for one in statuses:
        found[of.get(one.status, GROUPS[-1][0])].append(one)
    return [(group, several) for group, several in found.items() if several]


def tally(statuses: Sequence[ControlStatus]) -> str:
    """``3 evidenced, 2 partly, 1 with violations found, 9 not evidenced``: how many have which status."""
    counts = {words: sum(one.status == status.value for one in statuses) for status, words in _WORDS.items()}
    return ", ".join(f"{count:,} {words}" for words, count in counts.items() if count)


def statements(report: Report) -> tuple[str, ...]:
    """A sentence for each framework, and what they say and what not; none where no policy is about a framework."""
    told = [f"Controls of {name}: {tally(statuses) or 'none of a known status'}." for name, statuses in by_framework(report).items()]
    return (*told, CAVEATS[0]) if told else ()


def strength(one: ControlStatus) -> str:
    """``direct evidence, interpretation``: how strong the evidence is, and who takes it for some; empty without any."""
    return f"{one.strength} evidence, {one.confidence}" if one.strength and one.confidence else ""
