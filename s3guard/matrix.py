"""The control matrix: what a run shows about each control of the frameworks that its policies follow, and why not more.

A status never says more than the results do. A control of which a check found a violation is not evidenced; what could not be judged is not
either; what is set up but was not observed, or observed but not looked up, is evidenced in part; and what this tool cannot show says what
would.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from s3guard import frameworks, packed
from s3guard.bearing import STATED, Bearing, Bearings, Voice
from s3guard.model import Control, ControlStatus, Coverage, Evidenced, Report, Result, Status
from s3guard.outputs import plural
from s3guard.policy import Policy

if TYPE_CHECKING:
    # NOTE: see `s3guard.frameworks`: a run without a framework reads none.
    from s3guard.frameworks.shape import ControlOf

_STRENGTHS: Final = ("direct", "configuration", "supporting")
_CONFIDENCES: Final = ("published", "interpretation", STATED)
_PLURAL: Final = {"has": "have", "looks": "look", "is": "are", "speaks": "speak"}
_MISSING: Final = {
    "direct": "no check of log records speaks for it",
    "configuration": "no check of the configuration speaks for it (--audit)",
}


@dataclass(frozen=True, slots=True)
class Seen:
    """What a run judged, and what it is evidence of itself."""

    policies: Sequence[Policy]
    results: Sequence[Result]
    coverage: Coverage
    frameworks: Sequence[str] = ()
    """Those that were asked for; none: all that policies follow."""
    log_buckets: Collection[str] = ()
    """Buckets that the audit knows as the target of access logs."""
    redacts: bool = False
    """Whether the report's outputs hold pseudonyms."""
    planned: bool = False
    """Whether the audit judged what is to be: a plan or a template."""
    unread: Sequence[str] = ()
    """What of the logs could not be looked at and no result says, beside unreadable log objects: clauses."""
    narrowed: Sequence[str] = ()
    """What the run was asked to leave out of its policies: clauses."""
    pack: packed.PackEvidence | None = None
    """The evidence pack that the report lies in."""


def matrix(seen: Seen) -> tuple[tuple[Result, ...], tuple[ControlStatus, ...]]:
    """The results with the controls that each bears on, and the status of every control; neither where no policy is about a framework."""
    bearings = Bearings(seen.policies, seen.frameworks, seen.log_buckets, planned=seen.planned)
    stated = _stated(bearings, seen.results)
    results = tuple(bearings.controlled(one) for one in seen.results)
    statuses: list[ControlStatus] = []
    for id_ in sorted({*bearings.followed, *(control.framework for control in stated)}):
        ours = frameworks.load(id_).controls if id_ in bearings.followed else ()
        found = bearings.of(id_, seen.results) if ours else {}
        names = [one.name for one in bearings.followed.get(id_, ())]
        run, pack, limits = _run(seen, names), _InPack(seen.pack, names), _limits(seen)
        for control in ours:
            also = stated.get(Control(id_, control.id), [])
            judged = _Judged(control, [*found.get(control.id, []), *_added(also, found.get(control.id, []))], run, pack, limits)
            statuses.append(judged.status(id_, names))
        known = {control.id for control in ours}
        statuses += [_unknown(one, stated[one]) for one in sorted(stated) if one.framework == id_ and one.control not in known]
    return results, tuple(statuses)


def alerted(report: Report) -> Report:
    """The report once channels were told: that is evidence, and supports."""
    if not report.controls or not any(one.status == "sent" for one in report.run.notified):
        return report
    return replace(report, controls=tuple(map(_alerted, report.controls)))


def _alerted(status: ControlStatus) -> ControlStatus:
    framework = frameworks.load(status.framework) if status.framework in frameworks.ids() else None
    control = framework.control(status.control) if framework is not None else None
    entry = next((one for one in control.evidence if "E-ALERT" in one.run), None) if control is not None else None
    if entry is None:
        return status
    run = tuple(sorted({*status.run, "E-ALERT"}))
    if status.status != Evidenced.NOT_EVIDENCED.value:
        return replace(status, run=run)
    reason = _sentence(["supporting evidence alone: somebody was told", *_uncovered(control)])
    return replace(status, run=run, status=Evidenced.PARTLY.value, strength=entry.strength, confidence=entry.confidence, reason=reason)


def _stated(bearings: Bearings, results: Iterable[Result]) -> dict[Control, list[Result]]:
    """What policies themselves say that their rules give evidence for."""
    found: dict[Control, list[Result]] = {}
    for result in results:
        for control in bearings.stated(result):
            found.setdefault(control, []).append(result)
    return found


def _added(results: Sequence[Result], known: Sequence[Bearing]) -> list[Bearing]:
    """Results that bear on a control by the word of the policy alone: they support it."""
    there = {id(one.result) for one in known}
    return [
        Bearing(one, "supporting", STATED, _said(one), "is evidence by the word of the policy")
        for one in results
        if id(one) not in there and one.status is not Status.NOT_APPLICABLE
    ]


def _said(result: Result) -> Voice:
    if result.status is Status.FAIL:
        return Voice.AGAINST
    return Voice.OPEN if result.is_undecided else Voice.PART


def _unknown(control: Control, results: Sequence[Result]) -> ControlStatus:
    """A control that a policy names and no framework of ours has."""
    found = _added(results, ())
    against = [one for one in found if one.voice is Voice.AGAINST]
    part = [one for one in found if one.voice is Voice.PART]
    status, told = Evidenced.NOT_EVIDENCED, "no check that bears on it applied"
    if against:
        status, told = Evidenced.VIOLATIONS, f"{_checks(against)} found violations"
    elif part:
        status, told = (
            Evidenced.PARTLY,
            f"{_checks(part)} {'is' if len(_names(part)) == 1 else 'are'} evidence by the word of the policy alone",
        )
    elif found:
        status, told = Evidenced.UNDETERMINED, f"{_checks(found)} could not be judged"
    names = tuple(sorted({one.result.rule for one in found}))
    strength, confidence = ("supporting", STATED) if part else (None, None)
    return ControlStatus(control.framework, control.control, "", status.value, names, _sentence([told]), strength, confidence)


def _run(seen: Seen, policies: Collection[str]) -> dict[str, Voice]:
    """What the run is evidence of, by code, over the policies of a framework."""
    mine = [one for one in seen.results if one.policy in policies]
    judged = [one for one in mine if one.is_of_records and one.records and one.status is not Status.NOT_APPLICABLE]
    found: dict[str, Voice] = {}
    if judged:
        whole = not any(clause for clause, _ in _limits(seen)) and not any(one.is_of_records and one.is_undecided for one in mine)
        found["E-RUN"] = Voice.FOR if whole else Voice.PART
    if any(finding.waiver is not None for one in mine for finding in one.findings):
        found["E-WAIVE"] = Voice.FOR
    if seen.redacts:
        found["E-REDACT"] = Voice.FOR
    return found


def _limits(seen: Seen) -> list[tuple[str, bool]]:
    """What a run did not look at beside what its results say: clauses, and whether each is about records alone."""
    count = len(seen.coverage.unreadable)
    unreadable = [f"{plural(count, 'log object')} could not be read to the end"] if count else []
    return [*((one, True) for one in (*unreadable, *seen.unread)), *((one, False) for one in seen.narrowed)]


@dataclass(frozen=True, slots=True)
class _InPack:
    """What a pack shows to the policies that follow a framework."""

    pack: packed.PackEvidence | None
    policies: Collection[str]

    def says(self, control: ControlOf) -> tuple[dict[str, Voice], list[str]]:
        """What the pack says about a control, by code, and clauses that say why not more."""
        found: dict[str, Voice] = {}
        told: list[str] = []
        for entry in control.evidence:
            for code in entry.run:
                if code not in packed.CODES:
                    continue
                if self.pack is None:
                    told.append(packed.WOULD)
                    continue
                shown, doubts = self.pack.doubts(code, self.policies, entry.days)
                told += doubts
                if shown:
                    found[code] = Voice.PART if doubts else Voice.FOR
        return found, list(dict.fromkeys(told))


class _Judged:
    """One control, with all that bears on it."""

    def __init__(
        self, control: ControlOf, bearings: Sequence[Bearing], run: dict[str, Voice], pack: _InPack, limits: Sequence[tuple[str, bool]]
    ) -> None:
        self._control = control
        self._bearings = bearings
        self._limits = limits
        shown, self._of_pack = pack.says(control)
        voices = run | shown
        self._run = {code: (entry, voices[code]) for entry in control.evidence for code in entry.run if code in voices}

    def status(self, framework: str, policies: Collection[str]) -> ControlStatus:
        """What the run shows about it; `policies` follow the framework."""
        status, told = self._weighed(policies)
        entries = [(one.strength, one.confidence) for one in self._speaking()]
        entries += [(entry.strength, entry.confidence) for entry, _ in self._run.values()]
        strongest = min(entries, key=lambda one: (_STRENGTHS.index(one[0]), _CONFIDENCES.index(one[1])), default=None)
        return ControlStatus(
            framework=framework,
            control=self._control.id,
            title=self._control.title,
            status=status.value,
            results=tuple(sorted({one.result.rule for one in self._bearings})),
            reason=_sentence(told),
            strength=strongest[0] if strongest else None,
            confidence=strongest[1] if strongest else None,
            run=tuple(sorted(self._run)),
        )

    def _of(self, voice: Voice) -> list[Bearing]:
        return [one for one in self._bearings if one.voice is voice]

    def _speaking(self) -> list[Bearing]:
        return [one for one in self._bearings if one.voice in (Voice.FOR, Voice.PART)]

    def _weighed(self, policies: Collection[str]) -> tuple[Evidenced, list[str]]:
        """The status, and clauses that say why."""
        against, undecided = self._of(Voice.AGAINST), self._of(Voice.OPEN)
        if against:
            return Evidenced.VIOLATIONS, [f"{_checks(against)} found violations", *self._doubts(undecided)]
        if not self._speaking() and not self._run:
            if undecided:
                return Evidenced.UNDETERMINED, [*self._doubts(undecided), *_uncovered(self._control)]
            return Evidenced.NOT_EVIDENCED, self._nothing()
        lacks = list(dict.fromkeys([*self._lacks(policies), *self._reservations(), *self._doubts(undecided)]))
        if lacks:
            return Evidenced.PARTLY, [*lacks, *_uncovered(self._control)]
        return Evidenced.EVIDENCED, [*self._told(), *self._remarks(), *_uncovered(self._control)]

    def _lacks(self, policies: Collection[str]) -> list[str]:
        """What evidence is missing that the control asks for: of the run, or of the buckets of one policy."""
        if not self._control.asked:
            return ["supporting evidence alone, which shows nothing by itself"]
        everywhere = self._strengths([one for one in self._speaking() if one.result.policy not in policies])
        everywhere |= {entry.strength for entry, _ in self._run.values()}
        lacking: dict[str, list[str]] = {}
        placed = {one.strength for one in self._control.evidence if one.on is not None}
        for name in sorted(policies):
            found = everywhere | self._strengths([one for one in self._speaking() if one.result.policy == name])
            missing = self._control.asked - found
            if self._control.needs == "any" and missing != self._control.asked:
                continue
            for strength in missing - (placed & self._strengths(self._speaking())):
                lacking.setdefault(strength, []).append(name)
        return [
            told if len(names) == len(policies) else f"{told} in {_some(names, 'policy', 'policies')}"
            for strength, names in sorted(lacking.items(), reverse=True)
            for told in self._missing(strength)
        ]

    def _missing(self, strength: str) -> list[str]:
        """That evidence of a strength is not there, and what would give it: a clause each."""
        entries = [one for one in self._control.evidence if one.strength == strength]
        if any(one.rules or one.checks for one in entries):
            return [_MISSING[strength]]
        return self._of_pack if any({*packed.CODES} & {*one.run} for one in entries) else ["the run judged no log record"]

    @staticmethod
    def _strengths(bearings: Iterable[Bearing]) -> set[str]:
        return {one.strength for one in bearings}

    def _reservations(self) -> list[str]:
        """Of checks, and of the run."""
        told: dict[str, list[Bearing]] = {}
        for one in self._of(Voice.PART):
            told.setdefault(one.reservation or "speaks for it in part", []).append(one)
        clauses = [f"{_checks(several)} {clause if len(_names(several)) == 1 else _of_several(clause)}" for clause, several in told.items()]
        if any(voice is Voice.PART for code, (_, voice) in self._run.items() if code not in packed.CODES):
            clauses.append("the run could not look at everything")
        if any(voice is Voice.PART for code, (_, voice) in self._run.items() if code in packed.CODES):
            clauses += self._of_pack
        of_records = any(one.result.is_of_records for one in self._speaking()) or "E-RUN" in self._run
        return [*clauses, *(clause for clause, is_of_records in self._limits if of_records or not is_of_records)]

    @staticmethod
    def _doubts(undecided: Sequence[Bearing]) -> list[str]:
        return [f"{_checks(undecided)} could not be judged"] if undecided else []

    def _told(self) -> list[str]:
        """What the evidence is."""
        counted = {
            strength: len({id(one.result) for one in self._bearings if one.strength == strength and one.voice is Voice.FOR})
            for strength in _STRENGTHS
        }
        parts = [f"{strength} evidence of {plural(count, 'check')}" for strength, count in counted.items() if count]
        parts += ["evidence of the run itself"] if "E-RUN" in self._run else []
        parts += ["evidence of reviews that were all in time"] if packed.REVIEWS in self._run else []
        parts += ["evidence of the pack itself"] if packed.PACK in self._run else []
        return [" and ".join(parts)] if parts else []

    def _remarks(self) -> list[str]:
        """What checks that speak for it found all the same."""
        told: dict[str, list[Bearing]] = {}
        for one in self._of(Voice.FOR):
            if one.reservation:
                told.setdefault(one.reservation, []).append(one)
        return [f"{_checks(several)} {clause if len(_names(several)) == 1 else _of_several(clause)}" for clause, several in told.items()]

    def _nothing(self) -> list[str]:
        """Why nothing bears on it, and what would."""
        control = self._control
        if not control.evidence:
            return _uncovered(control)
        kinds = list(dict.fromkeys(name for one in control.evidence for name in (*one.rules, *one.checks)))
        clauses = ["nothing in this run bears on it"]
        if kinds:
            clauses[0] += f"; {_some(kinds, '', '')} would"
        return [*clauses, *self._of_pack, *_uncovered(control)]


def _uncovered(control: ControlOf | None) -> list[str]:
    return [f"not shown by this tool: {control.not_covered}"] if control is not None and control.not_covered else []


def _checks(bearings: Sequence[Bearing]) -> str:
    """``2 checks (p/writers, p/requesters)``: by name, over however many buckets."""
    return _some(_names(bearings), "check", "checks")


def _names(bearings: Sequence[Bearing]) -> list[str]:
    return sorted({one.result.rule for one in bearings})


def _some(names: Sequence[str], noun: str, nouns: str) -> str:
    named = packed.some(names)
    return f"{plural(len(names), noun, nouns)} ({named})" if noun else named


def _of_several(clause: str) -> str:
    """A clause about one check, of several."""
    verb, _, rest = clause.partition(" ")
    return f"{_PLURAL.get(verb, verb)} {rest}"


def _sentence(clauses: Sequence[str]) -> str:
    """Clauses as one sentence, its first letter a capital unless it is a name's."""
    told = "; ".join(one.rstrip(".") for one in clauses)
    return f"{told[:1].upper()}{told[1:]}." if told else ""
